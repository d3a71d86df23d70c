//! What the suite tests and what it does not is written down, and a change of it is seen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use harness::coverage::coverage;
use harness::scenario::{Diagnostics, Suite};
use reports::coverage::Coverage;
use reports::{CoverageFormat, Style, render_coverage};

/// The specifications that everybody's server follows.
const CORE: [&str; 3] = ["RFC 959", "RFC 1123", "RFC 2577"];

fn of_the_suite() -> Result<Coverage, Diagnostics> {
    Ok(coverage(&Suite::embedded()?))
}

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn blessed() -> bool {
    std::env::var_os("BLESS").is_some()
}

#[test]
fn the_coverage_in_the_repository_is_current() {
    let written = render_coverage(&of_the_suite().unwrap(), CoverageFormat::Markdown, &Style::default()).unwrap();
    let file = here("../reports/coverage.md");
    if blessed() {
        std::fs::write(&file, &written).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let written = String::from_utf8(written).unwrap();
    let difference = similar::TextDiff::from_lines(&kept, &written).unified_diff().context_radius(0).to_string();
    assert!(
        difference.is_empty(),
        "reports/coverage.md is not current. Read what changed; BLESS=1 cargo test -p harness --test language coverage writes it anew.\n{difference}"
    );
}

/// `open.txt` names what has no scenario yet and is not filed either. It only ever gets shorter: BLESS=1 takes out what
/// has been done and adds nothing.
#[test]
fn everything_is_tested_or_filed() {
    let coverage = of_the_suite().unwrap();
    let core = coverage.requirements.iter().filter(|found| CORE.contains(&found.specification.as_str())).count();
    assert!(core >= 397, "{core}");
    let undone = undone(&coverage);
    let file = here("tests/language/open.txt");
    let mut open: BTreeSet<_> = std::fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    if blessed() && !open.is_subset(&undone) {
        open.retain(|id| undone.contains(id));
        let lines: Vec<_> = open.iter().map(String::as_str).chain([""]).collect();
        std::fs::write(&file, lines.join("\n")).unwrap();
    }
    let new: Vec<_> = undone.difference(&open).collect();
    let help = "write a scenario, or say `filed:` in scenarios/requirements or scenarios/vocabulary.yaml";
    assert!(new.is_empty(), "{help}: {new:#?}");
}

/// The requirements, commands and reply codes that no scenario tests and that are not filed.
fn undone(coverage: &Coverage) -> BTreeSet<String> {
    let silent = coverage.commands.iter().filter(|command| command.scenarios.is_empty() && command.filed.is_none());
    let unnamed = coverage.replies.iter().filter(|reply| reply.required.is_empty() && reply.filed.is_none());
    let undone = coverage.neither().map(|requirement| requirement.id.clone());
    let undone = undone.chain(silent.map(|command| command.verb.clone()));
    undone.chain(unnamed.map(|reply| reply.code.to_string())).collect()
}

#[test]
fn what_is_not_tested_is_seen() {
    let text = |filed: &str| {
        format!(
            "specification: RFC 959\nrequirements:\n  - {{ id: x, section: 1, level: must, role: server, text: T.{filed} }}\n"
        )
    };
    let vocabulary = "commands: [{ specification: RFC 959, verbs: [NOOP, QUIT] }]\n\
        replies: [{ code: 200, specification: RFC 959, means: M }, { code: 421, specification: RFC 959, means: M }]\n";
    let scenario = "purpose: P.\ncovers: [y]\nsteps: [{ C: noop }, { S: 200 }]\n";
    let undone = |filed: &str| {
        let texts =
            [("requirements/a.yaml", text(filed).as_str()), ("vocabulary.yaml", vocabulary), ("a/b.yaml", scenario)]
                .map(|(file, text)| (file.to_owned(), text.to_owned()));
        undone(&coverage(&Suite::from_sources(texts.into()).unwrap())).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(undone(""), ["421", "QUIT", "x"]);
    assert_eq!(undone(", filed: { as: implicit, because: B }"), ["421", "QUIT"]);
}
