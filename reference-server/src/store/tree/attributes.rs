//! What is known of a name besides the octets of the file.

use std::time::UNIX_EPOCH;

use cap_std::fs::{Metadata, MetadataExt};

/// What is known of a file, a directory or a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Attributes {
    pub(in crate::store) kind: Kind,
    pub(in crate::store) size: u64,
    /// In seconds since 1970-01-01 UTC.
    pub(in crate::store) modified: i64,
    /// In seconds since 1970-01-01 UTC, where it is known.
    pub(in crate::store) made: Option<i64>,
    /// The permission bits of Unix.
    pub(in crate::store) mode: u32,
    pub(in crate::store) owner: u32,
    pub(in crate::store) group: u32,
    /// How many names it has.
    pub(in crate::store) links: u64,
    /// The same for the same file only.
    pub(in crate::store) number: (u64, u64),
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    File,
    Directory,
    Link,
    /// A device, socket or pipe.
    Other,
}

/// What the permission bits can let somebody do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Right {
    Read,
    Write,
    Search,
}

impl Attributes {
    /// Whether the bits let this process do so.
    pub(in crate::store) fn allow(&self, right: Right) -> bool {
        allows(self.mode, self.owner, self.group, right)
    }
}

/// Whether these permission bits let this process do so.
pub(in crate::store) fn allows(mode: u32, owner: u32, group: u32, right: Right) -> bool {
    let user = rustix::process::geteuid();
    if user.is_root() {
        return true;
    }
    let is_of_group = |group| {
        rustix::process::getegid().as_raw() == group
            || rustix::process::getgroups().is_ok_and(|groups| groups.iter().any(|gid| gid.as_raw() == group))
    };
    let shift = if user.as_raw() == owner {
        6
    } else if is_of_group(group) {
        3
    } else {
        0
    };
    let bit = match right {
        Right::Read => 4,
        Right::Write => 2,
        Right::Search => 1,
    };
    mode >> shift & bit != 0
}

impl From<&Metadata> for Attributes {
    fn from(metadata: &Metadata) -> Self {
        let file_type = metadata.file_type();
        let kind = if file_type.is_dir() {
            Kind::Directory
        } else if file_type.is_symlink() {
            Kind::Link
        } else if file_type.is_file() {
            Kind::File
        } else {
            Kind::Other
        };
        let made = metadata.created().ok().and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok());
        Self {
            kind,
            size: metadata.len(),
            modified: metadata.mtime(),
            made: made.and_then(|since| i64::try_from(since.as_secs()).ok()),
            mode: metadata.mode() & 0o7777,
            owner: metadata.uid(),
            group: metadata.gid(),
            links: metadata.nlink(),
            number: (metadata.dev(), metadata.ino()),
        }
    }
}
