//! What is asked of a store, as a line of text, and its answer as text.

use std::io::{Read, Write};

use protocol::listing::facts::Selection;
use protocol::transfer::Parameters;
use protocol::{Structure, Type};

use crate::accounts::Access;
use crate::store::{Algorithm, Form, Lines, Listing, Location, Span, Start, Store, StoreError, Writing};

/// Asks it. What may differ from disk to disk is not in the answer: times that nobody has set, and the size and the names of a directory.
pub(super) fn play(store: &dyn Store, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let (verb, path) = (words[0], location(words[1]));
    let number = |place: usize| words[place].parse::<u64>().unwrap();
    let answer = match verb {
        "enter" => store.enter(&path).map(done),
        "find" => store.find(&path).map(done),
        "mkd" => store.make_directory(&path).map(done),
        "rmd" => store.remove_directory(&path).map(done),
        "dele" => store.delete(&path).map(done),
        "mv" => store.rename(&path, &location(words[2])).map(done),
        "link" => store.make_link(&path, &location(words[2])).map(done),
        "size" | "size-ascii" | "size-records" | "size-pages" => {
            store.size(&path, form(verb)).map(|size| size.to_string())
        }
        "modified" => store.modified(&path).map(|time| time.to_string()),
        "touch" => store.set_modified(&path, words[2].parse().unwrap()).map(|time| time.to_string()),
        "chmod" => store.set_mode(&path, u32::from_str_radix(words[2], 8).unwrap()).map(|mode| format!("{mode:o}")),
        "digest" => {
            let digested = store.digest(&path, Algorithm::Crc32, Span { first: number(2), last: None });
            digested.map(|digested| format!("{} {}-{}", digested.hexadecimal, digested.first, digested.last))
        }
        "names" => names(store, &path, words[1]),
        "list" => long(store, &path),
        "facts" | "describe" => facts(store, &path, verb),
        "read" | "read-ascii" => read(store, &path, form(verb), number(2)),
        "stor" => write(store, &path, Form::Image, Start::Beginning, words[2]),
        "appe" => write(store, &path, Form::Image, Start::End, words[2]),
        "rest" | "rest-ascii" => write(store, &path, form(verb), Start::At(number(2)), words[3]),
        "stou" => store
            .write_new(&path)
            .map(|(new, writing)| [String::from_utf8(new.absolute()).unwrap(), fill(writing, words[2])].join(" ")),
        _ => panic!("{verb} is no verb of these tests"),
    };
    answer.unwrap_or_else(|error| error.to_string()).replace(" new", if verb == "stou" { "" } else { " new" })
}

fn done((): ()) -> String {
    "ok".to_owned()
}

fn location(path: &str) -> Location {
    Location::root().resolve(path.as_bytes()).unwrap()
}

fn form(verb: &str) -> Form {
    let parameters = Parameters::default();
    match verb.split_once('-').map(|(_, form)| form) {
        Some("ascii") => Form::Ascii,
        Some("records") => Form::Encoded(Parameters { structure: Structure::Record, ..parameters }),
        Some("pages") => {
            Form::Encoded(Parameters { structure: Structure::Page, representation: Type::Image, ..parameters })
        }
        Some(_) | None => Form::Image,
    }
}

fn text(lines: Lines) -> Result<String, StoreError> {
    Ok(String::from_utf8(lines.text()?).unwrap())
}

fn names(store: &dyn Store, path: &Location, argument: &str) -> Result<String, StoreError> {
    let argument = argument.trim_end_matches('/').as_bytes().to_vec();
    let text = text(store.list(path, &Listing::Names { argument })?)?;
    Ok(text.lines().collect::<Vec<_>>().join(" "))
}

/// Permission bits and name; of what is no directory also the number of names, and the size.
fn long(store: &dyn Store, path: &Location) -> Result<String, StoreError> {
    let text = text(store.list(path, &Listing::Long)?)?;
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let name = words[8..].join(" ");
        if line.starts_with('d') {
            format!("{} {name}", words[0])
        } else {
            format!("{} {} {} {name}", words[0], words[1], words[4])
        }
    };
    Ok(text.lines().map(line).collect::<Vec<_>>().join("\n"))
}

fn facts(store: &dyn Store, path: &Location, verb: &str) -> Result<String, StoreError> {
    let (access, selection) = (Access::ReadWrite, Selection::parse(b"Type;Size;Perm;UNIX.mode;").unwrap());
    if verb == "facts" {
        let text = text(store.list(path, &Listing::Facts { selection, access })?)?;
        return Ok(text.lines().map(without_mode_of_root).collect::<Vec<_>>().join("\n"));
    }
    let mut text = Vec::new();
    store.describe(path, access)?.append(&selection, &mut text);
    Ok(without_mode_of_root(std::str::from_utf8(&text).unwrap()))
}

/// What the root may do is for who made it to say.
fn without_mode_of_root(line: &str) -> String {
    match line.split_once("UNIX.mode=") {
        Some((facts, mode)) if mode.ends_with(" /") => format!("{facts} /"),
        Some(_) | None => line.to_owned(),
    }
}

fn read(store: &dyn Store, path: &Location, form: Form, offset: u64) -> Result<String, StoreError> {
    // Whoever need not wait finds the same.
    let at_hand = store.read_at_hand(path, form, offset);
    let mut reading = store.read(path, form, offset).inspect_err(|error| assert!(at_hand.is_none(), "{error}"))?;
    let mut text = String::new();
    reading.file.read_to_string(&mut text).unwrap();
    if let Some(mut at_hand) = at_hand {
        let mut same = String::new();
        at_hand.file.read_to_string(&mut same).unwrap();
        assert_eq!((same.as_str(), at_hand.size, at_hand.skip), (text.as_str(), reading.size, reading.skip));
    }
    let text = text.replace('\n', "\\n");
    Ok(if reading.skip > 0 { format!("skip {} of {text}", reading.skip) } else { text })
}

fn write(store: &dyn Store, path: &Location, form: Form, start: Start, text: &str) -> Result<String, StoreError> {
    store.write(path, form, start).map(|writing| fill(writing, text))
}

/// What the runtime does with it.
fn fill(mut writing: Writing, text: &str) -> String {
    if let Some(length) = writing.cut_to {
        writing.room.cut(&writing.file, length).unwrap();
    }
    let text = if text == "-" { String::new() } else { text.replace("\\n", "\n") };
    assert_eq!(writing.room.take(text.len()), text.len());
    writing.file.write_all(text.as_bytes()).unwrap();
    if let Some(landing) = writing.landing {
        landing.land().unwrap();
        writing.room.settle();
    }
    format!("{}{}", text.len(), if writing.is_new { " new" } else { "" })
}
