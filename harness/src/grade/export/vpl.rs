//! Moodle's VPL: what `vpl_execution` prints.
//!
//! The grade is the text behind the *last* line that begins with `Grade :=>>`, wherever it stands, and a comment ends at a
//! line that is `--|>`. So each line of a text begins with `>`, which shows it as it is, and the grade stands last.

use std::fmt::Write as _;

use super::bounded::behind;
use super::sheet::{Sheet, Standing};

pub(super) fn render(sheet: &Sheet<'_>) -> String {
    let mut text = "<|--\n".to_owned();
    title(&mut text, "Result");
    text.push_str(&behind(">", &sheet.whole));
    for part in &sheet.groups {
        title(&mut text, &format!("{}: {} of {}", part.name, part.points, part.of));
        for item in part.items.iter().filter(|item| item.standing != Standing::Passed) {
            text.push_str(&behind(">", &format!("{} ({} of {})\n{}\n", item.name, item.points, item.of, item.text)));
        }
    }
    for item in &sheet.others {
        title(&mut text, &format!("{}: {} points", item.name, item.points));
        text.push_str(&behind(">", &item.text));
    }
    text.push_str("--|>\n");
    // Without a grade VPL proposes none: what could not be graded is no zero.
    if sheet.record.status.is_judged() {
        _ = writeln!(text, "Grade :=>> {}", sheet.record.points);
    }
    text
}

/// A line of its own. What stands in brackets at its end would be taken for a deduction.
fn title(text: &mut String, title: &str) {
    _ = writeln!(text, "- {}.", title.trim_end());
}
