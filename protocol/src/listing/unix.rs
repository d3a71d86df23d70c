//! LIST in the form of `ls -l`. No document fixes it, yet it is the form that programs know.

/// What a listing says about one entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// The permission bits, `0o777` at most.
    pub permissions: u32,
    /// How many links it has.
    pub links: u64,
    /// The number of its owner.
    pub owner: u32,
    /// The number of its group.
    pub group: u32,
    /// How many octets it has.
    pub size: u64,
    /// When it was modified, in local time.
    pub modified: Date,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file.
    File,
    /// A symbolic link, and where it points.
    Link(Vec<u8>),
    /// A device, socket or pipe.
    Other,
}

/// A date of the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// The year.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month.
    pub day: u8,
    /// The hour and minute, for a recent date. `ls` shows the year instead of them for one over half a year old or to come.
    pub time: Option<(u8, u8)>,
}

impl Entry {
    /// Appends the line of this entry.
    ///
    /// A control character of a name is written `?`, as `ls` does: it could end the line and forge another.
    ///
    /// ```
    /// use protocol::listing::unix::{Date, Entry, Kind};
    ///
    /// let modified = Date { year: 2024, month: 2, day: 9, time: Some((14, 5)) };
    /// let (name, kind) = (b"robots.txt".to_vec(), Kind::File);
    /// let entry = Entry { name, kind, permissions: 0o644, links: 1, owner: 0, group: 0, size: 26, modified };
    /// let mut text = Vec::new();
    /// entry.append(&mut text);
    /// assert_eq!(text, b"-rw-r--r--   1 0        0              26 Feb  9 14:05 robots.txt\r\n");
    /// ```
    pub fn append(&self, text: &mut Vec<u8>) {
        let letter = match self.kind {
            Kind::Directory => 'd',
            Kind::File => '-',
            Kind::Link(_) => 'l',
            Kind::Other => 's',
        };
        let Self { links, owner, group, size, modified, .. } = self;
        let permissions = permission_letters(self.permissions);
        let line = format!("{letter}{permissions} {links:>3} {owner:<8} {group:<8} {size:>8} {} ", date(*modified));
        text.extend_from_slice(line.as_bytes());
        append_name(text, &self.name);
        if let Kind::Link(target) = &self.kind {
            text.extend_from_slice(b" -> ");
            append_name(text, target);
        }
        text.extend_from_slice(b"\r\n");
    }
}

fn permission_letters(permissions: u32) -> String {
    let letters = "rwxrwxrwx".chars().zip((0..9).rev());
    letters.map(|(letter, shift)| if permissions >> shift & 1 == 1 { letter } else { '-' }).collect()
}

fn date(Date { year, month, day, time }: Date) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.get(usize::from(month).wrapping_sub(1)).unwrap_or(&"Jan");
    match time {
        Some((hour, minute)) => format!("{month} {day:>2} {hour:02}:{minute:02}"),
        None => format!("{month} {day:>2}  {year:>4}"),
    }
}

fn append_name(text: &mut Vec<u8>, name: &[u8]) {
    text.extend(name.iter().map(|&octet| if octet.is_ascii_control() { b'?' } else { octet }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn entry(name: &[u8], kind: Kind) -> Entry {
        let modified = Date { year: 1999, month: 12, day: 31, time: None };
        Entry { name: name.to_vec(), kind, permissions: 0o751, links: 2, owner: 1000, group: 100, size: 4096, modified }
    }

    #[rstest]
    #[case::directory(b"d", Kind::Directory, b"drwxr-x--x   2 1000     100          4096 Dec 31  1999 d\r\n")]
    #[case::link(b"l", Kind::Link(b"to here".to_vec()), b"lrwxr-x--x   2 1000     100          4096 Dec 31  1999 l -> to here\r\n")]
    #[case::other(b"s", Kind::Other, b"srwxr-x--x   2 1000     100          4096 Dec 31  1999 s\r\n")]
    #[case::forged(b"a\r\nb", Kind::File, b"-rwxr-x--x   2 1000     100          4096 Dec 31  1999 a??b\r\n")]
    #[case::high(b"\xc3\xa4", Kind::File, b"-rwxr-x--x   2 1000     100          4096 Dec 31  1999 \xc3\xa4\r\n")]
    fn lines(#[case] name: &[u8], #[case] kind: Kind, #[case] line: &[u8]) {
        let mut text = Vec::new();
        entry(name, kind).append(&mut text);
        assert_eq!(text, line);
    }
}
