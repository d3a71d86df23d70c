//! Plays the runtime, without sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::accounts::{Access, Accounts, Room};
use crate::session::{Action, End, Input, Order, Received, Route, Security, Session, Settings, Standing, Volume};
use crate::store::{Memory, Store};

/// A session, and what it has asked for.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the world outside, free of the others")]
pub(super) struct Bench {
    session: Session,
    store: Arc<dyn Store>,
    volume: Option<Volume>,
    listens: bool,
    is_open: bool,
    pub(super) can_listen: bool,
    pub(super) is_closed: bool,
    running: Option<Order>,
    commands: usize,
    final_replies: usize,
}

impl Bench {
    /// With a guest who may write to files in memory.
    pub(super) fn logged_in() -> Self {
        const ROOM: u64 = 1 << 20;
        let mut accounts = Accounts::default();
        accounts.anonymous = Some(Access::ReadWrite);
        let settings = Settings { accounts, idle_limit: Duration::from_mins(15), ..Settings::default() };
        let (local, peer) = (SocketAddr::from(([127, 0, 0, 1], 21)), SocketAddr::from(([127, 0, 0, 1], 50_000)));
        let store = Memory::new(ROOM);
        assert!(store.is_ok(), "no files in memory: {store:?}");
        let Ok(store) = store else { unreachable!("it was looked at") };
        let mut bench = Self {
            session: Session::new(Arc::new(settings), local, peer, Security::Clear),
            store: Arc::new(store),
            volume: None,
            listens: false,
            is_open: false,
            can_listen: true,
            is_closed: false,
            running: None,
            commands: 1,
            final_replies: 0,
        };
        bench.feed(Input::Connected);
        bench.say(b"USER anonymous");
        bench.say(b"PASS a@b");
        bench
    }

    pub(super) fn say(&mut self, line: &[u8]) {
        self.hear(Received::Line(line.to_vec()));
    }

    pub(super) fn skip_line(&mut self) {
        self.hear(Received::TooLong);
    }

    /// Ends the transfer that runs, if one does.
    pub(super) fn end_transfer(&mut self, end: End) {
        if self.running.take().is_some() {
            self.is_open = end == End::LeftOpen;
            self.feed(Input::TransferEnded { octets: 1, end });
        }
    }

    /// Says goodbye, and counts.
    pub(super) fn end(mut self) {
        while self.running.is_some() {
            self.end_transfer(End::Complete);
        }
        if !self.is_closed {
            self.say(b"QUIT");
            assert!(self.is_closed, "QUIT has not ended the session");
            assert_eq!(self.final_replies, self.commands, "replies to commands");
        }
    }

    fn hear(&mut self, received: Received) {
        // The runtime reads no further then.
        if self.session.takes_commands() {
            self.commands += 1;
            self.feed(Input::Received(received));
        }
    }

    fn feed(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for action in self.session.handle(input) {
                inputs.extend(self.act(action));
            }
        }
        assert!(!self.listens || self.session.listens(), "a port listens for nobody");
    }

    fn act(&mut self, action: Action) -> Option<Input> {
        match action {
            Action::Say(octets) => self.hear_reply(&octets),
            Action::Mount(volume) => self.volume = volume,
            Action::Perform(perform) => {
                let store = self.volume.as_ref().map_or(&self.store, |volume| &volume.0);
                return Some(Input::Performed(perform.run(store.as_ref())));
            }
            Action::Verify(verify) => return Some(Input::Performed(verify.run(&mut Room::default()))),
            // Shut out is tried by the tests; here it would end every session soon.
            Action::CountFailure { name: _ } => return Some(Input::FailureCounted(Standing::MayTryAgain)),
            Action::Listen => {
                self.listens = self.can_listen;
                return Some(Input::Listening(self.can_listen.then(|| SocketAddr::from(([127, 0, 0, 1], 26_222)))));
            }
            Action::StopListening => self.listens = false,
            Action::CloseData => self.is_open = false,
            Action::Close => (self.listens, self.is_open, self.is_closed) = (false, false, true),
            Action::Transfer(order) => {
                assert!(self.running.is_none(), "two transfers at a time");
                match order.route {
                    Route::Passive { .. } => {
                        assert!(std::mem::take(&mut self.listens), "a transfer on a port that does not listen");
                    }
                    Route::Open(_) => assert!(self.is_open, "a transfer on a connection that is closed"),
                    Route::Active(_) => {}
                }
                self.is_open = false;
                self.running = Some(order);
            }
            Action::StopTransfer | Action::BeginTls | Action::EndTls | Action::Deleted(_) | Action::LoggedIn(_) => {}
        }
        None
    }

    /// Each reply is whole lines, and none can be forged by what a name holds.
    fn hear_reply(&mut self, octets: &[u8]) {
        assert!(octets.ends_with(b"\r\n"), "{}", octets.escape_ascii());
        let inner = octets.get(..octets.len().saturating_sub(2)).unwrap_or_default();
        let lines: Vec<&[u8]> = inner.split(|&octet| octet == b'\n').collect();
        assert!(lines.iter().rev().skip(1).all(|line| line.ends_with(b"\r")), "{}", octets.escape_ascii());
        let [code @ .., _] = octets.get(..4).unwrap_or_default() else { return };
        assert!(code.iter().all(u8::is_ascii_digit), "{}", octets.escape_ascii());
        let is_last = |line: &&[u8]| line.starts_with(code) && line.get(3) == Some(&b' ');
        assert_eq!(lines.iter().position(is_last), Some(lines.len() - 1), "{}", octets.escape_ascii());
        self.final_replies += usize::from(!code.starts_with(b"1"));
    }
}
