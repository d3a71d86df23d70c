//! The coders of `protocol`, as this server uses them.
//!
//! # Records of octets
//!
//! With STRU R a text keeps its records as lines. Octets of TYPE I and L can be anything, so that a file of records of octets is
//! a container: the 8 octets `FTPRECS` and LF, and then blocks as in MODE B (RFC 959 §3.4.2), where a descriptor of 128 ends a
//! record. A file that is no container is sent as one record; an empty one as none.

use std::num::NonZeroU64;

use protocol::Structure;
use protocol::restart::Position;
use protocol::transfer::block::{Decoder, write_block};
use protocol::transfer::descriptor::Descriptor;
use protocol::transfer::record::LengthReader;
use protocol::transfer::{DecodeError, LocalFault, Parameters, Part, Progress, Receiver, Sender, Stored};

/// RFC 1123 §4.1.3.4: "the frequency of Restart Markers can be low".
const MARKER_INTERVAL: NonZeroU64 = NonZeroU64::MIN.saturating_add(1024 * 1024 - 1);
const HEAD: [u8; 8] = *b"FTPRECS\n";
/// The largest count of a block.
const BLOCK: usize = 0xFFFF;

/// Whether a transfer can go on at a marker: where a place of the file says all that is to be known.
pub(crate) fn has_markers(parameters: Parameters) -> bool {
    parameters.mode.has_markers()
        && match parameters.structure {
            Structure::File => true,
            Structure::Record => parameters.representation.is_text(),
            Structure::Page => false,
        }
}

/// Whether the file is a container here: octets alone cannot tell its structure.
pub(crate) fn has_container(parameters: Parameters) -> bool {
    match parameters.structure {
        Structure::File => false,
        Structure::Record => !parameters.representation.is_text(),
        Structure::Page => true,
    }
}

fn has_records_of_octets(parameters: Parameters) -> bool {
    parameters.structure == Structure::Record && has_container(parameters)
}

/// Makes the wire form of a file, with a restart marker each mebibyte where there can be one.
#[derive(Debug)]
pub(crate) struct Source {
    sender: Sender,
    records: Records,
}

/// What is known of the records of a file.
#[derive(Debug)]
enum Records {
    /// The sender finds them, or there are none.
    Found,
    /// The head of a container, as much as was read of what may be one.
    Unknown(Vec<u8>),
    Container {
        decoder: Decoder,
        is_open: bool,
    },
    /// The whole file is one.
    One,
}

impl Source {
    /// # Errors
    /// When the parameters do not go together.
    pub(crate) fn new(parameters: Parameters, position: Position) -> Result<Self, LocalFault> {
        let mut sender = Sender::new(parameters, position)?;
        if has_markers(parameters) {
            sender = sender.with_markers(parameters, MARKER_INTERVAL);
        }
        let records = if has_records_of_octets(parameters) { Records::Unknown(Vec::new()) } else { Records::Found };
        Ok(Self { sender, records })
    }

    /// Leaves out the first octets of what MODE Z compresses.
    pub(crate) fn skipping(mut self, octets: u64) -> Self {
        self.sender = self.sender.skipping(octets);
        self
    }

    /// Appends the wire form of the next octets of the file.
    ///
    /// # Errors
    /// When the file is damaged.
    pub(crate) fn send(&mut self, local: &[u8], wire: &mut Vec<u8>) -> Result<(), LocalFault> {
        let mut rest = local;
        if let Records::Unknown(head) = &mut self.records {
            let (front, behind) = rest.split_at(rest.len().min(HEAD.len() - head.len()));
            head.extend_from_slice(front);
            rest = behind;
            if head.len() < HEAD.len() {
                return Ok(());
            }
            if *head == HEAD {
                self.records = Records::Container { decoder: Decoder::default(), is_open: false };
            } else {
                self.one_record(wire)?;
            }
        }
        match &mut self.records {
            Records::Container { decoder, is_open } => {
                while let Some(part) = decoder.decode(&mut rest).map_err(|_| LocalFault::DamagedRecords)? {
                    match part {
                        Part::Data(octets) => {
                            *is_open = true;
                            self.sender.send(octets, wire)?;
                        }
                        Part::EndOfRecord => {
                            *is_open = false;
                            self.sender.end_of_record(wire);
                        }
                        Part::Suspect(_) | Part::Marker(_) | Part::EndOfFile => return Err(LocalFault::DamagedRecords),
                    }
                }
                Ok(())
            }
            Records::Found | Records::One | Records::Unknown(_) => self.sender.send(rest, wire),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When the file is damaged.
    pub(crate) fn finish(&mut self, wire: &mut Vec<u8>) -> Result<(), LocalFault> {
        if matches!(&self.records, Records::Unknown(head) if !head.is_empty()) {
            self.one_record(wire)?;
        }
        if matches!(self.records, Records::One | Records::Container { is_open: true, .. }) {
            self.sender.end_of_record(wire);
        }
        self.sender.finish(wire)
    }

    /// What looked like a head is data.
    fn one_record(&mut self, wire: &mut Vec<u8>) -> Result<(), LocalFault> {
        match std::mem::replace(&mut self.records, Records::One) {
            Records::Unknown(head) => self.sender.send(&head, wire),
            Records::Found | Records::Container { .. } | Records::One => Ok(()),
        }
    }
}

/// Makes the local form of a file that comes.
#[derive(Debug)]
pub(crate) struct Sink {
    receiver: Receiver,
    container: Option<Container>,
    stored: Stored,
}

/// Where a container has come to.
#[derive(Debug, Default)]
struct Container {
    has_head: bool,
    /// Octets of the record that is open.
    open: u64,
    lengths: LengthReader,
}

impl Sink {
    /// # Errors
    /// When the parameters do not go together.
    pub(crate) fn new(parameters: Parameters, position: Position) -> Result<Self, LocalFault> {
        Ok(Self {
            receiver: Receiver::new(parameters, position)?,
            container: has_records_of_octets(parameters).then(Container::default),
            stored: Stored::default(),
        })
    }

    /// Takes octets off the front of `wire`, and makes of `local` what is to be stored.
    ///
    /// # Errors
    /// When the octets are wrong. What came before them is in `local`.
    pub(crate) fn receive(&mut self, wire: &mut &[u8], local: &mut Vec<u8>) -> Result<Progress, DecodeError> {
        let progress = self.receiver.receive(wire, &mut self.stored);
        self.take_stored(local);
        progress
    }

    /// The connection was closed; makes of `local` what is to be stored.
    ///
    /// # Errors
    /// When that is not the end of the file.
    pub(crate) fn close(&mut self, local: &mut Vec<u8>) -> Result<(), DecodeError> {
        let closed = self.receiver.close(&mut self.stored);
        self.take_stored(local);
        closed
    }

    fn take_stored(&mut self, local: &mut Vec<u8>) {
        local.clear();
        match &mut self.container {
            None => std::mem::swap(local, &mut self.stored.octets),
            Some(container) => container.append(&self.stored, local),
        }
        self.stored.clear();
    }
}

impl Container {
    fn append(&mut self, stored: &Stored, local: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.has_head, true) {
            local.extend_from_slice(&HEAD);
        }
        let mut rest = stored.octets.as_slice();
        for length in stored.record_lengths.iter().filter_map(|&octet| self.lengths.take(octet)) {
            let missing = usize::try_from(length.saturating_sub(self.open)).unwrap_or(usize::MAX);
            let (record, behind) = rest.split_at(missing.min(rest.len()));
            append_blocks(record, Descriptor::END_OF_RECORD, local);
            self.open = 0;
            rest = behind;
        }
        if !rest.is_empty() {
            append_blocks(rest, Descriptor::PLAIN, local);
            self.open += rest.len() as u64;
        }
    }
}

/// Appends octets as blocks, the last of which says `behind`.
fn append_blocks(octets: &[u8], behind: Descriptor, local: &mut Vec<u8>) {
    let mut rest = octets;
    loop {
        let (block, more) = rest.split_at(rest.len().min(BLOCK));
        rest = more;
        let descriptor = if rest.is_empty() { behind } else { Descriptor::PLAIN };
        write_block(descriptor, block, local);
        if rest.is_empty() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::{Level, Mode, Type};
    use rstest::rstest;

    use super::*;

    fn parameters(mode: Mode) -> Parameters {
        Parameters { representation: Type::Image, structure: Structure::Record, mode }
    }

    fn send(mode: Mode, local: &[u8], size: usize) -> Vec<u8> {
        let (mut source, mut wire) = (Source::new(parameters(mode), Position::default()).unwrap(), Vec::new());
        local.chunks(size).for_each(|piece| source.send(piece, &mut wire).unwrap());
        source.finish(&mut wire).unwrap();
        wire
    }

    fn receive(mode: Mode, wire: &[u8], size: usize) -> Vec<u8> {
        let (mut sink, mut local) = (Sink::new(parameters(mode), Position::default()).unwrap(), Vec::new());
        let mut all = Vec::new();
        for piece in wire.chunks(size) {
            let mut rest = piece;
            while sink.receive(&mut rest, &mut local).unwrap() == Progress::Full {
                all.append(&mut local);
            }
            all.append(&mut local);
        }
        sink.close(&mut local).unwrap();
        [all, local].concat()
    }

    #[rstest]
    #[case::records(
        b"FTPRECS\n\x80\x00\x01a\x80\x00\x00\x80\x00\x02\xFF\n",
        b"a\xFF\x01\xFF\x01\xFF\xFF\n\xFF\x01\xFF\x02"
    )]
    #[case::none(b"FTPRECS\n", b"\xFF\x02")]
    fn containers(#[case] local: &[u8], #[case] wire: &[u8]) {
        assert_eq!(send(Mode::Stream, local, 100), wire);
        assert_eq!(receive(Mode::Stream, wire, 100), local);
    }

    #[rstest]
    #[case::empty(b"", b"\xFF\x02")]
    #[case::short(b"FTP", b"FTP\xFF\x01\xFF\x02")]
    #[case::long(b"FTPREC is no head", b"FTPREC is no head\xFF\x01\xFF\x02")]
    #[case::cut_short(b"FTPRECS\n\x80\x00\x02a", b"a\xFF\x01\xFF\x02")]
    fn other_files(#[case] local: &[u8], #[case] wire: &[u8], #[values(1, 100)] size: usize) {
        assert_eq!(send(Mode::Stream, local, size), wire);
    }

    #[rstest]
    #[case::end_of_file(b"FTPRECS\n\x40\x00\x00")]
    #[case::descriptor(b"FTPRECS\n\x01\x00\x00")]
    fn damaged(#[case] local: &[u8]) {
        let mut source = Source::new(parameters(Mode::Stream), Position::default()).unwrap();
        assert_eq!(source.send(local, &mut Vec::new()), Err(LocalFault::DamagedRecords));
    }

    #[test]
    fn long_records() {
        for length in [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK] {
            let wire = [vec![b'x'; length], b"\xFF\x01\xFF\x02".to_vec()].concat();
            let local = receive(Mode::Stream, &wire, 1 << 20);
            assert!(send(Mode::Stream, &local, 1 << 20) == wire, "{length}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn records_come_back(
            records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..10),
            sizes in (1_usize..30, 1_usize..30),
        ) {
            let mut local = HEAD.to_vec();
            for record in &records {
                append_blocks(record, Descriptor::END_OF_RECORD, &mut local);
            }
            for mode in [Mode::Stream, Mode::Block, Mode::Compressed, Mode::Deflate(Level::default())] {
                let wire = send(mode, &local, sizes.0);
                let stored = receive(mode, &wire, sizes.1);
                // The blocks may be cut elsewhere; the records are the same.
                prop_assert_eq!(send(Mode::Stream, &stored, 100), send(Mode::Stream, &local, 100));
            }
        }
    }
}
