//! What rules make of the octets of a body while they pass.

use crate::scenario::rule::OctetChange;

use super::replies::replaced;

/// The octets of one body on their way.
#[derive(Debug)]
pub(super) struct Flow {
    stages: Vec<Stage>,
}

#[derive(Debug)]
struct Stage {
    change: OctetChange,
    /// How many octets came.
    passed: u64,
    kept: Vec<u8>,
}

impl Flow {
    pub(super) fn new(changes: &[OctetChange]) -> Self {
        let stage = |change: &OctetChange| Stage { change: change.clone(), passed: 0, kept: Vec::new() };
        Self { stages: changes.iter().map(stage).collect() }
    }

    /// What comes out when these go in.
    pub(super) fn pass(&mut self, octets: Vec<u8>) -> Vec<u8> {
        self.stages.iter_mut().fold(octets, |octets, stage| stage.pass(octets))
    }

    /// What comes out at the end.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        self.stages.iter_mut().fold(Vec::new(), |octets, stage| {
            let mut out = stage.pass(octets);
            out.extend(stage.finish());
            out
        })
    }
}

impl Stage {
    fn pass(&mut self, octets: Vec<u8>) -> Vec<u8> {
        let before = self.passed;
        self.passed += octets.len() as u64;
        let until = |limit: u64| usize::try_from(limit.saturating_sub(before)).unwrap_or(usize::MAX).min(octets.len());
        match &self.change {
            OctetChange::Cut(last) => {
                self.kept.extend(octets);
                let ready = self.kept.len().saturating_sub(*last);
                self.kept.drain(..ready).collect()
            }
            OctetChange::Skip(first) => octets.get(until(*first)..).unwrap_or_default().to_vec(),
            OctetChange::Keep(first) => octets.get(..until(*first)).unwrap_or_default().to_vec(),
            OctetChange::Front(added) if before == 0 && !octets.is_empty() => [added, octets.as_slice()].concat(),
            OctetChange::Flip(at) => {
                let place = at.checked_sub(before).and_then(|at| usize::try_from(at).ok());
                let mut octets = octets;
                if let Some(octet) = place.and_then(|place| octets.get_mut(place)) {
                    *octet ^= 1;
                }
                octets
            }
            OctetChange::Replace(from, to) => {
                self.kept.extend(octets);
                let held = begun(&self.kept, from);
                let held = self.kept.split_off(self.kept.len() - held);
                replaced(&std::mem::replace(&mut self.kept, held), from, to)
            }
            OctetChange::Instead(_) => Vec::new(),
            OctetChange::Add(_) | OctetChange::Front(_) => octets,
        }
    }

    fn finish(&mut self) -> Vec<u8> {
        match &self.change {
            OctetChange::Add(added) | OctetChange::Instead(added) => added.to_vec(),
            OctetChange::Front(added) if self.passed == 0 => added.to_vec(),
            OctetChange::Replace(from, to) => replaced(&std::mem::take(&mut self.kept), from, to),
            OctetChange::Front(_)
            | OctetChange::Cut(_)
            | OctetChange::Skip(_)
            | OctetChange::Keep(_)
            | OctetChange::Flip(_) => Vec::new(),
        }
    }
}

/// How many of the last octets may be the beginning of those that are looked for. The others need not wait: behind the end
/// of a file nothing may come for a long time.
fn begun(octets: &[u8], from: &[u8]) -> usize {
    let mut rest = octets;
    while let Some((_, behind)) = rest.split_first() {
        if from.starts_with(rest) && rest.len() < from.len() {
            return rest.len();
        }
        rest = rest.strip_prefix(from).unwrap_or(behind);
    }
    0
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(OctetChange::Cut(2), b"abc")]
    #[case(OctetChange::Skip(2), b"cde")]
    #[case(OctetChange::Keep(3), b"abc")]
    #[case(OctetChange::Add(b"x"[..].into()), b"abcdex")]
    #[case(OctetChange::Front(b"x"[..].into()), b"xabcde")]
    #[case(OctetChange::Flip(3), b"abcee")]
    #[case(OctetChange::Instead(b"xy"[..].into()), b"xy")]
    #[case(OctetChange::Replace(b"cd".to_vec(), b"-".to_vec()), b"ab-e")]
    fn one_change(#[case] change: OctetChange, #[case] expected: &[u8]) {
        for size in 1..=5 {
            let mut flow = Flow::new(std::slice::from_ref(&change));
            let mut out: Vec<u8> = b"abcde".chunks(size).flat_map(|part| flow.pass(part.to_vec())).collect();
            out.extend(flow.finish());
            assert_eq!(out, expected, "in parts of {size}");
        }
    }

    #[rstest]
    #[case(b"abc", b"x", 0)]
    #[case(b"abc", b"cd", 1)]
    #[case(b"aab", b"aabc", 3)]
    #[case(b"cdc", b"cd", 1)]
    #[case(b"cd", b"cd", 0)]
    fn only_what_may_be_a_beginning_waits(#[case] octets: &[u8], #[case] from: &[u8], #[case] held: usize) {
        assert_eq!(begun(octets, from), held);
    }

    #[test]
    fn changes_come_one_behind_the_other() {
        let mut flow = Flow::new(&[OctetChange::Add(b"xy"[..].into()), OctetChange::Cut(1)]);
        let mut out = flow.pass(b"ab".to_vec());
        out.extend(flow.finish());
        assert_eq!(out, b"abx");
    }
}
