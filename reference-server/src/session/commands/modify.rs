//! MFMT, MFCT and MFF (draft-somers-ftp-mfxx). On a disk of Unix nobody can set when a file was made: there is MFCT for files in memory.

use protocol::listing::facts::Fact;
use protocol::{Reply, Timestamp};

use crate::session::replies::{refusal, reply};
use crate::session::{Creation, Session, Step};
use crate::store::{Location, Store, StoreError};

/// The facts that MFF can set, as FEAT tells them (§5.6).
pub(super) const fn facts(creation: Creation) -> &'static str {
    match creation {
        Creation::Fixed => "Modify;UNIX.mode;",
        Creation::Settable => "Modify;Create;UNIX.mode;",
    }
}

/// The reply has the time that the disk has made of it (§3.1).
pub(super) fn mfmt(session: &mut Session, argument: &[u8]) -> Step {
    set_time(session, argument, Change::Modify)
}

/// The same for the time at which it was made (§4.1).
pub(super) fn mfct(session: &mut Session, argument: &[u8]) -> Step {
    set_time(session, argument, Change::Create)
}

fn set_time(session: &mut Session, argument: &[u8], change: fn(i64) -> Change) -> Step {
    let Some((time, pathname)) = split(argument) else {
        return reply::<501>("This takes a time, and a pathname behind it.").into();
    };
    match Timestamp::parse(time) {
        Ok(time) => set(session, vec![change(time.to_unix())], pathname),
        Err(error) => reply::<501>(format!("{error}.")).into(),
    }
}

/// Nothing is changed before everything has been understood.
pub(super) fn mff(session: &mut Session, argument: &[u8]) -> Step {
    let Some((facts, pathname)) = split(argument) else {
        return reply::<501>("MFF takes facts, each with a semicolon, and a pathname behind them.").into();
    };
    match changes(facts, session.creation()) {
        Ok(changes) => set(session, changes, pathname),
        Err(refused) => refused.into(),
    }
}

/// What to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// The time of modification, in seconds since 1970-01-01 UTC.
    Modify(i64),
    /// The time at which it was made, the same.
    Create(i64),
    /// The permission bits.
    Mode(u32),
}

impl Change {
    /// Makes it; returns the fact as it is then.
    fn make(self, store: &dyn Store, location: &Location) -> Result<String, StoreError> {
        Ok(match self {
            Self::Modify(seconds) => {
                let modified = store.set_modified(location, seconds)?;
                format!("Modify={};", Timestamp::from_unix(modified))
            }
            Self::Create(seconds) => {
                let made = store.set_made(location, seconds)?;
                format!("Create={};", Timestamp::from_unix(made))
            }
            Self::Mode(mode) => format!("UNIX.mode={:04o};", store.set_mode(location, mode)?),
        })
    }
}

/// `Modify=20020717210715;UNIX.mode=644;`. RFC 3659 §7.5: names of facts have no case.
fn changes(facts: &[u8], creation: Creation) -> Result<Vec<Change>, Reply> {
    let syntax = || reply::<501>("A fact is written name=value; as in Modify=20020717210715;");
    let facts = facts.strip_suffix(b";").ok_or_else(syntax)?;
    let change = |fact: &[u8]| {
        let place = fact.iter().position(|&octet| octet == b'=').ok_or_else(syntax)?;
        let (name, value) = fact.split_at(place);
        let value = value.strip_prefix(b"=").unwrap_or_default();
        let seconds =
            || Timestamp::parse(value).map(|time| time.to_unix()).map_err(|error| reply::<501>(format!("{error}.")));
        match Fact::parse(name) {
            Some(Fact::Modify) => seconds().map(Change::Modify),
            Some(Fact::Create) if creation == Creation::Settable => seconds().map(Change::Create),
            Some(Fact::UnixMode) => permission_bits(value).map(Change::Mode).ok_or_else(no_mode),
            Some(Fact::Type | Fact::Size | Fact::Create | Fact::Perm | Fact::Unique) | None => {
                Err(reply::<504>([b"This fact cannot be set: ", name].concat()))
            }
        }
    };
    facts.split(|&octet| octet == b';').map(change).collect()
}

/// Three or four octal digits. What they say of set-user-ID and the like is not for a user of FTP to set.
pub(super) fn permission_bits(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok().filter(|_| matches!(digits.len(), 3 | 4))?;
    let is_octal = text.bytes().all(|octet| (b'0'..=b'7').contains(&octet));
    u32::from_str_radix(text, 8).ok().filter(|mode| is_octal && *mode <= 0o777)
}

pub(super) fn no_mode() -> Reply {
    reply::<501>("Permission bits are three octal digits, as in 644.")
}

fn set(session: &mut Session, changes: Vec<Change>, pathname: &[u8]) -> Step {
    let name = pathname.to_vec();
    match session.locate_to_change(pathname) {
        Ok(location) => Step::perform(
            move |store| {
                changes.iter().map(|change| change.make(store, &location)).collect::<Result<String, StoreError>>()
            },
            move |_, facts| {
                let done = |facts: String| reply::<213>([facts.as_bytes(), b" ", &name].concat());
                facts.map_or_else(refusal, done).into()
            },
        ),
        Err(refused) => refused,
    }
}

impl Session {
    /// Whether it can be set here when a file was made.
    pub(super) fn creation(&self) -> Creation {
        if self.volume.is_some() { Creation::Fixed } else { self.settings.creation }
    }
}

/// The first word, and the pathname behind the one space that ends it.
fn split(argument: &[u8]) -> Option<(&[u8], &[u8])> {
    let place = argument.iter().position(|&octet| octet == b' ')?;
    let (word, rest) = argument.split_at(place);
    let pathname = rest.strip_prefix(b" ").filter(|pathname| !pathname.is_empty())?;
    Some((word, pathname))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("644", Some(0o644))]
    #[case("0755", Some(0o755))]
    #[case("4755", None)]
    #[case("888", None)]
    #[case("+44", None)]
    #[case("44", None)]
    #[case("rw-", None)]
    fn bits(#[case] digits: &str, #[case] expected: Option<u32>) {
        assert_eq!(permission_bits(digits.as_bytes()), expected);
    }

    #[rstest]
    #[case("Modify=19700101000001;", Ok(vec![Change::Modify(1)]))]
    #[case("unix.MODE=600;MODIFY=19700101000001;", Ok(vec![Change::Mode(0o600), Change::Modify(1)]))]
    #[case("Modify=19990229000000;", Err(501))]
    #[case("Modify=x;", Err(501))]
    #[case("Modify=19700101000001", Err(501))]
    #[case("Modify;", Err(501))]
    #[case("", Err(501))]
    #[case("Create=19700101000001;", Err(504))]
    #[case("frogs=1;", Err(504))]
    fn facts_of_mff(#[case] facts: &str, #[case] expected: Result<Vec<Change>, u16>) {
        assert_eq!(changes(facts.as_bytes(), Creation::Fixed).map_err(|refused| refused.code().number()), expected);
    }
}
