//! A body that streams: counted, digested, compared.

use reports::model::{Body, Octets};
use sha2::{Digest, Sha256};

use crate::scenario::content;
use crate::scenario::tree::Form;

/// Bodies up to here are kept whole.
const KEPT: usize = 64 * 1024;
/// So many octets are kept of the place where a difference begins.
const SHOWN: usize = 32;

/// What came so far.
pub(super) struct Tally {
    length: u64,
    digest: Sha256,
    kept: Vec<u8>,
    expected: Option<Expected>,
    buffer: Vec<u8>,
    differs_at: Option<u64>,
    there: Vec<u8>,
}

/// What must come, and how long it is.
struct Expected {
    stream: content::Stream,
    length: u64,
}

impl Tally {
    /// Nothing yet. What comes is compared with this body in this form.
    pub(super) fn new(expected: Option<(&content::Body, Form)>) -> Self {
        Self {
            length: 0,
            digest: Sha256::new(),
            kept: Vec::new(),
            expected: expected
                .map(|(body, form)| Expected { stream: body.stream(form), length: body.travelling_length(form) }),
            buffer: Vec::new(),
            differs_at: None,
            there: Vec::new(),
        }
    }

    /// How many octets came.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// More came.
    pub(super) fn take(&mut self, octets: &[u8]) {
        self.digest.update(octets);
        if self.kept.len() <= KEPT {
            let room = (KEPT + 1).saturating_sub(self.kept.len()).min(octets.len());
            self.kept.extend(octets.get(..room).unwrap_or_default());
        }
        if self.differs_at.is_none() {
            self.compare(octets);
        } else {
            self.show(octets);
        }
        self.length += octets.len() as u64;
    }

    /// Whether so much came that no more of it says anything.
    pub(super) fn is_beyond(&self, limit: u64) -> bool {
        let due = self.expected.as_ref().map_or(limit, |expected| expected.length + (1 << 20));
        self.length > due
    }

    /// The body, which the sender ended or not.
    pub(super) fn finish(mut self, ended: bool) -> Body {
        if let Some(expected) = &self.expected
            && ended
            && self.differs_at.is_none()
            && self.length < expected.length
        {
            self.differs_at = Some(self.length);
        }
        Body {
            length: self.length,
            sha256: hexadecimal(&self.digest.finalize()),
            octets: (self.kept.len() <= KEPT).then(|| Octets::from(self.kept)),
            differs_at: self.differs_at,
            there: self.differs_at.map(|_| Octets::from(self.there)),
            ended,
        }
    }

    fn compare(&mut self, octets: &[u8]) {
        let Some(expected) = &mut self.expected else { return };
        self.buffer.resize(octets.len(), 0);
        let due = expected.stream.fill(&mut self.buffer);
        let due = self.buffer.get(..due).unwrap_or_default();
        let same =
            if octets == due { octets.len() } else { due.iter().zip(octets).take_while(|(a, b)| a == b).count() };
        if same < octets.len() {
            self.differs_at = Some(self.length + same as u64);
            self.show(octets.get(same..).unwrap_or_default());
        }
    }

    fn show(&mut self, octets: &[u8]) {
        let room = SHOWN.saturating_sub(self.there.len()).min(octets.len());
        self.there.extend(octets.get(..room).unwrap_or_default());
    }
}

/// Octets as lower-case hexadecimal digits.
pub(super) fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        for digit in [octet >> 4, octet & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
        }
        text
    })
}
