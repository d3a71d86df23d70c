//! Files that have their names when they are whole.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rstest::rstest;

use super::{atomic_stores, play, stores};
use crate::store::tree::Tree;
use crate::store::tree::whole::write;
use crate::store::{Disk, Form, Location, Memory, Naming, Refused, Start, Store, StoreError, Writing};

const ROUNDS: usize = 2000;
/// Each looks for a name from the first on.
const UNIQUE: usize = 200;

/// How many names there are below it that no command may say.
pub(super) fn hidden_below(directory: &Path) -> usize {
    let (mut count, mut left) = (0, vec![directory.to_owned()]);
    while let Some(directory) = left.pop() {
        // A directory that nobody may read is none of the server's either.
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            count += usize::from(entry.file_name().to_string_lossy().starts_with(".ftpspec-atomic."));
            left.extend(entry.file_type().unwrap().is_dir().then(|| entry.path()));
        }
    }
    count
}

fn begin(store: &dyn Store, name: &str, start: Start, text: &str) -> Writing {
    let mut writing = store.write(&Location::root().child(name.as_bytes()), Form::Image, start).unwrap();
    if let Some(length) = writing.cut_to {
        writing.room.cut(&writing.file, length).unwrap();
    }
    assert_eq!(writing.room.take(text.len()), text.len());
    writing.file.write_all(text.as_bytes()).unwrap();
    writing
}

fn end(writing: Writing) -> Result<(), StoreError> {
    writing.landing.unwrap().land()?;
    writing.room.settle();
    Ok(())
}

#[rstest]
#[case::replaced(Start::Beginning, "new", "new")]
#[case::appended(Start::End, "new", "oldnew")]
#[case::continued(Start::At(1), "new", "onew")]
fn the_old_file_stays_until_the_new_one_is_whole(#[case] start: Start, #[case] text: &str, #[case] expected: &str) {
    let (root, stores) = atomic_stores();
    for (name, store) in &stores {
        let play = |line: &str| play(store.as_ref(), line);
        play("stor f old");
        play("chmod f 640");
        let writing = begin(store.as_ref(), "f", start, text);
        assert_eq!([play("read f 0"), play("names /")], ["old", "f"], "{name}");
        drop(writing);
        assert_eq!([play("read f 0"), play("names /")], ["old", "f"], "{name}: it was cut");
        end(begin(store.as_ref(), "f", start, text)).unwrap();
        let size = expected.len();
        assert_eq!(
            [play("read f 0"), play("list f")],
            [expected.to_owned(), format!("-rw-r----- 1 {size} f")],
            "{name}"
        );
    }
    assert_eq!(hidden_below(root.path()), 0);
}

#[test]
fn a_new_file_is_not_there_until_it_is_whole() {
    let (root, stores) = atomic_stores();
    for (name, store) in &stores {
        let play = |line: &str| play(store.as_ref(), line);
        let (one, other) = (begin(store.as_ref(), "f", Start::End, "one"), begin(store.as_ref(), "f", Start::End, "2"));
        let everywhere = ["names /", "list /", "read f 0", "find f", "dele f"].map(play);
        let missing = "No such file or directory";
        assert_eq!(everywhere, ["", "", missing, missing, missing], "{name}");
        end(other).unwrap();
        end(one).unwrap();
        assert_eq!(play("read f 0"), "one", "{name}: the last one stays");
    }
    assert_eq!(hidden_below(root.path()), 0);
}

#[test]
fn a_name_that_was_promised_is_for_one_file() {
    let (root, stores) = atomic_stores();
    for (name, store) in &stores {
        let new = || store.write_new(&Location::root()).unwrap();
        let [(first, one), (second, other), (third, unfinished)] = [new(), new(), new()];
        assert_eq!([&first, &second, &third].map(Location::name), [b"unique.1", b"unique.2", b"unique.3"], "{name}");
        drop(unfinished);
        assert_eq!(new().0, third, "{name}: it is free again");
        play(store.as_ref(), "stor unique.2 other");
        end(one).unwrap();
        assert_eq!(end(other), Err(Refused::Exists.into()), "{name}");
        assert_eq!(play(store.as_ref(), "read unique.2 0"), "other", "{name}");
    }
    assert_eq!(hidden_below(root.path()), 0);
}

#[test]
fn no_command_can_say_a_hidden_name() {
    let (root, [(_, disk), _]) = atomic_stores();
    let play = |line: &str| play(disk.as_ref(), line);
    play("mkd d");
    let writing = begin(disk.as_ref(), "f", Start::Beginning, "secret");
    let mut entries =
        std::fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let hidden = entries.find(|name| name != "d").unwrap();
    let lines = [
        "find H",
        "enter H",
        "size H",
        "read H 0",
        "dele H",
        "rmd H",
        "mkd H",
        "stor H x",
        "appe H x",
        "rest H 1 x",
        "mv H x",
        "mv d H",
        "list H",
        "names H",
        "facts H",
        "describe H",
        "touch H 1",
        "chmod H 777",
        "modified H",
        "digest H 0",
        "link l H",
        "link H d",
        "stou H x",
        "find H/x",
        "mkd H/x",
    ];
    for line in lines {
        assert_eq!(play(&line.replace('H', &hidden)), "Not a legal name", "{line}");
    }
    assert_eq!(
        [play("names /"), play("facts /")],
        ["d", "Type=cdir;Perm=celmp; /\nType=dir;Perm=celmpdf;UNIX.mode=0755; d"]
    );
    end(writing).unwrap();
}

/// A file that comes into a directory comes there, whatever the directory is called by then.
#[test]
fn a_directory_may_be_moved_meanwhile() {
    let (_root, [(_, disk), _]) = atomic_stores();
    let play = |line: &str| play(disk.as_ref(), line);
    play("mkd d");
    let mut writing = disk.write(&Location::root().child(b"d").child(b"f"), Form::Image, Start::Beginning).unwrap();
    writing.file.write_all(b"whole").unwrap();
    assert_eq!([play("mv d e"), play("rmd e")], ["ok", "Directory not empty"]);
    end(writing).unwrap();
    assert_eq!(play("read e/f 0"), "whole");
}

#[test]
fn what_a_killed_server_has_left_goes_and_what_another_one_writes_stays() {
    let root = tempfile::tempdir().unwrap();
    let open = || Disk::open(root.path()).unwrap().with_naming(Naming::WhenWhole);
    let left =
        [".ftpspec-atomic.1.2", "d/.ftpspec-atomic.3.4", "d/e/.ftpspec-atomic.5.6"].map(|name| root.path().join(name));
    std::fs::create_dir_all(root.path().join("d/e")).unwrap();
    let other = open();
    let writing = begin(&other, "f", Start::Beginning, "other");
    for path in &left {
        std::fs::write(path, "left").unwrap();
    }
    assert_eq!(hidden_below(root.path()), 4);
    let disk = open();
    assert_eq!(hidden_below(root.path()), 1);
    end(writing).unwrap();
    assert_eq!(play(&disk, "read f 0"), "other");
    // Left since then: it is in nobody's way.
    std::fs::write(&left[2], "left").unwrap();
    assert_eq!([play(&disk, "rmd d/e"), play(&disk, "rmd d")], ["ok", "ok"]);
}

/// Two servers on one root, or two sessions: what has begun comes to its end, whatever happens between two steps of it.
#[test]
fn what_has_begun_is_not_swept_away_by_a_server_that_starts() {
    let root = tempfile::tempdir().unwrap();
    let open = || Disk::open(root.path()).unwrap().with_naming(Naming::WhenWhole);
    let disk = open();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                open();
            }
        });
        let landed: Vec<_> = (0..ROUNDS)
            .filter_map(|_| disk.write(&Location::root().child(b"f"), Form::Image, Start::Beginning).ok())
            .map(end)
            .collect();
        is_done.store(true, Ordering::Relaxed);
        assert_eq!(landed.iter().filter(|landed| landed.is_err()).count(), 0, "of {}", landed.len());
    });
    assert_eq!(hidden_below(root.path()), 0);
}

#[test]
fn those_who_store_unique_files_at_once_all_succeed() {
    let (_root, stores) = atomic_stores();
    for (name, store) in &stores {
        let store_all = || (0..UNIQUE).map(|_| end(store.write_new(&Location::root()).unwrap().1)).collect::<Vec<_>>();
        let landed = thread::scope(|scope| {
            let other = scope.spawn(store_all);
            [store_all(), other.join().unwrap()].concat()
        });
        assert_eq!(landed.iter().filter(|landed| landed.is_err()).count(), 0, "{name}: of {}", landed.len());
    }
}

/// The file is another one by the time that it is opened.
#[test]
fn what_is_appended_to_counts_as_large_as_it_is() {
    let memory = Memory::new(20).unwrap().with_naming(Naming::WhenWhole);
    let file = Location::root().child(b"f");
    play(&memory, "stor f 1");
    let before = Tree::target(&memory, &file).unwrap();
    play(&memory, "stor f 123456");
    let mut beside = memory.write(&Location::root().child(b"beside"), Form::Image, Start::Beginning).unwrap();
    let _writing = write(&memory, &file, Form::Image, Start::End, Some(&before)).unwrap();
    assert_eq!(beside.room.take(100), 20 - 6 - 6);
}

#[rstest]
#[case::grows(Some(8), "12345", "12345678", Some(0))]
#[case::grows_too_far(Some(7), "12345", "12345678", None)]
#[case::shrinks(Some(7), "12345", "1", Some(6))]
fn a_file_that_is_replaced_takes_of_the_quota_what_it_grows(
    #[case] quota: Option<u64>,
    #[case] old: &str,
    #[case] new: &str,
    #[case] left: Option<usize>,
) {
    let root = tempfile::tempdir().unwrap();
    let disk = Disk::open(root.path()).unwrap().with_quota(quota).with_naming(Naming::WhenWhole);
    let memory = Memory::new(100).unwrap().with_quota(quota).with_naming(Naming::WhenWhole);
    for store in [&disk as &dyn Store, &memory] {
        play(store, &format!("stor f {old}"));
        let file = Location::root().child(b"f");
        // As long as this one is open, nobody counts anew what is left.
        let mut beside = store.write(&Location::root().child(b"beside"), Form::Image, Start::Beginning).unwrap();
        for _ in 0..3 {
            let mut cut = store.write(&file, Form::Image, Start::End).unwrap();
            cut.room.take(1);
        }
        let mut writing = store.write(&file, Form::Image, Start::Beginning).unwrap();
        assert_eq!(writing.room.take(new.len()) == new.len(), left.is_some());
        if let Some(left) = left {
            writing.landing.unwrap().land().unwrap();
            writing.room.settle();
            assert_eq!(beside.room.take(100), left);
        }
    }
}

/// Without `--atomic` these are names as any other.
#[test]
fn nothing_is_hidden_where_files_have_their_names_at_once() {
    let (_root, [(_, disk), _]) = stores();
    let play = |line: &str| play(disk.as_ref(), line);
    assert_eq!([play("stor .ftpspec-atomic.x 1"), play("names /")], ["1 new", ".ftpspec-atomic.x"]);
}
