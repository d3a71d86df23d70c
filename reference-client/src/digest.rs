//! Hashes that both ends can make of a file: HASH (draft-bryan-ftpext-hash), and the X commands that came before.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};

use md5::Md5;
use protocol::Reply;
use protocol::features::Feature;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::session::features::Features;

/// A way to make a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha512,
    Sha256,
    Sha1,
    Md5,
    Crc32,
}

/// How a server is asked for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// HASH, which makes this one if nothing else is said.
    Hash(Algorithm),
    /// OPTS HASH with the name, then HASH.
    ChosenHash(Algorithm),
    /// A command of its own.
    Command(&'static str, Algorithm),
}

impl Algorithm {
    /// Good ones first; SHA-512 takes longer and says no more.
    const ALL: [Self; 5] = [Self::Sha256, Self::Sha512, Self::Sha1, Self::Md5, Self::Crc32];

    /// As HASH calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha512 => "SHA-512",
            Self::Sha256 => "SHA-256",
            Self::Sha1 => "SHA-1",
            Self::Md5 => "MD5",
            Self::Crc32 => "CRC32",
        }
    }

    /// Its hexadecimal digits.
    fn digits(self) -> usize {
        match self {
            Self::Sha512 => 128,
            Self::Sha256 => 64,
            Self::Sha1 => 40,
            Self::Md5 => 32,
            Self::Crc32 => 8,
        }
    }

    /// The hash of a file, in small hexadecimal digits.
    pub(crate) fn of(self, file: &mut File) -> io::Result<String> {
        match self {
            Self::Sha512 => digest::<Sha512>(file),
            Self::Sha256 => digest::<Sha256>(file),
            Self::Sha1 => digest::<Sha1>(file),
            Self::Md5 => digest::<Md5>(file),
            Self::Crc32 => {
                let mut hasher = crc32fast::Hasher::new();
                pieces(file, |piece| hasher.update(piece))?;
                Ok(format!("{:08x}", hasher.finalize()))
            }
        }
    }

    /// The hash in a reply: a word of the right length.
    pub(crate) fn find(self, reply: &Reply) -> Option<String> {
        let is_hash = |word: &&[u8]| {
            let length_fits = word.len() == self.digits() || (self == Self::Crc32 && (1..=8).contains(&word.len()));
            length_fits && word.iter().all(u8::is_ascii_hexdigit)
        };
        let texts: Vec<&[u8]> = reply.texts().collect();
        let mut words = texts.iter().flat_map(|text| text.split(|octet| !octet.is_ascii_alphanumeric()));
        let word = words.find(is_hash)?;
        let text = String::from_utf8_lossy(word).to_ascii_lowercase();
        Some(if self == Self::Crc32 { format!("{text:0>8}") } else { text })
    }
}

impl Question {
    /// The best one that the server can answer.
    pub(crate) fn for_server(features: &Features) -> Option<Self> {
        if let Some(offered) = features.parameters(Feature::Hash) {
            let offered = String::from_utf8_lossy(offered).to_ascii_uppercase();
            let names: Vec<&str> = offered.split([';', ',', ' ']).collect();
            for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| *algorithm != Algorithm::Crc32) {
                let name = algorithm.name();
                if names.iter().any(|offered| offered.strip_suffix('*') == Some(name)) {
                    return Some(Self::Hash(algorithm));
                }
                if names.contains(&name) {
                    return Some(Self::ChosenHash(algorithm));
                }
            }
        }
        [
            (Feature::Xsha256, Algorithm::Sha256),
            (Feature::Xsha512, Algorithm::Sha512),
            (Feature::Xsha1, Algorithm::Sha1),
            (Feature::Xmd5, Algorithm::Md5),
            (Feature::Xcrc, Algorithm::Crc32),
        ]
        .into_iter()
        .find(|(feature, _)| features.offers(*feature))
        .map(|(feature, algorithm)| Self::Command(feature.label(), algorithm))
    }

    pub(crate) fn algorithm(self) -> Algorithm {
        match self {
            Self::Hash(algorithm) | Self::ChosenHash(algorithm) | Self::Command(_, algorithm) => algorithm,
        }
    }
}

fn digest<D: Digest>(file: &mut File) -> io::Result<String> {
    let mut digest = D::new();
    pieces(file, |piece| digest.update(piece))?;
    let mut text = String::new();
    for octet in digest.finalize() {
        // Writing to a String does not fail.
        let _written = write!(text, "{octet:02x}");
    }
    Ok(text)
}

fn pieces(file: &mut File, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut piece = vec![0; 256 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(()),
            length => take(piece.get(..length).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::operations::testing::reply;
    use rstest::rstest;
    use std::io::{Seek, Write};

    #[rstest]
    #[case(Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72")]
    #[case(Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d")]
    #[case(Algorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    #[case(Algorithm::Crc32, "352441c2")]
    fn hashes_of_abc(#[case] algorithm: Algorithm, #[case] expected: &str) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"abc").unwrap();
        file.rewind().unwrap();
        assert_eq!(algorithm.of(&mut file).unwrap(), expected);
    }

    #[rstest]
    #[case(
        Algorithm::Md5,
        "213 MD5 0-3 900150983CD24FB0D6963F7D28E17F72 a b",
        Some("900150983cd24fb0d6963f7d28e17f72")
    )]
    #[case(Algorithm::Crc32, "250 352441C2", Some("352441c2"))]
    #[case(Algorithm::Crc32, "250 2441C2", Some("002441c2"))]
    #[case(Algorithm::Sha1, "213 MD5 0-3 900150983cd24fb0d6963f7d28e17f72 a", None)]
    fn hashes_in_replies(#[case] algorithm: Algorithm, #[case] text: &str, #[case] hash: Option<&str>) {
        assert_eq!(algorithm.find(&reply(text)).as_deref(), hash);
    }

    #[rstest]
    #[case("HASH SHA-1;SHA-256*;MD5", Some(Question::Hash(Algorithm::Sha256)))]
    #[case("HASH SHA-1*;SHA-256;MD5", Some(Question::ChosenHash(Algorithm::Sha256)))]
    #[case("HASH FNV*\r\n XMD5", Some(Question::Command("XMD5", Algorithm::Md5)))]
    #[case("SIZE", None)]
    fn questions(#[case] lines: &str, #[case] question: Option<Question>) {
        let features = Features::of(&reply(&format!("211-Features\r\n {lines}\r\n211 end")));
        assert_eq!(Question::for_server(&features), question);
    }
}
