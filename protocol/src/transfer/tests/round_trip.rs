//! RFC 959 §3.1.2: a file that is stored and retrieved with the same parameters comes back identical.

use std::num::NonZeroU64;

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::transfer::record::{LengthReader, append_length};

/// Sends octets with their list of records.
fn send_records(parameters: Parameters, records: &[Vec<u8>], size: usize) -> Vec<u8> {
    let (mut sender, mut wire) = (Sender::new(parameters, Position::default()).unwrap(), Vec::new());
    for record in records {
        record.chunks(size).for_each(|piece| sender.send(piece, &mut wire).unwrap());
        sender.end_of_record(&mut wire);
    }
    sender.finish(&mut wire).unwrap();
    wire
}

fn container(byte_size: u8, pages: &[(u64, u8, Vec<u8>)]) -> Vec<u8> {
    let mut local = [b"FTPPAGE".as_slice(), &[byte_size]].concat();
    let limit = if byte_size < 8 { (1 << byte_size) - 1 } else { 255 };
    for (index, kind, data) in pages {
        let bytes = (data.len() as u64 * 8 / u64::from(byte_size)).min(limit);
        let bits = bytes * u64::from(byte_size);
        let mut data = data[..usize::try_from(bits.div_ceil(8)).unwrap()].to_vec();
        if let (Some(last), 1..) = (data.last_mut(), bits % 8) {
            *last &= 0xFF << (8 - bits % 8);
        }
        let fields = [index % (limit + 1), bytes, u64::from(*kind), 3];
        let fields = &fields[..if *kind == 3 { 4 } else { 3 }];
        local.push(u8::try_from(fields.len() + 1).unwrap());
        local.extend(fields.iter().flat_map(|field| field.to_be_bytes()));
        local.extend(data);
    }
    local.push(4);
    local.extend([0; 24]);
    local
}

/// Octets in which everything that is special to some coder comes often.
fn contents(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![
        4 => prop::sample::select(vec![b'a', b' ', b'\n', b'\r', 0, 1, 2, 3, 0xFF, 0x15, 0x25, 0x40]),
        1 => any::<u8>(),
    ];
    let run = (octet, prop_oneof![8 => 1_usize..4, 1 => 60_usize..130]);
    prop::collection::vec(run, 0..longest)
        .prop_map(|runs| runs.into_iter().flat_map(|(octet, length)| std::iter::repeat_n(octet, length)).collect())
}

/// Text as this host keeps it: TYPE A says nothing of a CR before a line end, or at the end.
fn is_text_that_comes_back(parameters: Parameters, local: &[u8]) -> bool {
    match parameters.representation {
        Type::Ascii(_) => !local.contains(&b'\r'),
        Type::Ebcdic(_) | Type::Image | Type::Local(_) => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn files(local in contents(60), sizes in (1_usize..50, 1_usize..50)) {
        for parameters in cells().filter(|cell| cell.structure == Structure::File) {
            if is_text_that_comes_back(parameters, &local) {
                let wire = send(parameters, &local, sizes.0);
                let outcome = receive(parameters, &wire, sizes.1).unwrap();
                prop_assert_eq!((&outcome.stored.octets, outcome.left.len()), (&local, 0), "{:?}", parameters);
            }
        }
    }

    #[test]
    fn records(records in prop::collection::vec(contents(8), 0..12), sizes in (1_usize..50, 1_usize..50)) {
        for parameters in cells().filter(|cell| cell.structure == Structure::Record) {
            if parameters.representation.is_text() {
                let lines: Vec<u8> = records.iter().flat_map(|record| {
                    record.iter().copied().filter(|&octet| octet != b'\n').chain([b'\n'])
                }).collect();
                let wire = send(parameters, &lines, sizes.0);
                let outcome = receive(parameters, &wire, sizes.1).unwrap();
                prop_assert_eq!(&outcome.stored.octets, &lines, "{:?}", parameters);
                prop_assert!(outcome.stored.record_lengths.is_empty());
            } else {
                let wire = send_records(parameters, &records, sizes.0);
                let outcome = receive(parameters, &wire, sizes.1).unwrap();
                let mut list = Vec::new();
                for record in &records {
 append_length(record.len() as u64, &mut list);
}
                let stored = Stored { octets: records.concat(), record_lengths: list };
                prop_assert_eq!(&outcome.stored, &stored, "{:?}", parameters);
            }
        }
    }

    #[test]
    fn pages(pages in prop::collection::vec((any::<u64>(), 1_u8..4, contents(10)), 0..6),
             sizes in (1_usize..50, 1_usize..50)) {
        for parameters in cells().filter(|cell| cell.structure == Structure::Page) {
            let local = container(parameters.representation.byte_size(), &pages);
            let wire = send(parameters, &local, sizes.0);
            let outcome = receive(parameters, &wire, sizes.1).unwrap();
            prop_assert_eq!((&outcome.stored.octets, outcome.left.len()), (&local, 0), "{:?}", parameters);
        }
    }

    /// From each marker on, what was stored before it and what comes behind it is the file.
    #[test]
    fn restarts(local in contents(40), interval in 1_u64..30, sizes in (1_usize..50, 1_usize..50)) {
        let lines = [&local, b"\n".as_slice()].concat();
        for parameters in cells().filter(|cell| cell.structure != Structure::Page && cell.mode.has_markers()) {
            let local = match (parameters.structure, parameters.representation.is_text()) {
                (Structure::Record, false) => continue,
                (Structure::Record, true) => &lines,
                (Structure::File | Structure::Page, _) => &local,
            };
            if !is_text_that_comes_back(parameters, local) {
                continue;
            }
            let interval = NonZeroU64::new(interval).unwrap();
            let mut wire = Vec::new();
            let mut sender = Sender::new(parameters, Position::default()).unwrap().with_markers(parameters, interval);
            local.chunks(sizes.0).for_each(|piece| sender.send(piece, &mut wire).unwrap());
            sender.finish(&mut wire).unwrap();
            let outcome = receive(parameters, &wire, sizes.1).unwrap();
            prop_assert_eq!(&outcome.stored.octets, local);
            prop_assert_eq!(outcome.marks.len() as u64, local.len() as u64 / interval);
            for (marker, at) in outcome.marks {
                let from = Position::parse(marker.as_bytes()).unwrap();
                let mut rest = Vec::new();
                let mut sender = Sender::new(parameters, from).unwrap();
                sender.send(&local[usize::try_from(from.octets).unwrap()..], &mut rest).unwrap();
                sender.finish(&mut rest).unwrap();
                let stored = receive_from(at, parameters, &rest, sizes.1).unwrap().stored.octets;
                let whole = [&local[..usize::try_from(at.octets).unwrap()], stored.as_slice()].concat();
                prop_assert_eq!(&whole, local, "{:?} at {}", parameters, marker);
            }
        }
    }

    #[test]
    fn lists_of_records(lengths in prop::collection::vec(any::<u64>(), 0..20)) {
        let mut list = Vec::new();
        for &length in &lengths {
append_length(length, &mut list);
}
        let mut reader = LengthReader::default();
        let read: Vec<u64> = list.iter().filter_map(|&octet| reader.take(octet)).collect();
        prop_assert_eq!(read, lengths);
        prop_assert!(reader.is_between());
    }
}

/// Around the sizes that headers count with.
#[rstest]
fn sizes(#[values(0, 1, 127, 128, 255, 256, 65_535, 65_536, 65_537, 1_048_576)] size: usize) {
    for representation in [Type::Image, Type::Ascii(Form::NonPrint), Type::Ebcdic(Form::NonPrint)] {
        for mode in MODES {
            let file = Parameters { representation, mode, structure: Structure::File };
            let mixed: Vec<u8> =
                (0..size).map(|place| [b'x', b'y', b' ', 0, 0, 0, 0, b'\n'][place * 7 % 13 % 8]).collect();
            let same = vec![b'z'; size];
            for local in [mixed, same] {
                let wire = send(file, &local, 262_144);
                let outcome = receive(file, &wire, 262_144).unwrap();
                assert!(outcome.stored.octets == local && outcome.left.is_empty(), "{file:?} {size}");
            }
            let record = Parameters { structure: Structure::Record, ..file };
            if representation == Type::Image {
                let octets = vec![0xFF; size];
                let wire = send_records(record, std::slice::from_ref(&octets), 262_144);
                let stored = receive(record, &wire, 262_144).unwrap().stored;
                let mut list = Vec::new();
                append_length(size as u64, &mut list);
                assert!(stored == Stored { octets, record_lengths: list }, "{record:?} {size}");
            }
        }
    }
}
