//! Coverage in every form: nothing in a text acts on the form, and what is missing is named.

use std::error::Error;

use reports::coverage::{CommandCoverage, Coverage, Filed, ReplyCoverage, RequirementCoverage, ScenarioCoverage};
use reports::{Colour, CoverageFormat, Style, render_coverage};
use rstest::rstest;

const HOSTILE: &str = "</td><script>alert(1)</script> | \u{1b}[2J\u{202e}";

fn requirement(id: &str, scenarios: &[&str], filed: Option<&str>) -> RequirementCoverage {
    RequirementCoverage {
        id: id.to_owned(),
        specification: "RFC 959".to_owned(),
        section: "4.1.3".to_owned(),
        level: "must".to_owned(),
        role: "server".to_owned(),
        area: "rename".to_owned(),
        text: HOSTILE.to_owned(),
        scenarios: scenarios.iter().map(|&id| id.to_owned()).collect(),
        filed: filed.map(filing),
    }
}

fn filing(kind: &str) -> Filed {
    Filed { kind: kind.to_owned(), because: HOSTILE.to_owned() }
}

fn sample() -> Coverage {
    Coverage {
        generator: HOSTILE.to_owned(),
        requirements: vec![
            requirement("covered", &["a/b"], None),
            requirement("filed", &[], Some("planned")),
            requirement("open", &[], None),
        ],
        commands: vec![CommandCoverage {
            verb: "REIN".to_owned(),
            specification: "RFC 959".to_owned(),
            scenarios: Vec::new(),
            filed: None,
        }],
        replies: vec![ReplyCoverage {
            code: 202,
            specification: "RFC 959".to_owned(),
            meaning: HOSTILE.to_owned(),
            required: Vec::new(),
            tolerated: vec!["a/b".to_owned()],
            filed: Some(filing("not-observable")),
        }],
        scenarios: vec![ScenarioCoverage {
            id: "a/b".to_owned(),
            cases: 2,
            purpose: HOSTILE.to_owned(),
            requirements: vec!["covered".to_owned()],
            commands: vec!["NOOP".to_owned()],
            replies: vec![200],
        }],
    }
}

fn written(format: CoverageFormat, style: &Style) -> Result<String, Box<dyn Error>> {
    Ok(String::from_utf8(render_coverage(&sample(), format, style)?)?)
}

#[rstest]
fn nothing_acts(#[values("human", "markdown", "html", "json")] format: &str) {
    let text = written(format.parse().unwrap(), &Style::default()).unwrap();
    assert!(text.len() > 100, "{text}");
    if format == "json" {
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["requirements"][0]["text"], HOSTILE);
        assert_eq!(read["requirements"][1]["filed"]["as"], "planned");
        return;
    }
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains("<script"), "{text}");
}

#[test]
fn the_terminal_names_what_is_missing() {
    let text = written(CoverageFormat::Human, &Style::default()).unwrap();
    let row = "Binds   Level  Requirements  Covered  planned  Neither\nserver  must              3        1        1        1\n";
    assert!(text.starts_with(row), "{text}");
    assert!(text.contains("Neither covered nor filed (1)\nopen  must  server  rename\n"), "{text}");
    assert!(text.contains("Commands that no scenario says (1)\nREIN  RFC 959\n"), "{text}");
    assert!(!text.contains("Reply codes"), "202 is filed: {text}");
    let colour = Style { colour: Colour::Ansi, ..Style::default() };
    assert!(written(CoverageFormat::Human, &colour).unwrap().starts_with("\u{1b}[1mBinds"));
}

#[test]
fn markdown_keeps_a_requirement_on_a_line() {
    let text = written(CoverageFormat::Markdown, &Style::default()).unwrap();
    assert!(text.contains("| 4.1.3 | covered | must | server | a/b |\n"), "{text}");
    assert!(text.contains("| 4.1.3 | open | must | server | **neither** |\n"), "{text}");
    assert!(
        text.contains("| 4.1.3 | filed | must | server | planned: &lt;/td>&lt;script>alert(1)&lt;/script> \\| "),
        "{text}"
    );
    assert!(text.contains("; named in (a/b) |\n"), "{text}");
}

#[test]
fn html_links_both_ways() {
    let text = written(CoverageFormat::Html, &Style::default()).unwrap();
    for part in ["<a href=\"#s-a/b\">a/b</a>", "id=\"s-a/b\"", "<a href=\"#r-covered\">covered</a>", "id=\"r-covered\""]
    {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("src="), "needs nothing else");
}
