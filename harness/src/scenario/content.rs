//! Bodies: what the contents of a scenario are, octet by octet.
//!
//! No body is ever held whole unless it stands in the scenario: a generated one is made where it is asked for.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use super::tree::{Content, Entry};

/// Octets that can be read at any place, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    origin: Origin,
    /// How many octets at its beginning are left out.
    from: u64,
    length: u64,
}

/// A fixture that is not there. The loader refuses such scenarios.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// `files` has no such entry.
    #[error("there is no file \"{0}\" in `files`")]
    Missing(String),
    /// The entry is a directory or a link.
    #[error("\"{0}\" is a directory or a link")]
    Directory(String),
    /// Copies that are copies of each other.
    #[error("\"{0}\" is a copy of itself")]
    Circle(String),
}

/// The octets of a body one after the other.
#[derive(Debug, Clone)]
pub struct Stream {
    body: Body,
    offset: u64,
}

/// The body of `size` octets that the generator makes from `seed`.
///
/// Octet `i` is octet `i % 8` (little-endian) of the `i / 8`-th number of splitmix64, so every part can be made without those before it.
pub fn generate(size: u64, seed: u64) -> Body {
    Body { origin: Origin::Generated(seed), from: 0, length: size }
}

/// The octets of a content; `files` are those of its scenario.
///
/// # Errors
/// The content names a file that is not there.
pub fn octets(content: &Content, files: &BTreeMap<String, Entry>) -> Result<Body, ContentError> {
    let mut content = content;
    let mut from = 0_u64;
    // Each copy leads to another entry, or there is a circle.
    for _ in 0..=files.len() {
        match content {
            Content::Octets(octets) => {
                let origin = Origin::Octets(Arc::clone(octets));
                return Ok(Body { origin, from: 0, length: octets.len() as u64 }.without_first(from));
            }
            Content::Generated { size, seed } => return Ok(generate(*size, *seed).without_first(from)),
            Content::Repeated { unit, times, end } => {
                let repeated = (unit.len() as u64).saturating_mul(*times);
                let origin = Origin::Repeated { unit: Arc::clone(unit), repeated, end: Arc::clone(end) };
                return Ok(Body { origin, from: 0, length: repeated + end.len() as u64 }.without_first(from));
            }
            Content::Fixture { name, from: left_out } => {
                from = from.saturating_add(*left_out);
                content = match files.get(name) {
                    Some(Entry::File(content)) => content,
                    Some(Entry::Directory | Entry::Link(_)) => return Err(ContentError::Directory(name.clone())),
                    None => return Err(ContentError::Missing(name.clone())),
                };
            }
        }
    }
    match content {
        Content::Fixture { name, .. } => Err(ContentError::Circle(name.clone())),
        Content::Octets(_) | Content::Generated { .. } | Content::Repeated { .. } => {
            Err(ContentError::Circle(String::new()))
        }
    }
}

impl Body {
    /// How many octets it has.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Copies octets from `offset` on into `into`, and says how many: fewer than asked for only at the end.
    pub fn read_at(&self, offset: u64, into: &mut [u8]) -> usize {
        let left = self.length.saturating_sub(offset);
        let wanted = usize::try_from(left).map_or(into.len(), |left| left.min(into.len()));
        let Some(into) = into.get_mut(..wanted) else { return 0 };
        let start = self.from.saturating_add(offset);
        match &self.origin {
            Origin::Generated(seed) => {
                fill(*seed, start, into);
                wanted
            }
            Origin::Repeated { unit, repeated, end } => {
                repeat(unit, *repeated, end, start, into);
                wanted
            }
            Origin::Octets(octets) => {
                let found = usize::try_from(start).ok().and_then(|start| octets.get(start..)?.get(..wanted));
                let Some(found) = found else { return 0 };
                into.copy_from_slice(found);
                wanted
            }
        }
    }

    /// How many octets of zero it begins with that a file system need not keep.
    pub fn hole(&self) -> u64 {
        match &self.origin {
            Origin::Repeated { unit, repeated, .. } if unit.iter().all(|octet| *octet == 0) => {
                repeated.saturating_sub(self.from).min(self.length)
            }
            Origin::Repeated { .. } | Origin::Octets(_) | Origin::Generated(_) => 0,
        }
    }

    /// What remains behind its first octets.
    #[must_use]
    pub fn without_first(mut self, octets: u64) -> Self {
        let left_out = octets.min(self.length);
        self.from = self.from.saturating_add(left_out);
        self.length -= left_out;
        self
    }

    /// Its octets, one after the other.
    pub fn stream(&self) -> Stream {
        Stream { body: self.clone(), offset: 0 }
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.fill(into))
    }
}

impl Stream {
    /// Copies the next octets, and says how many: 0 at the end only, if there is room.
    pub fn fill(&mut self, into: &mut [u8]) -> usize {
        let read = self.body.read_at(self.offset, into);
        self.offset += read as u64;
        read
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Octets(Arc<[u8]>),
    Generated(u64),
    Repeated { unit: Arc<[u8]>, repeated: u64, end: Arc<[u8]> },
}

/// Puts the octets of a repeated text from `start` on into `into`; `end` stands behind the first `repeated` ones.
fn repeat(unit: &[u8], repeated: u64, end: &[u8], start: u64, into: &mut [u8]) {
    let before_end = usize::try_from(repeated.saturating_sub(start)).unwrap_or(usize::MAX).min(into.len());
    let (body, tail) = into.split_at_mut(before_end);
    let at = usize::try_from(start % (unit.len() as u64).max(1)).unwrap_or_default();
    let octets = unit.iter().cycle().skip(at);
    body.iter_mut().zip(octets).for_each(|(room, octet)| *room = *octet);
    let left_out = usize::try_from(start.saturating_sub(repeated)).unwrap_or(usize::MAX);
    tail.iter_mut().zip(end.iter().skip(left_out)).for_each(|(room, octet)| *room = *octet);
}

/// Puts the generator's octets from `start` on into `into`.
fn fill(seed: u64, start: u64, into: &mut [u8]) {
    let mut index = start / 8;
    // A start within a number: its later octets first.
    let skipped = usize::try_from(start % 8).unwrap_or(0);
    let first = into.len().min((8 - skipped) % 8);
    let (head, body) = into.split_at_mut(first);
    if !head.is_empty() {
        let number = number(seed, index).to_le_bytes();
        head.iter_mut().zip(number.iter().skip(skipped)).for_each(|(room, octet)| *room = *octet);
        index += 1;
    }
    let mut chunks = body.chunks_exact_mut(8);
    for chunk in &mut chunks {
        chunk.copy_from_slice(&number(seed, index).to_le_bytes());
        index += 1;
    }
    let tail = chunks.into_remainder();
    let number = number(seed, index).to_le_bytes();
    tail.iter_mut().zip(number).for_each(|(room, octet)| *room = octet);
}

/// The `index`-th number of splitmix64.
pub fn number(seed: u64, index: u64) -> u64 {
    let mut mixed = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(body: &Body) -> Vec<u8> {
        let mut found = Vec::new();
        body.stream().read_to_end(&mut found).unwrap();
        found
    }

    fn text(text: &str) -> Content {
        Content::Octets(Arc::from(text.as_bytes()))
    }

    #[test]
    fn the_generator_is_splitmix64() {
        // The first numbers of splitmix64 with the seed 1234567, as its authors' test prints them.
        let expected: [u64; 2] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
        let octets: Vec<u8> = expected.iter().flat_map(|number| number.to_le_bytes()).collect();
        assert_eq!(all(&generate(16, 1_234_567)), octets);
    }

    proptest! {
        #[test]
        fn any_part_is_the_same_as_in_the_whole(seed: u64, start in 0..100_u64, length in 0..50_usize) {
            let whole = all(&generate(100, seed));
            let mut part = vec![0; length];
            let read = generate(100, seed).read_at(start, &mut part);
            let start = usize::try_from(start).unwrap();
            prop_assert_eq!(&part[..read], &whole[start..(start + length).min(100)]);
        }

        #[test]
        fn a_part_of_a_repeated_text_is_the_same_as_in_the_whole(start in 0..40_u64, length in 0..50_usize) {
            let (unit, end) = (b"abc"[..].into(), b"the end"[..].into());
            let body = octets(&Content::Repeated { unit, times: 10, end }, &BTreeMap::new()).unwrap();
            let whole = [&b"abc".repeat(10)[..], b"the end"].concat();
            prop_assert_eq!(&all(&body), &whole);
            let mut part = vec![0; length];
            let read = body.read_at(start, &mut part);
            let start = usize::try_from(start).unwrap();
            prop_assert_eq!(&part[..read], &whole[start.min(37)..(start + length).min(37)]);
        }
    }

    #[test]
    fn a_file_of_zeros_is_a_hole_and_its_end() {
        let zeros = |times| Content::Repeated { unit: [0].into(), times, end: b"end"[..].into() };
        let body = octets(&zeros(5 << 30), &BTreeMap::new()).unwrap();
        assert_eq!((body.hole(), body.length()), (5 << 30, (5 << 30) + 3));
        assert_eq!(all(&body.clone().without_first((5 << 30) - 1)), b"\0end");
        assert_eq!(body.clone().without_first((5 << 30) - 1).hole(), 1);
        assert_eq!(body.without_first((5 << 30) + 1).hole(), 0);
        let text = Content::Repeated { unit: b"a"[..].into(), times: 9, end: [].into() };
        assert_eq!(octets(&text, &BTreeMap::new()).unwrap().hole(), 0);
    }

    #[test]
    fn a_fixture_begins_where_it_is_told() {
        let files = BTreeMap::from([
            ("f".to_owned(), Entry::File(text("0123456789"))),
            ("copy".to_owned(), Entry::File(Content::Fixture { name: "f".to_owned(), from: 2 })),
            ("d".to_owned(), Entry::Directory),
        ]);
        let of = |name: &str, from| octets(&Content::Fixture { name: name.to_owned(), from }, &files);
        assert_eq!(all(&of("f", 4).unwrap()), b"456789");
        assert_eq!(all(&of("copy", 3).unwrap()), b"56789");
        assert_eq!(of("f", 10).unwrap().length(), 0);
        assert_eq!(of("f", 11).unwrap().length(), 0);
        assert_eq!(of("x", 0), Err(ContentError::Missing("x".to_owned())));
        assert_eq!(of("d", 0), Err(ContentError::Directory("d".to_owned())));
    }

    #[test]
    fn a_circle_ends() {
        let copy = Content::Fixture { name: "f".to_owned(), from: 0 };
        let files = BTreeMap::from([("f".to_owned(), Entry::File(copy.clone()))]);
        assert_eq!(octets(&copy, &files), Err(ContentError::Circle("f".to_owned())));
    }
}
