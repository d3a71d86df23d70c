//! Whatever a peer says, it cannot act on what shows the report.

use std::error::Error;
use std::path::Path;

use quick_junit::TestCaseStatus;
use reports::model::{Report, Verdict};
use reports::{Colour, Format, MatrixFormat, Style, Symbols, Verbosity, matrix, read, render, render_matrix};
use rstest::rstest;

fn faulty() -> Result<Report, Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("gallery/faulty.json");
    Ok(read(&std::fs::read(file)?)?)
}

fn written(report: &Report, format: Format, style: &Style) -> Result<String, Box<dyn Error>> {
    Ok(String::from_utf8(render(report, format, style)?)?)
}

/// Every text of the report in which a peer, or a file of the user, can have a word.
fn texts(report: &mut Report) -> Vec<&mut String> {
    let mut texts = vec![
        &mut report.generator,
        &mut report.suite.version,
        &mut report.suite.hash,
        &mut report.subject.name,
        &mut report.subject.role,
        &mut report.subject.reached,
        &mut report.profile,
        &mut report.started,
    ];
    texts.extend(&mut report.subject.identity);
    texts.extend(&mut report.subject.claims);
    texts.extend(&mut report.remarks);
    texts.extend(&mut report.stale);
    texts.extend(report.requirements.values_mut().flat_map(|requirement| {
        [&mut requirement.specification, &mut requirement.section, &mut requirement.level, &mut requirement.text]
    }));
    for case in &mut report.cases {
        texts.extend([&mut case.id, &mut case.purpose, &mut case.place.file, &mut case.place.text]);
        texts.extend(&mut case.reason);
        texts.extend(case.row.values_mut());
        texts.extend(case.events.iter_mut().map(|event| &mut event.connection));
        for finding in &mut case.findings {
            texts.extend([&mut finding.message, &mut finding.place.file, &mut finding.place.text]);
            texts.extend([&mut finding.expected, &mut finding.received, &mut finding.because].into_iter().flatten());
            texts.extend(&mut finding.also);
        }
    }
    texts
}

const HOSTILE: &str = "</script><script>alert(1)</script><!-- ]]> '\"&\x1b[2J\x1b]8;;http://x\x07\u{9b}31m\x7f\0\r\n::error::x\n\
    \t##[error]x \u{202e}\u{2066}\u{200b}\u{2028}\u{ffff}\u{e000} ::warning::y";

/// The sample as it is, and with hostile words in every text.
fn reports() -> Result<[Report; 2], Box<dyn Error>> {
    let mut worse = faulty()?;
    for text in texts(&mut worse) {
        text.push_str(HOSTILE);
    }
    let mut words_first = worse.clone();
    for text in texts(&mut words_first) {
        text.insert_str(0, "::error::");
    }
    Ok([faulty()?, words_first])
}

fn acts_on_a_terminal(character: char) -> bool {
    character != '\n'
        && (character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{ffff}'))
}

#[rstest]
fn nothing_hidden_is_written(#[values(0, 1)] which: usize) {
    let report = &reports().unwrap()[which];
    for format in Format::ALL {
        // RFC 4180 wants CR LF at the end of a line.
        let text = written(report, format, &Style::default()).unwrap();
        let text = if format == Format::Csv { text.replace("\r\n", "\n") } else { text };
        let hidden: Vec<char> = text.chars().filter(|character| acts_on_a_terminal(*character)).collect();
        assert!(hidden.is_empty(), "{format}: {hidden:?}");
    }
}

#[rstest]
fn the_human_form_commands_nothing(
    #[values(0, 1)] which: usize,
    #[values(Colour::Plain, Colour::Ansi)] colour: Colour,
    #[values(Symbols::Ascii, Symbols::Unicode)] symbols: Symbols,
    #[values(40, 80, 100)] width: usize,
    #[values(Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose)] verbosity: Verbosity,
) {
    let report = &reports().unwrap()[which];
    let text = written(report, Format::Human, &Style { colour, symbols, width, verbosity }).unwrap();
    // Of escape sequences only those that set colours are ours.
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once('\x1b') {
        assert_eq!(colour, Colour::Ansi);
        let end = after.find(|character: char| !matches!(character, '[' | ';' | '0'..='9')).unwrap();
        assert!(after[end..].starts_with('m'), "{after:.20}");
        rest = &after[end..];
    }
    assert!(symbols == Symbols::Unicode || text.is_ascii());
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::"), "{line}");
        assert!(!line.contains("##["), "{line}");
    }
}

#[rstest]
fn html_has_only_our_elements(#[values(0, 1)] which: usize) {
    let report = &reports().unwrap()[which];
    let text = written(report, Format::Html, &Style::default()).unwrap();
    for ours in ["<script", "</script", "<title", "</title", "<style", "</style"] {
        assert_eq!(text.matches(ours).count(), 1, "{ours}");
    }
    assert!(!text.contains("<!--"));
    assert!(!text.contains("<b>log"));
    assert!(text.contains("default-src 'none'"));
    for elsewhere in ["src=", "@import", "url(", "http-equiv=\"refresh\"", "href=\"http"] {
        assert!(!text.contains(elsewhere), "{elsewhere}");
    }
}

fn beside(format: MatrixFormat) -> Result<String, Box<dyn Error>> {
    let reports = reports()?;
    Ok(String::from_utf8(render_matrix(&matrix(&reports), &reports, format, &Style::default())?)?)
}

#[test]
fn a_matrix_hides_nothing() {
    for format in MatrixFormat::ALL {
        let text = beside(format).unwrap();
        let hidden: Vec<char> = text.chars().filter(|character| acts_on_a_terminal(*character)).collect();
        assert!(hidden.is_empty(), "{format}: {hidden:?}");
    }
    for line in beside(MatrixFormat::Human).unwrap().lines() {
        assert!(!line.trim_start().starts_with("::"), "{line}");
        assert!(!line.contains("##["), "{line}");
    }
}

#[test]
fn a_matrix_in_html_has_only_our_elements() {
    let text = beside(MatrixFormat::Html).unwrap();
    for ours in ["<script", "</script", "<title", "</title", "<style", "</style"] {
        assert_eq!(text.matches(ours).count(), 1, "{ours}");
    }
    for other in ["<!--", "<b>log", "src=", "@import", "url(", "http-equiv=\"refresh\"", "href=\"http"] {
        assert!(!text.contains(other), "{other}");
    }
}

#[test]
fn a_matrix_in_markdown_keeps_its_tables() {
    let text = beside(MatrixFormat::Markdown).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for table in
        lines.chunk_by(|a, b| a.starts_with('|') == b.starts_with('|')).filter(|lines| lines[0].starts_with('|'))
    {
        let cells = |line: &str| line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        assert!(table.iter().all(|line| cells(line) == cells(table[0])), "{table:#?}");
    }
    for line in lines {
        let plain = line.replace("\\\\", "");
        assert!(!plain.replace("\\<", "").contains('<'), "{line}");
        assert!(!plain.replace("\\[", "").contains('['), "{line}");
        assert!(!line.starts_with("::"), "{line}");
    }
}

#[rstest]
fn junit_is_read_back(#[values(0, 1)] which: usize) {
    let report = &reports().unwrap()[which];
    let text = written(report, Format::Junit, &Style::default()).unwrap();
    let back = quick_junit::Report::deserialize_from_str(&text).unwrap();
    let [suite] = back.test_suites.as_slice() else { panic!("one suite") };
    assert_eq!(suite.test_cases.len(), report.cases.len() + report.stale.len());
    for (case, found) in report.cases.iter().zip(&suite.test_cases) {
        let expected = match case.verdict {
            Verdict::Pass | Verdict::Deviation => matches!(found.status, TestCaseStatus::Success { .. }),
            Verdict::Fail | Verdict::Inconclusive => matches!(found.status, TestCaseStatus::NonSuccess { .. }),
            Verdict::Skipped | Verdict::Blocked | Verdict::Known => {
                matches!(found.status, TestCaseStatus::Skipped { .. })
            }
        };
        assert!(expected, "{}: {:?}", case.id, found.status);
        let verdict = found.properties.iter().find(|property| property.name.as_str() == "verdict").unwrap();
        assert_eq!(verdict.value.as_str(), case.verdict.word());
    }
}

#[rstest]
fn json_holds_it_all(#[values(0, 1)] which: usize, #[values(Format::Json, Format::Jsonl)] format: Format) {
    let report = &reports().unwrap()[which];
    assert_eq!(&read(&render(report, format, &Style::default()).unwrap()).unwrap(), report);
}
