//! A body that streams: counted, digested, compared.

use reports::model::{Body, Framing, FramingFlaw, Octets, RestartMarker};
use sha2::{Digest, Sha256};

use super::source::{Source, way};
use crate::scenario::content;
use crate::scenario::tree::{Form, Mode};
use crate::wire::framing::Seen;
use crate::wire::travel::Receiver;

/// Bodies up to here are kept whole.
const KEPT: usize = 64 * 1024;
/// So many octets go into a framing at a time: in MODE Z each can become a thousand.
const FED: usize = 4 * 1024;
/// So many octets are kept of the place where a difference begins.
const SHOWN: usize = 32;

/// What came so far.
pub(super) struct Tally {
    length: u64,
    digest: Sha256,
    kept: Vec<u8>,
    expected: Option<Expected>,
    /// Reads a framing, where the form has one.
    receiver: Option<Receiver>,
    /// Whether the end of the connection is waited for, whatever a framing says.
    reads_on: bool,
    /// How many octets were carried: all, where there is no framing.
    carried: u64,
    buffer: Vec<u8>,
    differs_at: Option<u64>,
    there: Vec<u8>,
}

/// What must come, and what is more than it can be.
struct Expected {
    source: Source,
    limit: u64,
}

impl Tally {
    /// Nothing yet. What comes is compared with this body in this form.
    pub(super) fn new(expected: Option<(&content::Body, Form)>) -> Self {
        Self {
            length: 0,
            digest: Sha256::new(),
            kept: Vec::new(),
            expected: expected.map(|(body, form)| Expected {
                source: Source::carried(body, form),
                // A form makes at most three octets of one, and a little.
                limit: body.length().saturating_mul(3).saturating_add(1 << 20),
            }),
            receiver: None,
            reads_on: true,
            carried: 0,
            buffer: Vec::new(),
            differs_at: None,
            there: Vec::new(),
        }
    }

    /// The same, and what comes is framed as the form says.
    pub(super) fn framed(expected: Option<&content::Body>, form: Form) -> Self {
        let tally = Self::new(expected.map(|body| (body, form)));
        let reads_on = form.mode == Mode::Deflated;
        Self { receiver: (!form.is_unframed()).then(|| Receiver::new(way(form))), reads_on, ..tally }
    }

    /// Whether a framing said that the file ends, and nothing more is to be read.
    pub(super) fn end_of_file(&mut self) -> bool {
        !self.reads_on && self.receiver.as_mut().is_some_and(Receiver::end_of_file)
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
        self.length += octets.len() as u64;
        match &mut self.receiver {
            None => self.carry(octets),
            Some(_) => octets.chunks(FED).for_each(|piece| self.feed(piece)),
        }
    }

    fn feed(&mut self, octets: &[u8]) {
        if let Some(receiver) = &mut self.receiver {
            let carried = receiver.feed(octets);
            self.carry(&carried);
        }
    }

    fn carry(&mut self, octets: &[u8]) {
        if self.differs_at.is_none() {
            self.compare(octets);
        } else {
            self.show(octets);
        }
        self.carried += octets.len() as u64;
    }

    /// Whether so much came that no more of it says anything.
    pub(super) fn is_beyond(&self, limit: u64) -> bool {
        let due = self.expected.as_ref().map_or(limit, |expected| expected.limit);
        self.length.max(self.carried) > due
    }

    /// The body, which the sender ended or not.
    pub(super) fn finish(mut self, ended: bool) -> Body {
        let framing = self.receiver.take().map(|receiver| framing(receiver.finish()));
        let ended = ended || framing.as_ref().is_some_and(|framing| framing.end_of_file);
        if let Some(expected) = &mut self.expected
            && ended
            && self.differs_at.is_none()
            && expected.source.fill(&mut [0]) > 0
        {
            self.differs_at = Some(self.carried);
        }
        Body {
            length: self.length,
            sha256: hexadecimal(&self.digest.finalize()),
            octets: (self.kept.len() <= KEPT).then(|| Octets::from(self.kept)),
            differs_at: self.differs_at,
            there: self.differs_at.map(|_| Octets::from(self.there)),
            ended,
            framing,
        }
    }

    fn compare(&mut self, octets: &[u8]) {
        let Some(expected) = &mut self.expected else { return };
        self.buffer.resize(octets.len(), 0);
        let due = expected.source.fill(&mut self.buffer);
        let due = self.buffer.get(..due).unwrap_or_default();
        let same =
            if octets == due { octets.len() } else { due.iter().zip(octets).take_while(|(a, b)| a == b).count() };
        if same < octets.len() {
            self.differs_at = Some(self.carried + same as u64);
            self.show(octets.get(same..).unwrap_or_default());
        }
    }

    fn show(&mut self, octets: &[u8]) {
        let room = SHOWN.saturating_sub(self.there.len()).min(octets.len());
        self.there.extend(octets.get(..room).unwrap_or_default());
    }
}

/// A framing as it is written down.
fn framing(seen: Seen) -> Framing {
    let marker = |text: Vec<u8>, at| RestartMarker { text: Octets::from(text), at };
    Framing {
        units: seen.units,
        end_of_file: seen.end_of_file,
        markers: seen.markers.into_iter().map(|seen| marker(seen.text, seen.at)).collect(),
        flaws: seen
            .flaws
            .into_iter()
            .map(|seen| FramingFlaw { flaw: seen.flaw.word().to_owned(), at: seen.at })
            .collect(),
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
