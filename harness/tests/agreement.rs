//! The two codecs on the same octets. They share no code, so what both read in the same way was not misread by one of them;
//! and what it means was typed from the specifications, so both did not misread it alike.

#[cfg(test)]
mod agreement {
    use std::net::SocketAddr;

    use harness::judge::value;
    use harness::scenario::tree::ReadKind;
    use harness::wire::{address, ebcdic, reply, telnet, travel};
    use protocol::restart::Position;
    use protocol::telnet::Heard;
    use protocol::transfer::{Progress, Receiver, Sender, Stored};
    use protocol::{ExtendedAddress, ExtendedPort, HostPort, Pathname, Telnet, Timestamp};
    use rstest::rstest;

    /// What a codec reads out of octets that come in these pieces.
    type Reads = fn(&[&[u8]]) -> Vec<Vec<u8>>;

    /// The octets of a connection may come in any pieces.
    #[rstest]
    #[case::replies_of_the_references("replies", replies_of_protocol)]
    #[case::replies_of_the_harness("replies", replies_of_wire)]
    #[case::telnet_of_the_references("telnet", telnet_of_protocol)]
    #[case::telnet_of_the_harness("telnet", telnet_of_wire)]
    #[case::record_streams_of_the_references("record-streams", |pieces: &[&[u8]]| records_of_protocol(protocol::Mode::Stream, pieces))]
    #[case::record_streams_of_the_harness("record-streams", |pieces: &[&[u8]]| records_of_wire(travel::Mode::Stream, pieces))]
    #[case::blocks_of_the_references("blocks", |pieces: &[&[u8]]| records_of_protocol(protocol::Mode::Block, pieces))]
    #[case::blocks_of_the_harness("blocks", |pieces: &[&[u8]]| records_of_wire(travel::Mode::Blocks, pieces))]
    #[case::compressed_of_the_references("compressed", |pieces: &[&[u8]]| records_of_protocol(protocol::Mode::Compressed, pieces))]
    #[case::compressed_of_the_harness("compressed", |pieces: &[&[u8]]| records_of_wire(travel::Mode::Compressed, pieces))]
    #[case::deflated_of_the_references("deflated", |pieces: &[&[u8]]| records_of_protocol(deflate(), pieces))]
    #[case::deflated_of_the_harness("deflated", |pieces: &[&[u8]]| records_of_wire(travel::Mode::Deflated, pieces))]
    fn streams(#[case] file: &str, #[case] reads: Reads) {
        for vector in vectors(file) {
            for cut in 0..=vector.octets.len() {
                let (head, tail) = vector.octets.split_at(cut);
                assert_eq!(shown(&reads(&[head, tail])), shown(&vector.meaning), "{}, cut at {cut}", vector.place);
            }
            let single: Vec<_> = vector.octets.chunks(1).collect();
            assert_eq!(shown(&reads(&single)), shown(&vector.meaning), "{}, octet by octet", vector.place);
        }
    }

    #[rstest]
    #[case::pathnames_of_the_references("pathnames", |text: &[u8]| some(Pathname::from_reply(text).ok().map(Pathname::into_bytes)))]
    #[case::pathnames_of_the_harness("pathnames", |text: &[u8]| some(value_of(ReadKind::Path, 257, text)))]
    #[case::six_numbers_of_the_references("six-numbers", |text: &[u8]| said(HostPort::find(text).ok().map(SocketAddr::from)))]
    #[case::six_numbers_of_the_harness("six-numbers", |text: &[u8]| said(address::host_port(text)))]
    #[case::ports_of_the_references("ports", |text: &[u8]| said(ExtendedPort::find(text).ok().map(|port| port.0)))]
    #[case::ports_of_the_harness("ports", |text: &[u8]| said(address::extended_port(text)))]
    #[case::addresses_of_the_references("addresses", |text: &[u8]| {
        said(ExtendedAddress::parse(text).ok().map(|there| SocketAddr::new(there.host, there.port)))
    })]
    #[case::addresses_of_the_harness("addresses", |text: &[u8]| said(address::extended_address(text)))]
    #[case::ebcdic_of_the_references("ebcdic", |wire: &[u8]| {
        let mut text = Vec::new();
        protocol::transfer::ebcdic::decode(wire, &mut text);
        vec![text]
    })]
    #[case::ebcdic_of_the_harness("ebcdic", |wire: &[u8]| {
        vec![wire.iter().map(|own| (0..=255).find(|octet| ebcdic::travels(*octet) == *own).unwrap()).collect()]
    })]
    #[case::times_of_the_references("times", |text: &[u8]| said(Timestamp::parse(text).ok()))]
    #[case::times_of_the_harness("times", |text: &[u8]| some(value_of(ReadKind::Time, 213, text)))]
    fn values(#[case] file: &str, #[case] reads: fn(&[u8]) -> Vec<Vec<u8>>) {
        for vector in vectors(file) {
            assert_eq!(shown(&reads(&vector.octets)), shown(&vector.meaning), "{}", vector.place);
        }
    }

    /// What one codec writes, the other reads.
    #[rstest]
    #[case("127.0.0.1:1025")]
    #[case("132.235.1.2:6275")]
    #[case("[::1]:65535")]
    fn addresses_travel_both_ways(#[case] there: &str) {
        let there: SocketAddr = there.parse().unwrap();
        let extended = address::extended_argument(there);
        let read = ExtendedAddress::parse(extended.as_bytes()).unwrap();
        assert_eq!((read.host, read.port), (there.ip(), there.port()));
        assert_eq!(address::extended_address(read.to_string().as_bytes()), Some(there));
        if let SocketAddr::V4(there) = there {
            let six = address::port_argument(there.into()).unwrap();
            assert_eq!(HostPort::parse(six.as_bytes()).unwrap(), HostPort::from(there));
            assert_eq!(address::host_port(HostPort::from(there).to_string().as_bytes()), Some(there.into()));
        }
    }

    fn replies_of_protocol(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut reader = protocol::ReplyReader::default();
        let mut seen = Vec::new();
        for mut piece in pieces.iter().copied() {
            while let Some(reply) = reader.take(&mut piece) {
                let reply = reply.unwrap();
                seen.push(reply.code().number().to_string().into_bytes());
                seen.extend(reply.lines().iter().cloned());
            }
        }
        seen
    }

    fn replies_of_wire(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut reader = reply::ReplyReader::default();
        let mut seen = Vec::new();
        for reply in pieces.iter().flat_map(|piece| reader.feed(piece)) {
            // An octet above 127 is no flaw of the form.
            let flaws: Vec<_> = reply.flaws.iter().filter(|flaw| **flaw != reply::Flaw::EighthBit).collect();
            assert!(flaws.is_empty(), "{reply:?}");
            seen.push(reply.code.unwrap().to_string().into_bytes());
            seen.extend(reply.lines);
        }
        seen
    }

    fn telnet_of_protocol(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut telnet = Telnet::default();
        let heard = pieces.concat().into_iter().filter_map(|octet| telnet.hear(octet));
        vec![heard.filter_map(|heard| if let Heard::Data(octet) = heard { Some(octet) } else { None }).collect()]
    }

    fn telnet_of_wire(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut strip = telnet::Strip::default();
        vec![pieces.iter().flat_map(|piece| strip.feed(piece)).collect()]
    }

    /// The records of a text, out of the lines that the references keep of it.
    fn records_of_protocol(mode: protocol::Mode, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let parameters =
            protocol::transfer::Parameters { structure: protocol::Structure::Record, mode, ..Default::default() };
        let mut receiver = Receiver::new(parameters, Position::default()).unwrap();
        let mut stored = Stored::default();
        for mut piece in pieces.iter().copied() {
            while !matches!(receiver.receive(&mut piece, &mut stored).unwrap(), Progress::NeedsMore | Progress::Ended) {
            }
        }
        receiver.close(&mut stored).unwrap();
        let mut lines: Vec<_> = stored.octets.split(|octet| *octet == b'\n').map(<[u8]>::to_vec).collect();
        assert_eq!(lines.pop().as_deref(), Some(&b""[..]), "every record is a line");
        lines
    }

    /// The same, out of what the harness sees carried.
    fn records_of_wire(mode: travel::Mode, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (representation, structure) = (travel::Representation::Ascii, travel::Structure::Records);
        let mut receiver = travel::Receiver::new(travel::Way { representation, structure, mode });
        let mut octets = pieces.iter().flat_map(|piece| receiver.feed(piece)).collect::<Vec<_>>().into_iter();
        let (mut records, mut record) = (Vec::new(), Vec::new());
        while let Some(octet) = octets.next() {
            match if octet == 0xff { octets.next() } else { None } {
                Some(1) => records.push(std::mem::take(&mut record)),
                _ => record.push(octet),
            }
        }
        let seen = receiver.finish();
        assert_eq!((seen.flaws, record), (Vec::new(), Vec::new()));
        records
    }

    /// What one codec sends, the other receives.
    #[rstest]
    fn bodies_travel_both_ways(
        #[values(
            (protocol::Mode::Stream, travel::Mode::Stream),
            (protocol::Mode::Block, travel::Mode::Blocks),
            (protocol::Mode::Compressed, travel::Mode::Compressed),
            (deflate(), travel::Mode::Deflated)
        )]
        (theirs, own): (protocol::Mode, travel::Mode),
        #[values(0, 1, 62, 63, 64, 127, 128, 4096, 65_536, 100_000)] length: usize,
    ) {
        // Runs, fillers, and lines of many lengths.
        let body: Vec<u8> =
            b"a  bbb\n        \n\ncdefghijklmnopqrstuvwxyz0123456789\n".iter().copied().cycle().take(length).collect();
        let body = if body.is_empty() { body } else { [&body[..], b"\n"].concat() };
        let parameters = protocol::transfer::Parameters {
            structure: protocol::Structure::Record,
            mode: theirs,
            ..Default::default()
        };
        let (representation, structure) = (travel::Representation::Ascii, travel::Structure::Records);
        let way = travel::Way { representation, structure, mode: own };
        let (mut sender, mut wire) = (travel::Sender::new(way), Vec::new());
        sender.feed(&body, &mut wire);
        sender.finish(&mut wire);
        let lines = records_of_protocol(theirs, &[&wire]);
        let expected: Vec<_> =
            body.split_inclusive(|octet| *octet == b'\n').map(|line| line[..line.len() - 1].to_vec()).collect();
        assert_eq!(lines, expected);
        let (mut sender, mut wire) = (Sender::new(parameters, Position::default()).unwrap(), Vec::new());
        sender.send(&body, &mut wire).unwrap();
        sender.finish(&mut wire).unwrap();
        assert_eq!(records_of_wire(own, &[&wire]), expected);
    }

    fn deflate() -> protocol::Mode {
        protocol::Mode::Deflate(protocol::Level::default())
    }

    /// A value that the harness reads out of a reply with this text.
    fn value_of(kind: ReadKind, code: u16, text: &[u8]) -> Option<Vec<u8>> {
        let line = [format!("{code} ").as_bytes(), text, b"\r\n"].concat();
        let replies = reply::ReplyReader::default().feed(&line);
        value::read(kind, replies.first().unwrap())
    }

    fn some(value: Option<Vec<u8>>) -> Vec<Vec<u8>> {
        value.into_iter().collect()
    }

    fn said(value: Option<impl ToString>) -> Vec<Vec<u8>> {
        some(value.map(|value| value.to_string().into_bytes()))
    }

    fn shown(octets: &[Vec<u8>]) -> Vec<String> {
        octets.iter().map(|octets| octets.escape_ascii().to_string()).collect()
    }

    /// Octets, and what they mean.
    struct Vector {
        place: String,
        octets: Vec<u8>,
        meaning: Vec<Vec<u8>>,
    }

    /// The vectors of a file; scenarios/vectors/README.md says how they are written.
    fn vectors(file: &str) -> Vec<Vector> {
        let path = format!("{}/../scenarios/vectors/{file}.txt", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
        let vectors: Vec<_> = lines
            .map(|(at, line)| {
                let place = format!("{file}.txt:{}", at + 1);
                let (octets, rest) = quoted(line, &place);
                let mut rest = rest.strip_prefix(" =>").unwrap_or_else(|| panic!("{place}: no arrow"));
                let mut meaning = Vec::new();
                while let Some(next) = rest.strip_prefix(' ') {
                    let (value, behind) = quoted(next, &place);
                    meaning.push(value);
                    rest = behind;
                }
                assert_eq!(rest, "", "{place}");
                Vector { place, octets, meaning }
            })
            .collect();
        assert!(vectors.len() > 4, "{file} has vectors");
        vectors
    }

    /// The octets between the quotes that the text begins with, and what stands behind.
    fn quoted<'t>(text: &'t str, place: &str) -> (Vec<u8>, &'t str) {
        let mut octets = Vec::new();
        let mut signs = text.strip_prefix('"').unwrap_or_else(|| panic!("{place}: no quote")).chars();
        loop {
            match signs.next().unwrap_or_else(|| panic!("{place}: no end of the quote")) {
                '"' => return (octets, signs.as_str()),
                '\\' => match signs.next() {
                    Some('r') => octets.push(b'\r'),
                    Some('n') => octets.push(b'\n'),
                    Some(sign @ ('"' | '\\')) => octets.push(sign as u8),
                    Some('x') => {
                        let (digits, _) = signs.as_str().split_at(2);
                        octets.push(u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("{place}: \\x{digits}")));
                        signs.nth(1);
                    }
                    other => panic!("{place}: no such escape: {other:?}"),
                },
                sign => octets.push(u8::try_from(sign).unwrap_or_else(|_| panic!("{place}: {sign} is not ASCII"))),
            }
        }
    }
}
