//! TYPE A and TYPE I, and the change of ends of lines that TYPE A asks of this end.

use std::fmt;

/// The representation types this client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Representation {
    /// TYPE A, format N: a line ends with CR LF on the wire and with LF here.
    Ascii,
    /// TYPE I: octets as they are.
    Image,
}

impl Representation {
    /// The argument of TYPE.
    pub(crate) fn argument(self) -> &'static [u8] {
        match self {
            Self::Ascii => b"A",
            Self::Image => b"I",
        }
    }
}

impl fmt::Display for Representation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ascii => "ascii",
            Self::Image => "image",
        })
    }
}

/// From the wire to a local file, piece by piece.
#[derive(Debug)]
pub(crate) struct Incoming {
    representation: Representation,
    after_cr: bool,
}

impl Incoming {
    pub(crate) fn new(representation: Representation) -> Self {
        Self { representation, after_cr: false }
    }

    /// Appends to `local` what `wire` says. A CR at the end of a piece waits for the next one.
    pub(crate) fn convert(&mut self, wire: &[u8], local: &mut Vec<u8>) {
        if self.representation == Representation::Image {
            local.extend_from_slice(wire);
            return;
        }
        for &octet in wire {
            let after_cr = std::mem::replace(&mut self.after_cr, octet == b'\r');
            match octet {
                // Two CRs: the first was data. RFC 854: CR NUL stands for a CR alone.
                b'\r' | 0 if after_cr => local.push(b'\r'),
                b'\r' => {}
                b'\n' => local.push(b'\n'),
                octet if after_cr => local.extend_from_slice(&[b'\r', octet]),
                octet => local.push(octet),
            }
        }
    }

    /// Appends the CR that nothing followed.
    pub(crate) fn finish(self, local: &mut Vec<u8>) {
        if self.after_cr {
            local.push(b'\r');
        }
    }
}

/// Appends to `wire` what `local` says: a LF becomes CR LF in ASCII. A LF is a whole end of line here, so pieces
/// need no memory of each other.
pub(crate) fn outgoing(representation: Representation, local: &[u8], wire: &mut Vec<u8>) {
    match representation {
        Representation::Image => wire.extend_from_slice(local),
        Representation::Ascii => {
            for &octet in local {
                if octet == b'\n' {
                    wire.push(b'\r');
                }
                wire.push(octet);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::lines(Representation::Ascii, b"a\r\nb\r\n", b"a\nb\n")]
    #[case::bare_lf(Representation::Ascii, b"a\nb", b"a\nb")]
    #[case::bare_cr(Representation::Ascii, b"a\rb\r", b"a\rb\r")]
    #[case::cr_nul(Representation::Ascii, b"a\r\0b", b"a\rb")]
    #[case::cr_cr_lf(Representation::Ascii, b"a\r\r\n", b"a\r\n")]
    #[case::image(Representation::Image, b"a\r\n\r", b"a\r\n\r")]
    fn from_the_wire(
        #[case] representation: Representation,
        #[case] wire: &[u8],
        #[case] local: &[u8],
        #[values(1, 2, 100)] size: usize,
    ) {
        let mut incoming = Incoming::new(representation);
        let mut converted = Vec::new();
        for piece in wire.chunks(size) {
            incoming.convert(piece, &mut converted);
        }
        incoming.finish(&mut converted);
        assert_eq!(converted, local);
    }

    #[rstest]
    #[case(Representation::Ascii, b"a\nb\n", b"a\r\nb\r\n")]
    #[case(Representation::Image, b"a\nb\n", b"a\nb\n")]
    fn to_the_wire(#[case] representation: Representation, #[case] local: &[u8], #[case] wire: &[u8]) {
        let mut converted = Vec::new();
        outgoing(representation, local, &mut converted);
        assert_eq!(converted, wire);
    }
}
