//! Digests of files.

use std::io::{self, Read};

/// How a digest is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Algorithm {
    #[default]
    Sha256,
    Sha512,
    Sha1,
    Md5,
    Crc32,
}

impl Algorithm {
    /// What HASH offers. CRC-32 is not among the names of hash functions at IANA, from which
    /// draft-bryan-ftpext-hash §3.1 takes its names; XCRC is there for it.
    pub(crate) const OF_HASH: [Self; 4] = [Self::Sha256, Self::Sha512, Self::Sha1, Self::Md5];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
            Self::Sha1 => "SHA-1",
            Self::Md5 => "MD5",
            Self::Crc32 => "CRC32",
        }
    }

    /// The digest of all that can be read, in lower-case hexadecimal digits.
    pub(crate) fn digest(self, octets: impl Read) -> io::Result<String> {
        match self {
            Self::Sha256 => digest::<sha2::Sha256>(octets),
            Self::Sha512 => digest::<sha2::Sha512>(octets),
            Self::Sha1 => digest::<sha1::Sha1>(octets),
            Self::Md5 => digest::<md5::Md5>(octets),
            Self::Crc32 => {
                let mut hasher = crc32fast::Hasher::new();
                for_each_piece(octets, |piece| hasher.update(piece))?;
                Ok(format!("{:08x}", hasher.finalize()))
            }
        }
    }
}

/// The octets of a file from the first to the last of these places, both included; without a last, to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: u64,
    pub(crate) last: Option<u64>,
}

impl Span {
    /// How many octets it asks for.
    pub(crate) fn length(self) -> Option<u64> {
        self.last.map(|last| last.saturating_sub(self.first).saturating_add(1))
    }
}

/// A digest, and what of the file it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digested {
    pub(crate) hexadecimal: String,
    pub(crate) first: u64,
    /// The last octet; that of an empty file is 0, for the form of HASH has no other way to say it.
    pub(crate) last: u64,
}

fn digest<D: sha2::Digest>(octets: impl Read) -> io::Result<String> {
    let mut hasher = D::new();
    for_each_piece(octets, |piece| hasher.update(piece))?;
    Ok(hasher.finalize().iter().map(|octet| format!("{octet:02x}")).collect::<Vec<String>>().concat())
}

fn for_each_piece(mut octets: impl Read, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    const PIECE: usize = 256 * 1024;
    let mut buffer = vec![0; PIECE];
    loop {
        let length = octets.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        take(buffer.get(..length).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// The values that the standards print for `abc`, and for CRC-32 the check value of its catalogues.
    #[rstest]
    #[case(Algorithm::Sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    #[case(
        Algorithm::Sha512,
        "abc",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    )]
    #[case(Algorithm::Sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d")]
    #[case(Algorithm::Md5, "abc", "900150983cd24fb0d6963f7d28e17f72")]
    #[case(Algorithm::Crc32, "123456789", "cbf43926")]
    #[case(Algorithm::Crc32, "", "00000000")]
    fn digests(#[case] algorithm: Algorithm, #[case] text: &str, #[case] expected: &str) {
        assert_eq!(algorithm.digest(text.as_bytes()).unwrap(), expected);
    }
}
