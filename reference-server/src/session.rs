//! One control connection as a state machine. It does no I/O: it is told what happened and answers what to do.
//!
//! ```text
//!   Input::Received(line) ──► queue ──► commands::execute ──► Step ──► actions
//! ```
//!
//! A command ends in one [`Step`], and each kind of step leads to exactly one final reply: `Done` and `Close` hold it,
//! `Perform`, `Listen` and `Transfer` hold what makes it once the outside has answered. So "one final reply to each command,
//! in the order of the commands" (RFC 959 §4.2) is a matter of types here. What may happen *during* a transfer is told in
//! [`transfer`].

mod commands;
mod data_port;
mod greeting;
mod host;
mod interface;
mod language;
mod options;
mod replies;
mod security;
mod step;
mod traffic;
mod transfer;

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use protocol::Reply;
use protocol::restart::Position;
use protocol::transfer::Parameters;

use crate::accounts::{Access, Accounts};
use crate::store::{Location, Span};
use data_port::{Arranged, DataPort};
use options::Options;
use replies::reply;
use traffic::Traffic;
use transfer::Transfer;

pub(crate) use host::{Mount, VirtualHost, Volume};
pub(crate) use interface::{
    Action, End, Input, Job, Order, Received, Resume, Role, Route, Standing, Subject, Verify, Visitor,
};
pub(crate) use security::{Demand, Policy, Protection, Security};
pub(crate) use step::Step;

/// How many commands may wait for a transfer to end. Then no more are read.
const QUEUE_LIMIT: usize = 32;

/// What every session of a server shares.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The name of the site, for the greeting.
    pub(crate) site: String,
    pub(crate) accounts: Accounts,
    pub(crate) foreign_hosts: ForeignHosts,
    /// The address that 227 tells in the place of our own.
    pub(crate) told_host: Option<Ipv4Addr>,
    pub(crate) links: Links,
    pub(crate) changes: Changes,
    pub(crate) creation: Creation,
    pub(crate) hosts: Vec<VirtualHost>,
    pub(crate) mounts: Vec<Mount>,
    /// The files of users who have their own.
    pub(crate) homes: HashMap<Vec<u8>, Volume>,
    /// How long to wait for a command.
    pub(crate) idle_limit: Duration,
    /// Whether there is TLS, and what it is wanted for.
    pub(crate) tls: Option<Policy>,
}

/// Whether users may make symbolic links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Links {
    #[default]
    Refused,
    Allowed,
}

/// Whether anybody may change the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Changes {
    #[default]
    Allowed,
    Refused,
}

/// Whether users may set when a file of the server was made. What else is mounted is on a disk, where nobody can.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Creation {
    #[default]
    Fixed,
    Settable,
}

/// Whether a data connection may lead to a host that the control connection does not come from, as a transfer between two
/// servers needs it (RFC 959 §5.2), and as the bounce attack abuses it (RFC 2577 §3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ForeignHosts {
    #[default]
    Refused,
    Allowed,
}

/// One control connection.
#[derive(Debug)]
pub(crate) struct Session {
    settings: Arc<Settings>,
    local: SocketAddr,
    peer: SocketAddr,
    /// Which of the virtual hosts HOST has named.
    host: host::Chosen,
    /// The host that the client has named when TLS began.
    server_name: Option<String>,
    /// The files it is on, if not those of the server.
    volume: Option<Volume>,
    state: State,
    queue: VecDeque<Received>,
    login: Login,
    failed_logins: u32,
    working: Location,
    parameters: Parameters,
    security: Security,
    data_port: DataPort,
    options: Options,
    /// What the command before this one prepared for it.
    sequence: Sequence,
    /// What this command leaves for the next one.
    next_sequence: Sequence,
    traffic: Traffic,
    /// Whether the server is to end.
    is_stopping: bool,
    actions: Vec<Action>,
}

/// What the session waits for.
#[derive(Debug)]
enum State {
    /// A command.
    Ready,
    /// The store, or the comparison of a password.
    Performing,
    /// The time when a wrong password is answered.
    Penalized,
    /// A port to listen on.
    Listening(step::Listening),
    /// The end of a transfer.
    Transferring(Transfer),
    /// Nothing any more.
    Closed,
}

/// How far the login is (RFC 959 §6: USER, PASS).
#[derive(Debug, Clone, PartialEq, Eq)]
enum Login {
    Nobody,
    /// USER came.
    Named(Vec<u8>),
    /// PASS came and is right, and an account is needed as well.
    NeedsAccount {
        name: Vec<u8>,
        access: Access,
    },
    LoggedIn {
        name: Vec<u8>,
        access: Access,
        is_guest: bool,
        storing: Storing,
        /// The files of this user, who does not reach those of the server.
        home: Option<Volume>,
    },
}

/// Whether a user who may store files may do so already.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Storing {
    Allowed,
    /// The user must give an account first.
    NeedsAccount,
}

/// A command that has a meaning only together with the one behind it (RFC 959 §5.4: RNFR and RNTO, REST and a transfer).
#[derive(Debug, Default, PartialEq, Eq)]
enum Sequence {
    #[default]
    None,
    Rename {
        from: Location,
    },
    Restart {
        position: Position,
    },
    Range {
        span: Span,
    },
}

impl Session {
    pub(crate) fn new(settings: Arc<Settings>, local: SocketAddr, peer: SocketAddr, security: Security) -> Self {
        Self {
            settings,
            local,
            peer,
            host: host::Chosen::Server,
            server_name: None,
            volume: None,
            state: State::Ready,
            queue: VecDeque::new(),
            login: Login::Nobody,
            failed_logins: 0,
            working: Location::root(),
            parameters: Parameters::default(),
            security,
            data_port: DataPort::default(),
            options: Options::default(),
            sequence: Sequence::None,
            next_sequence: Sequence::None,
            traffic: Traffic::default(),
            is_stopping: false,
            actions: Vec::new(),
        }
    }

    /// Takes what happened; says what to do, in this order.
    pub(crate) fn handle(&mut self, input: Input) -> Vec<Action> {
        match input {
            Input::Connected => {
                let greeting = self.greeting();
                self.say(&greeting);
            }
            Input::Received(received) => self.receive(received),
            Input::ServerName(name) => self.told_in_tls(name),
            Input::Performed(resume) => {
                self.state = State::Ready;
                let step = resume(self);
                self.take_step(step);
            }
            Input::FailureCounted(standing) => {
                self.state = State::Ready;
                let step = self.failure_counted(standing);
                self.take_step(step);
            }
            Input::Listening(port) => self.listening(port),
            Input::Moved(octets) => self.moved(octets),
            Input::Marked(mark) => self.marked(&mark),
            Input::TransferEnded { octets, end } => self.transfer_ended(octets, end),
            // It is we who let the client wait.
            Input::Idle if matches!(self.state, State::Penalized) => {}
            Input::Idle => self.dismiss("No command for too long; closing the control connection."),
            Input::Stopping => self.is_stopping = true,
            Input::Disconnected => self.disconnected(),
        }
        self.execute_waiting();
        std::mem::take(&mut self.actions)
    }

    /// Whether a command more may be handed in. When not, the runtime leaves what the client sends unread: TCP slows it down.
    pub(crate) fn takes_commands(&self) -> bool {
        self.queue.len() < QUEUE_LIMIT
    }

    /// Whether lines wait for the end of the transfer that runs, or is about to.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// How long to wait for a command.
    pub(crate) fn idle_limit(&self) -> Duration {
        self.options.idle_limit.unwrap_or(self.settings.idle_limit)
    }

    /// Whether a transfer runs: then the time without commands is not idle (RFC 1123 §4.1.3.2).
    pub(crate) fn is_transferring(&self) -> bool {
        matches!(self.state, State::Transferring(_))
    }

    /// Who is logged in.
    pub(crate) fn visitor(&self) -> Option<Visitor> {
        let Login::LoggedIn { name, is_guest, home, .. } = &self.login else { return None };
        let role = match home {
            _ if *is_guest => Role::Guest,
            Some(_) => Role::Housed,
            None => Role::User,
        };
        Some(Visitor { name: name.clone(), role })
    }

    /// How many octets went over all connections, both ways.
    pub(crate) fn octets(&self) -> u64 {
        self.traffic.control + self.traffic.data
    }

    /// Whether the next data connection is to be under TLS.
    pub(crate) fn protects_data(&self) -> bool {
        self.security.of_data() == Protection::Private
    }

    fn receive(&mut self, received: Received) {
        self.traffic.control += received.length();
        if matches!(self.state, State::Closed) {
            return;
        }
        if !self.answer_during_transfer(&received) {
            self.queue.push_back(received);
        }
    }

    /// Executes what waits, until something must be waited for. When the server is to end, nothing is begun any more.
    fn execute_waiting(&mut self) {
        if self.is_stopping {
            self.dismiss("The server is being stopped; closing the control connection.");
        }
        while matches!(self.state, State::Ready)
            && let Some(received) = self.queue.pop_front()
        {
            match received {
                Received::Line(line) => {
                    let step = self.execute(&line);
                    self.take_step(step);
                }
                Received::TooLong => self.say(&reply::<500>("Line too long; it was skipped.")),
                Received::Disconnected => self.close(),
            }
        }
    }

    fn take_step(&mut self, step: Step) {
        match step {
            Step::Done(reply) => self.say(&reply),
            Step::Close(reply) => {
                self.say(&reply);
                self.close();
            }
            Step::BeginTls(reply) => {
                self.say(&reply);
                self.actions.push(Action::BeginTls);
            }
            Step::EndTls(reply) => {
                self.say(&reply);
                self.actions.push(Action::EndTls);
            }
            Step::Perform(perform) => {
                self.state = State::Performing;
                self.actions.push(Action::Perform(perform));
            }
            Step::Verify(verify) => {
                self.state = State::Performing;
                self.actions.push(Action::Verify(verify));
            }
            Step::LoginFailed { name } => {
                self.state = State::Penalized;
                self.actions.push(Action::CountFailure { name });
            }
            Step::Listen(listening) => {
                self.state = State::Listening(listening);
                self.actions.push(Action::Listen);
            }
            Step::Transfer(begin) => self.begin_transfer(*begin),
        }
    }

    fn listening(&mut self, address: Option<SocketAddr>) {
        if let State::Listening(listening) = std::mem::replace(&mut self.state, State::Ready) {
            let reply = self.passive(listening, address);
            self.say(&reply);
        }
    }

    /// RFC 1123 §4.1.3.2. 421 is the one reply that may come without a command; a wrong password that waits for its reply has it.
    fn dismiss(&mut self, why: &str) {
        if matches!(self.state, State::Ready | State::Penalized) {
            self.say(&reply::<421>(why));
            self.close();
        }
    }

    fn close(&mut self) {
        self.queue.clear();
        self.state = State::Closed;
        self.actions.push(Action::Close);
    }

    /// The client closed its side. What it asked for before is done: RFC 959 §5.2 has both sides read what is queued.
    fn disconnected(&mut self) {
        match &self.state {
            State::Transferring(_) => self.disconnected_during_transfer(),
            State::Closed => {}
            State::Ready | State::Performing | State::Penalized | State::Listening(_) => {
                self.queue.push_back(Received::Disconnected);
            }
        }
    }

    fn say(&mut self, reply: &Reply) {
        let octets = self.options.language.translate(reply).to_bytes();
        self.traffic.control += octets.len() as u64;
        self.actions.push(Action::Say(octets));
    }

    /// Forgets the user and all parameters: the session is as new, but for the host (RFC 7151 §3.2.2 has HOST before AUTH).
    fn reinitialize(&mut self) {
        self.login = Login::Nobody;
        self.server_name = None;
        self.mount(self.volume_of_host());
        self.parameters = Parameters::default();
        self.arrange(Arranged::Default);
        self.data_port = DataPort::default();
        self.options = Options::default();
        self.actions.push(Action::StopListening);
    }
}

#[cfg(test)]
mod tests;
