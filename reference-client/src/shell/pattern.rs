//! Patterns of names: `*` is any octets, `?` one.

/// Whether a name fits. One that begins with a dot is meant only where the pattern says so.
pub(super) fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let hidden = name.starts_with(b".") && !pattern.starts_with(b".");
    !hidden && matches_all(pattern, name)
}

/// Goes on behind the last star when something does not fit, so it takes no more than the product of both lengths.
fn matches_all(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut here) = (0, 0);
    let mut star = None;
    while here < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(&octet) if octet == b'?' || Some(&octet) == name.get(here) => {
                at += 1;
                here += 1;
            }
            _ => {
                let Some((behind, taken)) = star else { return false };
                star = Some((behind, taken + 1));
                (at, here) = (behind + 1, taken + 1);
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|&octet| octet == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a", "a", true)]
    #[case("a", "ab", false)]
    #[case("*", "", true)]
    #[case("*.txt", "a.txt", true)]
    #[case("*.txt", "a.txt.bak", false)]
    #[case("a*b*c", "axxbyyc", true)]
    #[case("a*b*c", "axxbyyd", false)]
    #[case("??", "ab", true)]
    #[case("??", "a", false)]
    #[case("*", ".hidden", false)]
    #[case(".*", ".hidden", true)]
    #[case("*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    fn names(#[case] pattern: &str, #[case] name: &str, #[case] expected: bool) {
        assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), expected);
    }
}
