//! STRU P: indexed pages (RFC 959 §3.1.2.3).
//!
//! On the wire a page is a header of logical bytes — header length, index, data length, type, further fields — and its data.
//! The logical bytes have the size that TYPE gives, 8 bits in TYPE A, E and I, and are packed without gaps; behind the last
//! page are zeros up to a whole octet.
//!
//! # The local form
//!
//! A file of pages is kept in a container, so that its holes (indexes that are missing), types, fields and the order of its
//! pages come back:
//!
//! ```text
//! "FTPPAGE" n             8 octets; n is the byte size in bits
//! and for each page, the last one (type 0) included:
//!   header length         1 octet
//!   index, data length, type, further fields …      8 octets each, most significant first
//!   data                  its bits as they came, with zeros up to a whole octet
//! ```
//!
//! The data of a page is kept as it came, also in TYPE A and E: to change its line ends would change its length.
//!
//! Byte sizes of 3 to 64 bits are taken: smaller bytes cannot hold the header length, larger ones are kept by no field here.

use super::bits::{BitReader, BitWriter};
use super::{DecodeError, Fault, LocalFault};

const MAGIC: [u8; 7] = *b"FTPPAGE";
/// How many octets tell whether a file is a container, and of which byte size.
pub const HEAD_LENGTH: u64 = 8;
/// RFC 959 §3.1.2.3: "the minimum header length is 4".
const SHORTEST_HEADER: u64 = 4;
/// The RFC leaves the number of further fields open; Appendix I has one.
const LONGEST_HEADER: u64 = 16;

/// Makes the wire form of a container.
#[derive(Debug, Clone)]
pub struct Encoder {
    byte_size: u8,
    state: Reading,
    /// What came of the head, or of a header, so far. At most 8 octets a field.
    raw: Vec<u8>,
    writer: BitWriter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Head,
    HeaderLength,
    Header { fields: u64 },
    Data { bits: u64 },
    Ended,
}

impl Encoder {
    /// An encoder for logical bytes of this many bits.
    ///
    /// # Errors
    /// When pages cannot be made of such bytes.
    pub fn new(byte_size: u8) -> Result<Self, LocalFault> {
        check_size(byte_size)?;
        Ok(Self { byte_size, state: Reading::Head, raw: Vec::new(), writer: BitWriter::default() })
    }

    /// Appends the wire form of `local` to `wire`.
    ///
    /// # Errors
    /// When `local` is no container of pages with this byte size.
    pub fn encode(&mut self, local: &[u8], wire: &mut Vec<u8>) -> Result<(), LocalFault> {
        let mut rest = local;
        while !rest.is_empty() {
            match self.state {
                Reading::Head => {
                    if self.gather(MAGIC.len() + 1, &mut rest) {
                        self.check_head()?;
                        self.next(Reading::HeaderLength);
                    }
                }
                Reading::HeaderLength => {
                    let (&fields, behind) = rest.split_first().ok_or(LocalFault::DamagedPages)?;
                    rest = behind;
                    self.state = Reading::Header { fields: u64::from(fields) };
                    if !(SHORTEST_HEADER..=LONGEST_HEADER).contains(&u64::from(fields)) {
                        return Err(LocalFault::DamagedPages);
                    }
                }
                Reading::Header { fields } => {
                    let length = usize::try_from(fields - 1).unwrap_or_default() * 8;
                    if self.gather(length, &mut rest) {
                        self.write_header(fields, wire)?;
                    }
                }
                Reading::Data { bits } => {
                    let octets = usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX).min(rest.len());
                    let (data, behind) = rest.split_at(octets);
                    rest = behind;
                    let taken = (octets as u64 * 8).min(bits);
                    self.writer.push_octets(data, taken, wire);
                    self.state = data_state(bits - taken);
                }
                Reading::Ended => return Err(LocalFault::DamagedPages),
            }
        }
        Ok(())
    }

    /// The container is read to its end.
    ///
    /// # Errors
    /// When its last page is missing.
    pub fn finish(&mut self, wire: &mut Vec<u8>) -> Result<(), LocalFault> {
        self.writer.pad(wire);
        match self.state {
            Reading::Ended => Ok(()),
            Reading::Head => Err(LocalFault::NotPaged),
            Reading::HeaderLength | Reading::Header { .. } | Reading::Data { .. } => Err(LocalFault::DamagedPages),
        }
    }

    /// Collects octets in `raw`; whether there are so many now.
    fn gather(&mut self, length: usize, rest: &mut &[u8]) -> bool {
        let taken = rest.len().min(length.saturating_sub(self.raw.len()));
        let (octets, behind) = rest.split_at(taken);
        self.raw.extend_from_slice(octets);
        *rest = behind;
        self.raw.len() >= length
    }

    fn next(&mut self, state: Reading) {
        self.raw.clear();
        self.state = state;
    }

    fn check_head(&self) -> Result<(), LocalFault> {
        match self.raw.split_last() {
            Some((&stored, magic)) if magic == MAGIC.as_slice() => {
                if stored == self.byte_size {
                    Ok(())
                } else {
                    Err(LocalFault::ByteSize { stored })
                }
            }
            _ => Err(LocalFault::NotPaged),
        }
    }

    fn write_header(&mut self, fields: u64, wire: &mut Vec<u8>) -> Result<(), LocalFault> {
        let numbers = self.raw.as_chunks::<8>().0.iter().map(|field| u64::from_be_bytes(*field));
        let header: Vec<u64> = std::iter::once(fields).chain(numbers).collect();
        let data = check_header(&header, self.byte_size).map_err(|_| LocalFault::DamagedPages)?;
        for &field in &header {
            let fits = self.byte_size == 64 || field >> self.byte_size == 0;
            if !fits {
                return Err(LocalFault::DamagedPages);
            }
            self.writer.push(field, self.byte_size, wire);
        }
        self.next(match data {
            Behind::LastPage => Reading::Ended,
            Behind::Data { bits } => data_state(bits),
        });
        Ok(())
    }
}

fn data_state(bits: u64) -> Reading {
    if bits == 0 { Reading::HeaderLength } else { Reading::Data { bits } }
}

/// Makes a container of pages that come.
#[derive(Debug, Clone)]
pub struct Decoder {
    byte_size: u8,
    state: Writing,
    reader: BitReader,
    writer: BitWriter,
    /// The fields of the header that came so far. At most [`LONGEST_HEADER`].
    header: Vec<u64>,
    offset: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Head,
    Header,
    Data { bits: u64 },
    Ended,
}

impl Decoder {
    /// A decoder for logical bytes of this many bits.
    ///
    /// # Errors
    /// When pages cannot be made of such bytes.
    pub fn new(byte_size: u8) -> Result<Self, LocalFault> {
        check_size(byte_size)?;
        Ok(Self {
            byte_size,
            state: Writing::Head,
            reader: BitReader::default(),
            writer: BitWriter::default(),
            header: Vec::new(),
            offset: 0,
        })
    }

    /// Takes octets off the front of `wire`, and appends their local form to `local`. Nothing is taken behind the last page.
    ///
    /// # Errors
    /// When the header of a page is wrong.
    pub fn decode(&mut self, wire: &mut &[u8], local: &mut Vec<u8>) -> Result<(), DecodeError> {
        let length = wire.len() as u64;
        let result = self.pages(wire, local);
        self.offset += length - wire.len() as u64;
        result.map_err(|fault| DecodeError { offset: self.offset, fault })
    }

    /// How many octets were taken.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the last page has come.
    pub fn is_ended(&self) -> bool {
        self.state == Writing::Ended
    }

    /// No more will come.
    ///
    /// # Errors
    /// When the last page has not come: the file is incomplete.
    pub fn close(&self) -> Result<(), DecodeError> {
        if self.is_ended() { Ok(()) } else { Err(DecodeError { offset: self.offset, fault: Fault::Incomplete }) }
    }

    fn pages(&mut self, wire: &mut &[u8], local: &mut Vec<u8>) -> Result<(), Fault> {
        loop {
            match self.state {
                Writing::Head => {
                    local.extend_from_slice(&MAGIC);
                    local.push(self.byte_size);
                    self.state = Writing::Header;
                }
                Writing::Header => {
                    let Some(field) = self.reader.number(self.byte_size, wire) else { return Ok(()) };
                    self.field(field, local)?;
                }
                Writing::Data { bits } => {
                    let missing = self.reader.copy(bits, wire, &mut self.writer, local);
                    if missing > 0 {
                        self.state = Writing::Data { bits: missing };
                        return Ok(());
                    }
                    self.writer.pad(local);
                    self.state = Writing::Header;
                }
                Writing::Ended => return Ok(()),
            }
        }
    }

    fn field(&mut self, field: u64, local: &mut Vec<u8>) -> Result<(), Fault> {
        self.header.push(field);
        let length = self.header.first().copied().unwrap_or_default();
        let [.., short_length] = length.to_be_bytes();
        if !(SHORTEST_HEADER..=LONGEST_HEADER).contains(&length) {
            return Err(Fault::PageHeaderLength(length));
        }
        if (self.header.len() as u64) < length {
            return Ok(());
        }
        let behind = check_header(&self.header, self.byte_size)?;
        local.push(short_length);
        local.extend(self.header.drain(..).skip(1).flat_map(u64::to_be_bytes));
        self.state = match behind {
            Behind::LastPage => Writing::Ended,
            Behind::Data { bits } => Writing::Data { bits },
        };
        Ok(())
    }
}

/// What follows a header.
enum Behind {
    LastPage,
    Data { bits: u64 },
}

/// RFC 959 §3.1.2.3 gives each type its header length.
fn check_header(header: &[u64], byte_size: u8) -> Result<Behind, Fault> {
    let &[length, _, data, kind, ..] = header else { return Err(Fault::PageHeaderLength(0)) };
    let is_right = match kind {
        0 | 1 => length == 4,
        2 => true,
        3 => length == 5,
        other => return Err(Fault::PageType(other)),
    };
    if !is_right {
        return Err(Fault::PageHeaderLength(length));
    }
    if kind == 0 {
        return if data == 0 { Ok(Behind::LastPage) } else { Err(Fault::LastPageData(data)) };
    }
    let bits = data.checked_mul(u64::from(byte_size)).ok_or(Fault::PageTooLong(data))?;
    Ok(Behind::Data { bits })
}

fn check_size(byte_size: u8) -> Result<(), LocalFault> {
    if (3..=64).contains(&byte_size) { Ok(()) } else { Err(LocalFault::PageByteSize(byte_size)) }
}
