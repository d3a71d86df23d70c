//! The file of `--config`: the options of the command line as keys.
//!
//! There is one definition of the options, that of clap. A key of the file becomes the option of its name, and clap parses both
//! together; so a new option is a key by itself.

mod value;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};
use toml_edit::{Item, Key, TableLike};

use super::{Arguments, say, told};
use crate::document::{Document, DocumentError, Fault, Faults, exposed, printable};

/// What a file cannot say.
const NOT_IN_A_FILE: [&str; 5] = ["config", "check-config", "man", "help", "version"];
/// What nobody else is to read.
const SECRETS: [&str; 3] = ["user", "account", "store-account"];
/// The exit code of a wrong command line.
const USAGE: u8 = 2;

/// The arguments of the command line, with those of the file that it names; or what is wrong is said.
pub(super) fn arguments(line: Vec<OsString>) -> Result<Arguments, ExitCode> {
    // Something wrong in the line itself is told below, where all is there that is required.
    let on_line = command().ignore_errors(true).try_get_matches_from(&line).map_err(|error| told(&error))?;
    let Some(file) = on_line.try_get_one::<PathBuf>("config").ok().flatten() else {
        return super::parsed(line);
    };
    let refused = |error: DocumentError| {
        say(&format!("error: {error}"));
        ExitCode::from(USAGE)
    };
    let document = Document::read(file).map_err(refused)?;
    let added = added(&document, &on_line).map_err(|faults| refused(faults.into()))?;
    if let Some(warning) = exposed(file).filter(|_| keys(document.root()).any(|(key, _)| SECRETS.contains(&key.get())))
    {
        say(&warning);
    }
    let mut line = line.into_iter();
    let all = line.next().into_iter().chain(added).chain(line);
    let parsed = command().try_get_matches_from(all).and_then(|matches| Arguments::from_arg_matches(&matches));
    parsed.map_err(|error| match (conflict(&document, &error), missing(&error)) {
        (Some(fault), _) => refused(Faults(vec![fault]).into()),
        (None, Some(missing)) => {
            let how = "Write it in the file, without the dashes, or on the command line.";
            say(&format!(
                "error: {} does not say enough: {missing} is missing. {how}",
                printable(&file.to_string_lossy())
            ));
            ExitCode::from(USAGE)
        }
        (None, None) => told(&error),
    })
}

fn command() -> Command {
    let mut command = Arguments::command();
    // Before, it does not know its groups.
    command.build();
    command
}

/// The options of which the file has a key, as a command line would say them; without those that the command line says itself,
/// or that cannot stand beside what it says.
fn added(document: &Document, on_line: &ArgMatches) -> Result<Vec<OsString>, Faults> {
    let command = command();
    let (mut added, mut faults) = (Vec::new(), Vec::new());
    for (key, item) in keys(document.root()) {
        match option(&command, key.get()) {
            None => faults.push(document.unknown(key, command.get_arguments().filter_map(name))),
            Some(option) => match value::options(document, &command, option, key, item) {
                Ok(_) if is_overruled(&command, option, on_line) => {}
                Ok(options) => added.extend(options),
                Err(more) => faults.extend(more),
            },
        }
    }
    if faults.is_empty() { Ok(added) } else { Err(Faults(faults)) }
}

fn keys(root: &Item) -> impl Iterator<Item = (&Key, &Item)> {
    let table: Option<&dyn TableLike> = root.as_table_like();
    table.into_iter().flat_map(|table| table.iter().filter_map(|(name, _)| table.get_key_value(name)))
}

/// The name of an option as a key.
fn name(option: &Arg) -> Option<&str> {
    option.get_long().filter(|name| !NOT_IN_A_FILE.contains(name))
}

fn option<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|option| name(option) == Some(key))
}

/// Whether the command line says this option, or one that excludes it.
fn is_overruled(command: &Command, option: &Arg, on_line: &ArgMatches) -> bool {
    let is_said = |id: &str| on_line.value_source(id) == Some(ValueSource::CommandLine);
    let excludes =
        |one: &Arg, other: &Arg| command.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other.get_id());
    let said = |other: &&Arg| is_said(other.get_id().as_str());
    command.get_arguments().filter(said).any(|other| {
        other.get_id() == option.get_id()
            || excludes(other, option)
            || excludes(option, other)
            || are_alternatives(command, option, other)
    })
}

/// Whether clap takes only one of the two.
fn are_alternatives(command: &Command, one: &Arg, other: &Arg) -> bool {
    command.get_groups().any(|group| {
        let has = |arg: &Arg| group.get_args().any(|id| id == arg.get_id());
        !group.clone().is_multiple() && has(one) && has(other)
    })
}

/// Two options that exclude each other, where one of them stands in the file.
fn conflict(document: &Document, error: &clap::Error) -> Option<Fault> {
    if error.kind() != ErrorKind::ArgumentConflict {
        return None;
    }
    let first = |kind| match error.get(kind) {
        Some(ContextValue::Strings(several)) => several.first().and_then(|one| long_name(one)),
        Some(one) => as_text(one).and_then(long_name),
        None => None,
    };
    let (one, other) = (first(ContextKind::InvalidArg)?, first(ContextKind::PriorArg)?);
    let find = |name: &str| keys(document.root()).find(|(key, _)| key.get() == name);
    let ((key, _), other) = find(one).map(|found| (found, other)).or_else(|| find(other).map(|found| (found, one)))?;
    Some(document.fault_at_key(key, format!("`{}` cannot stand beside `{other}`: take one of them out.", key.get())))
}

/// The options that must stand beside those that are there.
fn missing(error: &clap::Error) -> Option<String> {
    let needed = error.get(ContextKind::InvalidArg).filter(|_| error.kind() == ErrorKind::MissingRequiredArgument)?;
    let ContextValue::Strings(needed) = needed else { return None };
    // A choice of several is in angle brackets.
    let name = |one: &String| match one.strip_prefix("<--").and_then(|choice| choice.strip_suffix('>')) {
        Some(choice) => format!("--{}", choice.replace('|', " or ")),
        None => one.clone(),
    };
    Some(needed.iter().map(name).collect::<Vec<_>>().join(" and "))
}

fn as_text(value: &ContextValue) -> Option<&str> {
    if let ContextValue::String(text) = value { Some(text) } else { None }
}

/// `root` of `--root <DIR>`.
fn long_name(shown: &str) -> Option<&str> {
    shown.strip_prefix("--")?.split([' ', '=', '[', '<']).next()
}

#[cfg(test)]
mod tests;
