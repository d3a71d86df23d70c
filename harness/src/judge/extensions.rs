//! What a flaw in the entries of MLST and MLSD, or in the reply to FEAT, weighs, and by which requirement.

use reports::model::Octets;

use super::framing::Remark;
use super::grade::Outcome;
use crate::wire::reply::SeenReply;
use crate::wire::{facts, features};

/// What is wrong with entries. Empty where nothing is.
pub fn of_entries(entries: &[facts::SeenEntry]) -> Vec<Remark> {
    let remark = |entry: &facts::SeenEntry, flaw: &facts::Flaw| {
        let (requirement, outcome, message, expected) = entry_measure(*flaw);
        Remark { requirement, outcome, message, expected, received: Octets::from(entry.line.as_slice()).to_string() }
    };
    entries.iter().flat_map(|entry| entry.flaws.iter().map(move |flaw| remark(entry, flaw))).collect()
}

/// What is wrong with a reply to FEAT. Empty where nothing is.
pub fn of_features(reply: &SeenReply) -> Vec<Remark> {
    let remark = |(flaw, line): (features::Flaw, Vec<u8>)| {
        let (requirement, outcome, message, expected) = feature_measure(flaw);
        Remark { requirement, outcome, message, expected, received: Octets::from(line).to_string() }
    };
    features::flaws(reply).into_iter().map(remark).collect()
}

type Measure = (&'static str, Outcome, &'static str, &'static str);

/// Requirement, outcome, statement, and what the text asks for.
fn entry_measure(flaw: facts::Flaw) -> Measure {
    use Outcome::{Against, Tolerated};
    use facts::Flaw;
    match flaw {
        Flaw::Blank => (NO_DECORATION, Against, "an empty line among the entries", ALONE),
        Flaw::Title => (NO_DECORATION, Against, "a line among the entries tells how much there is", ALONE),
        Flaw::LineFeedOnly => (CRLF, Against, "an entry ends in LF without CR", r"…\r\n"),
        Flaw::Unended => (CRLF, Against, "the last entry has no end", r"…\r\n"),
        Flaw::NoSpace => (GRAMMAR, Against, "no space stands before the name of an entry", ENTRY),
        Flaw::NotClosed => (GRAMMAR, Against, "what stands before the name of an entry are no facts", ENTRY),
        Flaw::LeadingSpace => (ONE_SPACE, Against, "a space too many stands before the facts", ENTRY),
        Flaw::SpaceInFacts => (NO_SPACES, Against, "a space inside the facts", ENTRY),
        Flaw::NoLeadingSpace => (ONE_SPACE, Against, "no space stands before the entry of a reply", "one space"),
        Flaw::Name => (NAMES, Against, NAMED, FACT_NAMES),
        Flaw::Value => (VALUES, Against, "the value of a fact has an octet that no value has", "section 2.1, SCHAR"),
        Flaw::LocalValue => (LOCAL, Tolerated, "the value of a local fact has an equals sign in it", "a token"),
        Flaw::Type => (TYPES, Against, "a type that is none", "file, dir, cdir, pdir or OS.name=type"),
        Flaw::TypeOfListing => (NEVER_CDIR, Against, "MLST tells a type of MLSD", "dir, for a directory"),
        Flaw::Time => {
            (TIMES, Against, "a fact that is a time is of another form", "YYYYMMDDHHMMSS, perhaps a fraction")
        }
        Flaw::CreatedLater => (CREATED, Tolerated, "an entry was created later than modified", "create, then modify"),
        Flaw::Size => (SIZE, Against, "a size that is no number", "decimal digits"),
        Flaw::SizeOfDirectory => (SIZE, Tolerated, "a directory has a size", "size for what is no directory"),
        Flaw::Permission => (PERMISSIONS, Against, "perm has another letter", "letters out of a c d e f l m p r w"),
        Flaw::PermissionOfOther => (APPLICABLE, Tolerated, "a letter of perm says nothing of this type", LETTERS),
        Flaw::Unique => (UNIQUE, Against, "unique is empty, or has an equals sign", "a token"),
        Flaw::SameUnique => (DISTINGUISHES, Tolerated, "two names have the same unique", "another for each file"),
    }
}

fn feature_measure(flaw: features::Flaw) -> Measure {
    use Outcome::{Against, Tolerated};
    use features::Flaw;
    match flaw {
        Flaw::NoFeatures => {
            (NONE_SINGLE, Against, "several lines, and none of them tells a feature", "one line: 211 text")
        }
        Flaw::FirstLine => (FIRST_LINE, Tolerated, "the first line has a control character", "211-, and a text"),
        Flaw::Indent => (INDENT, Against, "a feature does not begin with one space", "one space, and the feature"),
        Flaw::End => (END, Tolerated, "the list of features ends with other words", "211 End"),
        Flaw::Several => (ONE_A_LINE, Against, "several features on one line", "a line for each"),
        Flaw::Octet => (CHARSET, Against, "a feature has an octet that none has", "visible ASCII, space and tab"),
        Flaw::TrailingSpace => {
            (CHARSET, Tolerated, "a feature ends with a space", "nothing, or parameters behind the space")
        }
        Flaw::Itself => (NOT_ITSELF, Tolerated, "FEAT or OPTS is told among the features", "neither"),
        Flaw::SmallLetters => (CAPITALS, Tolerated, "a feature is told in small letters", "capitals"),
        Flaw::FactList => (MLST_LINE, Against, "behind MLST stands no list of facts", "MLST Type*;Size*;Perm;"),
        Flaw::FactName => (NAMES, Against, NAMED, FACT_NAMES),
        Flaw::FactMissing => {
            (RECOMMENDED, Against, "a fact that is recommended is not offered", "type, perm, size, unique and modify")
        }
        Flaw::BehindTvfs => (TVFS, Tolerated, "something stands behind TVFS", "TVFS"),
    }
}

const ALONE: &str = "entries, and nothing besides";
const ENTRY: &str = "name=value; for each fact, one space, and the name";
const NAMED: &str = "a fact of a name that nobody may give it";
const FACT_NAMES: &str = "one of the nine, OS.name or X.name";
const LETTERS: &str = "a for files; c e l m p for directories";
const NO_DECORATION: &str = "rfc3659-7.2-mlsx-no-decoration";
const CRLF: &str = "rfc3659-7.2-mlsd-crlf-lines";
const GRAMMAR: &str = "rfc3659-7.2-mlsd-line-grammar";
const ONE_SPACE: &str = "rfc3659-7.2-mlst-one-leading-space";
const NO_SPACES: &str = "rfc3659-7.2-no-spaces-in-facts";
const NAMES: &str = "rfc3659-7.5-fact-name-namespace";
const VALUES: &str = "rfc3659-7.2-fact-value-charset";
const LOCAL: &str = "rfc3659-7.5-local-facts-x-dot";
const TYPES: &str = "rfc3659-7.5.1-type-values";
const NEVER_CDIR: &str = "rfc3659-7.5.1.2-mlst-never-cdir";
const TIMES: &str = "rfc3659-7.5.3-modify-format";
const CREATED: &str = "rfc3659-7.5.4-create-not-after-modify";
const SIZE: &str = "rfc3659-7.5.7-size-fact";
const PERMISSIONS: &str = "rfc3659-7.5.5-perm-letters";
const APPLICABLE: &str = "rfc3659-7.5.5-perm-applicability";
const UNIQUE: &str = "rfc3659-7.5.2-unique-token";
const DISTINGUISHES: &str = "rfc3659-7.5.2-unique-distinguishes";
const NONE_SINGLE: &str = "rfc2389-3.2-no-features-single-line";
const FIRST_LINE: &str = "rfc2389-3.2-first-line-211-hyphen";
const INDENT: &str = "rfc2389-3.2-feature-line-single-leading-space";
const END: &str = "rfc2389-3.2-terminator-line";
const ONE_A_LINE: &str = "rfc2389-3.2-one-feature-per-line";
const CHARSET: &str = "rfc2389-3.2-feature-line-charset";
const NOT_ITSELF: &str = "rfc2389-3.2-feat-not-listed-itself";
const CAPITALS: &str = "rfc2389-3.2-labels-upper-case";
const MLST_LINE: &str = "rfc3659-7.8-feat-mlst-line";
const RECOMMENDED: &str = "rfc3659-7.5.10-recommended-facts";
const TVFS: &str = "rfc3659-6.3-feat-tvfs-format";
