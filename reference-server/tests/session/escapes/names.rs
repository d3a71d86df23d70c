//! The table of names.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// All names of the table, for a root that lies there.
pub(super) fn all(outside: &Path, root: &Path) -> Vec<Vec<u8>> {
    let lines = include_str!("names.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| name(line, outside, root)).collect()
}

/// A command with the name in the place of `{}`.
pub(super) fn fill(command: &str, name: &[u8]) -> Vec<u8> {
    let (before, behind) = command.split_once("{}").unwrap();
    [before.as_bytes(), name, behind.as_bytes()].concat()
}

fn name(line: &str, outside: &Path, root: &Path) -> Vec<u8> {
    let (mut name, mut rest) = (Vec::new(), line);
    while let Some(first) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("\\x") {
            name.push(u8::from_str_radix(&behind[..2], 16).unwrap());
            rest = &behind[2..];
        } else if let Some((octets, behind)) = braced(rest, outside, root) {
            name.extend(octets);
            rest = behind;
        } else {
            name.extend_from_slice(first.to_string().as_bytes());
            rest = &rest[first.len_utf8()..];
        }
    }
    name
}

/// What a `{…}` at the beginning stands for. Any other is a brace of the name.
fn braced<'a>(text: &'a str, outside: &Path, root: &Path) -> Option<(Vec<u8>, &'a str)> {
    let (inner, behind) = text.strip_prefix('{')?.split_once('}')?;
    let octets = match inner {
        "outside" => outside.as_os_str().as_bytes().to_vec(),
        "root" => root.as_os_str().as_bytes().to_vec(),
        _ => {
            let (repeated, times) = inner.rsplit_once('*')?;
            repeated.as_bytes().repeat(times.parse().ok()?)
        }
    };
    Some((octets, behind))
}

#[test]
fn names_are_read_as_they_are_meant() {
    let read = |line| name(line, Path::new("/o"), Path::new("/o/r"));
    assert_eq!(read("a\\xff\\x00b"), b"a\xff\0b");
    assert_eq!(read("{outside}/{root}"), b"/o//o/r");
    assert_eq!(read("{../*3}x"), b"../../../x");
    assert_eq!(read("{a,b}${c}"), b"{a,b}${c}");
}
