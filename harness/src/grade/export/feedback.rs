//! What `feedback.md` says of each check, as plain text.
//!
//! Only lines that the program itself begins are read for structure: what a submission said stands in indented blocks, or
//! with its signs escaped.

use std::collections::BTreeMap;

/// The text on each check, by its id.
#[derive(Debug, Default)]
pub(super) struct Feedback {
    texts: BTreeMap<String, String>,
}

impl Feedback {
    /// Of the Markdown that a student reads.
    pub(super) fn read(markdown: &str) -> Self {
        let mut texts = BTreeMap::new();
        let mut lines = markdown.lines().peekable();
        while let Some(line) = lines.next() {
            if !line.starts_with("### ") {
                continue;
            }
            let (mut text, mut ids) = (String::new(), Vec::new());
            while let Some(line) = lines.next_if(|line| !ends_a_check(line)) {
                ids.extend(named(line));
                text.push_str(&plain(line));
                text.push('\n');
            }
            let text = text.trim_matches('\n');
            texts.extend(ids.into_iter().map(|id| (id, text.to_owned())));
        }
        Self { texts }
    }

    /// What is said of a check.
    pub(super) fn of(&self, id: &str) -> Option<&str> {
        self.texts.get(id).map(String::as_str)
    }
}

fn ends_a_check(line: &str) -> bool {
    line.starts_with("## ") || line.starts_with("### ") || line == "---"
}

/// The checks that a line is about.
fn named(line: &str) -> Vec<String> {
    const BEGINNINGS: [&str; 3] = ["Check: `", "The same in: `", "In: `"];
    let Some(rest) = BEGINNINGS.iter().find_map(|beginning| line.strip_prefix(beginning)) else { return Vec::new() };
    let Some(rest) = rest.strip_suffix('`') else { return Vec::new() };
    rest.split("`, `").map(str::to_owned).collect()
}

/// The line without what Markdown wants. An indented one is a quotation, and stays.
fn plain(line: &str) -> String {
    if line.starts_with("    ") {
        return line.to_owned();
    }
    let mut plain = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        plain.push(if character == '\\' { characters.next().unwrap_or(character) } else { character });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::Feedback;

    const TEXT: &str = "# ann: 7 of 9 points\n\n## Login: 1 of 2\n\n### USER is answered (1 of 2 points)\n\n\
        Check: `rfc959/login/user`\n\nRFC 959 §4.1.1 (must): a\\_b.\n\n- Came: \\#\\#\\# x\n\n\
        The same in: `rfc959/login/a[x=1]`, `rfc959/login/b`\n\n    S: ### y\\_z\n    Check: `rfc959/forged`\n\n\
        ### 2 checks (0 of 1 points)\n\nIt could not be asked.\n\nIn: `c`, `d`\n\n## Files: 0 of 1\n\nCheck: `e`\n\n---\n\nIn: `f`\n";

    #[test]
    fn each_check_has_its_text() {
        let feedback = Feedback::read(TEXT);
        let text = "Check: `rfc959/login/user`\n\nRFC 959 §4.1.1 (must): a_b.\n\n- Came: ### x\n\n\
            The same in: `rfc959/login/a[x=1]`, `rfc959/login/b`\n\n    S: ### y\\_z\n    Check: `rfc959/forged`";
        for id in ["rfc959/login/user", "rfc959/login/a[x=1]", "rfc959/login/b"] {
            assert_eq!(feedback.of(id), Some(text), "{id}");
        }
        assert_eq!(feedback.of("c"), Some("It could not be asked.\n\nIn: `c`, `d`"));
        assert_eq!(feedback.of("d"), feedback.of("c"));
    }

    #[test]
    fn what_a_submission_said_is_of_no_check() {
        let feedback = Feedback::read(TEXT);
        for id in ["rfc959/forged", "e", "f"] {
            assert_eq!(feedback.of(id), None, "{id}");
        }
    }
}
