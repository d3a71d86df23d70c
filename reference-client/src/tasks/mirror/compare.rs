//! What must be done so that a directory becomes like another.

use crate::listing::{Entry, Modified};
use crate::runtime::Found;

/// Whether the file here can be the one that is listed: the same size, and a time that fits. Where the server does not tell one of
/// them, the file is fetched.
pub(super) fn is_up_to_date(here: Found, size: Option<u64>, modified: Option<Modified>) -> bool {
    let Found::File { size: own, modified: own_time } = here else { return false };
    size == Some(own) && modified.is_some_and(|modified| modified.fits(own_time))
}

/// Whether the file on the server can be the one here: the same size, and not older. A server that sets no times has the time of the
/// transfer.
pub(super) fn is_up_to_date_there(here: Found, there: &Entry) -> bool {
    let Found::File { size, modified } = here else { return false };
    there.size == Some(size) && there.modified.is_some_and(|time| time.fits(modified) || time.seconds > modified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{Kind, Precision};
    use rstest::rstest;

    const HERE: Found = Found::File { size: 10, modified: 1000 };

    #[rstest]
    #[case::same(Some(10), Some(1000), true)]
    #[case::other_size(Some(11), Some(1000), false)]
    #[case::newer(Some(10), Some(2000), false)]
    #[case::older(Some(10), Some(0), false)]
    #[case::no_size(None, Some(1000), false)]
    #[case::no_time(Some(10), None, false)]
    fn fetched(#[case] size: Option<u64>, #[case] time: Option<i64>, #[case] up_to_date: bool) {
        let modified = time.map(|seconds| Modified { seconds, precision: Precision::Second });
        assert_eq!(is_up_to_date(HERE, size, modified), up_to_date);
        assert!(!is_up_to_date(Found::Link, size, modified));
    }

    #[rstest]
    #[case::same(Some(10), Some(1000), true)]
    #[case::stored_later(Some(10), Some(2000), true)]
    #[case::older(Some(10), Some(0), false)]
    #[case::other_size(Some(9), Some(2000), false)]
    #[case::no_time(Some(10), None, false)]
    fn stored(#[case] size: Option<u64>, #[case] time: Option<i64>, #[case] up_to_date: bool) {
        let modified = time.map(|seconds| Modified { seconds, precision: Precision::Second });
        let there = Entry { name: b"f".to_vec(), kind: Kind::File, size, modified };
        assert_eq!(is_up_to_date_there(HERE, &there), up_to_date);
    }
}
