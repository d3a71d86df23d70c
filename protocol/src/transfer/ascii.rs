//! TYPE A: lines that end in LF here and in CR LF on the wire (RFC 959 §3.1.1.1).
//!
//! Both directions work on pieces of any size; what a piece's end leaves open is kept for the next one.
//!
//! A file that already has CR LF line ends is sent as it stands: its lines are in the form of the wire, and a CR CR LF
//! would be no end of line at all to a receiver that takes CR LF for one. The other direction makes LF of CR LF and
//! leaves every other CR and LF alone.

/// Makes the wire form of local text.
///
/// ```
/// use protocol::transfer::ascii::Encoder;
///
/// let mut wire = Vec::new();
/// Encoder::default().encode(b"one\ntwo\r\n", &mut wire);
/// assert_eq!(wire, b"one\r\ntwo\r\n");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Encoder {
    after_cr: bool,
}

impl Encoder {
    /// An encoder that goes on behind a CR, after a restart.
    pub fn behind_cr() -> Self {
        Self { after_cr: true }
    }

    /// Whether the last octet was a CR.
    pub fn is_behind_cr(&self) -> bool {
        self.after_cr
    }

    /// Appends the wire form of `local` to `wire`.
    pub fn encode(&mut self, local: &[u8], wire: &mut Vec<u8>) {
        wire.reserve(local.len() + local.len() / 32);
        for line in local.split_inclusive(|&octet| octet == b'\n') {
            if let Some(text) = line.strip_suffix(b"\n") {
                let has_cr = if text.is_empty() { self.after_cr } else { text.ends_with(b"\r") };
                wire.extend_from_slice(text);
                wire.extend_from_slice(if has_cr { b"\n" } else { b"\r\n" });
                self.after_cr = false;
            } else {
                wire.extend_from_slice(line);
                self.after_cr = line.ends_with(b"\r");
            }
        }
    }

    /// How many octets [`Encoder::encode`] would append, without making them.
    pub fn length(&mut self, local: &[u8]) -> u64 {
        let mut added: u64 = 0;
        for &octet in local {
            added += u64::from(octet == b'\n' && !self.after_cr);
            self.after_cr = octet == b'\r';
        }
        local.len() as u64 + added
    }
}

/// Makes local text of its wire form.
///
/// ```
/// use protocol::transfer::ascii::Decoder;
///
/// let (mut decoder, mut local) = (Decoder::default(), Vec::new());
/// decoder.decode(b"one\r", &mut local);
/// decoder.decode(b"\ntwo\r\n", &mut local);
/// decoder.finish(&mut local);
/// assert_eq!(local, b"one\ntwo\n");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    /// A CR at the end of a piece: what it is, the next octet says.
    held_cr: bool,
}

impl Decoder {
    /// A decoder that goes on behind a CR, after a restart.
    pub fn behind_cr() -> Self {
        Self { held_cr: true }
    }

    /// Whether a CR came of which it is not known yet what it is.
    pub fn is_behind_cr(&self) -> bool {
        self.held_cr
    }

    /// Appends the local form of `wire` to `local`.
    pub fn decode(&mut self, wire: &[u8], local: &mut Vec<u8>) {
        local.reserve(wire.len() + 1);
        let mut rest = wire;
        while let Some((&first, _)) = rest.split_first() {
            if std::mem::take(&mut self.held_cr) && first != b'\n' {
                local.push(b'\r');
            }
            let text = rest.iter().position(|&octet| octet == b'\r').unwrap_or(rest.len());
            let (plain, tail) = rest.split_at(text);
            local.extend_from_slice(plain);
            rest = tail.split_first().map_or(tail, |(_, behind_cr)| {
                self.held_cr = true;
                behind_cr
            });
        }
    }

    /// Ends the text: a CR that was the last octet is text.
    pub fn finish(self, local: &mut Vec<u8>) {
        if self.held_cr {
            local.push(b'\r');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn encode_in_pieces(local: &[u8], size: usize) -> Vec<u8> {
        let (mut encoder, mut wire) = (Encoder::default(), Vec::new());
        local.chunks(size).for_each(|piece| encoder.encode(piece, &mut wire));
        wire
    }

    fn decode_in_pieces(wire: &[u8], size: usize) -> Vec<u8> {
        let (mut decoder, mut local) = (Decoder::default(), Vec::new());
        wire.chunks(size).for_each(|piece| decoder.decode(piece, &mut local));
        decoder.finish(&mut local);
        local
    }

    #[rstest]
    #[case::empty(b"", b"")]
    #[case::lines(b"a\nb\n", b"a\r\nb\r\n")]
    #[case::no_last_end(b"a\nb", b"a\r\nb")]
    #[case::empty_lines(b"\n\n", b"\r\n\r\n")]
    #[case::wire_form_already(b"a\r\nb\r\n", b"a\r\nb\r\n")]
    #[case::bare_cr(b"a\rb\r", b"a\rb\r")]
    #[case::cr_cr_lf(b"a\r\r\n", b"a\r\r\n")]
    #[case::high_octets(b"\xff\n\x00", b"\xff\r\n\x00")]
    fn encoding(#[case] local: &[u8], #[case] wire: &[u8], #[values(1, 2, 3, 100)] size: usize) {
        assert_eq!(encode_in_pieces(local, size), wire);
    }

    #[rstest]
    #[case::empty(b"", b"")]
    #[case::lines(b"a\r\nb\r\n", b"a\nb\n")]
    #[case::bare_lf(b"a\nb", b"a\nb")]
    #[case::bare_cr(b"a\rb\r", b"a\rb\r")]
    #[case::cr_cr_lf(b"a\r\r\n", b"a\r\n")]
    #[case::lf_cr(b"\n\r\n\r", b"\n\n\r")]
    fn decoding(#[case] wire: &[u8], #[case] local: &[u8], #[values(1, 2, 3, 100)] size: usize) {
        assert_eq!(decode_in_pieces(wire, size), local);
    }

    proptest! {
        #[test]
        fn text_with_lf_ends_comes_back(local in "[a-c\n]{0,40}", size in 1_usize..9) {
            let wire = encode_in_pieces(local.as_bytes(), size);
            prop_assert_eq!(decode_in_pieces(&wire, size), local.into_bytes());
        }

        #[test]
        fn the_length_is_that_of_the_encoding(local in "[a\r\n]{0,40}", size in 1_usize..9) {
            let mut encoder = Encoder::default();
            let length: u64 = local.as_bytes().chunks(size).map(|piece| encoder.length(piece)).sum();
            prop_assert_eq!(length, encode_in_pieces(local.as_bytes(), size).len() as u64);
        }
    }
}
