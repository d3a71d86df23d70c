//! The reply to FEAT, as it came (RFC 2389 §3.2), and the lists of facts in it and in the reply to OPTS MLST (RFC 3659 §7.8, §7.9).

use super::facts;
use super::reply::SeenReply;

/// What can be wrong with the form of a reply to FEAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// Several lines, and none of them tells a feature.
    NoFeatures,
    /// The text of the first line has an octet that no text has.
    FirstLine,
    /// A line does not begin with one space.
    Indent,
    /// The last line is not `211 End`.
    End,
    /// A line holds several features.
    Several,
    /// A line has an octet that no feature has.
    Octet,
    /// A space at the end of a line.
    TrailingSpace,
    /// FEAT or OPTS is told.
    Itself,
    /// A label of a standard has small letters.
    SmallLetters,
    /// The line of MLST is no list of facts.
    FactList,
    /// The line of MLST has a fact whose name is neither standard, nor of an operating system, nor local.
    FactName,
    /// The line of MLST lacks one of the five facts that are recommended.
    FactMissing,
    /// Something stands behind TVFS.
    BehindTvfs,
}

/// A fact that a server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Its name, as it was written.
    pub name: String,
    /// Whether it is sent as long as nobody asks for another.
    pub starred: bool,
}

/// The features told, without the space before them. Whatever else is wrong with a line, what it says is read.
pub fn features(reply: &SeenReply) -> Vec<Vec<u8>> {
    let lines = inner(reply).iter().map(|line| bare(line).to_vec());
    lines.filter(|line| !line.is_empty()).collect()
}

/// What is wrong with the form of the reply, and the line that shows it.
pub fn flaws(reply: &SeenReply) -> Vec<(Flaw, Vec<u8>)> {
    let lines = inner(reply);
    let first = reply.lines.first().cloned().unwrap_or_default();
    let mut found = Vec::new();
    // "211 text" alone says that there are none (§3.2).
    if reply.lines.len() < 2 {
        return found;
    }
    if lines.is_empty() {
        found.push((Flaw::NoFeatures, first.clone()));
    }
    if first.iter().any(|octet| *octet < b' ' && *octet != b'\t') {
        found.push((Flaw::FirstLine, first));
    }
    for line in lines {
        found.extend(of_line(line).into_iter().map(|flaw| (flaw, line.clone())));
    }
    if let Some(last) = reply.lines.last().filter(|last| !last.eq_ignore_ascii_case(b"211 End")) {
        found.push((Flaw::End, last.clone()));
    }
    found
}

/// The facts behind MLST in FEAT, where that line is there and is such a list.
pub fn offered(reply: &SeenReply) -> Option<Vec<Offered>> {
    let lines = features(reply);
    let line = lines.iter().find(|line| label(line).eq_ignore_ascii_case(b"MLST"))?;
    fact_list(line.get(4..).unwrap_or_default(), Stars::Allowed)
}

/// A language that a server speaks (RFC 2640 §4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// Its tag, as it was written.
    pub tag: Vec<u8>,
    /// Whether it has the star of the language in use.
    pub starred: bool,
}

/// The languages behind LANG in FEAT, however they are parted. None where that line is not there.
pub fn languages(reply: &SeenReply) -> Vec<Language> {
    let lines = features(reply);
    let told = lines.iter().filter(|line| label(line).eq_ignore_ascii_case(b"LANG"));
    let tags = told.flat_map(|line| line.get(4..).unwrap_or_default().split(|octet| b"; ,".contains(octet)));
    let one = |written: &[u8]| {
        let tag = written.strip_suffix(b"*").unwrap_or(written).to_vec();
        Language { starred: tag.len() < written.len(), tag }
    };
    tags.map(one).filter(|language| !language.tag.is_empty()).collect()
}

/// Whether two tags have the same primary tag: a server may choose the variant (RFC 2640 §4.2).
pub fn same_language(one: &[u8], other: &[u8]) -> bool {
    let primary = |tag: &[u8]| {
        let end = tag.iter().position(|octet| !octet.is_ascii_alphabetic()).unwrap_or(tag.len());
        tag.get(..end).unwrap_or_default().to_ascii_lowercase()
    };
    primary(one) == primary(other)
}

/// The facts in the text of the reply to OPTS MLST, where it is of its form: `MLST OPTS`, and if there are some a space and a
/// semicolon behind each.
pub fn chosen(text: &[u8]) -> Option<Vec<Offered>> {
    let (words, list) = text.split_at_checked(9)?;
    if !words.eq_ignore_ascii_case(b"MLST OPTS") {
        return None;
    }
    // A space behind an empty list is a slip that misleads nobody.
    if list == b" " { Some(Vec::new()) } else { fact_list(list, Stars::Forbidden) }
}

/// Whether a list of facts may have stars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stars {
    Allowed,
    Forbidden,
}

/// A space, and facts with a semicolon behind each; or nothing.
fn fact_list(text: &[u8], stars: Stars) -> Option<Vec<Offered>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let list = std::str::from_utf8(text).ok()?.strip_prefix(' ')?.strip_suffix(';')?;
    let one = |piece: &str| {
        let name = piece.strip_suffix('*').unwrap_or(piece);
        let starred = name.len() < piece.len();
        let fits = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic() && !b"*=;".contains(&octet));
        (fits && (stars == Stars::Allowed || !starred)).then(|| Offered { name: name.to_owned(), starred })
    };
    list.split(';').map(one).collect()
}

fn of_line(line: &[u8]) -> Vec<Flaw> {
    let told = bare(line);
    let label = label(told);
    let is = |word: &str| label.eq_ignore_ascii_case(word.as_bytes());
    let mut flaws = Vec::new();
    let mut when = |holds: bool, flaw: Flaw| {
        if holds {
            flaws.push(flaw);
        }
    };
    when(!matches!(line, [b' ', next, ..] if next.is_ascii_graphic() || !next.is_ascii()), Flaw::Indent);
    when(line.iter().skip(1).any(|octet| !matches!(octet, b'\t' | b' '..=b'~')), Flaw::Octet);
    when(told.last() == Some(&b' '), Flaw::TrailingSpace);
    when(is("FEAT") || is("OPTS"), Flaw::Itself);
    when(are_several(told), Flaw::Several);
    when(STANDARD.iter().any(|word| is(word) && label != word.as_bytes()), Flaw::SmallLetters);
    when(is("TVFS") && told.len() > 4, Flaw::BehindTvfs);
    if is("MLST") {
        flaws.extend(of_facts(told));
    }
    flaws
}

fn of_facts(told: &[u8]) -> Vec<Flaw> {
    let Some(list) = fact_list(told.get(4..).unwrap_or_default(), Stars::Allowed) else { return vec![Flaw::FactList] };
    let lacks = |fact: &str| !list.iter().any(|offered| offered.name.eq_ignore_ascii_case(fact));
    let unknown = list.iter().any(|offered| !facts::is_name(&offered.name)).then_some(Flaw::FactName);
    let missing = RECOMMENDED.iter().any(|fact| lacks(fact)).then_some(Flaw::FactMissing);
    unknown.into_iter().chain(missing).collect()
}

/// Labels that have no parameters, one behind the other.
fn are_several(told: &[u8]) -> bool {
    let words = told.split(|octet| matches!(octet, b' ' | b';' | b',')).filter(|word| !word.is_empty());
    let alone = words.filter(|word| ALONE.iter().any(|label| label.as_bytes().eq_ignore_ascii_case(word)));
    alone.count() > 1
}

fn inner(reply: &SeenReply) -> &[Vec<u8>] {
    reply.lines.get(1..reply.lines.len().saturating_sub(1)).unwrap_or_default()
}

/// A line without spaces, tabs and `211-` at its beginning, which some servers put there.
fn bare(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"211-").unwrap_or(line).trim_ascii_start()
}

fn label(told: &[u8]) -> &[u8] {
    told.split(|octet| *octet == b' ').next().unwrap_or_default()
}

/// Labels that a standard writes in capitals.
const STANDARD: [&str; 10] = ["MDTM", "SIZE", "REST", "TVFS", "MLST", "UTF8", "LANG", "HOST", "MFMT", "HASH"];
/// Labels that take no parameters.
const ALONE: [&str; 6] = ["MDTM", "SIZE", "TVFS", "UTF8", "HOST", "PBSZ"];
/// RFC 3659 §7.5.10.
const RECOMMENDED: [&str; 5] = ["type", "perm", "size", "unique", "modify"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::wire::reply::ReplyReader;

    fn read(lines: &[&str]) -> SeenReply {
        let text = lines.join("\r\n") + "\r\n";
        ReplyReader::default().feed(text.as_bytes()).remove(0)
    }

    #[rstest]
    #[case(" SIZE", &[])]
    #[case(" REST STREAM", &[])]
    #[case(" MLST type*;size*;modify*;perm*;unique*;UNIX.mode;", &[])]
    #[case(" X.foo bar=baz;", &[])]
    #[case("SIZE", &[Flaw::Indent])]
    #[case("  SIZE", &[Flaw::Indent])]
    #[case("\tSIZE", &[Flaw::Indent])]
    #[case("211-SIZE", &[Flaw::Indent])]
    #[case(" MDTM SIZE", &[Flaw::Several])]
    #[case(" MDTM;SIZE", &[Flaw::Several])]
    #[case(" MDTM YYYYMMDDHHMMSS[+-TZ];filename", &[])]
    #[case(" EPRT \u{1}", &[Flaw::Octet])]
    #[case(" EPRT é", &[Flaw::Octet])]
    #[case(" SIZE ", &[Flaw::TrailingSpace])]
    #[case(" OPTS MODE;MLST;UTF8", &[Flaw::Itself])]
    #[case(" Feat", &[Flaw::Itself])]
    #[case(" size", &[Flaw::SmallLetters])]
    #[case(" TVFS extended=1", &[Flaw::BehindTvfs])]
    #[case(" MLST type*;size", &[Flaw::FactList])]
    #[case(" MLST type*,size*", &[Flaw::FactList])]
    #[case(" MLST type*; size*;", &[Flaw::FactList])]
    #[case(" MLST type*;size*;modify*;perm*;unique*;sizd*;", &[Flaw::FactName])]
    #[case(" MLST", &[Flaw::FactMissing])]
    #[case(" MLST type*;size*;modify*;", &[Flaw::FactMissing])]
    fn lines(#[case] line: &str, #[case] expected: &[Flaw]) {
        let found: Vec<_> =
            flaws(&read(&["211-Features", line, "211 End"])).into_iter().map(|(flaw, _)| flaw).collect();
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case(&["211 None"], &[])]
    #[case(&["211-None", "211 End"], &[Flaw::NoFeatures])]
    #[case(&["211-A\u{1}", " SIZE", "211 end"], &[Flaw::FirstLine])]
    #[case(&["211-A", " SIZE", "211 End."], &[Flaw::End])]
    fn replies(#[case] lines: &[&str], #[case] expected: &[Flaw]) {
        let found: Vec<_> = flaws(&read(lines)).into_iter().map(|(flaw, _)| flaw).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_a_line_says_is_read_whatever_is_wrong_with_it() {
        let found = features(&read(&["211-A", "SIZE", "   MDTM", "211-REST STREAM", "211 End"]));
        assert_eq!(found, [&b"SIZE"[..], b"MDTM", b"REST STREAM"]);
    }

    #[rstest]
    #[case("MLST OPTS Type;Size;", Some("Type Size"))]
    #[case("mlst opts type;", Some("type"))]
    #[case("MLST OPTS", Some(""))]
    #[case("MLST OPTS ", Some(""))]
    #[case("MLST OPTS Type", None)]
    #[case("MLST OPTS Type*;", None)]
    #[case("MLST OPTS  Type;", None)]
    #[case("Fine.", None)]
    fn choices(#[case] text: &str, #[case] expected: Option<&str>) {
        let found =
            chosen(text.as_bytes()).map(|list| list.into_iter().map(|one| one.name).collect::<Vec<_>>().join(" "));
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn stars_are_told() {
        let found = offered(&read(&["211-A", " mlst Type*;UNIX.mode;", "211 End"])).unwrap();
        let told: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.starred)).collect();
        assert_eq!(told, [("Type", true), ("UNIX.mode", false)]);
        assert_eq!(offered(&read(&["211-A", " SIZE", "211 End"])), None);
    }

    #[rstest]
    #[case(" LANG EN*;FR", "EN* FR")]
    #[case(" lang EN;FR-CA*", "EN FR-CA*")]
    #[case(" LANG en-US.UTF-8*;", "en-US.UTF-8*")]
    #[case(" LANG", "")]
    #[case(" LANGUAGE EN*", "")]
    fn told_languages(#[case] line: &str, #[case] expected: &str) {
        let found = languages(&read(&["211-A", " SIZE", line, "211 End"]));
        let star = |language: &Language| if language.starred { "*" } else { "" };
        let one = |language: &Language| format!("{}{}", String::from_utf8_lossy(&language.tag), star(language));
        assert_eq!(found.iter().map(one).collect::<Vec<_>>().join(" "), expected);
    }

    #[rstest]
    #[case("EN", "en-US", true)]
    #[case("en_GB.UTF-8", "EN", true)]
    #[case("EN", "ENM", false)]
    #[case("EN", "DE", false)]
    fn variants(#[case] one: &str, #[case] other: &str, #[case] expected: bool) {
        assert_eq!(same_language(one.as_bytes(), other.as_bytes()), expected);
    }

    proptest! {
        #[test]
        fn a_reply_of_labels_has_no_flaw(labels in proptest::collection::vec("[A-Z]{5,8}( [a-z]{1,5})?", 1..6)) {
            let lines: Vec<_> = labels.iter().map(|label| format!(" {label}")).collect();
            let all: Vec<_> = ["211-All"].into_iter().chain(lines.iter().map(String::as_str)).chain(["211 End"]).collect();
            prop_assert_eq!(flaws(&read(&all)), []);
            prop_assert_eq!(features(&read(&all)), labels.into_iter().map(String::into_bytes).collect::<Vec<_>>());
        }
    }
}
