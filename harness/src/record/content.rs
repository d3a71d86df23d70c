//! What stands in a file, as a scenario says it.

use super::session::Body;
use super::yaml;

/// The longest text and the longest octets that stand in the scenario.
const LONGEST_TEXT: usize = 4096;
const LONGEST_OCTETS: usize = 512;
/// What a long text is made of.
const LINE: &str = "a line in the place of another\n";
/// The largest body that the language generates and compares.
pub(super) const LARGEST: u64 = 1 << 30;

/// The content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// These octets.
    Octets(Vec<u8>),
    /// So many octets, whichever.
    Generated {
        /// How many.
        size: u64,
        /// By which they differ from others.
        seed: u64,
    },
    /// Lines of so many octets, whichever.
    Lines(u64),
}

impl Content {
    /// These octets where they are few, else as many of the generator.
    pub(super) fn of(octets: &[u8], length: u64, seed: u64) -> Self {
        if octets.len() as u64 == length && is_short(octets) {
            return Self::Octets(octets.to_vec());
        }
        Self::Generated { size: length.min(LARGEST), seed }
    }

    /// What a body in NVT-ASCII is with LF for the ends of lines.
    pub(super) fn of_lines(body: &Body) -> Self {
        let octets = with_line_feeds(&body.kept);
        if body.is_whole() && is_short(&octets) { Self::Octets(octets) } else { Self::Lines(body.length - body.lines) }
    }

    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Octets(octets) => octets.len() as u64,
            Self::Generated { size, .. } | Self::Lines(size) => *size,
        }
    }

    /// As the value of a key, or behind `client-sends` and `server-sends`.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Octets(octets) => match std::str::from_utf8(octets) {
                Ok(text) => format!("{{ text: {} }}", yaml::quoted(text)),
                Err(_) => format!("{{ hex: {} }}", yaml::hexadecimal(octets)),
            },
            Self::Generated { size, seed } => format!("{{ size: {size}, seed: {seed} }}"),
            Self::Lines(size) => {
                let (times, rest) = (size / LINE.len() as u64, size % LINE.len() as u64);
                let end = LINE.get(..usize::try_from(rest).unwrap_or(0)).unwrap_or_default();
                format!("{{ text: {}, times: {times}, end: {} }}", yaml::quoted(LINE), yaml::quoted(end))
            }
        }
    }
}

fn is_short(octets: &[u8]) -> bool {
    match std::str::from_utf8(octets) {
        Ok(text) => yaml::quoted(text).len() <= LONGEST_TEXT,
        Err(_) => octets.len() <= LONGEST_OCTETS,
    }
}

/// CRLF made LF.
fn with_line_feeds(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    for (at, &octet) in octets.iter().enumerate() {
        if octet != b'\r' || octets.get(at + 1) != Some(&b'\n') {
            out.push(octet);
        }
    }
    out
}
