//! What stands on the disk when the server is killed, or a connection reset, in the middle: what TRANSFERS.md promises.
//!
//! `FTPSPEC_KILLS=500` plays so many rounds; `FTPSPEC_SEED=N` plays those of an earlier run again.

mod chance;

use std::collections::BTreeMap;
use std::env;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::path::Path;
use std::time::Duration;

use rstest::rstest;
use socket2::SockRef;
use tempfile::TempDir;

use crate::client::{Client, Server};
use chance::Chance;

const ROUNDS: u64 = 40;
/// Larger than what the system keeps of a connection.
const LARGEST: u64 = 3 << 20;

/// What ends it in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    Kill,
    ResetData,
    /// Then the server is asked to stop, so that it is known when it is done.
    ResetControl,
}

/// What is done to the file `f`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Store,
    Append,
    /// STOR behind REST.
    Continue,
}

/// A round, as it is printed when it fails.
#[derive(Debug)]
struct Round {
    deed: Deed,
    blow: Blow,
    /// None: there is no file before.
    old: Option<Vec<u8>>,
    new: Vec<u8>,
    in_blocks: bool,
    /// Whether the blow waits until the server has read it all: then it gives the file its name just now.
    is_read: bool,
    /// How many octets of the wire are sent before the blow.
    sent: usize,
    wire: Vec<u8>,
    /// Where the new octets go. A marker of MODE B says the same number.
    at: usize,
}

impl Round {
    fn choose(chance: &mut Chance) -> Self {
        let deed = chance.among(&[Deed::Store, Deed::Append, Deed::Continue]);
        let has_old = deed == Deed::Continue || chance.below(3) > 0;
        let old = has_old.then(|| chance.octets(LARGEST / 8));
        let new = chance.octets(LARGEST);
        let in_blocks = chance.below(3) == 0;
        let wire = if in_blocks { blocks(&new) } else { new.clone() };
        // One in four is sent to its end.
        let all = wire.len() as u64;
        let sent = if chance.below(4) == 0 { all } else { chance.below(all + 1) };
        let length = old.as_ref().map_or(0, Vec::len);
        let at = match deed {
            Deed::Store => 0,
            Deed::Append => length,
            Deed::Continue => usize::try_from(chance.below(length as u64 + 1)).unwrap(),
        };
        let blow = chance.among(&[Blow::Kill, Blow::Kill, Blow::ResetData, Blow::ResetControl]);
        Self {
            deed,
            blow,
            old,
            new,
            in_blocks,
            is_read: chance.below(3) > 0,
            sent: usize::try_from(sent).unwrap(),
            wire,
            at,
        }
    }

    /// Returns the final reply, where it was heard.
    fn play(&self, root: &Path, arguments: &[&str]) -> String {
        let server = Server::serving(root, arguments);
        let mut client = server.login();
        if self.in_blocks {
            client.say_all(&[("MODE B", "200")]);
        }
        let mut data = client.open_passive();
        let line = match self.deed {
            Deed::Store => "STOR f",
            Deed::Append => "APPE f",
            Deed::Continue => {
                client.say_all(&[(&format!("REST {}", self.at), "350")]);
                "STOR f"
            }
        };
        client.say_all(&[(line, "150")]);
        data.write_all(&self.wire[..self.sent]).unwrap();
        let is_whole = self.sent == self.wire.len();
        if is_whole {
            data.shutdown(Shutdown::Write).unwrap();
        }
        if is_whole && self.is_read && !self.in_blocks {
            assert_eq!(data.read(&mut [0]).unwrap(), 0);
        }
        match self.blow {
            Blow::Kill => {
                server.kill();
                String::new()
            }
            Blow::ResetData => {
                if !is_whole {
                    SockRef::from(&data).set_linger(Some(Duration::ZERO)).unwrap();
                }
                drop(data);
                client.reply()
            }
            Blow::ResetControl => {
                reset(client);
                server.terminate();
                assert!(server.exit().success());
                String::new()
            }
        }
    }

    fn whole(&self) -> Vec<u8> {
        [&self.old.as_deref().unwrap_or_default()[..self.at], &self.new].concat()
    }

    /// Whether the file may be so when it has all at once.
    fn is_atomic(&self, reply: &str, found: Option<&[u8]>) -> bool {
        let is_new = found == Some(&self.whole());
        let is_old = found == self.old.as_deref();
        if reply.starts_with('2') {
            is_new
        } else if !reply.is_empty() || self.sent < self.wire.len() {
            is_old
        } else {
            is_old || is_new
        }
    }

    /// Whether the file may be so when it gets its octets as they come: as it was, or a part of the new one from its beginning on.
    fn is_prefix(&self, reply: &str, found: Option<&[u8]>) -> bool {
        let whole = self.whole();
        if reply.starts_with('2') {
            return found == Some(&whole);
        }
        found == self.old.as_deref() || found.is_some_and(|found| found.len() >= self.at && whole.starts_with(found))
    }
}

/// RFC 959 §3.4.2: blocks of 60,000 octets at most, the last of which says that it is.
fn blocks(octets: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for piece in octets.chunks(60_000) {
        wire.push(0);
        wire.extend_from_slice(&u16::try_from(piece.len()).unwrap().to_be_bytes());
        wire.extend_from_slice(piece);
    }
    wire.extend_from_slice(&[0x40, 0, 0]);
    wire
}

fn reset(client: Client) {
    SockRef::from(&client.stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
}

/// Every name below the root, and what it has.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
}

fn rounds() -> u64 {
    env::var("FTPSPEC_KILLS").map_or(ROUNDS, |rounds| rounds.parse().unwrap())
}

fn root() -> (TempDir, std::path::PathBuf) {
    let outside = tempfile::tempdir().unwrap();
    let root = outside.path().join("root");
    std::fs::create_dir(&root).unwrap();
    (outside, root)
}

#[rstest]
#[case::at_once(&[])]
#[case::atomic(&["--atomic"])]
fn what_is_stored_keeps_its_promise(#[case] arguments: &[&str]) {
    let is_atomic = !arguments.is_empty();
    let mut chance = Chance::from_environment();
    let mut outcomes = BTreeMap::new();
    for number in 0..rounds() / 2 {
        let round = Round::choose(&mut chance);
        let (_outside, root) = root();
        if let Some(old) = &round.old {
            std::fs::write(root.join("f"), old).unwrap();
        }
        let reply = round.play(&root, arguments);
        // What a killed server has left is gone when the next one serves.
        let server = Server::serving(&root, arguments);
        let files = files(&root);
        let found = files.get("f").map(Vec::as_slice);
        let said = format!(
            "seed {}, round {number}: {:?} {:?}, {} octets in blocks: {}, {} of {} sent at {}, {reply:?}: {} before, {:?} now, {:?}",
            chance.seed,
            round.deed,
            round.blow,
            round.new.len(),
            round.in_blocks,
            round.sent,
            round.wire.len(),
            round.at,
            round.old.as_ref().map_or(0, Vec::len),
            found.map(<[u8]>::len),
            files.keys(),
        );
        assert!(files.keys().all(|name| name == "f"), "{said}");
        let is_right = if is_atomic { round.is_atomic(&reply, found) } else { round.is_prefix(&reply, found) };
        assert!(is_right, "{said}");
        let expected = found.map_or_else(|| "550".to_owned(), |octets| format!("213 {}\r\n", octets.len()));
        server.login().say_all(&[("SIZE f", &expected)]);
        let outcome = if found == round.old.as_deref() {
            "old"
        } else if found == Some(&round.whole()) {
            "new"
        } else {
            "a part of the new"
        };
        *outcomes.entry((format!("{:?}", round.blow), outcome)).or_insert(0_u32) += 1;
    }
    report(&format!("STOR and APPE {arguments:?}, seed {}: {outcomes:?}", chance.seed));
}

/// Many pairs of RNFR and RNTO at once, and the server is killed somewhere among them.
#[rstest]
#[case::at_once(&[])]
#[case::atomic(&["--atomic"])]
fn what_is_renamed_has_one_name(#[case] arguments: &[&str]) {
    const PAIRS: usize = 30;
    let mut chance = Chance::from_environment();
    let mut outcomes = BTreeMap::new();
    for number in 0..rounds() / 2 {
        let (_outside, root) = root();
        let octets = chance.octets(1000);
        std::fs::write(root.join("a"), &octets).unwrap();
        let has_target = chance.below(2) == 0;
        if has_target {
            std::fs::write(root.join("b"), "what b had").unwrap();
        }
        let lines = ["RNFR a\r\nRNTO b\r\n", "RNFR b\r\nRNTO a\r\n"].map(str::as_bytes);
        let all: Vec<u8> = lines.into_iter().cycle().take(PAIRS).flatten().copied().collect();
        let sent = usize::try_from(chance.below(all.len() as u64 + 1)).unwrap();
        let server = Server::serving(&root, arguments);
        let mut client = server.login();
        client.send(&all[..sent]);
        // So many of the replies are waited for: the rest of the commands is under way.
        for _ in 0..chance.below(sent as u64 / lines[0].len() as u64 + 1) {
            client.expect("350");
            client.expect("250");
        }
        let blow = chance.among(&[Blow::Kill, Blow::Kill, Blow::ResetControl]);
        if blow == Blow::Kill {
            server.kill();
        } else {
            reset(client);
            server.terminate();
            assert!(server.exit().success());
        }
        let files = files(&root);
        let said = format!("seed {}, round {number}: {blow:?} behind {sent} octets: {:?}", chance.seed, files.keys());
        let is_under_one_name = files.values().filter(|found| **found == octets).count() == 1;
        let is_other_kept = files.len() == 1 || (has_target && files.get("b").is_some_and(|b| b == b"what b had"));
        assert!(is_under_one_name && is_other_kept, "{said}");
        let name = files.iter().find(|(_, found)| **found == octets).map(|(name, _)| name.clone());
        *outcomes.entry((format!("{blow:?}"), name)).or_insert(0_u32) += 1;
    }
    report(&format!("RNTO {arguments:?}, seed {}: {outcomes:?}", chance.seed));
}

/// Tells, where `--nocapture` asks for it.
fn report(text: &str) {
    writeln!(std::io::stderr(), "{text}").unwrap();
}
