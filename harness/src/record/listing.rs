//! The names in listings, as far as a scenario speaks of them. What cannot be read is passed over.

use crate::wire::facts;

/// The most names that a scenario asks for in a listing.
const MOST: usize = 200;

/// A name in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) size: Option<u64>,
}

/// What a listing calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    /// A file, or what a listing does not say.
    File,
}

/// The names of NLST: the lines.
pub(super) fn names(octets: &[u8]) -> Option<Vec<String>> {
    let lines: Vec<_> = lines(octets).map(|line| std::str::from_utf8(line).ok().map(str::to_owned)).collect();
    let names = lines.into_iter().collect::<Option<Vec<_>>>()?;
    let distinct = |name: &&String| !matches!(name.as_str(), "." | "..") && !name.contains('\r');
    (names.len() <= MOST).then(|| names.iter().filter(distinct).cloned().collect())
}

/// The entries of LIST, in the forms of Unix and DOS.
pub(super) fn of_list(octets: &[u8]) -> Vec<Listed> {
    let read = |line| {
        let line = std::str::from_utf8(line).ok()?;
        of_unix(line).or_else(|| of_dos(line))
    };
    lines(octets).filter_map(read).filter(|listed| is_name(&listed.name)).take(MOST).collect()
}

/// The entries of MLSD.
pub(super) fn of_mlsd(octets: &[u8]) -> Vec<Listed> {
    let entries = facts::listing(octets.get(..facts::LONGEST_LISTING).unwrap_or(octets));
    let read = |entry: facts::SeenEntry| {
        let name = String::from_utf8(entry.name.clone()).ok()?;
        let kind = kind_of(&entry)?;
        let size = entry.fact("size").and_then(|size| std::str::from_utf8(size).ok()?.parse().ok());
        Some(Listed { name, kind, size }).filter(|listed| is_name(&listed.name))
    };
    entries.into_iter().filter_map(read).take(MOST).collect()
}

/// What the entry in a reply to MLST is.
pub(super) fn of_mlst(reply: &[u8]) -> Option<Kind> {
    let line = lines(reply).nth(1)?;
    kind_of(&facts::entry(line.strip_prefix(b" ").unwrap_or(line)))
}

/// None of the directory itself and the one above.
fn kind_of(entry: &facts::SeenEntry) -> Option<Kind> {
    match entry.fact("type").map(<[u8]>::to_ascii_lowercase).as_deref() {
        Some(b"dir") => Some(Kind::Directory),
        Some(b"cdir" | b"pdir") => None,
        _ => Some(Kind::File),
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `-rw-r--r-- 1 u g 26 Jan 1 00:00 name`: before the month stands the size, and behind it day, time or year, and the name.
fn of_unix(line: &str) -> Option<Listed> {
    let kind = match line.bytes().next()? {
        b'd' => Kind::Directory,
        b'-' | b'l' => Kind::File,
        _ => return None,
    };
    let words = words(line);
    let month = words.iter().skip(3).position(|(_, word)| MONTHS.contains(word))? + 3;
    let (_, size) = words.get(month - 1)?;
    let (at, time) = words.get(month + 2)?;
    let name = line.get(at + time.len() + 1..)?;
    let is_link = line.starts_with('l');
    let name = if is_link { name.split_once(" -> ").map_or(name, |(name, _)| name) } else { name };
    let size = size.parse().ok().filter(|_| kind == Kind::File && !is_link);
    Some(Listed { name: name.to_owned(), kind, size })
}

/// `01-31-26  12:00AM  <DIR>  name`, or the size.
fn of_dos(line: &str) -> Option<Listed> {
    let words = words(line);
    let (_, date) = words.first()?;
    let (_, size) = words.get(2)?;
    let (at, _) = words.get(3)?;
    let is_date = date.split('-').count() == 3 && date.bytes().all(|octet| octet.is_ascii_digit() || octet == b'-');
    let kind = if *size == "<DIR>" { Kind::Directory } else { Kind::File };
    let size = size.parse().ok();
    let known = is_date && (kind == Kind::Directory || size.is_some());
    known.then(|| Listed { name: line.get(*at..).unwrap_or_default().to_owned(), kind, size })
}

/// The words of a line, each with its place.
fn words(line: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut at = 0;
    for word in line.split(' ').take(64) {
        if !word.is_empty() {
            words.push((at, word));
        }
        at += word.len() + 1;
    }
    words
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !matches!(name, "." | "..") && !name.contains(['/', '\r', '\0'])
}

fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let octets = octets.strip_suffix(b"\n").unwrap_or(octets);
    let lines = octets.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("-rw-r--r--    1 1001     1001           26 Nov 22 07:10 robots.txt", "robots.txt", Kind::File, Some(26))]
    #[case("drwxr-xr-x 2 u g 4096 Jan  1  2020 a  b", "a  b", Kind::Directory, None)]
    #[case("-rw-r--r-- 1 owner 26 Feb 3 04:05 no group", "no group", Kind::File, Some(26))]
    #[case("lrwxrwxrwx 1 u g 3 Mar 1 2020 link -> to", "link", Kind::File, None)]
    #[case("01-31-26  12:00AM       <DIR>          box", "box", Kind::Directory, None)]
    #[case("01-31-26  12:00AM                  12 a b", "a b", Kind::File, Some(12))]
    fn entries_of_list(#[case] line: &str, #[case] name: &str, #[case] kind: Kind, #[case] size: Option<u64>) {
        let read = of_list(format!("total 5\r\n{line}\r\n").as_bytes());
        assert_eq!(read, [Listed { name: name.to_owned(), kind, size }]);
    }

    #[rstest]
    #[case("drwxr-xr-x 2 u g 4096 Jan 1 2020 ..")]
    #[case("drwxr-xr-x 2 u g 4096 Jan 1 2020 a/b")]
    #[case("-rw-r--r-- 1 u g 26 Jan")]
    #[case("-")]
    #[case("Jan Jan Jan Jan Jan Jan")]
    #[case("total 12")]
    fn what_is_no_entry(#[case] line: &str) {
        assert_eq!(of_list(format!("{line}\r\n").as_bytes()), []);
    }

    #[test]
    fn entries_of_mlsd() {
        let read = of_mlsd(b"type=cdir; .\r\nType=dir; box\r\ntype=file;size=3; a b\r\nno space\r\n");
        let names: Vec<_> = read.iter().map(|listed| (listed.name.as_str(), listed.kind, listed.size)).collect();
        assert_eq!(names[..2], [("box", Kind::Directory, None), ("a b", Kind::File, Some(3))]);
        assert_eq!(of_mlst(b"250-x\r\n type=dir; box\r\n250 y\r\n"), Some(Kind::Directory));
    }
}
