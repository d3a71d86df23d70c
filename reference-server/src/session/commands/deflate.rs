//! OPTS MODE Z (draft-preston-ftpext-deflate §3.6).

use protocol::{Level, Mode, Reply};

use crate::session::Session;
use crate::session::replies::{indented, printable, reply};

/// What one pair of a name and a value asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    /// There is one engine.
    Engine,
    /// RFC 1950 has one method.
    Method,
    Level(Level),
}

impl Session {
    /// The settings of what is sent in MODE Z; without any, those of the beginning. One that is wrong leaves all as they were.
    pub(super) fn choose_deflation(&mut self, options: &[u8]) -> Reply {
        // The grammar of §3.6 has a comma behind each pair, and the examples of §3.6.2 have none.
        let words = options.split(|octet| b" ,".contains(octet)).filter(|word| !word.is_empty());
        let words: Vec<&[u8]> = words.collect();
        let Some((_, pairs)) = words.split_first().filter(|(mode, _)| mode.eq_ignore_ascii_case(b"Z")) else {
            return reply::<501>("Only MODE Z has options.");
        };
        let settings = match pairs.chunks(2).map(setting).collect::<Result<Vec<_>, _>>() {
            Ok(settings) => settings,
            Err(refused) => return refused,
        };
        let chosen = settings.iter().rev().find_map(|setting| match setting {
            Setting::Level(level) => Some(*level),
            Setting::Engine | Setting::Method => None,
        });
        match chosen {
            Some(level) => self.set_level(level),
            None if settings.is_empty() => self.set_level(Level::default()),
            None => {}
        }
        told(&settings)
    }

    /// The level holds for all that is sent from now on.
    fn set_level(&mut self, level: Level) {
        self.options.level = level;
        if let Mode::Deflate(current) = &mut self.parameters.mode {
            *current = level;
        }
    }
}

/// §3.6: "it SHOULD return the opt-name in the error reply".
fn setting(pair: &[&[u8]]) -> Result<Setting, Reply> {
    let (name, value) = match *pair {
        [name, value] => (name.to_ascii_uppercase(), value),
        [name] => return Err(refused(name, b"needs a value")),
        _ => return Err(reply::<501>("Options come in pairs of a name and a value.")),
    };
    let found = match name.as_slice() {
        b"ENGINE" => value.eq_ignore_ascii_case(b"ZLIB").then_some(Setting::Engine),
        b"METHOD" => (value == b"8").then_some(Setting::Method),
        b"LEVEL" => number(value).and_then(Level::new).map(Setting::Level),
        // EXTRA is of engines that have headers of versions, and BLOCKSIZE of those that sort blocks.
        _ => return Err(refused(&name, b"is not available")),
    };
    found.ok_or_else(|| refused(&[&name, b" ".as_slice(), value].concat(), b"is invalid"))
}

fn number(digits: &[u8]) -> Option<u32> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|octet| octet.is_ascii_digit()))?;
    digits.parse().ok()
}

fn refused(what: &[u8], why: &[u8]) -> Reply {
    reply::<501>([b"MODE Z ".as_slice(), &printable(what), b" ", why, b"."].concat())
}

/// A line for each setting, as in the examples of §3.6.2.
fn told(settings: &[Setting]) -> Reply {
    let tell = |setting: &Setting| match setting {
        Setting::Engine => "MODE Z ENGINE set to ZLIB.".to_owned(),
        Setting::Method => "MODE Z METHOD set to 8.".to_owned(),
        Setting::Level(level) => format!("MODE Z LEVEL set to {}.", level.number()),
    };
    match settings {
        [] => reply::<200>("MODE Z is as at the beginning."),
        [setting] => reply::<200>(tell(setting)),
        _ => indented::<200, String>("Set:", settings.iter().map(tell), "End."),
    }
}
