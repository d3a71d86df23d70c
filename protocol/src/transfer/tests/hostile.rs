//! Octets that nobody would send who means well: no decoder panics, and none keeps more than its bound.

use proptest::prelude::*;

use super::*;
use crate::transfer::record::LengthReader;

proptest! {
    #[test]
    fn random_octets(wire in prop::collection::vec(any::<u8>(), 0..600), size in 1_usize..100) {
        for parameters in cells() {
            // How it ends is told by the vectors; here it must end, within the bound that `receive` asserts. The offset of
            // pages is in what MODE C and Z have unpacked, and that of records too in MODE Z.
            let is_unpacked = match parameters.mode {
                Mode::Compressed => parameters.structure == Structure::Page,
                Mode::Deflate(_) => parameters.structure != Structure::File,
                Mode::Stream | Mode::Block => false,
            };
            if let Err(error) = receive(parameters, &wire, size) {
                prop_assert!(is_unpacked || error.offset <= wire.len() as u64, "{error}");
            }
        }
    }

    /// The pieces in which octets come change nothing.
    #[test]
    fn splits_change_nothing(
        wire in prop::collection::vec(prop::sample::select(vec![0_u8, 1, 2, 3, 4, 5, 0x10, 0x40, 0x80, 0xC0, 0xFF, b'm']), 0..80),
        size in 1_usize..20,
    ) {
        for parameters in cells() {
            let whole = receive(parameters, &wire, 1000);
            let split = receive(parameters, &wire, size);
            match (whole, split) {
                (Ok(whole), Ok(split)) => prop_assert_eq!(whole, split, "{:?}", parameters),
                (Err(whole), Err(split)) => {
                    prop_assert_eq!(whole.fault, split.fault, "{:?}", parameters);
                }
                (whole, split) => prop_assert!(false, "{parameters:?}: {whole:?} {split:?}"),
            }
        }
    }

    #[test]
    fn random_containers(local in prop::collection::vec(any::<u8>(), 0..100), byte_size in 3_u8..65) {
        let parameters =
            Parameters { representation: Type::Local(byte_size), structure: Structure::Page, mode: Mode::Stream };
        let local = [b"FTPPAGE".as_slice(), &[byte_size], &local].concat();
        let (mut sender, mut wire) = (Sender::new(parameters, Position::default()).unwrap(), Vec::new());
        let result = sender.send(&local, &mut wire).and_then(|()| sender.finish(&mut wire));
        prop_assert!(wire.len() <= local.len() + 9);
        if result.is_ok() {
            prop_assert_eq!(receive(parameters, &wire, 7).unwrap().stored.octets, local);
        }
    }

    #[test]
    fn random_lists(list in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut reader = LengthReader::default();
        let lengths = list.iter().filter_map(|&octet| reader.take(octet)).count();
        prop_assert_eq!(lengths, list.iter().filter(|&&octet| octet < 0x80).count());
    }
}

/// Found by fuzzing: of two faults in a marker the first one is told, whether the second has come yet or not.
#[test]
fn a_marker_that_is_too_long_and_then_wrong() {
    for (mode, head) in [(Mode::Block, b"\x10\x01\0".as_slice()), (Mode::Compressed, b"\0\x10\x7f".as_slice())] {
        let parameters = Parameters { representation: Type::Image, structure: Structure::File, mode };
        let wire = [head, &[b'm'; 126], b"\0mmmm", &[b'm'; 126]].concat();
        let late = [head, &[b'm'; 200], b"\0mmmm", &[b'm'; 126]].concat();
        for wire in [wire, late] {
            let faults = [1, 2, 50, 127, 128, 1000].map(|size| receive(parameters, &wire, size).err());
            assert!(faults.iter().all(|fault| *fault == faults[0]), "{mode:?}: {faults:?}");
        }
    }
}

/// 256 KiB of filler are 16 MiB of zeros: they come in portions.
#[test]
fn a_bomb_is_taken_in_portions() {
    let parameters = Parameters { representation: Type::Image, structure: Structure::File, mode: Mode::Compressed };
    let mut wire = vec![0xFF; 256 * 1024];
    wire.extend_from_slice(b"\x00\x40\xC0");
    let outcome = receive(parameters, &wire, usize::MAX).unwrap();
    assert_eq!(outcome.stored.octets.len(), 63 * 256 * 1024);
}

/// A mebibyte of the wire is a gibibyte here; a hundredth of that is enough to see that it comes in portions too.
#[test]
fn a_deflated_bomb_is_taken_in_portions() {
    let parameters =
        Parameters { representation: Type::Image, structure: Structure::File, mode: Mode::Deflate(DEFAULT) };
    let wire = send(parameters, &vec![0; 10 << 20], usize::MAX);
    assert!(wire.len() < 12_000, "{}", wire.len());
    assert_eq!(receive(parameters, &wire, usize::MAX).unwrap().stored.octets.len(), 10 << 20);
}

/// What comes behind the end of the records is thrown away as it is inflated.
#[test]
fn a_bomb_behind_the_end_of_records() {
    let image = Parameters { representation: Type::Image, structure: Structure::File, mode: Mode::Deflate(DEFAULT) };
    let wire = send(image, &[b"a\xFF\x03".as_slice(), &vec![0; 10 << 20]].concat(), usize::MAX);
    let records = Parameters { representation: Type::default(), structure: Structure::Record, ..image };
    assert_eq!(receive(records, &wire, usize::MAX).unwrap().stored.octets, b"a\n");
}
