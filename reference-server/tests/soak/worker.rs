//! Somebody with files of their own, who knows what stands in each of them.

mod deeds;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use protocol::transfer::Parameters;
use protocol::{Form, Level, Mode, Type};

use super::chance::Chance;
use super::client::{Client, Route};
use super::contents::{self, Contents};
use super::server::Server;

/// As many files as one has at a time; and as many that were cut.
const FILES: usize = 10;

/// A file of which it is not known how much of it came.
struct Doubtful {
    name: String,
    old: Option<Vec<u8>>,
    /// What it was to be.
    whole: Vec<u8>,
    /// From here on it is new.
    at: usize,
}

pub(super) struct Worker<'server> {
    number: usize,
    chance: Chance,
    server: &'server Server,
    files: BTreeMap<String, Contents>,
    doubtful: VecDeque<Doubtful>,
    /// How many names and contents it has made.
    made: usize,
    tally: BTreeMap<&'static str, u64>,
}

/// Whether a session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    GoesOn,
    IsGone,
}

impl<'server> Worker<'server> {
    pub(super) fn new(number: usize, seed: u64, server: &'server Server) -> Self {
        let (files, doubtful, tally) = (BTreeMap::new(), VecDeque::new(), BTreeMap::new());
        Self { number, chance: Chance::of(seed), server, files, doubtful, made: 0, tally }
    }

    /// How often it has done what.
    pub(super) fn tally(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.tally.iter().map(|(&deed, &count)| (deed, count))
    }

    /// Session after session, until the time is up or somebody else has failed.
    pub(super) fn work(&mut self, until: Instant, is_over: &AtomicBool) {
        let mut client = self.login();
        client.say_all(&[(&format!("MKD {}", self.directory()), "257")]);
        client.quit();
        while Instant::now() < until && !is_over.load(Ordering::Relaxed) {
            if let Some(client) = self.session(until) {
                client.quit();
            }
        }
    }

    /// One login, and some deeds. Returns the client, if it is still there.
    fn session(&mut self, until: Instant) -> Option<Client> {
        let mut client = self.login();
        client.say_all(&[(&format!("CWD {}", self.directory()), "250")]);
        for _ in 0..=self.chance.below(20) {
            if Instant::now() >= until {
                break;
            }
            let (name, is_gone) = self.deed(&mut client);
            *self.tally.entry(name).or_default() += 1;
            if is_gone == Session::IsGone {
                // Its half of the connection is closed where it was dropped.
                client.vanish(self.chance.below(2) == 0);
                return None;
            }
        }
        Some(client)
    }

    fn login(&mut self) -> Client {
        let tls = if self.chance.below(3) == 0 { Some(self.server.secured()) } else { None };
        *self.tally.entry(if tls.is_some() { "login under TLS" } else { "login" }).or_default() += 1;
        let mut client = Client::login(self.server, tls);
        client.route = self.chance.among(&[Route::Passive, Route::Active]);
        client
    }

    fn directory(&self) -> String {
        format!("/worker-{}", self.number)
    }

    /// Every file is there, and as it was left; and nothing else is. No session is left that could write.
    pub(super) fn check(&mut self) {
        let mut client = Client::login(self.server, None);
        client.say_all(&[(&format!("CWD {}", self.directory()), "250")]);
        self.check_listing(&mut client);
        client.set(image());
        for (name, contents) in &self.files {
            let found = client.retrieve(&format!("RETR {name}"));
            self.compare(name, &found, &contents.octets);
        }
        while let Some(doubtful) = self.doubtful.pop_front() {
            self.settle(&mut client, &doubtful);
        }
        client.quit();
    }

    fn compare(&self, name: &str, found: &[u8], expected: &[u8]) {
        assert!(
            found == expected,
            "worker {}: {name} should be {} octets and is {}: {}",
            self.number,
            expected.len(),
            found.len(),
            beginning(found)
        );
    }

    /// Looks at a file that was cut, long ago, and deletes it.
    fn settle(&self, client: &mut Client, doubtful: &Doubtful) {
        let name = &doubtful.name;
        client.set(image());
        let is_there = client.say(&format!("SIZE {name}")).starts_with("213");
        let found = is_there.then(|| client.retrieve(&format!("RETR {name}")));
        assert!(
            doubtful.may_be(found.as_deref()),
            "worker {}: {name}, which was cut, is {:?} octets, of {} from {} on: {}",
            self.number,
            found.as_ref().map(Vec::len),
            doubtful.whole.len(),
            doubtful.at,
            beginning(&found.unwrap_or_default()),
        );
        if is_there {
            client.say_all(&[(&format!("DELE {name}"), "250")]);
        }
    }

    /// The facts of a directory are those of its files.
    fn check_listing(&self, client: &mut Client) {
        let listing = String::from_utf8(client.retrieve("MLSD")).unwrap();
        let mut left = self.files.clone();
        for line in listing.lines().filter(|line| line.contains("Type=file;")) {
            let (facts, name) = line.split_once(' ').unwrap();
            if let Some(contents) = left.remove(name) {
                let size = format!("Size={};", contents.octets.len());
                assert!(facts.contains(&size), "worker {}: {line}, and it should be {size}", self.number);
            } else {
                assert!(
                    self.doubtful.iter().any(|doubtful| doubtful.name == name),
                    "worker {}: {name} should not be there",
                    self.number
                );
            }
        }
        assert!(left.is_empty(), "worker {}: {:?} are lost", self.number, left.keys());
    }

    /// TYPE and MODE at random, as this file can be transferred.
    fn parameters(&mut self, is_text: bool) -> Parameters {
        let text = Type::Ascii(Form::NonPrint);
        let representation = if is_text { self.chance.among(&[text, Type::Image]) } else { Type::Image };
        let deflate = Mode::Deflate(Level::new(6).unwrap());
        let mode = self.chance.among(&[Mode::Stream, Mode::Stream, Mode::Block, deflate]);
        Parameters { representation, mode, ..Parameters::default() }
    }

    fn new_name(&mut self) -> String {
        self.made += 1;
        format!("file-{}", self.made)
    }

    fn new_contents(&mut self) -> Contents {
        self.made += 1;
        if self.chance.below(2) == 0 {
            contents::text(self.number, self.made, &mut self.chance)
        } else {
            contents::octets(self.number, self.made, &mut self.chance)
        }
    }

    /// One of its files, if it has any.
    fn any_file(&mut self) -> Option<(String, Contents)> {
        let place = self.chance.below(self.files.len().max(1) as u64);
        let (name, contents) = self.files.iter().nth(usize::try_from(place).unwrap())?;
        Some((name.clone(), contents.clone()))
    }
}

impl Doubtful {
    /// As it was, or a part of the new one from its beginning on.
    fn may_be(&self, found: Option<&[u8]>) -> bool {
        found == self.old.as_deref()
            || found.is_some_and(|found| found.len() >= self.at && self.whole.starts_with(found))
    }
}

fn image() -> Parameters {
    Parameters { representation: Type::Image, ..Parameters::default() }
}

fn beginning(octets: &[u8]) -> String {
    octets.get(..200).unwrap_or(octets).escape_ascii().to_string()
}
