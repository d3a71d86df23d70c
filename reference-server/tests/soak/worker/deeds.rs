//! What a worker does.

use std::io::{Read, Write};

use protocol::Mode;
use protocol::transfer::Parameters;

use super::super::client::Client;
use super::super::contents::{self, Contents};
use super::{Doubtful, FILES, Session, Worker, image};
use crate::many::{BIG, SHARED};

/// So many are looked at by all, so that it happens often.
const WATCHED: u64 = 20;

impl Worker<'_> {
    /// Does something. Returns what it was.
    pub(super) fn deed(&mut self, client: &mut Client) -> (&'static str, Session) {
        if self.doubtful.len() > FILES
            && let Some(doubtful) = self.doubtful.pop_front()
        {
            self.settle(client, &doubtful);
        }
        let name = match self.chance.below(22) {
            0..4 => self.store(client),
            4..7 => self.retrieve(client),
            7 => self.append(client),
            8 => self.continue_retrieving(client),
            9 => self.continue_storing(client),
            10 => self.list(client),
            11 => self.list_facts(client),
            12 => self.rename(client),
            13 => self.delete(client),
            14 => self.share(client),
            15 => self.look_at_another(client),
            16 => abort_retrieving(client),
            17 => self.abort_storing(client),
            18 => self.make_and_remove(client),
            19 => self.replace(client),
            _ => return (self.break_off(client), Session::IsGone),
        };
        (name, Session::GoesOn)
    }

    fn store(&mut self, client: &mut Client) -> &'static str {
        if self.files.len() >= FILES {
            return self.replace(client);
        }
        let (name, contents) = (self.new_name(), self.new_contents());
        client.set(self.parameters(contents.is_text));
        client.store(&format!("STOR {name}"), &contents.octets);
        self.files.insert(name, contents);
        "STOR"
    }

    fn replace(&mut self, client: &mut Client) -> &'static str {
        let Some((name, _)) = self.any_file() else { return self.store(client) };
        let contents = self.new_contents();
        client.set(self.parameters(contents.is_text));
        client.store(&format!("STOR {name}"), &contents.octets);
        self.files.insert(name, contents);
        "STOR over another"
    }

    fn retrieve(&mut self, client: &mut Client) -> &'static str {
        let Some((name, contents)) = self.any_file() else { return self.store(client) };
        client.set(self.parameters(contents.is_text));
        let found = client.retrieve(&format!("RETR {name}"));
        self.compare(&name, &found, &contents.octets);
        "RETR"
    }

    fn append(&mut self, client: &mut Client) -> &'static str {
        let Some((name, mut contents)) = self.any_file() else { return self.store(client) };
        let more = self.new_contents();
        let is_text = contents.is_text && more.is_text;
        client.set(self.parameters(is_text));
        client.store(&format!("APPE {name}"), &more.octets);
        contents.octets.extend(more.octets);
        self.files.insert(name, Contents { is_text, ..contents });
        "APPE"
    }

    fn continue_retrieving(&mut self, client: &mut Client) -> &'static str {
        let Some((name, contents)) = self.any_file() else { return self.store(client) };
        let from = self.place_in(&contents.octets);
        client.set(image());
        client.say_all(&[(&format!("REST {from}"), "350")]);
        let found = client.retrieve(&format!("RETR {name}"));
        self.compare(&name, &found, &contents.octets[from..]);
        "REST and RETR"
    }

    fn continue_storing(&mut self, client: &mut Client) -> &'static str {
        let Some((name, mut contents)) = self.any_file() else { return self.store(client) };
        let (at, more) = (self.place_in(&contents.octets), self.new_contents());
        client.set(image());
        client.say_all(&[(&format!("REST {at}"), "350")]);
        client.store(&format!("STOR {name}"), &more.octets);
        // REST 0 is as good as none.
        contents.octets.truncate(at);
        contents.octets.extend(more.octets);
        self.files.insert(name, Contents { is_text: false, ..contents });
        "REST and STOR"
    }

    fn place_in(&mut self, octets: &[u8]) -> usize {
        usize::try_from(self.chance.below(octets.len() as u64 + 1)).unwrap()
    }

    fn list(&mut self, client: &mut Client) -> &'static str {
        client.set(self.parameters(true));
        let listing = String::from_utf8(client.retrieve("LIST")).unwrap();
        let names: Vec<&str> = listing.lines().filter_map(|line| line.split_whitespace().last()).collect();
        let lost = self.files.keys().find(|name| !names.contains(&name.as_str()));
        assert!(lost.is_none(), "worker {}: LIST does not have {lost:?}: {listing}", self.number);
        "LIST"
    }

    fn list_facts(&mut self, client: &mut Client) -> &'static str {
        let parameters = self.parameters(true);
        // RFC 3659 §7.2 sends the facts in MODE S, also where MODE B was said.
        let mode = if parameters.mode == Mode::Block { Mode::Stream } else { parameters.mode };
        client.set(Parameters { mode, ..parameters });
        self.check_listing(client);
        "MLSD"
    }

    fn rename(&mut self, client: &mut Client) -> &'static str {
        let Some((name, contents)) = self.any_file() else { return self.store(client) };
        let new = self.new_name();
        client.say_all(&[(&format!("RNFR {name}"), "350"), (&format!("RNTO {new}"), "250")]);
        self.files.remove(&name);
        self.files.insert(new, contents);
        "RNFR and RNTO"
    }

    fn delete(&mut self, client: &mut Client) -> &'static str {
        let Some((name, contents)) = self.any_file() else { return self.store(client) };
        client.set(image());
        let size = format!("213 {}\r\n", contents.octets.len());
        client.say_all(&[(&format!("SIZE {name}"), &size), (&format!("DELE {name}"), "250")]);
        self.files.remove(&name);
        "DELE"
    }

    fn make_and_remove(&mut self, client: &mut Client) -> &'static str {
        let name = self.new_name();
        client.say_all(&[
            (&format!("MKD {name}"), "257"),
            (&format!("CWD {name}"), "250"),
            ("CDUP", "2"),
            (&format!("RMD {name}"), "250"),
        ]);
        "MKD and RMD"
    }

    /// A file that others look at while it is written.
    fn share(&mut self, client: &mut Client) -> &'static str {
        self.made += 1;
        let contents = contents::text(self.number, self.made, &mut self.chance);
        client.set(self.parameters(true));
        client.store(&format!("STOR {SHARED}/{}", self.number), &contents.octets);
        "STOR to share"
    }

    fn look_at_another(&mut self, client: &mut Client) -> &'static str {
        let other = usize::try_from(self.chance.below(WATCHED)).unwrap();
        let name = format!("{SHARED}/{other}");
        if !client.say(&format!("MDTM {name}")).starts_with("213") {
            return "nothing";
        }
        client.set(self.parameters(true));
        let found = client.retrieve(&format!("RETR {name}"));
        let writers = contents::writers(&found);
        assert!(writers.iter().all(|writer| *writer == contents::mark(other)), "{name} has lines of {writers:?}");
        "RETR of another's"
    }

    fn abort_storing(&mut self, client: &mut Client) -> &'static str {
        client.set(image());
        let (name, contents) = (self.new_name(), self.new_contents());
        let mut data = client.begin(&format!("STOR {name}"));
        let sent = self.place_in(&contents.octets);
        data.write_all(&contents.octets[..sent]).unwrap();
        data.flush().unwrap();
        client.say_all(&[("ABOR", "426")]);
        client.expect("226");
        // It is over when ABOR is answered.
        self.settle(client, &Doubtful { name, old: None, whole: contents.octets, at: 0 });
        "ABOR in STOR"
    }

    /// Leaves in the middle of something.
    fn break_off(&mut self, client: &mut Client) -> &'static str {
        client.set(image());
        match self.chance.below(5) {
            0 => {
                client.send(b"STO");
                "gone in a command"
            }
            1 => {
                let mut data = client.begin(&format!("RETR {BIG}"));
                data.read_exact(&mut [0; 10_000]).unwrap();
                if self.chance.below(2) == 0 {
                    data.reset();
                }
                "gone in RETR"
            }
            2 => {
                client.passive();
                client.send(b"LIST\r\n");
                "gone before the data connection"
            }
            3 => {
                client.send(b"NOOP\r\nPWD\r\nQUIT\r\nNOOP\r\n");
                "gone before the replies"
            }
            _ => self.break_off_storing(client),
        }
    }

    /// Into a new file, or behind an old one.
    fn break_off_storing(&mut self, client: &mut Client) -> &'static str {
        let more = self.new_contents().octets;
        let old = self.any_file().filter(|_| self.chance.below(2) == 0);
        let (command, name, whole, at) = match &old {
            Some((name, contents)) => {
                ("APPE", name.clone(), [&contents.octets[..], &more].concat(), contents.octets.len())
            }
            None => ("STOR", self.new_name(), more.clone(), 0),
        };
        let mut data = client.begin(&format!("{command} {name}"));
        let sent = self.place_in(&more);
        data.write_all(&more[..sent]).unwrap();
        if self.chance.below(2) == 0 {
            data.reset();
        }
        self.files.remove(&name);
        self.doubtful.push_back(Doubtful { name, old: old.map(|(_, contents)| contents.octets), whole, at });
        "gone in STOR or APPE"
    }
}

fn abort_retrieving(client: &mut Client) -> &'static str {
    client.set(image());
    let mut data = client.begin(&format!("RETR {BIG}"));
    data.read_exact(&mut [0; 10_000]).unwrap();
    let first = client.say("ABOR");
    assert!(first.starts_with("426") || first.starts_with("226"), "{first}");
    client.expect("22");
    "ABOR in RETR"
}
