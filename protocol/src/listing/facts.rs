//! MLST and MLSD: facts for programs (RFC 3659 §7).

use thiserror::Error;

use crate::Timestamp;

/// A fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// What it is (§7.5.1).
    Type,
    /// How many octets it has, about (§7.5.7).
    Size,
    /// When it was modified (§7.5.3).
    Modify,
    /// When it was made (§7.5.4).
    Create,
    /// What this user may do with it (§7.5.5).
    Perm,
    /// The same for the same file only (§7.5.2).
    Unique,
    /// The permission bits of Unix. No document defines it; servers and clients use it all the same.
    UnixMode,
}

impl Fact {
    /// Every fact, in the order they are told.
    pub const ALL: [Self; 7] =
        [Self::Type, Self::Size, Self::Modify, Self::Create, Self::Perm, Self::Unique, Self::UnixMode];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Type => "Type",
            Self::Size => "Size",
            Self::Modify => "Modify",
            Self::Create => "Create",
            Self::Perm => "Perm",
            Self::Unique => "Unique",
            Self::UnixMode => "UNIX.mode",
        }
    }

    /// Finds a fact by its name, in any case (§7.5).
    pub fn parse(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|fact| fact.name().as_bytes().eq_ignore_ascii_case(name))
    }
}

/// The facts that a user wants to see.
///
/// ```
/// use protocol::listing::facts::{Fact, Selection};
///
/// let selection = Selection::parse(b"type;frogs;SIZE;").unwrap();
/// assert_eq!(selection.to_string(), "Type;Size;");
/// assert!(selection.has(Fact::Type) && !selection.has(Fact::Perm));
/// assert_eq!(Selection::parse(b"").unwrap().to_string(), "");
/// assert!(Selection::parse(b"fish cakes;").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection(Vec<Fact>);

impl Default for Selection {
    /// What is sent as long as nobody asks for anything else: the five facts that §7.5.10 recommends.
    fn default() -> Self {
        Self(vec![Fact::Type, Fact::Size, Fact::Modify, Fact::Perm, Fact::Unique])
    }
}

impl Selection {
    /// Parses the facts behind OPTS MLST (§7.9): each ends in a semicolon. No facts at all select none. A fact that is not
    /// known here is left out, which is no error.
    ///
    /// # Errors
    /// When it is no such list.
    pub fn parse(list: &[u8]) -> Result<Self, SelectionError> {
        if list.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let names = list.strip_suffix(b";").ok_or(SelectionError)?;
        let names: Vec<&[u8]> = names.split(|&octet| octet == b';').collect();
        if names.iter().any(|name| name.is_empty() || !name.iter().all(|&octet| is_of_token(octet))) {
            return Err(SelectionError);
        }
        let is_named = |fact: &Fact| names.iter().any(|name| fact.name().as_bytes().eq_ignore_ascii_case(name));
        Ok(Self(Fact::ALL.into_iter().filter(is_named).collect()))
    }

    /// Whether the fact is wanted.
    pub fn has(&self, fact: Fact) -> bool {
        self.0.contains(&fact)
    }

    /// What stands behind MLST in FEAT: every fact, those of the selection with a star (§7.8).
    ///
    /// ```
    /// use protocol::listing::facts::Selection;
    ///
    /// let told = Selection::parse(b"Size;").unwrap().starred();
    /// assert_eq!(told, "Type;Size*;Modify;Create;Perm;Unique;UNIX.mode;");
    /// ```
    pub fn starred(&self) -> String {
        let told = |fact: Fact| [fact.name(), if self.has(fact) { "*;" } else { ";" }].concat();
        Fact::ALL.map(told).concat()
    }
}

impl std::fmt::Display for Selection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|fact| write!(formatter, "{};", fact.name()))
    }
}

/// Not a list of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("facts are written Type;Size; with a semicolon behind each, and no spaces")]
pub struct SelectionError;

/// What MLST and MLSD tell of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// How many octets it has; none for a directory, for §7.5.7 gives it no size.
    pub size: Option<u64>,
    /// When it was modified.
    pub modify: Option<Timestamp>,
    /// When it was made; never later than `modify` (§7.5.4).
    pub create: Option<Timestamp>,
    /// What may be done with it.
    pub permissions: Vec<Permission>,
    /// The same number for the same file.
    pub unique: u64,
    /// The permission bits of Unix.
    pub mode: u32,
}

/// What an entry is (§7.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// The directory that is listed; in MLSD only.
    Listed,
    /// The directory above the one that is listed; in MLSD only.
    Parent,
    /// What only Unix has.
    Unix(Unix),
}

/// What is neither file nor directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unix {
    /// A symbolic link that leads nowhere, or where it may not.
    Link,
    /// A device, socket or pipe.
    Other,
}

impl Kind {
    const fn value(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "dir",
            Self::Listed => "cdir",
            Self::Parent => "pdir",
            Self::Unix(Unix::Link) => "OS.unix=slink",
            Self::Unix(Unix::Other) => "OS.unix=special",
        }
    }
}

/// A letter of the fact `perm` (§7.5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// APPE on a file.
    Append,
    /// STOR in a directory.
    Create,
    /// DELE or RMD.
    Delete,
    /// CWD into a directory.
    Enter,
    /// RNFR.
    Rename,
    /// A listing of a directory.
    List,
    /// MKD in a directory.
    MakeDirectory,
    /// What is in a directory may be deleted.
    Purge,
    /// RETR of a file.
    Read,
    /// STOR over a file.
    Write,
}

impl Permission {
    const fn letter(self) -> char {
        match self {
            Self::Append => 'a',
            Self::Create => 'c',
            Self::Delete => 'd',
            Self::Enter => 'e',
            Self::Rename => 'f',
            Self::List => 'l',
            Self::MakeDirectory => 'm',
            Self::Purge => 'p',
            Self::Read => 'r',
            Self::Write => 'w',
        }
    }
}

impl Entry {
    /// Appends the facts of the selection, one space, and the name, without an end of line (§7.2).
    ///
    /// ```
    /// use protocol::Timestamp;
    /// use protocol::listing::facts::{Entry, Kind, Permission, Selection};
    ///
    /// let (name, modify) = (b"a b".to_vec(), Some(Timestamp::from_unix(0)));
    /// let (permissions, mode) = (vec![Permission::Read], 0o644);
    /// let entry = Entry { name, kind: Kind::File, size: Some(26), modify, create: None, permissions, unique: 31, mode };
    /// let mut text = Vec::new();
    /// entry.append(&Selection::default(), &mut text);
    /// assert_eq!(text, b"Type=file;Size=26;Modify=19700101000000;Perm=r;Unique=000000000000001f; a b");
    /// ```
    pub fn append(&self, selection: &Selection, text: &mut Vec<u8>) {
        for fact in Fact::ALL.into_iter().filter(|&fact| selection.has(fact)) {
            if let Some(value) = self.value(fact) {
                text.extend_from_slice(format!("{}={value};", fact.name()).as_bytes());
            }
        }
        text.push(b' ');
        text.extend_from_slice(&self.name);
    }

    /// Whether this line belongs into an answer to MLSD.
    ///
    /// The directory itself and the one above are told only together with their type, for without it they would pass for
    /// contents (§7.5.1.2). A name that holds a CR, LF or NUL could not be said in a command, and would look like two lines.
    pub fn belongs_into_listing(&self, selection: &Selection) -> bool {
        let is_contents = match self.kind {
            Kind::Listed | Kind::Parent => false,
            Kind::File | Kind::Directory | Kind::Unix(_) => true,
        };
        let can_be_said = !self.name.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0));
        can_be_said && (is_contents || selection.has(Fact::Type))
    }

    fn value(&self, fact: Fact) -> Option<String> {
        match fact {
            Fact::Type => Some(self.kind.value().to_owned()),
            Fact::Size => self.size.map(|size| size.to_string()),
            Fact::Modify => self.modify.as_ref().map(Timestamp::to_string),
            Fact::Create => self.create.as_ref().map(Timestamp::to_string),
            Fact::Perm => Some(self.permissions.iter().map(|permission| permission.letter()).collect()),
            Fact::Unique => Some(format!("{:016x}", self.unique)),
            Fact::UnixMode => Some(format!("{:04o}", self.mode & 0o7777)),
        }
    }
}

/// RCHAR of RFC 3659 §2.1: what a token is made of.
fn is_of_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b",.:!@#$%^&()-_+?/\\'\"".contains(&octet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn entry(name: &[u8], kind: Kind) -> Entry {
        let (modify, create) = (Some(Timestamp::from_unix(1)), Some(Timestamp::from_unix(0)));
        let permissions = vec![Permission::Enter, Permission::List];
        Entry { name: name.to_vec(), kind, size: None, modify, create, permissions, unique: 1, mode: 0o100_755 }
    }

    #[rstest]
    #[case::none("", " d")]
    #[case::directory_has_no_size("Size;", " d")]
    #[case::in_one_order("Perm;Type;", "Type=dir;Perm=el; d")]
    #[case::times("Create;Modify;", "Modify=19700101000001;Create=19700101000000; d")]
    #[case::mode("unix.MODE;", "UNIX.mode=0755; d")]
    fn lines(#[case] facts: &str, #[case] line: &str) {
        let mut text = Vec::new();
        entry(b"d", Kind::Directory).append(&Selection::parse(facts.as_bytes()).unwrap(), &mut text);
        assert_eq!(String::from_utf8(text).unwrap(), line);
    }

    #[rstest]
    #[case("Type")]
    #[case(";")]
    #[case("Type;;")]
    #[case("Type; Size;")]
    #[case("unique type;")]
    #[case("Type*;")]
    fn no_selection(#[case] list: &str) {
        assert_eq!(Selection::parse(list.as_bytes()), Err(SelectionError));
    }

    #[rstest]
    #[case::contents(b"d", Kind::Directory, "", true)]
    #[case::itself(b"/", Kind::Listed, "", false)]
    #[case::itself_with_type(b"/", Kind::Listed, "Type;", true)]
    #[case::above(b"/", Kind::Parent, "Size;", false)]
    #[case::two_lines(b"a\r\nb", Kind::File, "Type;", false)]
    fn belonging(#[case] name: &[u8], #[case] kind: Kind, #[case] facts: &str, #[case] expected: bool) {
        let selection = Selection::parse(facts.as_bytes()).unwrap();
        assert_eq!(entry(name, kind).belongs_into_listing(&selection), expected);
    }
}
