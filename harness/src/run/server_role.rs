//! The stage on which the harness is the server, and one case of a client on it.

mod files;

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use reports::model::{Channel, CloseKind, Event, FailKind, Octets, What};
use tokio::net::TcpListener;
use tokio::time::{sleep_until, timeout_at};

use super::case::{Ran, Short, files_of, judged};
use super::data;
use super::live::{Wires, hear_on};
use super::recorder::{Recorder, millis};
use super::socket::Socket;
use crate::judge::client::script::Instruction;
use crate::judge::client::{Act, Stage, play};
use crate::judge::play::{End, Facts};
use crate::scenario::Suite;
use crate::scenario::tree::{Entry, Scenario};
use crate::subject::{Driven, Health, StartError, Subject};

/// The most time that one case may take.
const LONGEST: Duration = Duration::from_secs(90);

/// Runs a case on a client: a fresh process, which connects to a port of its own.
///
/// # Errors
/// The client cannot be started.
pub(super) async fn on_client(
    scenario: &Scenario,
    given: &[&Scenario],
    suite: &Suite,
    facts: &Facts,
    subject: &Subject,
) -> Result<Ran, StartError> {
    let begun = Instant::now();
    let own = |source| StartError::Own { doing: "listen for the client".to_owned(), source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(own)?;
    let client = subject.drive(listener.local_addr().map_err(own)?).await?;
    let files = files_of(scenario, given);
    let mut stage = Counterpart {
        recorder: Recorder::new(LONGEST.mul_f64(facts.stretch)),
        listener,
        client,
        prints: true,
        files: &files,
        wires: Wires::default(),
    };
    let played = Box::pin(play(scenario, given, suite.catalogue(), facts, &mut stage)).await;
    let Counterpart { recorder, client, wires, .. } = stage;
    drop(wires);
    client.stop().await;
    let unreached = if let End::Blocked { state, by, .. } = &played.end {
        Some(Short::Of { state: state.clone(), by: by.clone() })
    } else {
        None
    };
    let mut ran = judged(scenario, played);
    ran.case.events = recorder.into_events();
    ran.case.duration = millis(begun.elapsed());
    ran.short = short(&ran, unreached);
    Ok(ran)
}

/// A client that never said anything will not in another case; one that hung in a start state will hang there again.
fn short(ran: &Ran, unreached: Option<Short>) -> Option<Short> {
    if ran.case.kind != Some(FailKind::Hang) {
        return None;
    }
    let says = |event: &Event| event.channel == Channel::Control && matches!(event.what, What::Received { .. });
    if ran.case.events.iter().any(says) { unreached } else { Some(Short::OfTheGreeting) }
}

/// The server's side of the network, and the client's process.
struct Counterpart<'a> {
    recorder: Recorder,
    listener: TcpListener,
    client: Driven,
    /// Whether the client can still print.
    prints: bool,
    files: &'a BTreeMap<String, Entry>,
    wires: Wires,
}

impl Stage for Counterpart<'_> {
    async fn act(&mut self, step: usize, act: Act<'_>) -> Vec<Event> {
        let first = self.recorder.begin(step, "a");
        match act {
            Act::Admit { within } => self.admit(within).await,
            Act::Tell { instruction, within } => self.tell(instruction, within).await,
            Act::Hear { within } => self.hear(within).await,
            Act::Drain => self.wires.drain(&mut self.recorder),
            Act::Reply { octets } => self.reply(octets).await,
            Act::Close => self.close().await,
            Act::Listen => {
                self.wires.transfers = 1;
                let at = data::Listening::AtAnyPort { receive_buffer: None };
                data::listen(&mut self.wires, &mut self.recorder, at);
            }
            Act::Accept { within } => self.accept(within).await,
            Act::Dial { to } => {
                let way = data::Way { to, from: None, receive_buffer: None };
                data::dial(&mut self.wires, &mut self.recorder, way).await;
            }
            Act::Send { content, within } => {
                data::send(&mut self.wires, &mut self.recorder, self.files, content, within).await;
                data::finish(&mut self.wires).await;
            }
            Act::Receive { expected, within } => {
                let wanted = data::Wanted { expected: Some(expected.0), form: expected.1, from: 0, take: None, within };
                data::receive(&mut self.wires, &mut self.recorder, self.files, wanted).await;
            }
            Act::HangUp => data::hang_up(&mut self.wires, &mut self.recorder, CloseKind::Fin, false).await,
            Act::Lay { name, content } => {
                if let Err(error) = files::lay(&self.client, self.files, name, content) {
                    self.recorder.note(Channel::Subject, What::Fault { why: error.to_string() });
                }
            }
            Act::Look { name, expected } => {
                let what = files::look(&self.client, self.files, name, expected);
                self.recorder.note(Channel::Subject, what);
            }
            Act::Exit { within } => self.exit(within).await,
        }
        self.recorder.end(first)
    }
}

impl Counterpart<'_> {
    async fn admit(&mut self, within: Duration) {
        let within = self.recorder.patience(within);
        let until = self.recorder.deadline(within);
        let (channel, what) = tokio::select! {
            biased;
            accepted = self.listener.accept() => (Channel::Control, match accepted {
                Ok((stream, peer)) => match stream.local_addr() {
                    Ok(local) => {
                        self.wires.control = Some(Socket::clear(stream));
                        What::Connected { local: local.to_string(), peer: peer.to_string() }
                    }
                    Err(error) => What::Fault { why: error.to_string() },
                },
                Err(error) => What::Fault { why: error.to_string() },
            }),
            ended = self.client.ended() => (Channel::Subject, self.ending(ended)),
            () = sleep_until(until) => (Channel::Control, What::Deadline { waited: millis(within) }),
        };
        self.recorder.note(channel, what);
    }

    async fn tell(&mut self, instruction: Instruction<'_>, within: Duration) {
        let line = instruction.line();
        let within = self.recorder.patience(within);
        let until = self.recorder.deadline(within);
        let what = match timeout_at(until, self.client.write(&line)).await {
            Ok(Ok(())) => What::Sent { octets: Octets::from(line), urgent: false },
            Ok(Err(error)) => What::Fault { why: format!("the client takes no more instructions: {error}") },
            Err(_) => What::Deadline { waited: millis(within) },
        };
        self.recorder.note(Channel::Subject, what);
    }

    async fn hear(&mut self, within: Duration) {
        if self.recorder.is_flooded() {
            let why = "the client says or prints without end".to_owned();
            return self.recorder.note(Channel::Control, What::Fault { why });
        }
        let within = self.recorder.patience(within);
        let until = self.recorder.deadline(within);
        let mut buffer = vec![0; 8192];
        let read = tokio::select! {
            biased;
            () = hear_on(self.wires.control.as_mut(), &mut self.recorder) => {
                if self.recorder.last_ended() {
                    self.wires.control = None;
                }
                return;
            }
            read = self.client.read(&mut buffer), if self.prints => read,
            () = sleep_until(until) => {
                return self.recorder.note(Channel::Control, What::Deadline { waited: millis(within) });
            }
        };
        let what = match read {
            Ok(length) if length > 0 => {
                What::Received { octets: Octets::from(buffer.get(..length).unwrap_or_default()) }
            }
            Ok(_) | Err(_) => {
                self.prints = false;
                What::Closed { how: CloseKind::Fin }
            }
        };
        self.recorder.note(Channel::Subject, what);
    }

    /// A client that ended makes no connection any more.
    async fn accept(&mut self, within: Duration) {
        let ended = tokio::select! {
            biased;
            () = data::accept(&mut self.wires, &mut self.recorder, within) => return,
            ended = self.client.ended() => ended,
        };
        let what = self.ending(ended);
        self.recorder.note(Channel::Subject, what);
    }

    async fn reply(&mut self, octets: &[u8]) {
        let Some(stream) = &mut self.wires.control else { return };
        // A client that is gone is seen when it is listened to.
        if stream.write_all(octets).await.is_ok() {
            self.recorder.note(Channel::Control, What::Sent { octets: Octets::from(octets), urgent: false });
        }
    }

    async fn close(&mut self) {
        if let Some(mut stream) = self.wires.control.take() {
            // The same: it may be gone already.
            stream.shutdown().await.ok();
        }
        self.recorder.note(Channel::Control, What::Hung { how: CloseKind::Fin });
    }

    async fn exit(&mut self, within: Duration) {
        let within = self.recorder.patience(within);
        let until = self.recorder.deadline(within);
        let what = match timeout_at(until, self.client.ended()).await {
            Ok(ended) => self.ending(ended),
            Err(_) => What::Deadline { waited: millis(within) },
        };
        self.recorder.note(Channel::Subject, what);
    }

    fn ending(&self, ended: io::Result<Health>) -> What {
        match ended {
            Ok(Health::Exited { code, signal }) => What::Exited { code, signal, log: self.client.running().log_tail() },
            Ok(Health::Alive | Health::NotListening) => What::Fault { why: "the client ended and lives".to_owned() },
            Err(error) => What::Fault { why: error.to_string() },
        }
    }
}
