//! Passwords as argon2id in the PHC form: `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH` (RFC 9106).

use std::fmt;
use std::str::FromStr;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, PasswordHasher, Version};
use thiserror::Error;

/// More memory than this is a slip of the pen, and a login would take it: 1 GiB, in KiB.
const MOST_MEMORY: u32 = 1 << 20;
/// More passes than this take minutes.
const MOST_PASSES: u32 = 1000;

/// The hash of a password.
#[derive(Clone)]
pub(crate) struct Hash {
    hash: phc::PasswordHash,
    params: Params,
}

/// Memory to compute hashes in.
#[derive(Default)]
pub(crate) struct Room(Vec<Block>);

/// Why a text is no hash, or why there is none of a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum HashError {
    #[error("this is no argon2id hash in the PHC form, which begins with $argon2id$")]
    Form,
    #[error("this hash takes more memory or time than a login may: at most m={MOST_MEMORY} and t={MOST_PASSES}")]
    Cost,
    #[error("the password cannot be hashed: {0}")]
    Hashing(argon2::password_hash::Error),
}

impl Hash {
    /// A new one, with a salt of its own: 19 MiB of memory, two passes, one lane.
    ///
    /// # Errors
    /// The system gives no random octets, or the password is longer than 4 GiB.
    pub(crate) fn of(password: &[u8]) -> Result<Self, HashError> {
        let hash: phc::PasswordHash = Argon2::default().hash_password(password).map_err(HashError::Hashing)?;
        Self::try_from(hash)
    }

    /// Whether it is the hash of this password. To find out needs much memory, which is kept for the next one.
    pub(crate) fn is_of(&self, password: &[u8], room: &mut Room) -> bool {
        let Some(computed) = self.computed(password, room) else { return false };
        // In a time that tells nothing about where the first difference is.
        self.hash.hash == Some(computed)
    }

    /// The hash of another password with the salt and the parameters of this one.
    fn computed(&self, password: &[u8], room: &mut Room) -> Option<phc::Output> {
        let (salt, length) = (self.hash.salt.as_ref()?, self.hash.hash.as_ref()?.len());
        let version = self.hash.version.map(Version::try_from).transpose().ok()?.unwrap_or_default();
        let argon2 = Argon2::new(Algorithm::Argon2id, version, self.params.clone());
        let mut computed = vec![0; length];
        let blocks = room.of(self.params.block_count())?;
        argon2.hash_password_into_with_memory(password, salt, &mut computed, blocks).ok()?;
        phc::Output::new(&computed).ok()
    }

    /// How long it takes, beside others.
    pub(super) fn cost(&self) -> u64 {
        u64::from(self.params.m_cost()) * u64::from(self.params.t_cost())
    }
}

impl Room {
    fn of(&mut self, blocks: usize) -> Option<&mut [Block]> {
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::default());
        }
        self.0.get_mut(..blocks)
    }
}

/// What stands in it comes of passwords.
impl fmt::Debug for Room {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Room").field("blocks", &self.0.len()).finish()
    }
}

impl TryFrom<phc::PasswordHash> for Hash {
    type Error = HashError;

    fn try_from(hash: phc::PasswordHash) -> Result<Self, HashError> {
        let is_known = hash.version.is_none_or(|version| Version::try_from(version).is_ok());
        let is_whole = hash.algorithm.as_str() == "argon2id" && hash.salt.is_some() && hash.hash.is_some() && is_known;
        let params = Params::try_from(&hash).ok().filter(|_| is_whole).ok_or(HashError::Form)?;
        if params.m_cost() > MOST_MEMORY || params.t_cost() > MOST_PASSES {
            return Err(HashError::Cost);
        }
        Ok(Self { hash, params })
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        Self::try_from(phc::PasswordHash::new(text).map_err(|_| HashError::Form)?)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.hash)
    }
}

/// A hash is not shown by chance: who has it can try passwords at home.
impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hash").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// The command `argon2` (P-H-C) says this of the password `password` and the salt `somesalt`, with -id -t 2 -k 65536.
    const OF_ANOTHER_PROGRAM: &str =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    #[test]
    fn a_hash_is_of_its_password_alone() {
        let hash = Hash::of(b"secret").unwrap();
        assert!(hash.to_string().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let read: Hash = hash.to_string().parse().unwrap();
        assert!(read.is_of(b"secret", &mut Room::default()));
        assert!(!read.is_of(b"Secret", &mut Room::default()));
        assert_ne!(Hash::of(b"secret").unwrap().to_string(), hash.to_string());
    }

    #[test]
    fn the_hash_of_another_program() {
        let hash: Hash = OF_ANOTHER_PROGRAM.parse().unwrap();
        let smaller = Hash::of(b"secret").unwrap();
        // One room is enough for both, whichever needs more.
        let mut room = Room::default();
        assert!(smaller.is_of(b"secret", &mut room));
        assert!(hash.is_of(b"password", &mut room));
        assert!(!hash.is_of(b"Password", &mut room));
        assert!(smaller.is_of(b"secret", &mut room));
    }

    #[rstest]
    #[case::plain("secret", HashError::Form)]
    #[case::empty("", HashError::Form)]
    #[case::argon2i(
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
        HashError::Form
    )]
    #[case::no_hash("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ", HashError::Form)]
    #[case::version(
        "$argon2id$v=20$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        HashError::Form
    )]
    #[case::memory(
        "$argon2id$v=19$m=2000000,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        HashError::Cost
    )]
    #[case::time(
        "$argon2id$v=19$m=65536,t=9999,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        HashError::Cost
    )]
    fn what_is_no_hash(#[case] text: &str, #[case] expected: HashError) {
        assert_eq!(text.parse::<Hash>().unwrap_err(), expected);
    }
}
