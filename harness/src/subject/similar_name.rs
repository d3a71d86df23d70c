//! "Did you mean": the name that someone probably wanted to write.

/// The candidate that differs from `written` in the fewest characters, if they are few enough to be a slip.
pub(super) fn similar<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = written.chars().count();
    // Two letters that changed places are two changes.
    let longest_slip = if length < 4 { 1 } else { (length / 3).max(2) };
    candidates
        .into_iter()
        .map(|candidate| (distance(written, candidate), candidate))
        .filter(|(distance, _)| *distance <= longest_slip)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// ` Did you mean `x`?`, or nothing, to be put behind a message.
pub(super) fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    similar(written, candidates).map(|name| format!(" Did you mean `{name}`?")).unwrap_or_default()
}

/// How many characters must be put in, taken out or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, left) in one.chars().enumerate() {
        let mut diagonal = above;
        let mut before = above + 1;
        let mut next = vec![before];
        for (top, across) in row.iter().skip(1).zip(&other) {
            let cost = (diagonal + usize::from(left != *across)).min(before + 1).min(top + 1);
            diagonal = *top;
            before = cost;
            next.push(cost);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{distance, similar};

    #[rstest]
    #[case("vsftp", Some("vsftpd"))]
    #[case("proftpdd", Some("proftpd"))]
    #[case("pyftplib", Some("pyftpdlib"))]
    #[case("vfstpd", Some("vsftpd"))]
    #[case("curl", None)]
    #[case("pro", None)]
    fn the_nearest_name(#[case] written: &str, #[case] meant: Option<&str>) {
        assert_eq!(similar(written, ["vsftpd", "proftpd", "pure-ftpd", "pyftpdlib"]), meant);
    }

    #[rstest]
    #[case("", "abc", 3)]
    #[case("abc", "", 3)]
    #[case("kitten", "sitting", 3)]
    #[case("same", "same", 0)]
    fn counts_changes(#[case] one: &str, #[case] other: &str, #[case] changes: usize) {
        assert_eq!(distance(one, other), changes);
    }
}
