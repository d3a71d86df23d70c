//! Octets of the wire, typed from RFC 959, and what they mean.

use rstest::rstest;

use super::*;
use crate::transfer::{Fault, LocalFault, Part};

const ASCII: Type = Type::Ascii(Form::NonPrint);
const EBCDIC: Type = Type::Ebcdic(Form::NonPrint);
const IMAGE: Type = Type::Image;
use Mode::{Block, Compressed, Stream};
const DEFLATE: Mode = Mode::Deflate(DEFAULT);
/// RFC 1950, RFC 1951: a block that is stored, so that everything can be read here: the header, the last block, its length and
/// the complement of it, the data, and the checksum.
const STORED: Mode = Mode::Deflate(Level::new(0).unwrap());
use Structure::{File, Page, Record};

/// What the wire must become, and the local form the wire.
#[rstest]
#[case::ascii(ASCII, File, Stream, b"a\nb\n", b"a\r\nb\r\n")]
#[case::ebcdic(EBCDIC, File, Stream, b"A1 \n", b"\xC1\xF1\x40\x15")]
#[case::image(IMAGE, File, Stream, b"\xFF\x01\xFF\x03", b"\xFF\x01\xFF\x03")]
#[case::ascii_records(ASCII, Record, Stream, b"a\n\nb\n", b"a\xFF\x01\xFF\x01b\xFF\x01\xFF\x02")]
#[case::no_records(ASCII, Record, Stream, b"", b"\xFF\x02")]
#[case::ebcdic_records(EBCDIC, Record, Stream, b"A\n", b"\xC1\xFF\x01\xFF\x02")]
#[case::escaped_data(ASCII, Record, Stream, b"\xFF\n", b"\xFF\xFF\xFF\x01\xFF\x02")]
#[case::carriage_control(Type::Ascii(Form::CarriageControl), File, Stream, b"1top\n+over\n", b"1top\r\n+over\r\n")]
#[case::one_block(IMAGE, File, Block, b"AB", b"\x40\x00\x02AB")]
#[case::empty_block(IMAGE, File, Block, b"", b"\x40\x00\x00")]
#[case::ascii_block(ASCII, File, Block, b"a\n", b"\x40\x00\x03a\r\n")]
#[case::record_blocks(ASCII, Record, Block, b"a\n\nb\n", b"\x80\x00\x01a\x80\x00\x00\xC0\x00\x01b")]
#[case::string(IMAGE, File, Compressed, b"ab", b"\x00\x40\x02ab")]
#[case::replicated(IMAGE, File, Compressed, b"AAAAA", b"\x00\x40\x85A")]
#[case::filler_of_image(IMAGE, File, Compressed, b"\0\0\0", b"\x00\x40\xC3")]
#[case::filler_of_ascii(ASCII, File, Compressed, b"   ", b"\x00\x40\xC3")]
#[case::filler_of_ebcdic(EBCDIC, File, Compressed, b"   ", b"\x00\x40\xC3")]
#[case::empty_compressed(IMAGE, File, Compressed, b"", b"\x00\x40\xC0")]
#[case::compressed_records(ASCII, Record, Compressed, b"a\n\nb\n", b"\x00\x80\x01a\x00\x80\xC0\x00\xC0\x01b")]
#[case::empty_deflated(IMAGE, File, DEFLATE, b"", b"\x78\x9C\x03\x00\x00\x00\x00\x01")]
#[case::image_deflated(IMAGE, File, DEFLATE, b"ab", b"\x78\x9C\x4B\x4C\x02\x00\x01\x26\x00\xC4")]
#[case::image_stored(IMAGE, File, STORED, b"ab", b"\x78\x01\x01\x02\x00\xFD\xFFab\x01\x26\x00\xC4")]
#[case::ascii_stored(ASCII, File, STORED, b"a\nb\n", b"\x78\x01\x01\x06\x00\xF9\xFFa\r\nb\r\n\x03\xFF\x00\xF2")]
#[case::ebcdic_stored(EBCDIC, File, STORED, b"A1 \n", b"\x78\x01\x01\x04\x00\xFB\xFF\xC1\xF1\x40\x15\x06\x70\x02\x08")]
#[case::records_stored(
    ASCII,
    Record,
    STORED,
    b"a\n\nb\n",
    b"\x78\x01\x01\x0A\x00\xF5\xFFa\xFF\x01\xFF\x01b\xFF\x01\xFF\x02\x1B\xBB\x04\xC5"
)]
fn both_ways(
    #[case] representation: Type,
    #[case] structure: Structure,
    #[case] mode: Mode,
    #[case] local: &[u8],
    #[case] wire: &[u8],
    #[values(1, 2, 1000)] size: usize,
) {
    let parameters = Parameters { representation, structure, mode };
    assert_eq!(send(parameters, local, size), wire);
    let outcome = receive(parameters, wire, size).unwrap();
    assert_eq!((outcome.stored.octets.as_slice(), outcome.left.as_slice()), (local, b"".as_slice()));
}

/// Right forms that our senders do not choose.
#[rstest]
#[case::both_ends_in_one_code(ASCII, Record, Stream, b"a\xFF\x03", b"a\n")]
#[case::last_record_without_end(ASCII, Record, Stream, b"a\xFF\x02", b"a\n")]
#[case::end_of_file_alone(IMAGE, File, Block, b"\x00\x00\x02AB\x40\x00\x00", b"AB")]
#[case::suspect(IMAGE, File, Block, b"\x20\x00\x01A\x60\x00\x01B", b"AB")]
#[case::empty_blocks(IMAGE, File, Block, b"\x00\x00\x00\x00\x00\x01A\x40\x00\x00", b"A")]
#[case::marker_in_the_last_block(IMAGE, File, Block, b"\x00\x00\x01A\x50\x00\x01m", b"A")]
#[case::record_end_without_records(ASCII, File, Block, b"\xC0\x00\x01A", b"A")]
#[case::compressed_end_without_a_string(IMAGE, File, Compressed, b"\x01A\x00\x40", b"A")]
#[case::both_ends_without_a_string(ASCII, Record, Compressed, b"\x00\xC0", b"\n")]
#[case::empty_record_before_an_escape(ASCII, Record, Compressed, b"\x00\x80\x00\xC0\x01a", b"\na\n")]
#[case::suspect_string(IMAGE, File, Compressed, b"\x00\x20\x01A\x00\x40\x01B", b"AB")]
#[case::longest_runs(IMAGE, File, Compressed, b"\xBFA\x00\x40\xFF", &[[b'A'; 63], [0; 63]].concat())]
#[case::both_ends_deflated(ASCII, Record, DEFLATE, b"\x78\x9C\x4B\xFC\xCF\x0C\x00\x03\x27\x01\x64", b"a\n")]
#[case::behind_the_end_of_records(
    ASCII,
    Record,
    DEFLATE,
    b"\x78\x9C\x4B\xFC\xCF\x9C\x9B\x5F\x94\x0A\x00\x0D\x01\x03\x17",
    b"a\n"
)]
#[case::two_blocks_deflated(
    IMAGE,
    File,
    DEFLATE,
    b"\x78\xDA\x4A\x04\x00\x00\x00\xFF\xFF\x4B\x02\x00\x01\x26\x00\xC4",
    b"ab"
)]
#[case::small_window(IMAGE, File, DEFLATE, b"\x18\x95\x4B\x4C\x02\x00\x01\x26\x00\xC4", b"ab")]
#[case::marker_as_a_run(IMAGE, File, Compressed, b"\x00\x10\x83m\x00\x40\x01A", b"A")]
fn accepted(
    #[case] representation: Type,
    #[case] structure: Structure,
    #[case] mode: Mode,
    #[case] wire: &[u8],
    #[case] local: &[u8],
    #[values(1, 2, 1000)] size: usize,
) {
    let parameters = Parameters { representation, structure, mode };
    assert_eq!(receive(parameters, wire, size).unwrap().stored.octets, local);
}

#[rstest]
#[case::nothing(ASCII, Record, Stream, b"", 0, Fault::Incomplete)]
#[case::no_end_of_file(ASCII, Record, Stream, b"a\xFF\x01", 3, Fault::Incomplete)]
#[case::half_a_code(ASCII, Record, Stream, b"a\xFF", 2, Fault::Incomplete)]
#[case::wrong_code(ASCII, Record, Stream, b"a\xFF\x04", 2, Fault::UnknownEscape(4))]
#[case::no_last_block(IMAGE, File, Block, b"\x00\x00\x01A", 4, Fault::Incomplete)]
#[case::half_a_block(IMAGE, File, Block, b"\x40\x00\x02A", 4, Fault::Incomplete)]
#[case::half_a_header(IMAGE, File, Block, b"\x40\x00", 2, Fault::Incomplete)]
#[case::wrong_descriptor(IMAGE, File, Block, b"\x48\x00\x00", 0, Fault::UnknownDescriptor(0x48))]
#[case::space_in_a_marker(IMAGE, File, Block, b"\x10\x00\x03a b", 4, Fault::MarkerOctet(b' '))]
#[case::empty_marker(IMAGE, File, Block, b"\x10\x00\x00", 3, Fault::MarkerEmpty)]
#[case::no_descriptor_of_end(IMAGE, File, Compressed, b"\x01A", 2, Fault::Incomplete)]
#[case::half_a_last_string(IMAGE, File, Compressed, b"\x00\x40\x02A", 4, Fault::Incomplete)]
#[case::half_a_replication(IMAGE, File, Compressed, b"\x00\x40\x82", 3, Fault::Incomplete)]
#[case::wrong_descriptor_of_string(IMAGE, File, Compressed, b"\x00\x41", 1, Fault::UnknownDescriptor(0x41))]
#[case::no_last_page(IMAGE, Page, Stream, b"\x04\x01\x00\x01", 4, Fault::Incomplete)]
#[case::page_type(IMAGE, Page, Stream, b"\x04\x01\x00\x09", 4, Fault::PageType(9))]
#[case::short_page_header(IMAGE, Page, Stream, b"\x03\x01\x00", 1, Fault::PageHeaderLength(3))]
#[case::header_of_simple_page(IMAGE, Page, Stream, b"\x05\x01\x00\x01\x00", 5, Fault::PageHeaderLength(5))]
#[case::header_of_controlled_page(IMAGE, Page, Stream, b"\x04\x01\x00\x03", 4, Fault::PageHeaderLength(4))]
#[case::last_page_with_data(IMAGE, Page, Stream, b"\x04\x00\x01\x00A", 4, Fault::LastPageData(1))]
#[case::nothing_deflated(IMAGE, File, DEFLATE, b"", 0, Fault::Incomplete)]
#[case::half_a_stream(IMAGE, File, DEFLATE, b"\x78\x9C\x4B\x4C", 4, Fault::Incomplete)]
#[case::half_a_checksum(IMAGE, File, DEFLATE, b"\x78\x9C\x4B\x4C\x02\x00\x01\x26", 8, Fault::Incomplete)]
#[case::wrong_checksum(IMAGE, File, DEFLATE, b"\x78\x9C\x4B\x4C\x02\x00\x01\x26\x00\xC5", 10, Fault::NotDeflated)]
#[case::no_header(IMAGE, File, DEFLATE, b"\x4B\x4C\x02\x00", 2, Fault::NotDeflated)]
#[case::gzip(
    IMAGE,
    File,
    DEFLATE,
    b"\x1F\x8B\x08\x00\x00\x00\x00\x00\x02\x03\x4B\x4C\x02\x00\x6D\x48\x83\x9E\x02\x00\x00\x00",
    2,
    Fault::NotDeflated
)]
#[case::dictionary(
    IMAGE,
    File,
    DEFLATE,
    b"\x78\xBB\x16\xC0\x04\x37\x4B\x81\xB3\x00\x16\xC0\x04\x37",
    2,
    Fault::NotDeflated
)]
#[case::records_without_end_deflated(
    ASCII,
    Record,
    DEFLATE,
    b"\x78\x9C\x4B\xFC\xCF\x08\x00\x03\x25\x01\x62",
    3,
    Fault::Incomplete
)]
#[case::wrong_code_deflated(
    ASCII,
    Record,
    DEFLATE,
    b"\x78\x9C\x4B\xFC\xCF\x02\x00\x03\x28\x01\x65",
    2,
    Fault::UnknownEscape(4)
)]
#[case::behind_last_page_deflated(
    IMAGE,
    Page,
    DEFLATE,
    b"\x78\x9C\x63\x61\x60\x60\x70\x04\x00\x00\x5A\x00\x46",
    4,
    Fault::BehindLastPage
)]
#[case::behind_last_page(IMAGE, Page, Block, b"\x40\x00\x05\x04\x00\x00\x00A", 4, Fault::BehindLastPage)]
fn refused(
    #[case] representation: Type,
    #[case] structure: Structure,
    #[case] mode: Mode,
    #[case] wire: &[u8],
    #[case] offset: u64,
    #[case] fault: Fault,
    #[values(1000)] size: usize,
) {
    let parameters = Parameters { representation, structure, mode };
    assert_eq!(receive(parameters, wire, size), Err(DecodeError { offset, fault }));
}

#[test]
fn a_marker_is_bounded() {
    let blocks = Parameters { representation: IMAGE, structure: File, mode: Block };
    let wire = [b"\x10\xFF\xFF".as_slice(), &vec![b'm'; 0xFFFF]].concat();
    for size in [1, 100, 100_000] {
        assert_eq!(receive(blocks, &wire, size).unwrap_err().fault, Fault::MarkerTooLong(127));
    }
}

/// RFC 959 §3.3: one connection carries several files.
#[rstest]
#[case(ASCII, Record, Stream, b"a\xFF\x03")]
#[case(IMAGE, File, Block, b"\x40\x00\x01a")]
#[case(IMAGE, File, Compressed, b"\x00\x40\x01a")]
#[case(IMAGE, Page, Stream, b"\x04\x00\x00\x00")]
#[case(IMAGE, File, DEFLATE, b"\x78\x9C\x4B\x4C\x02\x00\x01\x26\x00\xC4")]
#[case(ASCII, Record, DEFLATE, b"\x78\x9C\x4B\xFC\xCF\x0C\x00\x03\x27\x01\x64")]
fn what_follows_the_file_is_left(
    #[case] representation: Type,
    #[case] structure: Structure,
    #[case] mode: Mode,
    #[case] wire: &[u8],
    #[values(1, 3, 1000)] size: usize,
) {
    let parameters = Parameters { representation, structure, mode };
    let both = [wire, b"next"].concat();
    assert_eq!(receive(parameters, &both, size).unwrap().left, b"next");
}

/// The example of RFC 959 §3.4.2: a marker of six characters.
#[rstest]
#[case::block(Block, b"\x00\x00\x02AB\x10\x00\x06marker\x40\x00\x01C")]
#[case::compressed(Compressed, b"\x02AB\x00\x10\x06marker\x00\x40\x01C")]
fn markers_are_reported(#[case] mode: Mode, #[case] wire: &[u8], #[values(1, 4, 1000)] size: usize) {
    let parameters = Parameters { representation: IMAGE, structure: File, mode };
    let outcome = receive(parameters, wire, size).unwrap();
    let position = Position { octets: 2, ..Position::default() };
    assert_eq!(outcome.marks, [(Marker::new(b"marker").unwrap(), position)]);
    assert_eq!(outcome.stored.octets, b"ABC");
}

/// RFC 1123 §4.1.3.4: a marker between CR and LF.
#[test]
fn a_marker_within_a_line_end() {
    let parameters = Parameters { representation: ASCII, structure: File, mode: Block };
    let outcome = receive(parameters, b"\x00\x00\x02a\r\x10\x00\x01m\x40\x00\x02\nb", 100).unwrap();
    let (_, position) = &outcome.marks[0];
    assert_eq!(position.to_string(), "1c");
    assert_eq!(outcome.stored.octets, b"a\nb");
    let rest = receive_from(*position, parameters, b"\x40\x00\x02\nb", 100).unwrap();
    assert_eq!(rest.stored.octets, b"\nb");
}

/// The other side of it: a file whose lines end in CR LF is sent as it stands, also from a marker within a line end on.
#[test]
fn a_sender_goes_on_within_a_line_end() {
    let parameters = Parameters { representation: ASCII, structure: File, mode: Block };
    let interval = std::num::NonZeroU64::new(2).unwrap();
    let mut sender = Sender::new(parameters, Position::default()).unwrap().with_markers(parameters, interval);
    let mut wire = Vec::new();
    sender.send(b"a\r\nb", &mut wire).unwrap();
    sender.finish(&mut wire).unwrap();
    assert_eq!(wire, b"\x00\x00\x02a\r\x10\x00\x022c\x00\x00\x02\nb\x10\x00\x014\x40\x00\x00");
    let at = Position { octets: 2, records: 0, is_behind_cr: true };
    let (mut sender, mut rest) = (Sender::new(parameters, at).unwrap(), Vec::new());
    sender.send(b"\nb", &mut rest).unwrap();
    sender.finish(&mut rest).unwrap();
    assert_eq!(rest, b"\x40\x00\x02\nb");
}

/// RFC 959 Appendix I: bytes of 36 bits, headers of five, a hole, a descriptor. Two words are nine octets.
#[test]
fn pages_of_36_bits() {
    let parameters = Parameters { representation: Type::Local(36), structure: Page, mode: Stream };
    let word = |number: u64| format!("{number:036b}");
    let words = [
        [5, 0, 1, 2, 0].as_slice(), // a descriptor page with one word
        &[0x1_2345_6789],
        &[5, 7, 2, 3, 1], // page 7, access controlled
        &[0xF_FFFF_FFFF, 1],
        &[4, 0, 0, 0],
    ]
    .concat();
    let mut bits: String = words.into_iter().map(word).collect();
    bits.push_str(&"0".repeat(bits.len().next_multiple_of(8) - bits.len()));
    let octet = |bits: &[u8]| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap();
    let wire: Vec<u8> = bits.as_bytes().chunks(8).map(octet).collect();
    let mut local = b"FTPPAGE\x24".to_vec();
    let mut page = |fields: &[u64], data: &[u8]| {
        local.push(u8::try_from(fields.len() + 1).unwrap());
        local.extend(fields.iter().flat_map(|field| field.to_be_bytes()));
        local.extend_from_slice(data);
    };
    page(&[0, 1, 2, 0], b"\x12\x34\x56\x78\x90");
    page(&[7, 2, 3, 1], b"\xFF\xFF\xFF\xFF\xF0\x00\x00\x00\x01");
    page(&[0, 0, 0], b"");
    for size in [1, 2, 1000] {
        assert_eq!(receive(parameters, &wire, size).unwrap().stored.octets, local);
        assert_eq!(send(parameters, &local, size), wire);
    }
}

/// draft-preston-ftpext-deflate §3.7: REST counts what is compressed, so that in TYPE A the place may be within a line end.
#[test]
fn a_sender_leaves_out_what_was_sent() {
    let parameters = Parameters { representation: ASCII, structure: File, mode: STORED };
    let (sender, mut wire) = (Sender::new(parameters, Position::default()).unwrap(), Vec::new());
    let mut sender = sender.skipping(2);
    b"a\nb".iter().for_each(|octet| sender.send(&[*octet], &mut wire).unwrap());
    sender.finish(&mut wire).unwrap();
    let inflated = receive(Parameters { representation: IMAGE, ..parameters }, &wire, 100).unwrap();
    assert_eq!(inflated.stored.octets, b"\nb");
}

#[rstest]
#[case::text(b"no pages at all", LocalFault::NotPaged)]
#[case::empty(b"", LocalFault::NotPaged)]
#[case::other_size(b"FTPPAGE\x24", LocalFault::ByteSize { stored: 36 })]
#[case::no_last_page(b"FTPPAGE\x08", LocalFault::DamagedPages)]
#[case::header_length(b"FTPPAGE\x08\x03", LocalFault::DamagedPages)]
#[case::too_large_a_number(&[b"FTPPAGE\x08\x04\0\0\0\0\0\0\x01".as_slice(), &[0; 17]].concat(), LocalFault::DamagedPages)]
fn containers_that_are_none(#[case] local: &[u8], #[case] expected: LocalFault) {
    let parameters = Parameters { representation: IMAGE, structure: Page, mode: Stream };
    let (mut sender, mut wire) = (Sender::new(parameters, Position::default()).unwrap(), Vec::new());
    let result = sender.send(local, &mut wire).and_then(|()| sender.finish(&mut wire));
    assert_eq!(result, Err(expected));
}

#[rstest]
#[case(1)]
#[case(2)]
#[case(65)]
#[case(255)]
fn byte_sizes_without_pages(#[case] bits: u8) {
    let parameters = Parameters { representation: Type::Local(bits), structure: Page, mode: Stream };
    assert_eq!(Sender::new(parameters, Position::default()).err(), Some(LocalFault::PageByteSize(bits)));
    assert_eq!(Receiver::new(parameters, Position::default()).err(), Some(LocalFault::PageByteSize(bits)));
}

#[test]
fn suspected_data_says_so_in_each_block() {
    for (mode, expected) in [
        (Block, b"\x00\x00\x01a\x20\x00\x01b\x40\x00\x01c".as_slice()),
        (Compressed, b"\x01a\x00\x20\x01b\x00\x40\x01c"),
    ] {
        let mut encoder =
            crate::transfer::mode::Encoder::new(Parameters { representation: IMAGE, structure: File, mode });
        let mut wire = Vec::new();
        for part in [Part::Data(b"a"), Part::Suspect(b"b"), Part::Data(b"c"), Part::EndOfFile] {
            encoder.encode(part, &mut wire);
        }
        assert_eq!(wire, expected);
    }
}
