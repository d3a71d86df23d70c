//! The same is asked of the disk and of memory, and must be answered alike.

mod line;
mod whole;

use std::io::{Read, Write};

use proptest::prelude::*;
use rstest::rstest;
use tempfile::TempDir;

use crate::store::{Disk, Form, Location, Memory, Naming, Reading, Refused, Start, Store};
use line::play;
use whole::hidden_below;

const SIZE: u64 = 1 << 20;

type Named = (&'static str, Box<dyn Store>);

fn stores() -> (TempDir, [Named; 2]) {
    let root = tempfile::tempdir().unwrap();
    let disk = Disk::open(root.path()).unwrap();
    (root, [("disk", Box::new(disk)), ("memory", Box::new(Memory::new(SIZE).unwrap()))])
}

/// The same, where files have their names when they are whole. Who stores one file after the other sees no difference.
fn atomic_stores() -> (TempDir, [Named; 2]) {
    let root = tempfile::tempdir().unwrap();
    let disk = Disk::open(root.path()).unwrap().with_naming(Naming::WhenWhole);
    let memory = Memory::new(SIZE).unwrap().with_naming(Naming::WhenWhole);
    (root, [("atomic disk", Box::new(disk)), ("atomic memory", Box::new(memory))])
}

/// The answers are those that the disk gave before there was memory.
#[rstest]
#[case::empty(&[("names /", ""), ("list /", ""), ("facts /", "Type=cdir;Perm=celmp; /"), ("describe /", "Type=dir;Perm=celmp; /"),
    ("enter /", "ok"), ("find /", "ok"), ("enter a", "No such file or directory")])]
#[case::directories(&[("mkd a", "ok"), ("mkd a", "It exists already"), ("mkd a/b", "ok"), ("mkd c/d", "No such file or directory"), ("enter a/b", "ok"),
    ("find a/b", "ok"), ("rmd a", "Directory not empty"), ("rmd a/b", "ok"), ("rmd a/b", "No such file or directory"), ("rmd a", "ok"), ("mkd /", "It exists already")])]
#[case::kinds(&[("stor f 1", "1 new"), ("mkd d", "ok"), ("enter f", "Not a directory"), ("rmd f", "Not a directory"), ("dele d", "Is a directory"), ("dele /", "Is a directory"),
    ("size d", "Is a directory"), ("modified d", "Is a directory"), ("read d 0", "Is a directory"), ("stor d 1", "Is a directory"), ("appe / 1", "Is a directory"),
    ("digest d 0", "Is a directory"), ("find f/x", "Not a directory"), ("mkd f/x", "Not a directory"), ("stor f/x 1", "Not a directory"), ("facts f", "Not a directory"),
    ("stou f 1", "Not a directory"), ("mv f d", "Is a directory"), ("mv d f", "Not a directory")])]
#[case::deleted(&[("stor f 1", "1 new"), ("dele f", "ok"), ("dele f", "No such file or directory"), ("find f", "No such file or directory"), ("size f", "No such file or directory"),
    ("modified f", "No such file or directory"), ("read f 0", "No such file or directory"), ("list f", "No such file or directory"), ("describe f", "No such file or directory"),
    ("touch f 1", "No such file or directory"), ("chmod f 600", "No such file or directory"), ("digest f 0", "No such file or directory")])]
#[case::renamed(&[("stor f 12", "2 new"), ("mv f g", "ok"), ("names /", "g"), ("mv f g", "No such file or directory"), ("mkd d", "ok"), ("mv g d/h", "ok"),
    ("read d/h 0", "12"), ("mv d e", "ok"), ("read e/h 0", "12"), ("mv e e", "ok"), ("mv e/h x/h", "No such file or directory")])]
#[case::renamed_over(&[("stor f one", "3 new"), ("stor g other", "5 new"), ("mv f g", "ok"), ("names /", "g"), ("read g 0", "one"), ("mkd d", "ok"), ("mkd e", "ok"), ("mv d e", "ok"),
    ("names /", "e g"), ("stor e/x 1", "1 new"), ("mkd d", "ok"), ("mv d e", "Directory not empty")])]
#[case::renamed_into_itself(&[("mkd d", "ok"), ("mkd d/e", "ok"), ("mv d d/f", "Not a legal name"), ("mv d d/e", "Not a legal name"), ("mv d/e d", "Directory not empty")])]
#[case::sizes(&[("stor f a\\nb\\n", "4 new"), ("size f", "4"), ("size-ascii f", "6"), ("size-records f", "8"), ("size-pages f", "Not a file of pages with bytes of this size")])]
#[case::read(&[("stor f a\\nbc", "4 new"), ("read f 0", "a\\nbc"), ("read f 2", "bc"), ("read f 4", ""), ("read f 5", "The file cannot be restarted at that place"),
    ("read-ascii f 3", "skip 3 of a\\nbc"), ("read-ascii f 5", "skip 5 of a\\nbc"), ("read-ascii f 6", "The file cannot be restarted at that place")])]
#[case::written(&[("stor f 12345", "5 new"), ("appe f 67", "2"), ("read f 0", "1234567"), ("rest f 3 x", "1"), ("read f 0", "123x"), ("rest f 5 x", "The file cannot be restarted at that place"),
    ("stor f 1", "1"), ("read f 0", "1"), ("rest g 1 x", "No such file or directory"), ("find g", "No such file or directory"), ("rest g 0 x", "1 new"), ("appe h 1", "1 new")])]
#[case::written_in_lines(&[("stor f a\\nbc", "4 new"), ("rest-ascii f 3 x", "1"), ("read f 0", "a\\nx"), ("rest-ascii f 2 x", "The file cannot be restarted at that place")])]
#[case::new_names(&[("stou / 1", "/unique.1 1"), ("mkd d", "ok"), ("stou d 12", "/d/unique.1 2"), ("stou / 3", "/unique.2 1"), ("dele unique.1", "ok"), ("stou / 4", "/unique.1 1"),
    ("stou x 1", "No such file or directory")])]
#[case::times(&[("stor f 1", "1 new"), ("touch f 1000", "1000"), ("modified f", "1000"), ("touch f -1", "-1"), ("modified f", "-1"), ("mkd d", "ok"), ("touch d 0", "0")])]
#[case::modes(&[("stor f 1", "1 new"), ("chmod f 600", "600"), ("list f", "-rw------- 1 1 f"), ("mkd d", "ok"), ("chmod d 700", "700"), ("list /", "drwx------ d\n-rw------- 1 1 f"),
    ("facts /", "Type=cdir;Perm=celmp; /\nType=dir;Perm=celmpdf;UNIX.mode=0700; d\nType=file;Size=1;Perm=arwdf;UNIX.mode=0600; f")])]
#[case::listings(&[("mkd d", "ok"), ("stor d/b 12", "2 new"), ("stor d/a 1", "1 new"), ("chmod d/a 644", "644"), ("chmod d/b 640", "640"), ("names d", "d/a d/b"), ("names d/a", "d/a"),
    ("list d", "-rw-r--r-- 1 1 a\n-rw-r----- 1 2 b"), ("list d/b", "-rw-r----- 1 2 b"), ("describe d/b", "Type=file;Size=2;Perm=arwdf;UNIX.mode=0640; /d/b")])]
#[case::digests(&[("stor f 123456789", "9 new"), ("digest f 0", "cbf43926 0-8"), ("digest f 3", "fb16b375 3-8"), ("digest f 9", "The file cannot be restarted at that place"),
    ("stor f -", "0"), ("digest f 0", "00000000 0-0")])]
#[case::links(&[("mkd d", "ok"), ("stor d/f 123", "3 new"), ("chmod d/f 640", "640"), ("link l d/f", "ok"), ("link d/up /", "ok"), ("link l x", "It exists already"), ("read l 0", "123"), ("size d/up/l", "3"),
    ("list l", "lrwxrwxrwx 1 3 l -> d/f"), ("describe l", "Type=file;Size=3;Perm=arwdf;UNIX.mode=0640; /l"), ("names d/up", "d/up/d d/up/l"), ("enter d/up/d", "ok"), ("rmd d/up", "Not a directory"),
    ("appe l 4", "1"), ("read d/f 0", "1234"), ("dele l", "ok"), ("read d/f 0", "1234"), ("mv d/up up", "ok"), ("enter up", "Permission denied")])]
#[case::dangling_links(&[("link l x", "ok"), ("find l", "ok"), ("size l", "No such file or directory"), ("stor l 1", "It exists already"), ("describe l", "Type=OS.unix=slink;Perm=df;UNIX.mode=0777; /l"),
    ("list /", "lrwxrwxrwx 1 1 l -> x"), ("stor x 1", "1 new"), ("size l", "1")])]
#[case::links_in_a_circle(&[("link a b", "ok"), ("link b a", "ok"), ("size a", "Not a legal name"), ("enter a/x", "Not a legal name"), ("dele a", "ok"), ("size b", "No such file or directory")])]
#[case::a_link_is_renamed_and_not_what_it_leads_to(&[("stor f 1", "1 new"), ("link l f", "ok"), ("mv l m", "ok"), ("names /", "f m"), ("stor g 12", "2 new"), ("mv g m", "ok"), ("read f 0", "1"), ("read m 0", "12")])]
#[case::octets_of_names(&[("mkd \u{e9}\u{1}", "ok"), ("stor \u{e9}\u{1}/*? 1", "1 new"), ("names \u{e9}\u{1}", "\u{e9}\u{1}/*?"), ("enter \u{e9}\u{1}", "ok")])]
fn answers(#[case] dialogue: &[(&str, &str)]) {
    let ((_root, stores), (_other_root, atomic)) = (stores(), atomic_stores());
    for (name, store) in stores.iter().chain(&atomic) {
        for (line, expected) in dialogue {
            assert_eq!(play(store.as_ref(), line), *expected, "{name}: {line}");
        }
    }
}

/// What the system says of the root and of names that are too long.
#[rstest]
#[case::remove_root("rmd /", "a", 1)]
#[case::rename_root("mv / x", "a", 1)]
#[case::rename_to_root("mv d /", "a", 1)]
#[case::link_at_root("link / d", "a", 1)]
#[case::new_at_root("stor / 1", "a", 1)]
#[case::long_name("mkd LONG", "a", 256)]
#[case::not_too_long("mkd LONG", "a", 255)]
#[case::long_file("stor LONG 1", "a", 256)]
#[case::long_new_name("mv d LONG", "a", 256)]
#[case::long_path("find LONG", "a/", 2048)]
#[case::long_missing_path("find LONG", "b/", 2047)]
fn edges(#[case] line: &str, #[case] name: &str, #[case] times: usize) {
    let (_root, stores) = stores();
    let line = line.replace("LONG", &name.repeat(times));
    let [disk, memory] = stores.map(|(_, store)| {
        assert_eq!(play(store.as_ref(), "mkd d"), "ok");
        play(store.as_ref(), &line)
    });
    assert_eq!(disk, memory, "{line}");
}

/// Linux follows 40 of them, and no more.
#[test]
fn links_to_links() {
    let (_root, stores) = stores();
    for (name, store) in &stores {
        let play = |line: &str| play(store.as_ref(), line);
        play("stor 0 12");
        for number in 1..=41 {
            play(&format!("link {number} {}", number - 1));
        }
        assert_eq!([play("size 40"), play("size 41")], ["2", "Not a legal name"], "{name}");
    }
}

fn read_on(reading: &mut Reading, most: u64) -> String {
    let mut text = String::new();
    Read::by_ref(&mut reading.file).take(most).read_to_string(&mut text).unwrap();
    text
}

/// Each transfer has a place of its own in the file.
#[test]
fn open_files() {
    let (_root, stores) = stores();
    for (name, store) in &stores {
        let (f, play) = (Location::root().child(b"f"), |line| play(store.as_ref(), line));
        let open = |offset| store.read(&f, Form::Image, offset).unwrap();
        play("stor f abcdef");
        let (mut one, mut other, mut third) = (open(0), open(3), open(2));
        assert_eq!(
            [read_on(&mut one, 2), read_on(&mut other, 9), read_on(&mut one, 9)],
            ["ab", "def", "cdef"],
            "{name}"
        );
        play("appe f g");
        assert_eq!([read_on(&mut one, 9), read_on(&mut third, 2)], ["g", "cd"], "{name}: it grows while it is read");
        play("stor f ABCDE");
        assert_eq!(read_on(&mut third, 9), "E", "{name}: it is replaced while it is read");
        let mut before = open(1);
        play("stor g other");
        play("mv g f");
        assert_eq!(read_on(&mut before, 9), "BCDE", "{name}: another one has its name");
        let mut last = open(0);
        play("dele f");
        assert_eq!(read_on(&mut last, 9), "other", "{name}: it has no name");
    }
}

/// On a disk nobody can, and it says so.
#[test]
fn when_a_file_was_made() {
    let (_root, [(_, disk), (_, memory)]) = stores();
    let f = Location::root().child(b"f");
    let made = |store: &dyn Store| {
        play(store, "stor f 1");
        [store.set_made(&f, 1), store.set_made(&Location::root().child(b"none"), 1)]
    };
    assert_eq!(made(disk.as_ref()), [Err(Refused::Denied.into()), Err(Refused::Denied.into())]);
    assert_eq!(made(memory.as_ref()), [Ok(1), Err(Refused::Missing.into())]);
}

/// Two that append to a file both append.
#[test]
fn two_writers() {
    let (_root, stores) = stores();
    for (name, store) in &stores {
        let f = Location::root().child(b"f");
        let open = |start| store.write(&f, Form::Image, start).unwrap().file;
        let (mut first, mut one, mut other) = (open(Start::Beginning), open(Start::End), open(Start::End));
        first.write_all(b"first").unwrap();
        one.write_all(b" one").unwrap();
        other.write_all(b" other").unwrap();
        one.write_all(b" one").unwrap();
        assert_eq!(play(store.as_ref(), "read f 0"), "first one other one", "{name}");
    }
}

fn path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "c"]);
    prop_oneof![
        1 => Just("/".to_owned()),
        12 => prop::collection::vec(name, 1..4).prop_map(|names| names.join("/")),
    ]
}

fn operation() -> impl Strategy<Value = String> {
    let on_path = prop::sample::select(vec![
        "enter",
        "find",
        "mkd",
        "mkd",
        "rmd",
        "dele",
        "size",
        "size-ascii",
        "size-records",
        "names",
        "list",
        "facts",
        "describe",
    ]);
    let with_number = prop::sample::select(vec!["read", "read-ascii", "digest", "touch"]);
    let with_text = prop::sample::select(vec!["stor", "stor", "appe", "stou"]);
    let at_a_place = prop::sample::select(vec!["rest", "rest-ascii"]);
    let text = || prop::sample::select(vec!["-", "x", "abc", "a\\nb\\n", "\\n"]);
    prop_oneof![
        8 => (on_path, path()).prop_map(|(verb, path)| format!("{verb} {path}")),
        3 => (path(), path()).prop_map(|(from, to)| format!("mv {from} {to}")),
        2 => (path(), path()).prop_map(|(link, target)| format!("link {link} {target}")),
        2 => (with_number, path(), 0..7_u32).prop_map(|(verb, path, number)| format!("{verb} {path} {number}")),
        4 => (with_text, path(), text()).prop_map(|(verb, path, text)| format!("{verb} {path} {text}")),
        2 => (at_a_place, path(), 0..7_u32, text()).prop_map(|(verb, path, at, text)| format!("{verb} {path} {at} {text}")),
        1 => (path(), prop::sample::select(vec!["700", "750", "500", "300", "000"])).prop_map(|(path, mode)| format!("chmod {path} {mode}")),
    ]
}

proptest! {
    #[test]
    fn random_operations_are_answered_alike(lines in prop::collection::vec(operation(), 1..60)) {
        let ((_root, [(_, disk), (_, memory)]), (root, atomic)) = (stores(), atomic_stores());
        for (place, line) in lines.iter().enumerate() {
            let expected = play(disk.as_ref(), line);
            for store in [&memory].into_iter().chain(atomic.iter().map(|(_, store)| store)) {
                prop_assert_eq!(&expected, &play(store.as_ref(), line), "{} after {:?}", line, &lines[..place]);
            }
        }
        prop_assert_eq!(hidden_below(root.path()), 0);
    }
}
