//! CTRF, the Common Test Report Format, a JSON document.
//!
//! It knows passed, failed, skipped and other; our own verdict stands in `rawStatus`.

use serde_json::{Map, Value, json};

use super::json::escaped;
use super::{RenderError, wording, worst};
use crate::model::{Case, Report, Verdict};
use crate::visible::{Symbols, visible};

pub(super) fn render(report: &Report) -> Result<String, RenderError> {
    let start = milliseconds(&report.started).unwrap_or_default();
    let count = |status: &str| report.cases.iter().filter(|case| self::status(case.verdict) == status).count();
    let mut tests: Vec<Value> = report.cases.iter().map(|case| test(report, case)).collect();
    tests.extend(report.stale.iter().map(|entry| stale(entry)));
    let (name, version) = report.generator.split_once(' ').unwrap_or((&report.generator, ""));
    let document = json!({
        "reportFormat": "CTRF",
        "specVersion": "1.0.0",
        "generatedBy": shown(&report.generator),
        "results": {
            "tool": { "name": named(name, "ftpspec"), "version": shown(version) },
            "summary": {
                "tests": tests.len(),
                "passed": count("passed"),
                "failed": count("failed") + report.stale.len(),
                "skipped": count("skipped"),
                "pending": 0,
                "other": count("other"),
                "flaky": report.cases.iter().filter(|case| case.flaky).count(),
                "start": start,
                "stop": start + i64::try_from(report.duration).unwrap_or_default(),
                "duration": report.duration,
            },
            "tests": tests,
            "environment": {
                "appName": shown(&report.subject.name),
                "extra": {
                    "suite": shown(&report.suite.version),
                    "suiteHash": shown(&report.suite.hash),
                    "profile": shown(&report.profile),
                    "seed": report.seed,
                },
            },
        },
    });
    Ok(escaped(&serde_json::to_string_pretty(&document)?) + "\n")
}

const fn status(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass | Verdict::Deviation => "passed",
        Verdict::Fail => "failed",
        Verdict::Skipped | Verdict::Blocked => "skipped",
        Verdict::Inconclusive | Verdict::Known => "other",
    }
}

fn test(report: &Report, case: &Case) -> Value {
    let mut test = Map::new();
    test.insert("name".to_owned(), json!(named(&case.id, "case")));
    test.insert("status".to_owned(), json!(status(case.verdict)));
    test.insert("duration".to_owned(), json!(case.duration));
    test.insert("rawStatus".to_owned(), json!(case.verdict.word()));
    test.insert("flaky".to_owned(), json!(case.flaky));
    test.insert("filePath".to_owned(), json!(shown(&case.place.file)));
    test.insert("line".to_owned(), json!(case.place.line));
    let folder = case.id.split('[').next().unwrap_or(&case.id).rsplit_once('/').map_or("", |(folder, _)| folder);
    let suite: Vec<String> = folder.split('/').filter(|part| !part.is_empty()).map(shown).collect();
    if !suite.is_empty() {
        test.insert("suite".to_owned(), json!(suite));
    }
    let level = case.covers.first().and_then(|id| wording(report, id)).map(|requirement| shown(&requirement.level));
    test.insert(
        "tags".to_owned(),
        json!(level.into_iter().chain(case.kind.map(|kind| kind.word().to_owned())).collect::<Vec<_>>()),
    );
    let worst = worst(case);
    if let Some(message) = worst.map(|finding| finding.message.as_str()).or(case.reason.as_deref()) {
        test.insert("message".to_owned(), json!(shown(message)));
    }
    if let Some(trace) = worst.map(trace).filter(|trace| !trace.is_empty()) {
        test.insert("trace".to_owned(), json!(trace));
    }
    test.insert("extra".to_owned(), json!({ "purpose": shown(&case.purpose), "covers": shown_all(&case.covers) }));
    Value::Object(test)
}

fn trace(finding: &crate::model::Finding) -> String {
    let lines = [("expected", &finding.expected), ("received", &finding.received)];
    let lines = lines.into_iter().filter_map(|(name, text)| Some(format!("{name}: {}", shown(text.as_ref()?))));
    lines.collect::<Vec<_>>().join("\n")
}

fn stale(entry: &str) -> Value {
    json!({ "name": named(entry, "baseline"), "status": "failed", "duration": 0, "rawStatus": "stale", "suite": ["baseline"] })
}

fn shown(text: &str) -> String {
    visible(text, Symbols::Unicode)
}

fn shown_all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| shown(text)).collect()
}

/// A name may not be empty.
fn named(text: &str, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { shown(text) }
}

/// Milliseconds since 1970 of `2026-01-31T23:59:59.5Z`.
fn milliseconds(started: &str) -> Option<i64> {
    let (date, time) = started.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|number| number.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.splitn(3, ':');
    let (hour, minute, second) = (time.next()?, time.next()?, time.next()?);
    let (second, fraction) = second.split_once('.').unwrap_or((second, ""));
    let thousandths: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let (hour, minute, second): (i64, i64, i64) = (hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?);
    let is_sound = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    is_sound.then(|| (((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + thousandths)
}

/// Days since 1970 in the Gregorian calendar. A year begins with March here, so that a leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year / 4 - year / 100 + year / 400;
    365 * year + leaps + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::milliseconds;

    #[rstest]
    #[case("1970-01-01T00:00:00Z", Some(0))]
    #[case("2000-02-29T12:00:00.25Z", Some(951_825_600_250))]
    #[case("2026-11-22T10:30:00.123456Z", Some(1_795_343_400_123))]
    #[case("2026-13-22T10:30:00Z", None)]
    #[case("2026-11-22T10:30:00+01:00", None)]
    #[case("yesterday", None)]
    fn instants(#[case] text: &str, #[case] expected: Option<i64>) {
        assert_eq!(milliseconds(text), expected);
    }
}
