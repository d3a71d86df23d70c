//! What changed from one report to another: regressed, fixed, new, gone, changed.
//!
//! [`Comparison`] is the one model; [`render_comparison`] writes it in a [`CompareFormat`].

mod human;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

use crate::model::{Case, Finding, Report, Verdict};
use crate::render::json::escaped;
use crate::render::{RenderError, Style};

/// What changed from one report to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The report before.
    pub before: Side,
    /// The report after.
    pub after: Side,
    /// What changed: what regressed first, then by kind and id.
    pub changes: Vec<Change>,
    /// How many cases are as they were.
    pub same: usize,
    /// Where the two were not measured alike, so that a change need not be the subject's.
    pub remarks: Vec<String>,
}

/// One of the two reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// What was judged.
    pub subject: String,
    /// When the run began.
    pub started: String,
    /// How many cases it has.
    pub cases: usize,
}

/// A case that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// In which way.
    pub kind: ChangeKind,
    /// The case.
    pub id: String,
    /// The verdict before, if there was one.
    pub before: Option<Verdict>,
    /// The verdict after, if there is one.
    pub after: Option<Verdict>,
    /// What was found, or why it was not run: in the report after, or, of what is fixed, before.
    pub why: Option<String>,
}

/// In which way a case changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It was good, and is a fail or cannot be judged.
    Regressed,
    /// It was a fail or could not be judged, and is good.
    Fixed,
    /// It was not run before.
    New,
    /// It is not run any more.
    Gone,
    /// Another change: another verdict that is neither better nor worse, another reason, or a flaky case.
    Changed,
}

impl ChangeKind {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Regressed, Self::Fixed, Self::New, Self::Gone, Self::Changed];

    /// The word as it is written in every format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Regressed => "regressed",
            Self::Fixed => "fixed",
            Self::New => "new",
            Self::Gone => "gone",
            Self::Changed => "changed",
        }
    }
}

impl Comparison {
    /// The changes of one kind.
    pub fn of(&self, kind: ChangeKind) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.kind == kind)
    }

    /// 1 where something regressed, else 0.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.of(ChangeKind::Regressed).next().is_some())
    }
}

/// A form of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareFormat {
    /// Text for a terminal.
    Human,
    /// The model as one JSON document.
    Json,
}

impl CompareFormat {
    /// Every format, in the order in which help shows them.
    pub const ALL: [Self; 2] = [Self::Human, Self::Json];

    /// The word that names it on a command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for CompareFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that names no form of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no format {0:?} of a comparison; the formats are human, json")]
pub struct UnknownCompareFormat(pub String);

impl FromStr for CompareFormat {
    type Err = UnknownCompareFormat;

    fn from_str(word: &str) -> Result<Self, UnknownCompareFormat> {
        let known = Self::ALL.into_iter().find(|format| format.word() == word);
        known.ok_or_else(|| UnknownCompareFormat(word.to_owned()))
    }
}

/// Writes a comparison in a format.
///
/// # Errors
///
/// [`RenderError`] where the writer of the format fails.
pub fn render_comparison(
    comparison: &Comparison,
    format: CompareFormat,
    style: &Style,
) -> Result<Vec<u8>, RenderError> {
    match format {
        CompareFormat::Human => Ok(human::render(comparison, style).into_bytes()),
        CompareFormat::Json => {
            let mut text = escaped(&serde_json::to_string_pretty(comparison)?);
            text.push('\n');
            Ok(text.into_bytes())
        }
    }
}

/// What changed from one report to another.
pub fn compare(before: &Report, after: &Report) -> Comparison {
    let (olds, news) = (by_id(before), by_id(after));
    let earlier = causes(before);
    let ids: BTreeSet<_> = olds.keys().chain(news.keys()).copied().collect();
    let total = ids.len();
    let mut changes: Vec<_> = ids
        .into_iter()
        .filter_map(|id| {
            let (old, new) = (olds.get(id).copied(), news.get(id).copied());
            let kind = kind(old, new, &earlier)?;
            let shown = if matches!(kind, ChangeKind::Fixed) { old } else { new };
            Some(Change {
                kind,
                id: id.to_owned(),
                before: old.map(|case| case.verdict),
                after: new.map(|case| case.verdict),
                why: shown.and_then(why),
            })
        })
        .collect();
    changes.sort_by_key(|change| change.kind);
    let same = total - changes.len();
    Comparison { before: side(before), after: side(after), changes, same, remarks: remarks(before, after) }
}

fn by_id(report: &Report) -> BTreeMap<&str, &Case> {
    report.cases.iter().map(|case| (case.id.as_str(), case)).collect()
}

fn side(report: &Report) -> Side {
    Side { subject: report.subject.name.clone(), started: report.started.clone(), cases: report.cases.len() }
}

/// A case, and a cause that it met: what has one cause is shown in one case, and only counted in the others.
type Met<'r> = (&'r str, Option<&'r str>, &'r str);

fn causes(report: &Report) -> BTreeSet<Met<'_>> {
    let mut met = BTreeSet::new();
    for case in &report.cases {
        for finding in &case.findings {
            for id in finding.also.iter().chain([&case.id]) {
                met.insert((id.as_str(), finding.requirement.as_deref(), finding.message.as_str()));
            }
        }
    }
    met
}

/// What a verdict says of the subject.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    Bad,
    NotRun,
}

const fn standing(verdict: Verdict) -> Standing {
    match verdict {
        Verdict::Pass | Verdict::Deviation | Verdict::Known => Standing::Good,
        Verdict::Fail | Verdict::Inconclusive | Verdict::Blocked => Standing::Bad,
        Verdict::Skipped => Standing::NotRun,
    }
}

fn kind(old: Option<&Case>, new: Option<&Case>, earlier: &BTreeSet<Met<'_>>) -> Option<ChangeKind> {
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (Some(_), None) => return Some(ChangeKind::Gone),
        (None, Some(_)) => return Some(ChangeKind::New),
        (None, None) => return None,
    };
    if old.verdict == new.verdict {
        return (weightiest(old) != weightiest(new)).then_some(ChangeKind::Changed);
    }
    Some(match (standing(old.verdict), standing(new.verdict)) {
        (Standing::NotRun, _) => ChangeKind::New,
        (_, Standing::NotRun) => ChangeKind::Gone,
        // A case that gives now this verdict, now that one, tells nothing by one of them.
        _ if old.rounds.contains_key(&new.verdict) || new.rounds.contains_key(&old.verdict) => ChangeKind::Changed,
        (Standing::Good, Standing::Bad) if is_moved(new, earlier) => ChangeKind::Changed,
        (Standing::Good, Standing::Bad) => ChangeKind::Regressed,
        // Somebody wrote it down, and nobody mended it.
        (Standing::Bad, Standing::Good) if new.verdict == Verdict::Known => ChangeKind::Changed,
        (Standing::Bad, Standing::Good) => ChangeKind::Fixed,
        (Standing::Good, Standing::Good) | (Standing::Bad, Standing::Bad) => ChangeKind::Changed,
    })
}

/// Whether what is wrong was met by this case before too, and only shown in another.
fn is_moved(new: &Case, earlier: &BTreeSet<Met<'_>>) -> bool {
    let worst = worst(new);
    !worst.is_empty()
        && worst.iter().all(|finding| earlier.contains(&(&*new.id, finding.requirement.as_deref(), &*finding.message)))
}

/// The findings that weigh most.
fn worst(case: &Case) -> Vec<&Finding> {
    let most = case.findings.iter().map(|finding| finding.grade).max();
    case.findings.iter().filter(|finding| Some(finding.grade) == most).collect()
}

/// By which requirements, and on which axes, a case is what it is. Not by words: those quote what changes.
fn weightiest(case: &Case) -> BTreeSet<(Option<&str>, &'static str)> {
    if matches!(case.verdict, Verdict::Pass | Verdict::Skipped | Verdict::Blocked) {
        return BTreeSet::new();
    }
    worst(case).into_iter().map(|finding| (finding.requirement.as_deref(), finding.axis.word())).collect()
}

fn why(case: &Case) -> Option<String> {
    let found = worst(case).first().map(|finding| {
        let of = finding.requirement.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        format!("{}{of}", finding.message)
    });
    let said = match case.verdict {
        Verdict::Pass => None,
        Verdict::Skipped | Verdict::Blocked | Verdict::Known => case.reason.clone().or(found),
        Verdict::Deviation | Verdict::Inconclusive | Verdict::Fail => found.or_else(|| case.reason.clone()),
    };
    let flaky = case.flaky.then(|| format!("flaky: {}", case.repeated().unwrap_or_default()));
    match (said, flaky) {
        (Some(said), Some(flaky)) => Some(format!("{said}; {flaky}")),
        (said, flaky) => said.or(flaky),
    }
}

/// Where the two runs were not measured alike.
fn remarks(before: &Report, after: &Report) -> Vec<String> {
    let shown = |report: &Report| {
        let hash: String = report.suite.hash.chars().take(12).collect();
        [
            ("suite", format!("{} ({hash})", report.suite.version)),
            ("subject", report.subject.name.clone()),
            ("profile", report.profile.clone()),
            ("claims of the subject", report.subject.claims.join(", ")),
            ("rule for texts", if report.exact_text { "exact" } else { "shown" }.to_owned()),
            ("deadline", format!("{} ms", report.deadline)),
        ]
    };
    let pairs = shown(before).into_iter().zip(shown(after)).filter(|((_, old), (_, new))| old != new);
    pairs.map(|((what, old), (_, new))| format!("another {what}: {old} before, {new} after")).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::Symbols;
    use crate::model::{Axis, Grade};
    use crate::read;

    fn report() -> Report {
        let mut report = read(include_bytes!("../gallery/clean.json")).unwrap();
        report.cases.truncate(1);
        report.cases[0].id = "a/b".to_owned();
        report
    }

    fn of(verdict: Verdict) -> Report {
        let mut report = report();
        report.cases[0].verdict = verdict;
        report
    }

    fn finding(requirement: &str, message: &str) -> Finding {
        let place = report().cases[0].place.clone();
        Finding {
            axis: Axis::Reply,
            grade: Grade::Fail,
            requirement: Some(requirement.to_owned()),
            place,
            message: message.to_owned(),
            expected: None,
            received: None,
            because: None,
            event: None,
            also: Vec::new(),
        }
    }

    fn kinds(before: &Report, after: &Report) -> Vec<(ChangeKind, String)> {
        compare(before, after).changes.into_iter().map(|change| (change.kind, change.id)).collect()
    }

    #[rstest]
    #[case(Verdict::Pass, Verdict::Pass, None)]
    #[case(Verdict::Pass, Verdict::Fail, Some(ChangeKind::Regressed))]
    #[case(Verdict::Deviation, Verdict::Inconclusive, Some(ChangeKind::Regressed))]
    #[case(Verdict::Known, Verdict::Fail, Some(ChangeKind::Regressed))]
    #[case(Verdict::Pass, Verdict::Blocked, Some(ChangeKind::Regressed))]
    #[case(Verdict::Fail, Verdict::Pass, Some(ChangeKind::Fixed))]
    #[case(Verdict::Blocked, Verdict::Deviation, Some(ChangeKind::Fixed))]
    #[case(Verdict::Fail, Verdict::Known, Some(ChangeKind::Changed))]
    #[case(Verdict::Inconclusive, Verdict::Fail, Some(ChangeKind::Changed))]
    #[case(Verdict::Pass, Verdict::Deviation, Some(ChangeKind::Changed))]
    #[case(Verdict::Skipped, Verdict::Fail, Some(ChangeKind::New))]
    #[case(Verdict::Pass, Verdict::Skipped, Some(ChangeKind::Gone))]
    fn verdicts(#[case] before: Verdict, #[case] after: Verdict, #[case] kind: Option<ChangeKind>) {
        let comparison = compare(&of(before), &of(after));
        assert_eq!(comparison.changes.first().map(|change| change.kind), kind);
        assert_eq!(comparison.exit_code(), u8::from(kind == Some(ChangeKind::Regressed)));
        assert_eq!(comparison.same, usize::from(kind.is_none()));
    }

    #[test]
    fn a_case_that_is_new_or_gone_is_no_regression() {
        let (mut before, mut after) = (of(Verdict::Pass), of(Verdict::Fail));
        before.cases[0].id = "a/old".to_owned();
        after.cases[0].id = "a/new".to_owned();
        let expected = [(ChangeKind::New, "a/new".to_owned()), (ChangeKind::Gone, "a/old".to_owned())];
        assert_eq!(kinds(&before, &after), expected);
        assert_eq!(compare(&before, &after).exit_code(), 0);
    }

    #[test]
    fn what_is_flaky_does_not_regress() {
        let (mut before, after) = (of(Verdict::Deviation), of(Verdict::Fail));
        before.cases[0].flaky = true;
        before.cases[0].rounds = BTreeMap::from([(Verdict::Deviation, 3), (Verdict::Pass, 1)]);
        assert_eq!(compare(&before, &after).exit_code(), 1, "a fail was never seen");
        before.cases[0].rounds.insert(Verdict::Fail, 1);
        assert_eq!(kinds(&before, &after), [(ChangeKind::Changed, "a/b".to_owned())]);
    }

    #[test]
    fn a_cause_that_is_shown_elsewhere_does_not_regress() {
        let (mut before, mut after) = (of(Verdict::Pass), of(Verdict::Fail));
        after.cases[0].findings = vec![finding("r-1", "no CR")];
        let mut other = before.cases[0].clone();
        other.id = "a/other".to_owned();
        other.verdict = Verdict::Fail;
        other.findings = vec![Finding { also: vec!["a/b".to_owned()], ..finding("r-1", "no CR") }];
        before.cases.push(other.clone());
        after.cases.push(Case { verdict: Verdict::Pass, findings: Vec::new(), ..other });
        let expected = [(ChangeKind::Fixed, "a/other".to_owned()), (ChangeKind::Changed, "a/b".to_owned())];
        assert_eq!(kinds(&before, &after), expected);
    }

    #[test]
    fn another_reason_is_a_change() {
        let (mut before, mut after) = (of(Verdict::Fail), of(Verdict::Fail));
        before.cases[0].findings = vec![finding("r-1", "came: 500 at 10:00")];
        after.cases[0].findings = vec![finding("r-1", "came: 500 at 11:00")];
        assert_eq!(kinds(&before, &after), [], "a text that differs each time is none");
        after.cases[0].findings = vec![finding("r-2", "came: 500")];
        assert_eq!(kinds(&before, &after), [(ChangeKind::Changed, "a/b".to_owned())]);
        assert_eq!(compare(&before, &after).changes[0].why.as_deref(), Some("came: 500 (r-2)"));
    }

    #[rstest]
    #[case(CompareFormat::Human)]
    #[case(CompareFormat::Json)]
    fn what_peers_said_does_nothing(#[case] format: CompareFormat) {
        let hostile = "\u{1b}[2J\u{202e}##[error]\n::error::x\r\u{9b}";
        let (mut before, mut after) = (of(Verdict::Pass), of(Verdict::Fail));
        before.subject.name = hostile.to_owned();
        before.started = hostile.to_owned();
        before.profile = hostile.to_owned();
        before.cases[0].id = hostile.to_owned();
        after.cases[0].id = hostile.to_owned();
        after.cases[0].findings = vec![finding(hostile, hostile)];
        for symbols in [Symbols::Ascii, Symbols::Unicode] {
            let style = Style { symbols, ..Style::default() };
            let written = render_comparison(&compare(&before, &after), format, &style).unwrap();
            let text = String::from_utf8(written).unwrap();
            assert!(!text.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'), "{text:?}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
            assert!(text.contains("regressed"), "{text}");
        }
    }

    #[test]
    fn what_was_not_measured_alike_is_said() {
        let (before, mut after) = (report(), report());
        after.profile = "strict".to_owned();
        let remarks = compare(&before, &after).remarks;
        assert_eq!(remarks, [format!("another profile: {} before, strict after", before.profile)]);
    }
}
