//! The values of a subject's file that are more than texts and numbers.

use std::fmt;
use std::time::Duration;

use jiff::civil::Date;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::subject::address::{self, Address};
use crate::subject::placeholder::Template;
use crate::subject::words;

/// A text with placeholders.
#[derive(Debug)]
pub(super) struct Text(pub(super) Template);

/// A command: one line, split into words, or a list of words.
#[derive(Debug)]
pub(super) struct CommandLine(pub(super) Vec<Template>);

/// Words with placeholders: a text, which is one word, or a list; perhaps none.
#[derive(Debug)]
pub(super) struct Words(pub(super) Vec<Template>);

/// A file's text, or `{ text, mode }`.
#[derive(Debug)]
pub(super) struct FileText {
    pub(super) text: Template,
    pub(super) mode: u32,
}

/// A length of time with its unit: `500ms`, `10s`, `2m`.
#[derive(Debug)]
pub(super) struct Time(pub(super) Duration);

/// A user and a group by number: `1001:1001`.
#[derive(Debug)]
pub(super) struct Owner(pub(super) u32, pub(super) u32);

/// Permissions in octal: `"0755"`.
#[derive(Debug)]
pub(super) struct Mode(pub(super) u32);

/// A day: `2027-01-31`.
#[derive(Debug)]
pub(super) struct Day(pub(super) Date);

/// The id of a requirement, or a list of ids.
#[derive(Debug, Default)]
pub(super) struct Requirements(pub(super) Vec<String>);

/// The address of a server.
#[derive(Debug)]
pub(super) struct Url(pub(super) Address);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Template::parse(&String::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        time(&text).map(Self).ok_or_else(|| {
            D::Error::custom(format!("`{text}` is no length of time; write a number and its unit, as 500ms, 10s or 2m"))
        })
    }
}

impl<'de> Deserialize<'de> for Owner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let numbers = text.split_once(':').and_then(|(user, group)| Some((user.parse().ok()?, group.parse().ok()?)));
        let (user, group) = numbers.ok_or_else(|| {
            D::Error::custom(format!("`{text}` is no owner; write the numbers of a user and a group, as 1001:1001"))
        })?;
        Ok(Self(user, group))
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mode = u32::from_str_radix(&text, 8).ok().filter(|mode| *mode <= 0o777 && text.len() >= 3);
        mode.map(Self).ok_or_else(|| {
            D::Error::custom(format!("`{text}` is no mode; write the permissions in octal and in quotes, as \"0644\""))
        })
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|_| D::Error::custom(format!("`{text}` is no day; write year, month and day, as 2027-01-31")))
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        address::parse(&String::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Words;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text, or a list of words")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Words, E> {
                Ok(Words(vec![Template::parse(text).map_err(E::custom)?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(Text(word)) = list.next_element()? {
                    words.push(word);
                }
                Ok(Words(words))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for CommandLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;

        impl<'de> Visitor<'de> for Words {
            type Value = CommandLine;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a command line, or a list of its words")
            }

            fn visit_str<E: Error>(self, line: &str) -> Result<CommandLine, E> {
                let words = words::split(line).map_err(E::custom)?;
                let parsed: Result<Vec<Template>, _> = words.iter().map(|word| Template::parse(word)).collect();
                parsed.map(CommandLine).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<CommandLine, A::Error> {
                let mut words = Vec::new();
                while let Some(Text(word)) = list.next_element()? {
                    words.push(word);
                }
                if words.is_empty() {
                    return Err(A::Error::custom("the command has no words; write the program and its arguments"));
                }
                Ok(CommandLine(words))
            }
        }

        deserializer.deserialize_any(Words)
    }
}

impl<'de> Deserialize<'de> for Requirements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ids;

        impl<'de> Visitor<'de> for Ids {
            type Value = Requirements;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the id of a requirement, or a list of ids")
            }

            fn visit_str<E: Error>(self, id: &str) -> Result<Requirements, E> {
                Ok(Requirements(vec![id.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Requirements, A::Error> {
                let mut ids = Vec::new();
                while let Some(id) = list.next_element()? {
                    ids.push(id);
                }
                if ids.is_empty() {
                    return Err(A::Error::custom("the list is empty; name a requirement, or take the key away"));
                }
                Ok(Requirements(ids))
            }
        }

        deserializer.deserialize_any(Ids)
    }
}

impl<'de> Deserialize<'de> for FileText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct WithMode {
            text: Text,
            mode: Option<Mode>,
        }

        struct File;

        impl<'de> Visitor<'de> for File {
            type Value = FileText;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the text of a file, or a map with `text` and `mode`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<FileText, E> {
                Ok(FileText { text: Template::parse(text).map_err(E::custom)?, mode: 0o600 })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FileText, A::Error> {
                let WithMode { text: Text(text), mode } = WithMode::deserialize(MapAccessDeserializer::new(map))?;
                Ok(FileText { text, mode: mode.map_or(0o600, |Mode(mode)| mode) })
            }
        }

        deserializer.deserialize_any(File)
    }
}

fn time(text: &str) -> Option<Duration> {
    let unit_at = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let number: u64 = number.parse().ok()?;
    match unit.trim_start() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    }
}
