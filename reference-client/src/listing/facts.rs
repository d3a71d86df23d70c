//! A line of MLSD: facts, one space, a name (RFC 3659 §7.2).

use protocol::Timestamp;

use super::{Entry, Kind, Modified, Precision};

/// Reads a line; `None` for one that is none, and for the directory that is listed and the one above it.
pub(super) fn read(line: &[u8]) -> Option<Entry> {
    let (facts, name) = split(line)?;
    let mut entry = Entry { name: name.to_vec(), kind: Kind::Other, size: None, modified: None };
    for fact in facts.split(|&octet| octet == b';').filter(|fact| !fact.is_empty()) {
        let at = fact.iter().position(|&octet| octet == b'=')?;
        let (key, value) = (fact.get(..at)?.to_ascii_lowercase(), fact.get(at + 1..)?);
        match key.as_slice() {
            b"type" => entry.kind = kind(value)?,
            b"size" | b"sizd" => entry.size = super::number(value),
            b"modify" => {
                let exact = |time: Timestamp| Modified { seconds: time.to_unix(), precision: Precision::Second };
                entry.modified = Timestamp::parse(value).ok().map(exact);
            }
            _ => {}
        }
    }
    if entry.kind == Kind::Directory {
        entry.size = None;
    }
    Some(entry)
}

/// Whether the line is about the directory that is listed, or the one above it.
pub(super) fn is_of_directory(line: &[u8]) -> bool {
    split(line).is_some_and(|(facts, _)| {
        let facts = facts.to_ascii_lowercase();
        facts.split(|&octet| octet == b';').any(|fact| matches!(fact, b"type=cdir" | b"type=pdir"))
    })
}

/// The name begins behind the first space, and may begin with another.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|&octet| octet == b' ')?;
    let (facts, name) = (line.get(..at)?, line.get(at + 1..)?);
    let is_line = !name.is_empty() && (facts.is_empty() || facts.contains(&b'='));
    is_line.then_some((facts, name))
}

fn kind(value: &[u8]) -> Option<Kind> {
    let lower = value.to_ascii_lowercase();
    match lower.as_slice() {
        b"file" => Some(Kind::File),
        b"dir" => Some(Kind::Directory),
        b"cdir" | b"pdir" => None,
        other if other.starts_with(b"os.unix=slink") || other.starts_with(b"os.unix=symlink") => {
            let target = value.iter().position(|&octet| octet == b':').and_then(|at| value.get(at + 1..));
            Some(Kind::Link { target: target.map(<[u8]>::to_vec) })
        }
        _ => Some(Kind::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("type=file;size=17;modify=19980615100045; a b", "a b", Kind::File, Some(17), Some(897_904_845))]
    #[case("Type=dir;Size=4096;Modify=19980615100045.014; d", "d", Kind::Directory, None, Some(897_904_845))]
    #[case("Type=File;Size=17  leading", " leading", Kind::File, Some(17), None)]
    #[case("type=OS.unix=slink:/etc;size=1; l", "l", Kind::Link { target: Some(b"/etc".to_vec()) }, Some(1), None)]
    #[case("type=OS.unix=slink; l", "l", Kind::Link { target: None }, None, None)]
    #[case("size=x;type=file;unknown=1; f", "f", Kind::File, None, None)]
    #[case(" bare", "bare", Kind::Other, None, None)]
    fn lines(
        #[case] line: &str,
        #[case] name: &str,
        #[case] kind: Kind,
        #[case] size: Option<u64>,
        #[case] modified: Option<i64>,
    ) {
        let entry = read(line.as_bytes()).unwrap();
        assert_eq!((entry.name.as_slice(), entry.kind, entry.size), (name.as_bytes(), kind, size));
        assert_eq!(entry.modified.map(|modified| modified.seconds), modified);
    }

    #[rstest]
    #[case("type=cdir; .")]
    #[case("type=pdir;modify=19980615100045; ..")]
    #[case("nothing")]
    #[case("type=file; ")]
    #[case("drwxr-xr-x 1 a b 1 c")]
    fn no_entries(#[case] line: &str) {
        assert_eq!(read(line.as_bytes()), None);
    }
}
