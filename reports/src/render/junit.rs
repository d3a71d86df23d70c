//! `JUnit` XML in the form that Jenkins, `GitLab` and their like read.
//!
//! They show a failure's message, its text and the case's own output, count a name only once in a class, and know
//! failure, error and skipped. So: fail is a failure, inconclusive an error, skipped, blocked and known are skipped with
//! the reason, and a deviation passes with a property and an output that say what was tolerated.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::{Colour, RenderError, Style, Verbosity, human, wording, worst};
use crate::causes::word;
use crate::model::{Case, Report, Verdict};
use crate::visible::{Symbols, visible};

/// How many octets of text a case may bring along: `GitLab` reads files up to 30 MB.
const OUTPUT: usize = 16 * 1024;

pub(super) fn render(report: &Report) -> Result<Vec<u8>, RenderError> {
    let mut suite = TestSuite::new(safe(&report.subject.name));
    suite.set_time(Duration::from_millis(report.duration));
    suite.timestamp = report.started.parse().ok();
    for (name, value) in [
        ("generator", report.generator.as_str()),
        ("suite.version", &report.suite.version),
        ("suite.hash", &report.suite.hash),
        ("subject.role", &report.subject.role),
        ("subject.reached", &report.subject.reached),
        ("profile", &report.profile),
        ("seed", &report.seed.to_string()),
    ] {
        suite.add_property(Property::new(name, safe(value)));
    }
    for line in &report.subject.identity {
        suite.add_property(Property::new("subject.identity", safe(line)));
    }
    suite.add_test_cases(report.cases.iter().map(|case| test_case(report, case)));
    suite.add_test_cases(report.stale.iter().map(|entry| stale(entry)));
    let mut whole = quick_junit::Report::new("ftpspec");
    whole.set_time(Duration::from_millis(report.duration));
    whole.timestamp = report.started.parse().ok();
    whole.add_test_suite(suite);
    let mut written = Vec::new();
    whole.serialize(&mut written)?;
    Ok(written)
}

/// XML 1.0 cannot hold control characters, and quick-junit drops them without a word: they are made visible before.
fn safe(text: &str) -> String {
    visible(text, Symbols::Unicode)
}

fn test_case(report: &Report, case: &Case) -> TestCase {
    let (folder, name) = name_of(&case.id);
    let mut written = TestCase::new(safe(&format!("{name}: {}", case.purpose)), status(report, case));
    written.set_classname(safe(folder));
    written.set_time(Duration::from_millis(case.duration));
    written.extra.insert("file".into(), safe(&case.place.file).into());
    written.extra.insert("line".into(), case.place.line.to_string().into());
    written.add_property(Property::new("id", safe(&case.id)));
    written.add_property(Property::new("verdict", case.verdict.word()));
    for id in &case.covers {
        written.add_property(Property::new("requirement", safe(id)));
    }
    if let Some(requirement) = case.covers.first().and_then(|id| wording(report, id)) {
        written.add_property(Property::new("clause", safe(&requirement.clause())));
        written.add_property(Property::new("level", safe(&requirement.level)));
    }
    if case.flaky {
        let repeated = case.repeated().unwrap_or_else(|| "true".to_owned());
        written.add_property(Property::new("flaky", repeated));
    }
    let told = !matches!(case.verdict, Verdict::Fail | Verdict::Inconclusive);
    if told && let Some(text) = details(report, case).filter(|_| !case.findings.is_empty()) {
        written.set_system_out(text);
    }
    written
}

/// An entry of the baseline that holds no more fails the run, so it is a failure here.
fn stale(entry: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(safe(entry));
    status.set_type("stale");
    let mut written = TestCase::new(safe(entry), status);
    written.set_classname("baseline");
    written
}

/// The folder of a case and its last part. A slash in the row's brackets divides nothing.
fn name_of(id: &str) -> (&str, &str) {
    let path = id.split('[').next().unwrap_or(id);
    match path.rfind('/').and_then(|at| id.split_at_checked(at)) {
        Some((folder, rest)) => (folder, rest.trim_start_matches('/')),
        None => ("", id),
    }
}

fn status(report: &Report, case: &Case) -> TestCaseStatus {
    let kind = match case.verdict {
        Verdict::Pass | Verdict::Deviation => return TestCaseStatus::success(),
        Verdict::Skipped | Verdict::Blocked | Verdict::Known => {
            let mut status = TestCaseStatus::skipped();
            let reason = case.reason.as_deref().unwrap_or("no reason given");
            status.set_message(safe(&format!("{}: {reason}", case.verdict.word())));
            status.set_type(case.verdict.word());
            return status;
        }
        Verdict::Fail => NonSuccessKind::Failure,
        Verdict::Inconclusive => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    let worst = worst(case);
    let message = worst.map(|finding| finding.message.as_str()).or(case.reason.as_deref());
    status.set_message(safe(message.unwrap_or("no finding says why")));
    let axis = worst.map_or("none", |finding| word(case, finding));
    status.set_type(case.kind.map_or(axis, |kind| kind.word()));
    if let Some(text) = details(report, case) {
        status.set_description(text);
    }
    status
}

/// What a person reads in a terminal, in plain text.
fn details(report: &Report, case: &Case) -> Option<String> {
    let style = Style { colour: Colour::Plain, symbols: Symbols::Unicode, width: 120, verbosity: Verbosity::Verbose };
    let text = human::block(report, case, &style)?;
    let mut kept = String::new();
    for line in text.lines() {
        if kept.len() + line.len() > OUTPUT {
            kept.push_str("(the rest is not shown)\n");
            break;
        }
        // No line of the text holds a line end of a peer, so these are ours.
        kept.push_str(line);
        kept.push('\n');
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("rfc959/transfer/retrieve[open=PASV]", "rfc959/transfer", "retrieve[open=PASV]")]
    #[case("rfc959/transfer/retrieve[path=/a/b]", "rfc959/transfer", "retrieve[path=/a/b]")]
    #[case("mine", "", "mine")]
    fn names(#[case] id: &str, #[case] folder: &str, #[case] name: &str) {
        assert_eq!(name_of(id), (folder, name));
    }
}
