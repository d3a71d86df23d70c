//! Nothing outside of the root is read, written, listed or looked at, whatever a name says and whatever links lie in the root.
//!
//! The servers have no landlock: the kernel would hide what the store lets through.
//!
//! Each name of `escapes/names.txt` goes through each command. What comes back must hold nothing of what lies outside, which must be
//! as it was, and the session must go on.

pub(crate) mod dialogue;
mod names;
mod world;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rstest::rstest;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::client::Server;
use dialogue::Dialogue;
use world::World;

/// They change nothing, unless something is very wrong. `{}` is the name.
const LOOKING: [&str; 14] = [
    "CWD {}",
    "RETR {}",
    "RANG 0 5\r\nRETR {}",
    "LIST {}",
    "NLST {}",
    "MLSD {}",
    "MLST {}",
    "STAT {}",
    "SIZE {}",
    "MDTM {}",
    "HASH {}",
    "XSHA256 {}",
    "AVBL {}",
    "RNFR {}",
];

pub(crate) const CHANGING: [&str; 15] = [
    "STOR {}",
    "APPE {}",
    "REST 1\r\nSTOR {}",
    "STOU {}",
    "DELE {}",
    "RMD {}",
    "MKD {}",
    "RNFR {}\r\nRNTO taken",
    "RNFR inside\r\nRNTO {}",
    "MFMT 20010101000000 {}",
    "MFF Modify=20010101000000;UNIX.mode=0777; {}",
    "SITE CHMOD 777 {}",
    "SITE UTIME 20010101000000 {}",
    "SITE SYMLINK inside {}",
    "SITE SYMLINK {} made",
];

/// What is tried behind a command that was done: the place it leads to may lie outside.
fn followers(command: &str) -> &'static [&'static str] {
    match command {
        "CWD {}" => &["LIST", "MLSD", "RETR classified", "RETR ledger", "SIZE classified", "CWD /"],
        "SITE SYMLINK {} made" => {
            &["RETR made", "LIST made", "MLST made", "SIZE made", "CWD made", "CWD /", "STOR made"]
        }
        "RNFR {}\r\nRNTO taken" => &["RETR taken", "LIST taken", "CWD taken", "CWD /", "STOR taken"],
        _ => &[],
    }
}

/// Says it; returns whether anything but refusals came back.
fn try_one(world: &World, dialogue: &mut Dialogue, name: &[u8], command: &str) -> bool {
    let line = names::fill(command, name);
    let heard = dialogue.exchange(&line);
    world.check(&line, &heard);
    for follower in followers(command) {
        let heard = dialogue.exchange(follower.as_bytes());
        world.check(&[line.as_slice(), b" + ", follower.as_bytes()].concat(), &heard);
    }
    heard.split(|&octet| octet == b'\n').any(|line| line.starts_with(b"1") || line.starts_with(b"2"))
}

#[rstest]
#[case::no_links_made(&["--landlock", "off"])]
#[case::links_made(&["--symlinks", "--atomic", "--landlock", "off"])]
fn nothing_outside_of_the_root_is_reached(#[case] arguments: &[&str]) {
    let world = World::new();
    let names = names::all(&world.outside(), &world.root());
    assert!(names.len() > 200, "{} names", names.len());
    world.lay();
    let server = Server::serving(&world.root(), arguments);
    let mut dialogue = Dialogue::begin(&server);
    for name in &names {
        for command in LOOKING {
            try_one(&world, &mut dialogue, name, command);
        }
        for command in CHANGING {
            if try_one(&world, &mut dialogue, name, command) {
                world.lay();
            }
        }
    }
    // The session is of use still, and so is the server.
    let heard = dialogue.exchange(b"RETR inside");
    assert!(heard.windows(6).any(|octets| octets == b"inside"), "{}", heard.escape_ascii());
    drop(Dialogue::begin(&server));
    for place in ["/dev/shm/ftpspec-escape", "/tmp/ftpspec-escape", "/var/tmp/ftpspec-escape"] {
        assert!(!std::fs::exists(place).unwrap(), "{place} was made");
    }
}

/// A link that was made where it leads inside, and is moved to where it leads outside.
#[test]
fn a_link_that_is_moved_is_not_followed_out() {
    let world = World::new();
    world.lay();
    let server = Server::serving(&world.root(), &["--symlinks", "--landlock", "off"]);
    let mut dialogue = Dialogue::begin(&server);
    let lines = [
        "MKD /vault",
        "MKD /box/deep",
        "SITE SYMLINK /classified /box/link",
        "SITE SYMLINK /vault /box/deep/link",
        "RNFR /box/link\r\nRNTO /link",
        "RNFR /box/deep\r\nRNTO /shallow",
        "RNFR /shallow/link\r\nRNTO /out",
    ];
    for line in lines {
        let heard = dialogue.exchange(line.as_bytes());
        assert!(heard.starts_with(b"2") || heard.starts_with(b"350"), "{line}: {}", heard.escape_ascii());
    }
    assert_eq!(std::fs::read_link(world.root().join("link")).unwrap().to_str(), Some("../classified"));
    assert_eq!(std::fs::read_link(world.root().join("out")).unwrap().to_str(), Some("../../vault"));
    std::fs::rename(world.root().join("out"), world.root().join("box/out")).unwrap();
    for name in ["link", "link/x", "out", "box/out", "box/out/ledger", "box/out/new"] {
        for command in LOOKING.iter().chain(&CHANGING) {
            try_one(&world, &mut dialogue, name.as_bytes(), command);
        }
        world.check(name.as_bytes(), b"");
    }
}

/// A directory whose name is a link out of the root at one moment, and a directory of its own at the next.
#[test]
fn a_link_that_takes_the_place_of_a_directory_is_not_followed_out() {
    let world = World::new();
    world.lay();
    let server = Server::serving(&world.root(), &["--landlock", "off"]);
    let mut dialogue = Dialogue::begin(&server);
    let (here, there) = (world.root().join("swapped"), world.root().join("to-directory"));
    let is_done = AtomicBool::new(false);
    let swaps = thread::scope(|scope| {
        let swapping = scope.spawn(|| {
            let mut swaps = 0_u64;
            while !is_done.load(Ordering::Relaxed) {
                renameat_with(CWD, &here, CWD, &there, RenameFlags::EXCHANGE).unwrap();
                swaps += 1;
            }
            swaps
        });
        let stop = StopAtEnd(&is_done);
        let lines = [
            "RETR swapped/ledger",
            "SIZE swapped/ledger",
            "MDTM swapped/ledger",
            "NLST swapped",
            "LIST swapped/ledger",
            "HASH swapped/ledger",
            "STOR swapped/new",
            "APPE swapped/ledger",
            "DELE swapped/new",
            "MKD swapped/box",
            "RMD swapped/box",
            "MFMT 20010101000000 swapped/ledger",
            "SITE CHMOD 777 swapped/ledger",
            "RNFR inside\r\nRNTO swapped/taken",
            "RNFR swapped/taken\r\nRNTO inside",
            "CWD swapped\r\nRETR ledger\r\nCWD /",
        ];
        for _ in 0..60 {
            for line in lines {
                let heard = dialogue.exchange(line.as_bytes());
                world.check(line.as_bytes(), &heard);
            }
        }
        drop(stop);
        swapping.join().unwrap()
    });
    assert!(swaps > 1000, "only {swaps} swaps");
}

/// Ends the other thread, also when this one has failed: else the test would never end.
struct StopAtEnd<'flag>(&'flag AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
