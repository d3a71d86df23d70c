//! Octets that nobody would send who means well: no decoder panics, and none keeps more than its bound.

use proptest::prelude::*;

use super::*;
use crate::transfer::record::LengthReader;

proptest! {
    #[test]
    fn random_octets(wire in prop::collection::vec(any::<u8>(), 0..600), size in 1_usize..100) {
        for parameters in cells() {
            // How it ends is told by the vectors; here it must end, within the bound that `receive` asserts. The offset of
            // pages is in what MODE C has unpacked.
            let is_unpacked = parameters.structure == Structure::Page && parameters.mode == Mode::Compressed;
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

/// 256 KiB of filler are 16 MiB of zeros: they come in portions.
#[test]
fn a_bomb_is_taken_in_portions() {
    let parameters = Parameters { representation: Type::Image, structure: Structure::File, mode: Mode::Compressed };
    let mut wire = vec![0xFF; 256 * 1024];
    wire.extend_from_slice(b"\x00\x40\xC0");
    let outcome = receive(parameters, &wire, usize::MAX).unwrap();
    assert_eq!(outcome.stored.octets.len(), 63 * 256 * 1024);
}
