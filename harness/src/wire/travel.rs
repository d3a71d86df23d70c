//! How a body travels: TYPE, STRU and MODE together (RFC 959 §3).
//!
//! ```text
//! body ─ representation, structure ─► what is carried ─ mode ─► wire        Sender
//!                                     what is carried ◄─ mode ─ wire        Receiver
//! ```
//!
//! What is carried is compared with what must be carried; see [`super::framing`]. So nothing that came is ever translated
//! back, and no octet of it is lost on the way to a comparison.

use super::framing::{ESCAPE, RECORD_END, Records, Seen, escaped};
use super::{block, compressed, deflate, ebcdic, page, record};

/// TYPE (RFC 959 §3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Representation {
    /// TYPE I, L: octet by octet.
    #[default]
    Image,
    /// TYPE A: text whose lines end in CRLF.
    Ascii,
    /// TYPE E: text in EBCDIC whose lines end in NL.
    Ebcdic,
}

/// STRU (RFC 959 §3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Structure {
    /// No structure.
    #[default]
    File,
    /// A line of a text is a record. In TYPE I so many octets are one as `RECORD` says.
    Records,
    /// The same, where the body says itself where its records end: `FF 01`, and `FF FF` for an octet of ones.
    MarkedRecords,
    /// Pages of 255 octets.
    Pages,
}

/// MODE (RFC 959 §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// MODE S.
    #[default]
    Stream,
    /// MODE B.
    Blocks,
    /// MODE C.
    Compressed,
    /// MODE Z.
    Deflated,
}

/// How a body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Way {
    /// TYPE.
    pub representation: Representation,
    /// STRU.
    pub structure: Structure,
    /// MODE.
    pub mode: Mode,
}

impl Way {
    /// Whether the octets on the wire say where the file ends. Else the end of the connection does.
    pub fn says_its_end(self) -> bool {
        self.mode != Mode::Stream || self.records() == Records::Marked
    }

    fn records(self) -> Records {
        match self.structure {
            Structure::File | Structure::Pages => Records::None,
            Structure::Records | Structure::MarkedRecords => Records::Marked,
        }
    }

    /// RFC 959 §3.4.3: a space in text, zero else.
    fn filler(self) -> u8 {
        match self.representation {
            Representation::Image => 0,
            Representation::Ascii => b' ',
            Representation::Ebcdic => ebcdic::SPACE,
        }
    }
}

/// How long a record of a body without lines is.
const RECORD: usize = 256;

/// Makes what must be carried of a body.
#[derive(Debug, Clone)]
pub struct Carried {
    way: Way,
    /// How many octets the record has so far that is being made.
    record: usize,
    after_cr: bool,
    pages: page::Writer,
}

impl Carried {
    /// Nothing yet.
    pub fn new(way: Way) -> Self {
        Self { way, record: 0, after_cr: false, pages: page::Writer::default() }
    }

    /// More of the body.
    pub fn feed(&mut self, octets: &[u8], into: &mut Vec<u8>) {
        match self.way.structure {
            Structure::File => self.text(octets, into),
            Structure::MarkedRecords => into.extend_from_slice(octets),
            Structure::Records => octets.iter().for_each(|octet| self.record(*octet, into)),
            // The data of a page is never changed: its length stands before it.
            Structure::Pages => self.pages.write(octets, into),
        }
    }

    fn text(&mut self, octets: &[u8], into: &mut Vec<u8>) {
        match self.way.representation {
            Representation::Image => into.extend_from_slice(octets),
            Representation::Ebcdic => into.extend(octets.iter().map(|octet| ebcdic::travels(*octet))),
            Representation::Ascii => {
                for &octet in octets {
                    // A CRLF that is there already stays.
                    if octet == b'\n' && !self.after_cr {
                        into.push(b'\r');
                    }
                    into.push(octet);
                    self.after_cr = octet == b'\r';
                }
            }
        }
    }

    fn record(&mut self, octet: u8, into: &mut Vec<u8>) {
        let is_text = self.way.representation != Representation::Image;
        if is_text && octet == b'\n' {
            into.extend([ESCAPE, RECORD_END]);
            self.record = 0;
            return;
        }
        let travels = if self.way.representation == Representation::Ebcdic { ebcdic::travels(octet) } else { octet };
        escaped(&[travels], into);
        self.record += 1;
        if !is_text && self.record == RECORD {
            into.extend([ESCAPE, RECORD_END]);
            self.record = 0;
        }
    }

    /// The end of the body.
    pub fn finish(&mut self, into: &mut Vec<u8>) {
        if std::mem::take(&mut self.record) > 0 {
            into.extend([ESCAPE, RECORD_END]);
        }
        if self.way.structure == Structure::Pages {
            self.pages.finish(into);
        }
    }
}

/// Makes what goes over the wire of a body.
#[derive(Debug)]
pub struct Sender {
    carried: Carried,
    mode: Framing,
}

#[derive(Debug)]
enum Framing {
    None,
    Records,
    Blocks(block::Writer),
    Compressed(compressed::Writer),
    Deflated(Records, deflate::Writer),
}

impl Sender {
    /// A sender of nothing yet.
    pub fn new(way: Way) -> Self {
        let mode = match (way.mode, way.records()) {
            (Mode::Stream, Records::None) => Framing::None,
            (Mode::Stream, Records::Marked) => Framing::Records,
            (Mode::Blocks, records) => Framing::Blocks(block::Writer::new(records)),
            (Mode::Compressed, records) => Framing::Compressed(compressed::Writer::new(records, way.filler())),
            (Mode::Deflated, records) => Framing::Deflated(records, deflate::Writer::default()),
        };
        Self { carried: Carried::new(way), mode }
    }

    /// More of the body.
    pub fn feed(&mut self, octets: &[u8], wire: &mut Vec<u8>) {
        let mut carried = Vec::with_capacity(octets.len());
        self.carried.feed(octets, &mut carried);
        self.frame(&carried, wire);
    }

    fn frame(&mut self, carried: &[u8], wire: &mut Vec<u8>) {
        match &mut self.mode {
            Framing::None | Framing::Records => wire.extend_from_slice(carried),
            Framing::Blocks(writer) => writer.write(carried, wire),
            Framing::Compressed(writer) => writer.write(carried, wire),
            Framing::Deflated(_, writer) => writer.write(carried, wire),
        }
    }

    /// The end of the body.
    pub fn finish(&mut self, wire: &mut Vec<u8>) {
        let mut carried = Vec::new();
        self.carried.finish(&mut carried);
        self.frame(&carried, wire);
        match &mut self.mode {
            Framing::None => {}
            Framing::Records => wire.extend(record::end()),
            Framing::Blocks(writer) => writer.finish(wire),
            Framing::Compressed(writer) => writer.finish(wire),
            Framing::Deflated(records, writer) => {
                if *records == Records::Marked {
                    writer.write(&record::end(), wire);
                }
                writer.finish(wire);
            }
        }
    }
}

/// Reads what came over the wire.
#[derive(Debug)]
pub struct Receiver {
    mode: Unframing,
    /// The reader of pages; what it saw is put to the rest.
    pages: Option<page::Reader>,
}

#[derive(Debug)]
enum Unframing {
    None(Seen),
    Records(record::Reader),
    Blocks(block::Reader),
    Compressed(compressed::Reader),
    Deflated(Box<deflate::Reader>),
}

impl Receiver {
    /// A receiver that has received nothing.
    pub fn new(way: Way) -> Self {
        let mode = match (way.mode, way.records()) {
            (Mode::Stream, Records::None) => Unframing::None(Seen::default()),
            (Mode::Stream, Records::Marked) => Unframing::Records(record::Reader::default()),
            (Mode::Blocks, records) => Unframing::Blocks(block::Reader::new(records)),
            (Mode::Compressed, records) => Unframing::Compressed(compressed::Reader::new(records, way.filler())),
            (Mode::Deflated, records) => Unframing::Deflated(Box::new(deflate::Reader::new(records))),
        };
        Self { mode, pages: (way.structure == Structure::Pages).then(page::Reader::default) }
    }

    /// More came. Gives what of it is carried.
    pub fn feed(&mut self, wire: &[u8]) -> Vec<u8> {
        match &mut self.mode {
            Unframing::None(seen) => seen.octets.extend_from_slice(wire),
            Unframing::Records(reader) => reader.feed(wire),
            Unframing::Blocks(reader) => reader.feed(wire),
            Unframing::Compressed(reader) => reader.feed(wire),
            Unframing::Deflated(reader) => reader.feed(wire),
        }
        let seen = seen(&mut self.mode);
        let carried = seen.take_octets();
        if let Some(pages) = &mut self.pages {
            pages.feed(&carried, seen);
        }
        carried
    }

    /// Whether what came says that the file ends.
    pub fn end_of_file(&mut self) -> bool {
        seen(&mut self.mode).end_of_file
    }

    /// Nothing more comes.
    pub fn finish(mut self) -> Seen {
        match &mut self.mode {
            Unframing::None(_) => {}
            Unframing::Records(reader) => reader.finish(),
            Unframing::Blocks(reader) => reader.finish(),
            Unframing::Compressed(reader) => reader.finish(),
            Unframing::Deflated(reader) => reader.finish(),
        }
        let seen = seen(&mut self.mode);
        if let Some(mut pages) = self.pages {
            pages.finish(seen);
        }
        std::mem::take(seen)
    }
}

fn seen(mode: &mut Unframing) -> &mut Seen {
    match mode {
        Unframing::None(seen) => seen,
        Unframing::Records(reader) => &mut reader.seen,
        Unframing::Blocks(reader) => &mut reader.seen,
        Unframing::Compressed(reader) => &mut reader.seen,
        Unframing::Deflated(reader) => reader.seen(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const REPRESENTATIONS: [Representation; 3] = [Representation::Image, Representation::Ascii, Representation::Ebcdic];
    const STRUCTURES: [Structure; 3] = [Structure::File, Structure::Records, Structure::Pages];
    const MODES: [Mode; 4] = [Mode::Stream, Mode::Blocks, Mode::Compressed, Mode::Deflated];

    fn ways() -> impl Strategy<Value = Way> {
        (0..3_usize, 0..3_usize, 0..4_usize).prop_map(|(representation, structure, mode)| Way {
            representation: REPRESENTATIONS[representation],
            structure: STRUCTURES[structure],
            mode: MODES[mode],
        })
    }

    fn carried(way: Way, body: &[u8]) -> Vec<u8> {
        let (mut carried, mut out) = (Carried::new(way), Vec::new());
        carried.feed(body, &mut out);
        carried.finish(&mut out);
        out
    }

    #[rstest]
    #[case(Representation::Ascii, Structure::File, b"a\nb\r\n", b"a\r\nb\r\n")]
    #[case(Representation::Ebcdic, Structure::File, b"a\n", b"\x81\x15")]
    #[case(Representation::Ascii, Structure::Records, b"a\n\nb", b"a\xff\x01\xff\x01b\xff\x01")]
    #[case(Representation::Ebcdic, Structure::Records, b"a\n", b"\x81\xff\x01")]
    #[case(Representation::Image, Structure::Records, b"\xff\n", b"\xff\xff\n\xff\x01")]
    #[case(Representation::Image, Structure::MarkedRecords, b"a\xff\x01", b"a\xff\x01")]
    #[case(Representation::Image, Structure::Pages, b"a", b"\x04\x00\x01\x01a\x04\x01\x00\x00")]
    #[case(Representation::Ascii, Structure::Records, b"", b"")]
    fn what_is_carried(
        #[case] representation: Representation,
        #[case] structure: Structure,
        #[case] body: &[u8],
        #[case] expected: &[u8],
    ) {
        assert_eq!(carried(Way { representation, structure, mode: Mode::Stream }, body), expected);
    }

    proptest! {
        #[test]
        fn what_is_sent_is_received(way in ways(), body in proptest::collection::vec(any::<u8>(), 0..2000), cut in 0..2000_usize) {
            let (mut sender, mut wire) = (Sender::new(way), Vec::new());
            let cut = cut.min(body.len());
            sender.feed(&body[..cut], &mut wire);
            sender.feed(&body[cut..], &mut wire);
            sender.finish(&mut wire);
            let mut receiver = Receiver::new(way);
            let cut = cut.min(wire.len());
            let mut came = receiver.feed(&wire[..cut]);
            came.extend(receiver.feed(&wire[cut..]));
            prop_assert_eq!(receiver.end_of_file(), way.says_its_end());
            prop_assert_eq!(&came, &carried(way, &body));
            prop_assert_eq!(receiver.finish().flaws, Vec::new());
        }

        #[test]
        fn nothing_that_comes_does_harm(way in ways(), wire in proptest::collection::vec(any::<u8>(), 0..500)) {
            let mut receiver = Receiver::new(way);
            for octet in &wire {
                receiver.feed(&[*octet]);
            }
            prop_assert!(receiver.finish().flaws.len() <= 64);
        }
    }
}
