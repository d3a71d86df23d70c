//! A badge as shields.io reads it from an address (its endpoint form).

use serde_json::json;

use super::RenderError;
use super::json::escaped;
use crate::model::{Report, Verdict};

pub(super) fn render(report: &Report) -> Result<String, RenderError> {
    let summary = report.summary();
    let kept = summary.of(Verdict::Pass) + summary.of(Verdict::Deviation) + summary.of(Verdict::Known);
    let (message, color) = match report.exit_code() {
        0 => (format!("{kept} of {} conform", summary.judged()), "brightgreen"),
        1 => (format!("{} of {} fail", summary.of(Verdict::Fail), summary.judged()), "red"),
        3 => (format!("{} not judged", summary.of(Verdict::Inconclusive) + summary.of(Verdict::Blocked)), "yellow"),
        _ => ("nothing was judged".to_owned(), "lightgrey"),
    };
    // A run fails without a failed case where its baseline is stale.
    let message =
        if report.exit_code() == 1 && summary.of(Verdict::Fail) == 0 { "stale baseline".to_owned() } else { message };
    // The subject names itself; the label is what it was called by.
    let badge = json!({
        "schemaVersion": 1,
        "label": label(&report.subject.name),
        "message": message,
        "color": color,
        "isError": report.exit_code() == 1,
    });
    Ok(escaped(&serde_json::to_string_pretty(&badge)?) + "\n")
}

/// So long that it can be read on a badge.
fn label(name: &str) -> String {
    const MOST: usize = 30;
    let shown: String = crate::visible::visible(name, crate::visible::Symbols::Unicode).chars().take(MOST).collect();
    format!("FTP {shown}").trim_end().to_owned()
}
