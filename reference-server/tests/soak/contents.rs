//! What stands in the files: each says who wrote it.

use std::collections::BTreeSet;

use super::chance::Chance;

/// A file as it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) octets: Vec<u8>,
    /// Lines, which TYPE A may transfer too.
    pub(super) is_text: bool,
}

/// Which of the files of a worker it is, of which there are ever new ones.
pub(super) fn text(worker: usize, version: usize, chance: &mut Chance) -> Contents {
    let bits = chance.below(13);
    let lines = 1 + chance.below(1 << bits);
    let octets = (0..lines).flat_map(|number| line(worker, version, number).into_bytes()).collect();
    Contents { octets, is_text: true }
}

/// A line of text, and then anything.
pub(super) fn octets(worker: usize, version: usize, chance: &mut Chance) -> Contents {
    let mut octets = line(worker, version, 0).into_bytes();
    let bits = 1 + chance.below(20);
    octets.extend(chance.octets(1 << bits));
    Contents { octets, is_text: false }
}

/// All are of one length: a file that is written while it is read has lines of two versions, and never a half of one and a half of
/// another.
fn line(worker: usize, version: usize, number: u64) -> String {
    format!("worker {worker:04} {version:08} {number:08}\n")
}

/// Whose lines these are. The last may be cut.
pub(super) fn writers(text: &[u8]) -> BTreeSet<String> {
    let length = line(0, 0, 0).len();
    text.chunks(length).filter(|line| line.len() == length).map(|line| line[..11].escape_ascii().to_string()).collect()
}

/// How each line of a worker begins.
pub(super) fn mark(worker: usize) -> String {
    line(worker, 0, 0)[..11].to_owned()
}

#[test]
fn a_line_of_another_is_seen() {
    let text = [line(1, 5, 0), line(2, 5, 1), line(1, 6, 2)].concat();
    assert_eq!(writers(text.as_bytes()), BTreeSet::from([mark(1), mark(2)]));
    assert_eq!(writers(&text.as_bytes()[..40]), BTreeSet::from([mark(1)]));
}
