//! Who reads: students do not see what is hidden.

use std::collections::BTreeSet;

use reports::model::Report;

use super::score::{CaseScore, Score};
use crate::scenario::rubric::Visibility;

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// They see what the rubric lets them see before the due date.
    Student,
    /// They see everything.
    Staff,
}

impl Audience {
    /// Whether this may be seen.
    pub fn sees(self, visibility: Visibility) -> bool {
        match self {
            Self::Staff => true,
            Self::Student => visibility == Visibility::Visible,
        }
    }

    /// The cases of a group's that may be seen.
    pub fn seen(self, cases: &[CaseScore]) -> impl Iterator<Item = &CaseScore> {
        cases.iter().filter(move |case| self.sees(case.visibility))
    }

    /// The report without the cases that may not be seen, their files, and what names them.
    pub fn report(self, report: &Report, score: &Score) -> Report {
        let cases = score.groups.iter().flat_map(|group| &group.cases);
        let hidden: BTreeSet<&str> =
            cases.filter(|case| !self.sees(case.visibility)).map(|case| case.id.as_str()).collect();
        let mut shown = report.clone();
        if hidden.is_empty() {
            return shown;
        }
        let names_hidden = |text: &str| hidden.iter().any(|id| text.contains(id));
        shown.cases.retain(|case| !hidden.contains(case.id.as_str()));
        for case in &mut shown.cases {
            if case.reason.as_deref().is_some_and(names_hidden) {
                case.reason = Some("another check failed before".to_owned());
            }
            for finding in &mut case.findings {
                finding.also.retain(|id| !hidden.contains(id.as_str()));
            }
        }
        let files: BTreeSet<String> = shown.cases.iter().map(|case| case.place.file.clone()).collect();
        shown.sources.retain(|file, _| files.contains(file) || file.starts_with("given/"));
        let named: BTreeSet<String> = shown.cases.iter().flat_map(|case| case.covers.iter().cloned()).collect();
        let found =
            shown.cases.iter().flat_map(|case| case.findings.iter().filter_map(|finding| finding.requirement.clone()));
        let named: BTreeSet<String> = found.chain(named).collect();
        shown.requirements.retain(|id, _| named.contains(id));
        shown.remarks.retain(|remark| !names_hidden(remark));
        shown
    }
}
