//! The octets of a body on their way: as the scenario's form has them.

use std::io::{self, Read};

use crate::scenario::content::{self, Body};
use crate::scenario::tree::{Form, Mode, Representation, Structure};
use crate::wire::travel::{self, Carried, Sender, Way};

/// How much of a body is looked at in one go.
const CHUNK: usize = 64 << 10;

/// Octets that are made as they are asked for.
#[derive(Debug)]
pub(super) struct Source {
    stream: content::Stream,
    coder: Coder,
    made: Vec<u8>,
    at: usize,
    ended: bool,
}

#[derive(Debug)]
enum Coder {
    /// The octets are those of the body.
    None,
    Sender(Box<Sender>),
    Carried(Box<Carried>),
}

impl Source {
    /// What goes over the wire.
    pub(super) fn wire(body: &Body, form: Form) -> Self {
        Self::new(body, form, |way| Coder::Sender(Box::new(Sender::new(way))))
    }

    /// What the framing carries.
    pub(super) fn carried(body: &Body, form: Form) -> Self {
        Self::new(body, form, |way| Coder::Carried(Box::new(Carried::new(way))))
    }

    fn new(body: &Body, form: Form, coder: fn(Way) -> Coder) -> Self {
        let coder = if form == Form::default() { Coder::None } else { coder(way(form)) };
        Self { stream: body.stream(), coder, made: Vec::new(), at: 0, ended: false }
    }

    /// Copies the next octets, and says how many: 0 at the end only, if there is room.
    pub(super) fn fill(&mut self, into: &mut [u8]) -> usize {
        if matches!(self.coder, Coder::None) {
            return self.stream.fill(into);
        }
        let mut filled = 0;
        while filled < into.len() {
            if self.at == self.made.len() && !self.more() {
                break;
            }
            let left = self.made.get(self.at..).unwrap_or_default();
            let Some(room) = into.get_mut(filled..) else { break };
            let length = left.len().min(room.len());
            room.iter_mut().zip(left).for_each(|(room, octet)| *room = *octet);
            self.at += length;
            filled += length;
        }
        filled
    }

    /// Makes more octets, perhaps none yet. Gives whether it is not the end.
    fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        let mut chunk = vec![0; CHUNK];
        let length = self.stream.fill(&mut chunk);
        let octets = chunk.get(..length).unwrap_or_default();
        self.made.clear();
        self.at = 0;
        self.ended = length == 0;
        match &mut self.coder {
            Coder::None => {}
            Coder::Sender(sender) if self.ended => sender.finish(&mut self.made),
            Coder::Sender(sender) => sender.feed(octets, &mut self.made),
            Coder::Carried(carried) if self.ended => carried.finish(&mut self.made),
            Coder::Carried(carried) => carried.feed(octets, &mut self.made),
        }
        true
    }
}

impl Read for Source {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.fill(into))
    }
}

/// The scenario's words for the wire.
pub(super) fn way(form: Form) -> Way {
    Way {
        representation: match form.representation {
            Representation::Image => travel::Representation::Image,
            Representation::Ascii => travel::Representation::Ascii,
            Representation::Ebcdic => travel::Representation::Ebcdic,
        },
        structure: match form.structure {
            Structure::File => travel::Structure::File,
            Structure::Records => travel::Structure::Records,
            Structure::Marked => travel::Structure::MarkedRecords,
            Structure::Pages => travel::Structure::Pages,
        },
        mode: match form.mode {
            Mode::Stream => travel::Mode::Stream,
            Mode::Blocks => travel::Mode::Blocks,
            Mode::Compressed => travel::Mode::Compressed,
            Mode::Deflated => travel::Mode::Deflated,
        },
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const RECORDS: Form =
        Form { representation: Representation::Ascii, structure: Structure::Records, mode: Mode::Stream };

    #[rstest]
    #[case(Form::default(), "a\nb", b"a\nb", b"a\nb")]
    #[case(Form { representation: Representation::Ascii, ..Form::default() }, "a\nb", b"a\r\nb", b"a\r\nb")]
    #[case(RECORDS, "a\nb", b"a\xff\x01b\xff\x01\xff\x02", b"a\xff\x01b\xff\x01")]
    #[case(RECORDS, "", b"\xff\x02", b"")]
    fn small_reads_give_all(#[case] form: Form, #[case] body: &str, #[case] wire: &[u8], #[case] carried: &[u8]) {
        let content = crate::scenario::tree::Content::Octets(body.as_bytes().into());
        let body = content::octets(&content, &std::collections::BTreeMap::new()).unwrap();
        for (mut source, expected) in [(Source::wire(&body, form), wire), (Source::carried(&body, form), carried)] {
            let mut found = Vec::new();
            let mut room = [0; 3];
            loop {
                let read = source.fill(&mut room);
                if read == 0 {
                    break;
                }
                found.extend_from_slice(&room[..read]);
            }
            assert_eq!(found, expected);
        }
    }
}
