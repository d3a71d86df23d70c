//! Entries of MLST and MLSD, as they came (RFC 3659 §7.2).

/// The longest listing that is read as entries.
pub const LONGEST_LISTING: usize = 64 * 1024;

/// One entry that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEntry {
    /// The whole line, without its end.
    pub line: Vec<u8>,
    /// Its facts, in their order.
    pub facts: Vec<SeenFact>,
    /// Everything behind the first space.
    pub name: Vec<u8>,
    /// What is wrong with its form.
    pub flaws: Vec<Flaw>,
}

/// One fact that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFact {
    /// Its name, in small letters.
    pub name: String,
    /// Its value.
    pub value: Vec<u8>,
}

/// What can be wrong with the form of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// An empty line.
    Blank,
    /// A line that tells how much there is, as `ls` does.
    Title,
    /// The line of a data connection ends in LF without CR.
    LineFeedOnly,
    /// The last line has no end.
    Unended,
    /// No space parts facts from a name.
    NoSpace,
    /// What stands before the space is no fact: no `=`, or no `;` behind it.
    NotClosed,
    /// A space before the facts.
    LeadingSpace,
    /// A space inside the facts.
    SpaceInFacts,
    /// No space before the entry, in a reply.
    NoLeadingSpace,
    /// A fact's name that is neither one of the nine, nor of an operating system, nor local.
    Name,
    /// A value with an octet that no value has.
    Value,
    /// The value of a local fact is no token.
    LocalValue,
    /// A type that is none.
    Type,
    /// A type of MLSD, in a reply to MLST.
    TypeOfListing,
    /// `modify` or `create` is no time.
    Time,
    /// `create` is later than `modify`.
    CreatedLater,
    /// `size` is no decimal number.
    Size,
    /// A directory has a `size`.
    SizeOfDirectory,
    /// `perm` has another letter than the ten.
    Permission,
    /// A letter of `perm` that says nothing of this type.
    PermissionOfOther,
    /// `unique` is empty, or no token.
    Unique,
    /// Two names with the same `unique`.
    SameUnique,
}

/// Reads the lines of MLSD. It never fails.
pub fn listing(octets: &[u8]) -> Vec<SeenEntry> {
    let mut entries: Vec<SeenEntry> = Vec::new();
    let mut pieces = octets.split(|octet| *octet == b'\n').peekable();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        if is_last && piece.is_empty() {
            break;
        }
        let bare = piece.strip_suffix(b"\r");
        let mut found = entry(bare.unwrap_or(piece));
        if is_last {
            found.flaws.push(Flaw::Unended);
        } else if bare.is_none() {
            found.flaws.push(Flaw::LineFeedOnly);
        }
        if is_clash(&entries, &found) {
            found.flaws.push(Flaw::SameUnique);
        }
        entries.push(found);
    }
    entries
}

/// Reads the lines inside a reply to MLST, as they came. It never fails.
pub fn reply(lines: &[Vec<u8>]) -> Vec<SeenEntry> {
    let inner = lines.get(1..lines.len().saturating_sub(1)).unwrap_or_default();
    let read = |line: &Vec<u8>| {
        let bare = line.strip_prefix(b" ");
        let mut found = entry(bare.unwrap_or(line));
        if bare.is_none() && !line.is_empty() {
            found.flaws.push(Flaw::NoLeadingSpace);
        }
        if found.is_of_type(&["cdir", "pdir"]) {
            found.flaws.push(Flaw::TypeOfListing);
        }
        SeenEntry { line: line.clone(), ..found }
    };
    inner.iter().map(read).collect()
}

/// Reads one entry. It never fails.
pub fn entry(line: &[u8]) -> SeenEntry {
    let mut found = SeenEntry { line: line.to_vec(), facts: Vec::new(), name: Vec::new(), flaws: Vec::new() };
    if line.is_empty() {
        found.flaws.push(Flaw::Blank);
        return found;
    }
    let Some(space) = line.iter().position(|octet| *octet == b' ') else {
        found.name = line.to_vec();
        found.flaws.push(Flaw::NoSpace);
        return found;
    };
    let (facts, name) = line.split_at(space);
    found.name = name.get(1..).unwrap_or_default().to_vec();
    found.facts = facts.split(|octet| *octet == b';').filter_map(fact).collect();
    found.flaws.extend(shape(facts, &found.name));
    let values: Vec<_> = found.facts.iter().flat_map(|fact| of_value(fact, &found)).collect();
    found.flaws.extend(values);
    if let (Some(create), Some(modify)) = (found.fact("create"), found.fact("modify"))
        && create.get(..14) > modify.get(..14)
    {
        found.flaws.push(Flaw::CreatedLater);
    }
    found.flaws.sort_unstable();
    found.flaws.dedup();
    found
}

impl SeenEntry {
    /// The value of the first fact with this name, which is in small letters.
    pub fn fact(&self, name: &str) -> Option<&[u8]> {
        self.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_slice())
    }

    /// Whether the line as a whole is no entry, so that its facts and its name cannot be parted.
    pub fn is_misshapen(&self) -> bool {
        let of_line = |flaw: &Flaw| *flaw < Flaw::NoLeadingSpace && !matches!(flaw, Flaw::LineFeedOnly | Flaw::Unended);
        self.flaws.iter().any(of_line)
    }

    /// Whether it is told what the entry is, and that is one of these words.
    pub fn is_of_type(&self, types: &[&str]) -> bool {
        self.fact("type").is_some_and(|value| is_word(value, types))
    }
}

fn fact(piece: &[u8]) -> Option<SeenFact> {
    let equals = piece.iter().position(|octet| *octet == b'=')?;
    let (name, value) = piece.split_at(equals);
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Some(SeenFact { name, value: value.get(1..).unwrap_or_default().to_vec() })
}

/// What is wrong with the line as a whole.
fn shape(facts: &[u8], name: &[u8]) -> Option<Flaw> {
    let begins_with_facts = name.split(|octet| *octet == b' ').next().is_some_and(are_facts);
    match facts {
        [] if begins_with_facts && name.contains(&b' ') => Some(Flaw::LeadingSpace),
        [] => None,
        // A value that goes on behind a space: what stands there ends in `;` and has no `=` of its own, or is a fact again.
        _ if name.windows(2).any(|pair| pair == b"; ") => Some(Flaw::SpaceInFacts),
        _ if is_word(facts, &["total"]) => Some(Flaw::Title),
        _ if are_facts(facts) => None,
        _ => Some(Flaw::NotClosed),
    }
}

/// `name=value;` once or more, and nothing besides.
fn are_facts(text: &[u8]) -> bool {
    let Some(inside) = text.strip_suffix(b";") else { return false };
    inside.split(|octet| *octet == b';').all(|piece| fact(piece).is_some_and(|fact| !fact.name.is_empty()))
}

fn of_value(fact: &SeenFact, entry: &SeenEntry) -> Vec<Flaw> {
    let value = fact.value.as_slice();
    let is_directory = entry.is_of_type(&["dir", "cdir", "pdir"]);
    let mut flaws = Vec::new();
    let mut unless = |holds: bool, flaw: Flaw| {
        if !holds {
            flaws.push(flaw);
        }
    };
    unless(is_name(&fact.name), Flaw::Name);
    unless(value.iter().all(|octet| is_of_token(*octet) || *octet == b'='), Flaw::Value);
    unless(!fact.name.starts_with("x.") || is_token(value), Flaw::LocalValue);
    match fact.name.as_str() {
        "type" => unless(is_type(value), Flaw::Type),
        "modify" | "create" => unless(is_time(value), Flaw::Time),
        "unique" => unless(!value.is_empty() && is_token(value), Flaw::Unique),
        "size" => {
            unless(!value.is_empty() && value.iter().all(u8::is_ascii_digit), Flaw::Size);
            unless(!is_directory, Flaw::SizeOfDirectory);
        }
        "perm" => {
            let of_directories: &[u8] = if is_directory { b"a" } else { b"celmp" };
            let is_told = entry.is_of_type(&["file"]) || is_directory;
            unless(value.iter().all(|letter| b"acdeflmprw".contains(&letter.to_ascii_lowercase())), Flaw::Permission);
            let says_nothing = |letter: &u8| of_directories.contains(&letter.to_ascii_lowercase());
            unless(!is_told || !value.iter().any(says_nothing), Flaw::PermissionOfOther);
        }
        _ => {}
    }
    flaws
}

/// One of the nine standard names, or one with a dot inside: of an operating system, or local (RFC 3659 §7.5, §7.6).
pub fn is_name(name: &str) -> bool {
    const STANDARD: [&str; 9] = ["size", "modify", "create", "type", "unique", "perm", "lang", "media-type", "charset"];
    let known = STANDARD.iter().any(|own| own.eq_ignore_ascii_case(name));
    let dotted = name.split_once('.').is_some_and(|(before, behind)| !before.is_empty() && !behind.is_empty());
    known || (dotted && is_token(name.as_bytes()))
}

fn is_type(value: &[u8]) -> bool {
    if is_word(value, &["file", "dir", "cdir", "pdir"]) {
        return true;
    }
    let of_a_system = value.get(..3).is_some_and(|head| head.eq_ignore_ascii_case(b"OS."));
    let equals = value.iter().position(|octet| *octet == b'=');
    of_a_system && equals.is_some_and(|at| at > 3 && at + 1 < value.len())
}

/// `YYYYMMDDHHMMSS` and perhaps `.` and digits, each number in its range (RFC 3659 §2.3).
pub fn is_time(text: &[u8]) -> bool {
    let Some((whole, fraction)) = text.split_at_checked(14) else { return false };
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if !digits(whole) || !(fraction.is_empty() || fraction.strip_prefix(b".").is_some_and(digits)) {
        return false;
    }
    let number = |from: usize, length: usize| {
        let part = whole.get(from..from + length).unwrap_or_default();
        part.iter().fold(0u32, |number, digit| number * 10 + u32::from(digit - b'0'))
    };
    let (year, month) = (number(0, 4), number(4, 2));
    let days = match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    year >= 1000
        && (1..=12).contains(&month)
        && (1..=days).contains(&number(6, 2))
        && number(8, 2) < 24
        && number(10, 2) < 60
        && number(12, 2) <= 60
}

/// Whether another name has the same `unique`. The listed directory and those above it are listed by other names elsewhere.
fn is_clash(entries: &[SeenEntry], found: &SeenEntry) -> bool {
    let of_contents = |entry: &SeenEntry| !entry.is_of_type(&["cdir", "pdir"]);
    let Some(unique) = found.fact("unique").filter(|value| !value.is_empty() && of_contents(found)) else {
        return false;
    };
    entries.iter().any(|other| of_contents(other) && other.name != found.name && other.fact("unique") == Some(unique))
}

fn is_word(value: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(value))
}

fn is_token(value: &[u8]) -> bool {
    value.iter().all(|octet| is_of_token(*octet))
}

/// RCHAR (RFC 3659 §2.1).
fn is_of_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b",.:!@#$%^&()-_+?/\\'\"".contains(&octet)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("Type=file;Size=3; a", &[])]
    #[case::no_facts(" a b", &[])]
    #[case::name_of_facts("type=file; a=b;c", &[])]
    #[case::name_of_spaces("type=file;   ", &[])]
    #[case::empty_name("type=dir; ", &[])]
    #[case::empty_value("perm=;lang=; a", &[])]
    #[case::system("type=OS.unix=slink;UNIX.mode=0644; a", &[])]
    #[case::blank("", &[Flaw::Blank])]
    #[case::title("total 12", &[Flaw::Title])]
    #[case::tab("type=file;\ta", &[Flaw::NoSpace])]
    #[case::ls("-rw-r--r-- 1 a", &[Flaw::NotClosed])]
    #[case::open("unique=keVO1+ZF4 test", &[Flaw::NotClosed])]
    #[case::no_equals("type=file;hidden; a", &[Flaw::NotClosed])]
    #[case::space_before(" type=file; a", &[Flaw::LeadingSpace])]
    #[case::space_in_a_value("type=file;UNIX.owner=a b; c", &[Flaw::SpaceInFacts])]
    #[case::space_behind_a_fact("type=file; size=3; c", &[Flaw::SpaceInFacts])]
    #[case::name_of_a_fact("sizd=4096; a", &[Flaw::Name])]
    #[case::dot_alone("x.=1; a", &[Flaw::Name])]
    #[case::value("UNIX.link=a|b; a", &[Flaw::Value])]
    #[case::local_value("X.a=b=c; a", &[Flaw::LocalValue])]
    #[case::kind("type=link; a", &[Flaw::Type])]
    #[case::half_a_system("type=OS.unix; a", &[Flaw::Type])]
    #[case::modified("modify=1999-09-29; a", &[Flaw::Time])]
    #[case::made("modify=19990929043300;create=19990929043301; a", &[Flaw::CreatedLater])]
    #[case::unit("size=3k; a", &[Flaw::Size])]
    #[case::directory_of_a_size("type=dir;size=4096; a", &[Flaw::SizeOfDirectory])]
    #[case::mode("perm=0644; a", &[Flaw::Permission])]
    #[case::append_to_a_directory("type=dir;perm=AE; a", &[Flaw::PermissionOfOther])]
    #[case::enter_a_file("type=file;perm=e; a", &[Flaw::PermissionOfOther])]
    #[case::no_unique("unique=; a", &[Flaw::Unique])]
    #[case::unique_of_two("unique=a=b; a", &[Flaw::Unique])]
    fn flaws(#[case] line: &str, #[case] expected: &[Flaw]) {
        assert_eq!(entry(line.as_bytes()).flaws, expected);
    }

    #[test]
    fn an_entry_is_split_at_its_first_space() {
        let found = entry(b"Type=File;X.a=; two  words ");
        let fact = |name: &str, value: &[u8]| SeenFact { name: name.to_owned(), value: value.to_vec() };
        assert_eq!(found.facts, [fact("type", b"File"), fact("x.a", b"")]);
        assert_eq!(found.name, b"two  words ");
        assert!(found.is_of_type(&["file"]) && !found.is_of_type(&["dir"]));
    }

    #[rstest]
    #[case(b"type=file; a\r\n b\r\n", vec![vec![], vec![]])]
    #[case(b"type=file; a\n b\r\n", vec![vec![Flaw::LineFeedOnly], vec![]])]
    #[case(b" a\r\n\r\n b", vec![vec![], vec![Flaw::Blank], vec![Flaw::Unended]])]
    #[case(b"", vec![])]
    #[case(b"unique=1; a\r\nunique=1; b\r\n", vec![vec![], vec![Flaw::SameUnique]])]
    #[case(b"unique=1;type=dir; a\r\nunique=1;type=OS.x=y; a\r\n", vec![vec![], vec![]])]
    #[case(b"unique=1;type=cdir; .\r\nunique=1;type=pdir; ..\r\n", vec![vec![], vec![]])]
    fn listings(#[case] octets: &[u8], #[case] flaws: Vec<Vec<Flaw>>) {
        let found: Vec<_> = listing(octets).into_iter().map(|entry| entry.flaws).collect();
        assert_eq!(found, flaws);
    }

    #[rstest]
    #[case(&["250-Facts", " type=dir; /a", "250 End"], vec![vec![]])]
    #[case(&["250-Facts", "  /a", "250 End"], vec![vec![]])]
    #[case(&["250-Facts", "type=dir; /a", "250 End"], vec![vec![Flaw::NoLeadingSpace]])]
    #[case(&["250-Facts", "  type=dir; /a", "250 End"], vec![vec![Flaw::LeadingSpace]])]
    #[case(&["250-Facts", " type=cdir; /a", "250 End"], vec![vec![Flaw::TypeOfListing]])]
    #[case(&["250 type=dir; /a"], vec![])]
    fn replies(#[case] lines: &[&str], #[case] flaws: Vec<Vec<Flaw>>) {
        let lines: Vec<_> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        let found: Vec<_> = reply(&lines).into_iter().map(|entry| entry.flaws).collect();
        assert_eq!(found, flaws);
    }

    #[rstest]
    #[case("19990929043300", true)]
    #[case("20240229235960.5", true)]
    #[case("20230229000000", false)]
    #[case("20240431000000", false)]
    #[case("09990101000000", false)]
    #[case("20240001000000", false)]
    #[case("20240101240000", false)]
    #[case("20240101006000", false)]
    #[case("20240101000061", false)]
    #[case("20240101000000.", false)]
    #[case("191000101000000", false)]
    #[case("20240101000000Z", false)]
    #[case("", false)]
    fn times(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_time(text.as_bytes()), expected);
    }

    proptest! {
        #[test]
        fn what_is_well_formed_has_no_flaw(name in "[a-z][a-z =;]{0,12}[a-z]", size in any::<u64>(), unique in "[A-Za-z0-9+]{1,12}") {
            prop_assume!(!name.contains("; "));
            let line = format!("Type=file;Size={size};Perm=adfrw;Unique={unique}; {name}");
            let found = entry(line.as_bytes());
            prop_assert_eq!((&found.flaws[..], found.name), (&[][..], name.into_bytes()));
        }

        #[test]
        fn nothing_is_lost(octets in proptest::collection::vec(
            prop_oneof![Just(b'\r'), Just(b'\n'), Just(b' '), Just(b';'), Just(b'='), Just(b't'), any::<u8>()], 0..120),
        ) {
            let lines = listing(&octets).len();
            let ends = octets.split(|octet| *octet == b'\n').count() - 1;
            let open = octets.last().is_some_and(|octet| *octet != b'\n');
            prop_assert_eq!(lines, ends + usize::from(open));
        }
    }
}
