//! A table for a spreadsheet, a case a line.

use super::wording;
use crate::causes::word;
use crate::csv::{csv_field, csv_line};
use crate::model::Report;

const HEAD: [&str; 11] = [
    "case",
    "verdict",
    "kind",
    "level",
    "clause",
    "purpose",
    "reason",
    "finding",
    "expected",
    "received",
    "milliseconds",
];

pub(super) fn render(report: &Report) -> String {
    let mut text = csv_line(&HEAD.map(csv_field));
    for case in &report.cases {
        let worst = super::worst(case);
        let requirement = case.covers.first().and_then(|id| wording(report, id));
        let kind = match (case.kind, worst) {
            (Some(kind), _) => kind.word(),
            (None, Some(finding)) => word(case, finding),
            (None, None) => "",
        };
        let texts = [
            case.id.as_str(),
            case.verdict.word(),
            kind,
            requirement.map(|requirement| requirement.level.as_str()).unwrap_or_default(),
            &requirement.map(crate::model::RequirementText::clause).unwrap_or_default(),
            &case.purpose,
            case.reason.as_deref().unwrap_or_default(),
            worst.map(|finding| finding.message.as_str()).unwrap_or_default(),
            worst.and_then(|finding| finding.expected.as_deref()).unwrap_or_default(),
            worst.and_then(|finding| finding.received.as_deref()).unwrap_or_default(),
        ];
        let mut fields = texts.map(csv_field).to_vec();
        fields.push(case.duration.to_string());
        text.push_str(&csv_line(&fields));
    }
    text
}
