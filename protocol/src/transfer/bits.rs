//! Bits that are packed without regard to octets, the most significant first (RFC 959 §3.1.1.4).

/// Packs bits.
#[derive(Debug, Clone, Default)]
pub(super) struct BitWriter {
    /// The bits that fill no octet yet, in its lower end.
    partial: u8,
    /// How many they are: 0 to 7.
    count: u8,
}

impl BitWriter {
    /// Appends the lower `bits` bits of a number.
    pub(super) fn push(&mut self, value: u64, bits: u8, out: &mut Vec<u8>) {
        let mut left = bits;
        while left > 0 {
            let taken = left.min(8 - self.count);
            left -= taken;
            let piece = value.checked_shr(u32::from(left)).unwrap_or_default() & lower(taken);
            let [.., piece] = piece.to_be_bytes();
            self.partial = self.partial.checked_shl(u32::from(taken)).unwrap_or_default() | piece;
            self.count += taken;
            if self.count == 8 {
                out.push(std::mem::take(&mut self.partial));
                self.count = 0;
            }
        }
    }

    /// Appends the first `bits` bits of octets.
    pub(super) fn push_octets(&mut self, octets: &[u8], bits: u64, out: &mut Vec<u8>) {
        let mut left = bits;
        if self.count == 0 {
            let whole = usize::try_from(left / 8).unwrap_or(usize::MAX).min(octets.len());
            let (plain, rest) = octets.split_at(whole);
            out.extend_from_slice(plain);
            left -= whole as u64 * 8;
            if let (Some(&last), 1..8) = (rest.first(), left) {
                self.push_front(last, left, out);
            }
            return;
        }
        for &octet in octets {
            self.push_front(octet, left.min(8), out);
            left = left.saturating_sub(8);
        }
    }

    /// Fills the last octet with zeros.
    pub(super) fn pad(&mut self, out: &mut Vec<u8>) {
        if self.count > 0 {
            self.push(0, 8 - self.count, out);
        }
    }

    fn push_front(&mut self, octet: u8, bits: u64, out: &mut Vec<u8>) {
        let bits = u8::try_from(bits).unwrap_or(8).min(8);
        self.push(u64::from(octet) >> (8 - bits), bits, out);
    }
}

/// Takes packed bits apart.
#[derive(Debug, Clone, Default)]
pub(super) struct BitReader {
    /// The octet that is being taken apart.
    octet: u8,
    /// How many of its lower bits are left.
    left: u8,
    field: u64,
    have: u8,
}

impl BitReader {
    /// Takes a number of `bits` bits, at most 64. `None`: it needs more octets.
    pub(super) fn number(&mut self, bits: u8, wire: &mut &[u8]) -> Option<u64> {
        while self.have < bits {
            self.fill(wire)?;
            let taken = self.left.min(bits - self.have);
            let piece = self.take(taken);
            self.field = self.field << taken | piece;
            self.have += taken;
        }
        self.have = 0;
        Some(std::mem::take(&mut self.field))
    }

    /// Moves up to `bits` bits to a writer; returns how many are still to come.
    pub(super) fn copy(&mut self, bits: u64, wire: &mut &[u8], writer: &mut BitWriter, out: &mut Vec<u8>) -> u64 {
        let mut missing = bits;
        while missing > 0 {
            if self.left == 0 && writer.count == 0 && missing >= 8 {
                let whole = usize::try_from(missing / 8).unwrap_or(usize::MAX).min(wire.len());
                let (plain, rest) = wire.split_at(whole);
                out.extend_from_slice(plain);
                *wire = rest;
                missing -= whole as u64 * 8;
            }
            if missing == 0 || self.fill(wire).is_none() {
                break;
            }
            let taken = self.left.min(u8::try_from(missing).unwrap_or(8));
            let piece = self.take(taken);
            writer.push(piece, taken, out);
            missing -= u64::from(taken);
        }
        missing
    }

    /// Makes sure that there is a bit.
    fn fill(&mut self, wire: &mut &[u8]) -> Option<()> {
        if self.left == 0 {
            let (&octet, rest) = wire.split_first()?;
            *wire = rest;
            self.octet = octet;
            self.left = 8;
        }
        Some(())
    }

    /// The next bits of the octet, of which there are enough.
    fn take(&mut self, bits: u8) -> u64 {
        self.left -= bits;
        u64::from(self.octet).checked_shr(u32::from(self.left)).unwrap_or_default() & lower(bits)
    }
}

/// So many ones in the lower end.
fn lower(bits: u8) -> u64 {
    (1 << bits) - 1
}
