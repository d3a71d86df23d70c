//! A TOML file that somebody wrote by hand, and what is wrong in it: with the line, the column, and a caret under the place.
//!
//! Values are never shown, only keys: a slip of the pen is as likely in the line of a password as in any other.

mod excerpt;

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use thiserror::Error;
use toml_edit::{Document as Toml, DocumentMut, Item, Key, TomlError};

use excerpt::Excerpt;

/// A longer file was not written by hand.
const LONGEST: u64 = 16 << 20;

/// A TOML file that was read.
#[derive(Debug)]
pub(crate) struct Document {
    name: String,
    text: String,
    toml: Toml<String>,
}

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    message: String,
    excerpt: Excerpt,
}

/// All that is wrong in a file. There is at least one.
#[derive(Debug, Error)]
#[error("{}", Shown(.0))]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

/// Why a file could not be used.
#[derive(Debug, Error)]
pub(crate) enum DocumentError {
    #[error("cannot read {name}: {error}")]
    Read { name: String, error: io::Error },
    #[error("{0}")]
    Faults(#[from] Faults),
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is no TOML.
    pub(crate) fn read(file: &Path) -> Result<Self, DocumentError> {
        let name = file.display().to_string();
        match read_text(file) {
            Ok(text) => Ok(Self::parse(name, text)?),
            Err(error) => Err(DocumentError::Read { name, error }),
        }
    }

    /// Reads a text that comes from the file `name`.
    ///
    /// # Errors
    /// It is no TOML.
    pub(crate) fn parse(name: String, text: String) -> Result<Self, Faults> {
        match Toml::parse(text.clone()) {
            Ok(toml) => Ok(Self { name, text, toml }),
            Err(error) => {
                let excerpt = Excerpt::of_broken(&name, &text, error.span().unwrap_or_default());
                Err(Faults(vec![Fault { message: sentence(&error), excerpt }]))
            }
        }
    }

    /// All keys of the file.
    pub(crate) fn root(&self) -> &Item {
        self.toml.as_item()
    }

    /// The same, to be changed.
    pub(crate) fn into_mut(self) -> DocumentMut {
        self.toml.into_mut()
    }

    /// Something wrong with a key.
    pub(crate) fn fault_at_key(&self, key: &Key, message: impl Into<String>) -> Fault {
        self.fault(key.span(), message)
    }

    /// Something wrong with a value.
    pub(crate) fn fault_at(&self, item: &Item, message: impl Into<String>) -> Fault {
        self.fault(item.span(), message)
    }

    /// Something wrong with the value, or the part of one, at this place.
    pub(crate) fn fault(&self, place: Option<Range<usize>>, message: impl Into<String>) -> Fault {
        let excerpt = Excerpt::of(&self.name, &self.text, self.toml.as_item(), place.unwrap_or_default());
        Fault { message: message.into(), excerpt }
    }

    /// A key that has no meaning here, and the one that was probably meant.
    pub(crate) fn unknown<'a>(&self, key: &Key, known: impl IntoIterator<Item = &'a str>) -> Fault {
        let hint = nearest(key.get(), known).map(|name| format!(" Did you mean `{name}`?")).unwrap_or_default();
        self.fault_at_key(key, format!("there is no key `{}` here.{hint}", printable(key.get())))
    }
}

/// What is wrong with the mode of a file in which passwords or their hashes stand: somebody may read or change it who is neither its
/// owner nor of its group.
pub(crate) fn exposed(file: &Path) -> Option<String> {
    const OTHERS: u32 = 0o006;
    let is_open = file.metadata().is_ok_and(|file| file.permissions().mode() & OTHERS != 0);
    let name = printable(&file.display().to_string());
    is_open.then(|| format!("warning: everybody on this machine may look into {name}, and passwords stand there. Type `chmod o= {name}`."))
}

fn read_text(file: &Path) -> io::Result<String> {
    let mut octets = Vec::new();
    let read = std::fs::File::open(file)?.take(LONGEST + 1).read_to_end(&mut octets)?;
    if read as u64 > LONGEST {
        return Err(io::Error::other("it is longer than 16 MiB"));
    }
    String::from_utf8(octets).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = before.split(|&octet| octet == b'\n').count();
        io::Error::other(format!("line {line} is not in UTF-8, as TOML has to be"))
    })
}

/// The parser's own message, of which the first word is not always a small one.
fn sentence(error: &TomlError) -> String {
    format!("this is no TOML: {}", error.message().trim_end())
}

/// The one that differs from `written` in the fewest characters, if they are few enough to be a slip.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = written.chars().count();
    let longest_slip = if length < 4 { 1 } else { (length / 3).max(2) };
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(written, name), name))
        .filter(|(distance, _)| *distance <= longest_slip)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A text without what would steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '?' } else { character }).collect()
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}\n{}", self.excerpt.place(), self.message, self.excerpt)
    }
}

/// Faults one below the other, in the order of the file.
struct Shown<'a>(&'a [Fault]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            if place > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{fault}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn broken(text: &str) -> String {
        Document::parse("some.toml".to_owned(), text.to_owned()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_toml_is_shown_without_its_values() {
        let shown = broken("port = 21\n  user = \"alice:secret\n");
        assert!(shown.starts_with("some.toml:2:"), "{shown}");
        assert!(shown.contains("2 |   user = *************\n"), "{shown}");
        assert!(shown.contains('^') && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn a_line_without_a_key_is_not_shown_at_all() {
        let shown = broken("secret\n");
        assert!(shown.contains("1 | ******") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn an_unknown_key_has_carets_and_the_one_that_was_meant() {
        let document = Document::parse("some.toml".to_owned(), "'\u{fc}' = 1\npasword = 'x y' # z\n".to_owned());
        let document = document.unwrap();
        let table = document.root().as_table().unwrap();
        let shown = document.unknown(table.key("pasword").unwrap(), ["password", "account"]).to_string();
        assert_eq!(
            shown,
            "some.toml:2:1: there is no key `pasword` here. Did you mean `password`?\n\
             \x20 |\n\
             2 | pasword = *****\n\
             \x20 | ^^^^^^^"
        );
        let shown = document.fault_at(table.get("\u{fc}").unwrap(), "wrong").to_string();
        assert!(shown.starts_with("some.toml:1:7: wrong\n  |\n1 | '\u{fc}' = *\n  |       ^"), "{shown}");
    }

    #[rstest]
    #[case::comment("a = 1 # hush\n")]
    #[case::comment_behind_long_characters("a = '\u{1f512}\u{1f512}\u{1f512}' # hush\n")]
    #[case::header("[a] # hush\n")]
    #[case::of_several("a = { b = 1, c = 'hush' }\n")]
    #[case::array("a = [1,\n 'hush']\n")]
    #[case::lines("a = \"\"\"\nhush # x\nhush = 1\"\"\"\n")]
    #[case::dotted("a.b.c = 'hush'\n")]
    #[case::many("[[a]]\nb = 'hush'\n[[a]]\nb = 'hush'\n")]
    fn no_value_and_no_comment_is_shown(#[case] text: &str) {
        let document = Document::parse("some.toml".to_owned(), text.to_owned()).unwrap();
        for place in 0..=text.len() {
            let shown = document.fault(Some(place..text.len()), "wrong").to_string();
            assert!(!shown.contains("hush"), "{place}: {shown}");
        }
    }

    #[rstest]
    #[case("idle-timout", Some("idle-timeout"))]
    #[case("sesions", Some("sessions"))]
    #[case("users", Some("user"))]
    #[case("quota", None)]
    fn the_nearest_name(#[case] written: &str, #[case] expected: Option<&str>) {
        assert_eq!(nearest(written, ["idle-timeout", "sessions", "user", "port"]), expected);
    }
}
