//! STRU R: records (RFC 959 §3.1.2.2), and where their ends are kept.
//!
//! Text keeps them as line ends: each record is a line, and each line a record ([`Lines`]). So a record that itself has a
//! line end in it comes back as two. RFC 959 §3.1.2 wants the transformation to be invertible; RFC 1123 §4.1.2.4 only as far
//! as the file stays useful on the host, and a text whose lines are no lines is not.
//!
//! Octets of TYPE I and L can be anything, so that no octet can mark an end. Their records are kept one behind the other, and
//! beside them a list of lengths: for each record a number in groups of 7 bits, the lowest first, each but the last
//! with its top bit set. A record of up to 127 octets costs one octet. The lengths add up to that of the octets; a list
//! for which that is not so is of another file.

use super::Part;

/// Makes records of lines.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    is_open: bool,
}

impl Lines {
    /// Hands the records of `local` to `take`, in parts.
    pub fn split(&mut self, local: &[u8], mut take: impl FnMut(Part<'_>)) {
        for line in local.split_inclusive(|&octet| octet == b'\n') {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            if !text.is_empty() {
                take(Part::Data(text));
            }
            self.is_open = text.len() == line.len();
            if !self.is_open {
                take(Part::EndOfRecord);
            }
        }
    }

    /// Ends the last record, if its line has no end. RFC 959 §3.4: "all the end-of-record markers are explicit, including the
    /// final one".
    pub fn finish(&mut self, mut take: impl FnMut(Part<'_>)) {
        if std::mem::take(&mut self.is_open) {
            take(Part::EndOfRecord);
        }
    }
}

/// Appends the length of a record to a list.
///
/// ```
/// use protocol::transfer::record::{LengthReader, append_length};
///
/// let mut list = Vec::new();
/// append_length(300, &mut list);
/// assert_eq!(list, [0xAC, 0x02]);
/// let mut reader = LengthReader::default();
/// let lengths: Vec<_> = list.iter().filter_map(|&octet| reader.take(octet)).collect();
/// assert_eq!(lengths, [300]);
/// ```
pub fn append_length(length: u64, list: &mut Vec<u8>) {
    let mut left = length;
    loop {
        let group = u8::try_from(left & 0x7F).unwrap_or_default();
        left >>= 7;
        if left == 0 {
            list.push(group);
            return;
        }
        list.push(group | 0x80);
    }
}

/// Reads lengths from a list, an octet at a time.
#[derive(Debug, Clone, Default)]
pub struct LengthReader {
    length: u64,
    shift: u32,
}

impl LengthReader {
    /// Takes an octet; a length when it was the last one of it. What is too large for a number here becomes the largest: no
    /// file is that long, and the list will be found not to fit.
    pub fn take(&mut self, octet: u8) -> Option<u64> {
        let group = u64::from(octet & 0x7F);
        let shifted =
            if self.shift > 63 || group.leading_zeros() < self.shift { u64::MAX } else { group << self.shift };
        self.length |= shifted;
        self.shift = self.shift.saturating_add(7);
        if octet & 0x80 != 0 {
            return None;
        }
        self.shift = 0;
        Some(std::mem::take(&mut self.length))
    }

    /// Whether the list ends between two lengths.
    pub fn is_between(&self) -> bool {
        self.shift == 0
    }
}
