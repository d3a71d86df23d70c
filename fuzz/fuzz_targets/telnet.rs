//! The Telnet sequences of the control connection.

#![no_main]

use protocol::Telnet;
use protocol::telnet::{Heard, escape};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut telnet = Telnet::default();
    let mut heard = 0;
    for &octet in data {
        match telnet.hear(octet) {
            // WONT or DONT, and never a request of our own: two that refuse each other would never end.
            Some(Heard::Refusal([255, 252 | 254, _])) => heard += 3,
            Some(Heard::Refusal(other)) => panic!("{other:?} is no refusal"),
            Some(Heard::Data(_) | Heard::Function(_)) => heard += 1,
            None => {}
        }
    }
    assert!(heard <= data.len(), "more came out than went in");
    // A peer cannot swallow the whole connection: behind any octets, lines are heard again.
    let tail = [b'x'; protocol::telnet::SUBNEGOTIATION_LIMIT + 4];
    let last = tail.iter().filter_map(|&octet| telnet.hear(octet)).last();
    assert_eq!(last, Some(Heard::Data(b'x')));
    // What is escaped comes out as it was.
    let mut wire = Vec::new();
    escape(data, &mut wire);
    let mut telnet = Telnet::default();
    let plain: Vec<Option<Heard>> = wire.iter().map(|&octet| telnet.hear(octet)).collect();
    let plain: Vec<u8> = plain
        .into_iter()
        .flatten()
        .map(|heard| match heard {
            Heard::Data(octet) => octet,
            Heard::Function(_) | Heard::Refusal(_) => panic!("{heard:?} was data"),
        })
        .collect();
    assert_eq!(plain, data);
});
