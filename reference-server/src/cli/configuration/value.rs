//! From the value of a key to what the command line would say.

use std::error::Error;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};
use toml_edit::{Item, Key, Value};

use crate::document::{Document, Fault, nearest};

/// The options that a key stands for; each of its values is looked at by the parser of the option.
pub(super) fn options(
    document: &Document,
    command: &Command,
    option: &Arg,
    key: &Key,
    item: &Item,
) -> Result<Vec<OsString>, Vec<Fault>> {
    let name = key.get();
    let fault = |value: Option<&Value>, message: String| {
        let place = value.map_or_else(|| item.span(), Value::span);
        document.fault(place.or_else(|| key.span()), message)
    };
    let Some(value) = item.as_value() else {
        return Err(vec![
            document
                .fault_at_key(key, format!("`{name}` is no table here: write `{name} = …` at the top of the file.")),
        ]);
    };
    let kind = Kind::of(option);
    let mut options = Vec::new();
    let mut faults = Vec::new();
    for value in elements(value, kind) {
        match said(name, value, kind) {
            Ok(Some(option)) => match refusal(command, name, &option) {
                None => options.push(option),
                Some(message) => faults.push(fault(Some(value), message)),
            },
            Ok(None) => {}
            Err(message) => faults.push(fault(Some(value), message)),
        }
    }
    if faults.is_empty() { Ok(options) } else { Err(faults) }
}

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing: it is there or not.
    Flag,
    /// A value.
    One,
    /// A value, or nothing.
    OneOrNone,
    /// A value, and there may be several of it.
    Several,
}

impl Kind {
    fn of(option: &Arg) -> Self {
        let takes_none = option.get_num_args().is_some_and(|count| count.min_values() == 0);
        let action = option.get_action();
        if !action.takes_values() {
            Self::Flag
        } else if matches!(action, ArgAction::Append) {
            Self::Several
        } else if takes_none {
            Self::OneOrNone
        } else {
            Self::One
        }
    }
}

/// The values of an option that may be repeated are in an array.
fn elements(value: &Value, kind: Kind) -> Vec<&Value> {
    match value.as_array() {
        Some(array) if kind == Kind::Several => array.iter().collect(),
        Some(_) | None => vec![value],
    }
}

/// The option as the command line would say it; `None` for one that is not wanted.
fn said(name: &str, value: &Value, kind: Kind) -> Result<Option<OsString>, String> {
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_integer().map(|number| number.to_string()));
    let wanted = match kind {
        Kind::Flag => "true or false",
        Kind::One => "a text in quotes, or a whole number",
        Kind::OneOrNone => "a text in quotes, a whole number, or true",
        Kind::Several => "an array of texts in quotes",
    };
    match (kind, value.as_bool(), text) {
        (Kind::Flag | Kind::OneOrNone, Some(is_wanted), _) => Ok(is_wanted.then(|| format!("--{name}").into())),
        (Kind::One | Kind::OneOrNone | Kind::Several, None, Some(text)) => Ok(Some(format!("--{name}={text}").into())),
        _ => Err(format!("`{name}` takes {wanted}.")),
    }
}

/// What the parser of the option has against its value. The value itself is not told: it may be a password.
fn refusal(command: &Command, name: &str, option: &OsString) -> Option<String> {
    let error = command.clone().try_get_matches_from([&OsString::from("server"), option]).err()?;
    // That others are missing, or exclude it, is told when all of them are together.
    let is_about_the_value = matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation);
    if !is_about_the_value {
        return None;
    }
    let Some(ContextValue::Strings(known)) = error.get(ContextKind::ValidValue).filter(|known| !is_empty(known)) else {
        let reason = error.source().map_or_else(|| "it needs a value".to_owned(), ToString::to_string);
        return Some(format!("`{name}` cannot be this: {reason}."));
    };
    let written = option.to_string_lossy();
    let written = written.split_once('=').map_or("", |(_, value)| value);
    let hint = nearest(written, known.iter().map(String::as_str));
    let hint = hint.map(|name| format!(" Did you mean \"{name}\"?")).unwrap_or_default();
    Some(format!("`{name}` takes one of: {}.{hint}", known.join(", ")))
}

fn is_empty(known: &ContextValue) -> bool {
    matches!(known, ContextValue::Strings(known) if known.is_empty())
}
