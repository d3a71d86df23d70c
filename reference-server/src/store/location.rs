//! Where a pathname leads: an absolute path below the root of the server.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use protocol::Pathname;
use thiserror::Error;

/// An absolute path without `.`, `..` and empty parts. The root is `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    /// The names, from the root on.
    names: Vec<Vec<u8>>,
}

/// A pathname that leads above the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("The path leads out of the root")]
pub(crate) struct Outside;

impl Location {
    pub(crate) fn root() -> Self {
        Self { names: Vec::new() }
    }

    /// The place a pathname names for someone who is here.
    ///
    /// `..` is taken off the name, not looked up in the file system. One that would climb over the root is refused instead
    /// of ignored, so that a reply never says that something was done somewhere else than where it was asked for.
    pub(crate) fn resolve(&self, pathname: &[u8]) -> Result<Self, Outside> {
        let mut names = if pathname.starts_with(b"/") { Vec::new() } else { self.names.clone() };
        for name in pathname.split(|&octet| octet == b'/') {
            match name {
                b"" | b"." => {}
                b".." => drop(names.pop().ok_or(Outside)?),
                name => names.push(name.to_vec()),
            }
        }
        Ok(Self { names })
    }

    /// The place of a name in this directory.
    pub(crate) fn child(&self, name: &[u8]) -> Self {
        let mut names = self.names.clone();
        names.push(name.to_vec());
        Self { names }
    }

    /// The directory it is in; none for the root.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (_, names) = self.names.split_last()?;
        Some(Self { names: names.to_vec() })
    }

    /// How many directories it is below the root.
    pub(crate) fn depth(&self) -> usize {
        self.names.len()
    }

    /// The names, from the root on.
    pub(super) fn names(&self) -> &[Vec<u8>] {
        &self.names
    }

    /// The last name; `/` for the root.
    pub(crate) fn name(&self) -> &[u8] {
        self.names.last().map_or(b"/", Vec::as_slice)
    }

    /// As PWD shows it.
    pub(crate) fn absolute(&self) -> Vec<u8> {
        let mut path = self.names.iter().fold(Vec::new(), |mut path, name| {
            path.push(b'/');
            path.extend_from_slice(name);
            path
        });
        if path.is_empty() {
            path.push(b'/');
        }
        path
    }

    /// As 257 shows it: between double-quotes.
    pub(crate) fn quoted(&self) -> Vec<u8> {
        let quoted = Pathname::new(&self.absolute()).map(|pathname| pathname.quoted());
        // Only a name with a CR, LF or NUL is no pathname, and a command that could bring one here is refused.
        quoted.unwrap_or_else(|_| b"\"\"".to_vec())
    }

    /// As the file system takes it, seen from the root.
    pub(crate) fn below_root(&self) -> Vec<u8> {
        if self.names.is_empty() { b".".to_vec() } else { self.names.join(&b'/') }
    }
}

/// The octets of a path as a path.
pub(super) fn as_path(octets: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(octets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("x", Ok("/a/b/x"))]
    #[case("x/", Ok("/a/b/x"))]
    #[case("./x//y", Ok("/a/b/x/y"))]
    #[case("..", Ok("/a"))]
    #[case("../..", Ok("/"))]
    #[case("/x", Ok("/x"))]
    #[case("/", Ok("/"))]
    #[case("x/../y", Ok("/a/b/y"))]
    #[case("...", Ok("/a/b/..."))]
    #[case(" x", Ok("/a/b/ x"))]
    #[case("../../..", Err(Outside))]
    #[case("/..", Err(Outside))]
    #[case("/../a", Err(Outside))]
    #[case("x/../../../../a", Err(Outside))]
    fn resolving(#[case] pathname: &str, #[case] expected: Result<&str, Outside>) {
        let here = Location::root().child(b"a").child(b"b");
        let there = here.resolve(pathname.as_bytes()).map(|there| there.absolute());
        assert_eq!(there.as_deref(), expected.map(str::as_bytes).as_ref().copied());
    }

    #[test]
    fn the_root_is_a_dot_for_the_file_system() {
        assert_eq!(Location::root().below_root(), b".");
        assert_eq!(Location::root().child(b"a").child(b"b").below_root(), b"a/b");
    }

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(Location::root().child(b"a\"b").quoted(), b"\"/a\"\"b\"");
    }
}
