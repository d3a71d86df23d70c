//! The page: what was judged, the counts, the table of cases.

use std::collections::BTreeMap;

use askama::Template;

use super::case::{CaseView, safe};
use super::transcript::Piece;
use crate::causes::{causes, reasons};
use crate::model::{Report, Verdict};
use crate::render::{meaning, patience, span, symbol, wording};
use crate::visible::Symbols;

/// Everything that the template shows. Every text in it has been made visible; the template escapes it for HTML.
#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page {
    subject: String,
    generator: String,
    facts: Vec<(&'static str, String)>,
    counts: Vec<Count>,
    total: usize,
    judged: usize,
    exit_code: u8,
    meaning: &'static str,
    specifications: Vec<SpecificationRow>,
    causes: Vec<CauseRow>,
    blocked: Vec<(String, usize)>,
    skipped: Vec<(String, usize)>,
    remarks: Vec<String>,
    cases: Vec<CaseView>,
}

/// How many cases had one verdict.
struct Count {
    word: &'static str,
    symbol: char,
    cases: usize,
}

/// The counts of one specification and level, in the order of the page's counts.
struct SpecificationRow {
    name: String,
    level: String,
    counts: Vec<usize>,
}

struct CauseRow {
    word: &'static str,
    message: String,
    cases: usize,
    shown_in: String,
    anchor: Option<usize>,
}

impl Page {
    pub(super) fn of(report: &Report) -> Self {
        let summary = report.summary();
        let counts = Verdict::WORST_FIRST.map(|verdict| Count {
            word: verdict.word(),
            symbol: symbol(verdict, Symbols::Unicode),
            cases: summary.of(verdict),
        });
        let exit_code = report.exit_code();
        let stale = report.stale.iter().map(|entry| format!("stale in the baseline: {entry}"));
        Self {
            subject: safe(&report.subject.name),
            generator: safe(&report.generator),
            facts: facts(report),
            counts: counts.into(),
            total: summary.total(),
            judged: summary.judged(),
            exit_code,
            meaning: meaning(report),
            specifications: specifications(report),
            causes: cause_rows(report),
            blocked: reason_rows(report, Verdict::Blocked),
            skipped: reason_rows(report, Verdict::Skipped),
            remarks: stale.chain(report.remarks.iter().cloned()).map(|remark| safe(&remark)).collect(),
            cases: (1..).zip(&report.cases).map(|(number, case)| CaseView::of(report, number, case)).collect(),
        }
    }
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let subject = &report.subject;
    let hash: String = report.suite.hash.chars().take(12).collect();
    let mut facts =
        vec![("Subject", format!("{} ({})", subject.name, subject.role)), ("Reached", subject.reached.clone())];
    facts.extend(subject.identity.iter().map(|line| ("It says", line.clone())));
    if !subject.claims.is_empty() {
        facts.push(("Claims", subject.claims.join(", ")));
    }
    facts.extend([
        ("Suite", format!("{} ({hash})", report.suite.version)),
        ("Profile", format!("{}{}", report.profile, if report.exact_text { ", exact texts" } else { "" })),
        ("Seed", report.seed.to_string()),
        ("Patience", patience(report).unwrap_or_else(|| span(report.deadline))),
        ("Began", report.started.clone()),
        ("Took", span(report.duration)),
    ]);
    facts.into_iter().map(|(label, said)| (label, safe(&said))).collect()
}

/// The cases by the specification and level of their principal requirement.
fn specifications(report: &Report) -> Vec<SpecificationRow> {
    let mut rows: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for case in &report.cases {
        let Some(requirement) = case.covers.first().and_then(|id| wording(report, id)) else { continue };
        let counts = rows
            .entry((&requirement.specification, &requirement.level))
            .or_insert_with(|| vec![0; Verdict::WORST_FIRST.len()]);
        let column = Verdict::WORST_FIRST.iter().position(|verdict| *verdict == case.verdict);
        if let Some(count) = column.and_then(|column| counts.get_mut(column)) {
            *count += 1;
        }
    }
    rows.into_iter()
        .map(|((name, level), counts)| SpecificationRow { name: safe(name), level: safe(level), counts })
        .collect()
}

fn cause_rows(report: &Report) -> Vec<CauseRow> {
    causes(report)
        .into_iter()
        .map(|cause| CauseRow {
            word: cause.word,
            message: safe(cause.message),
            cases: cause.cases.len(),
            shown_in: safe(cause.shown_in),
            anchor: report.cases.iter().position(|case| case.id == cause.shown_in).map(|at| at + 1),
        })
        .collect()
}

fn reason_rows(report: &Report, verdict: Verdict) -> Vec<(String, usize)> {
    reasons(report, verdict).into_iter().map(|(reason, count)| (safe(reason), count)).collect()
}
