//! A scenario, played to a client: the harness is the server, replies as the scenario accepts, and judges the commands.
//!
//! What a scenario asks of the server is not charged to the client. A client fails by other octets than it was told to
//! say, by a body that is another, by giving up, hanging or dying.

mod commands;
mod data;
mod replies;
pub mod script;
pub mod stage;
mod wording;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use reports::model::{Axis, Channel, Event, FailKind, Finding, Grade, What};

use self::script::{Answer, AnswerReader, Instruction};
use super::play::{End, Facts, Played, Said, place};
use super::text::Bindings;
use crate::scenario::catalogue::{Catalogue, Level, Role};
use crate::scenario::tree::{Action, Scenario, Span, Step};

pub use self::stage::{Act, Stage};

/// Plays a scenario behind its given states to a client.
pub async fn play<S: Stage>(
    scenario: &Scenario,
    given: &[&Scenario],
    catalogue: &Catalogue,
    facts: &Facts,
    stage: &mut S,
) -> Played {
    let mut play = Play {
        part: given.first().copied().unwrap_or(scenario),
        scenario,
        catalogue,
        facts,
        stage,
        step: 0,
        events: 0,
        bindings: Bindings::from([
            ("user".to_owned(), facts.user.clone().into_bytes()),
            ("password".to_owned(), facts.password.clone().into_bytes()),
        ]),
        control: Control::default(),
        answers: VecDeque::new(),
        reader: AnswerReader::default(),
        silent: false,
        waited: 0,
        data: DataChannel::None,
        findings: Vec::new(),
        kind: None,
    };
    let end = play.all(given).await;
    Played { end, findings: play.findings, framing: Vec::new(), kind: play.kind, identity: Vec::new() }
}

struct Play<'a, S> {
    scenario: &'a Scenario,
    /// The scenario or given state whose steps are being played.
    part: &'a Scenario,
    catalogue: &'a Catalogue,
    facts: &'a Facts,
    stage: &'a mut S,
    step: usize,
    events: usize,
    bindings: Bindings,
    control: Control,
    /// What the client printed and nobody asked for yet, each with its event.
    answers: VecDeque<(Answer, usize)>,
    reader: AnswerReader,
    /// Whether the client can print no more.
    silent: bool,
    /// How long the last wait that was in vain took, in milliseconds.
    waited: u64,
    data: DataChannel,
    findings: Vec<Finding>,
    kind: Option<FailKind>,
}

/// The control connection.
#[derive(Debug, Default)]
struct Control {
    /// What came and belongs to no command yet.
    heard: Vec<u8>,
    /// The event that brought the last of it.
    event: usize,
    peer: Option<SocketAddr>,
    closed: bool,
    /// Whether it was the server that closed it.
    by_server: bool,
    /// The verb of the last command.
    verb: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum DataChannel {
    #[default]
    None,
    /// The client was told where the harness listens, in a reply with this code.
    Listening(u16),
    /// The client told where it listens.
    Agreed(SocketAddr),
}

/// A finding says why the steps are not played on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stop;

type Flow = Result<(), Stop>;

impl<'a, S: Stage> Play<'a, S> {
    async fn all(&mut self, given: &[&'a Scenario]) -> End {
        let span = &self.scenario.purpose.span;
        if self.admit(span).await.is_err() {
            return End::Judged;
        }
        for &state in given {
            self.part = state;
            if self.steps(&state.steps).await.is_err() {
                let by = state.tested_by.clone().unwrap_or_else(|| state.id.clone());
                let why = self.findings.last().map(|finding| finding.message.clone()).unwrap_or_default();
                return End::Blocked { state: state.id.clone(), by, why };
            }
        }
        self.part = self.scenario;
        let mut flow = self.steps(&self.scenario.steps).await;
        if flow.is_ok() {
            flow = self.steps(&self.scenario.finally).await;
        }
        // A client that is out of step with the scenario already is asked nothing more.
        if flow.is_ok() && self.end(span).await.is_err() {
            tracing::debug!(id = self.scenario.id, "the client did not end in order");
        }
        End::Judged
    }

    async fn steps(&mut self, steps: &'a [Step]) -> Flow {
        for step in steps {
            let flow = self.step(step).await;
            self.step += 1;
            flow?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &'a Step) -> Flow {
        match &step.action {
            Action::Say(say) => self.say(step, say).await,
            Action::Expect(expect) => self.reply(step, expect).await,
            Action::Login => self.login(step).await,
            Action::Data(data) => self.data(step, data).await,
            Action::Closed(closed) => {
                if let Some(last) = closed.last.first() {
                    self.reply_shortly(step, wording::code_of(*last, &self.control.verb)).await?;
                }
                self.unasked(&step.span).await?;
                self.act(Act::Close).await;
                self.control.closed = true;
                self.control.by_server = true;
                Ok(())
            }
            // What they say of a server says nothing of a client.
            Action::Unpredictable(_) | Action::MayClose => Ok(()),
            Action::Silence { during, .. } => self.silence(&step.span, *during).await,
            // The plan leaves out what has such steps.
            Action::HangUp(_) | Action::Switch(_) | Action::Tls(_) => {
                self.cannot_go_on(&step.span, "a client cannot be asked this")
            }
        }
    }

    /// Lets the stage act, and takes note of what arrives.
    async fn act(&mut self, act: Act<'_>) -> Vec<Event> {
        let events = self.stage.act(self.step, act).await;
        for event in &events {
            self.note(event);
            self.events += 1;
        }
        events
    }

    fn note(&mut self, event: &Event) {
        let at = self.events;
        match (event.channel, &event.what) {
            (Channel::Control, What::Received { octets }) => {
                self.control.heard.extend_from_slice(octets.as_slice());
                self.control.event = at;
            }
            (Channel::Control, What::Closed { .. }) => self.control.closed = true,
            (Channel::Control, What::Connected { peer, .. }) => self.control.peer = peer.parse().ok(),
            (Channel::Subject, What::Received { octets }) => {
                self.answers.extend(self.reader.feed(octets.as_slice()).into_iter().map(|answer| (answer, at)));
            }
            (Channel::Subject, What::Closed { .. }) => self.silent = true,
            (_, What::Deadline { waited }) => self.waited = *waited,
            (Channel::Control | Channel::Data | Channel::Subject, _) => {}
        }
    }

    /// The number of the last event.
    fn last(&self) -> usize {
        self.events.saturating_sub(1)
    }

    /// A statement against the client, measured by a requirement that binds clients, or by none.
    fn find(&mut self, requirement: Option<String>, span: &Span, axis: Axis, said: Said) -> Stop {
        self.push(requirement, span, axis, Grade::Fail, said);
        Stop
    }

    /// The harness itself cannot go on.
    fn cannot_go_on(&mut self, span: &Span, why: &str) -> Flow {
        let said = Said::new(format!("the harness could not go on: {why}")).at(self.last());
        self.push(None, span, Axis::Lifecycle, Grade::Inconclusive, said);
        Err(Stop)
    }

    fn push(&mut self, requirement: Option<String>, span: &Span, axis: Axis, grade: Grade, said: Said) {
        let place = place(span, &self.part.source);
        self.findings.push(said.finding(requirement, place, axis, grade));
    }

    /// The requirement that the step names, if a client must keep it; else this one. What a scenario covers is mostly
    /// the server's, or that a command exists at all: neither says what is wrong with a client.
    fn clause(&self, step: &Step, otherwise: &str) -> String {
        let binds = |id: &&String| {
            let requirement = self.catalogue.requirement(id);
            requirement.is_some_and(|found| found.role != Role::Server && found.level == Level::Must)
        };
        step.requirement.as_ref().filter(binds).map_or_else(|| otherwise.to_owned(), Clone::clone)
    }

    /// Takes the control connection of the client.
    async fn admit(&mut self, span: &Span) -> Flow {
        let events = self.act(Act::Admit { within: self.facts.reply }).await;
        let at = self.last();
        let said = match events.last().map(|event| &event.what) {
            Some(What::Connected { .. }) => return Ok(()),
            Some(What::Exited { code, signal, log }) => {
                self.kind = Some(FailKind::Crash);
                Said::new("the client ended before it connected")
                    .received([&[ended_with(*code, *signal)], log.as_slice()].concat().join("\n"))
            }
            Some(What::Fault { why }) => return self.cannot_go_on(span, &why.clone()),
            _ => {
                self.kind = Some(FailKind::Hang);
                Said::new(format!("the client did not connect within {} ms", self.waited))
            }
        };
        Err(self.find(None, span, Axis::Lifecycle, said.expected("a control connection").at(at)))
    }

    async fn tell(&mut self, span: &Span, instruction: Instruction<'_>) -> Flow {
        let events = self.act(Act::Tell { instruction, within: self.facts.reply }).await;
        match events.last().map(|event| &event.what) {
            Some(What::Deadline { .. }) => Err(self.hang(span, "the client does not read what it is told")),
            // When the server closes, a client may end of itself.
            Some(What::Fault { .. }) if !self.control.by_server => Err(self.gone(span, "something to do").await),
            _ => Ok(()),
        }
    }

    /// Tells the client to end, and sees that it does.
    async fn end(&mut self, span: &Span) -> Flow {
        if self.data != DataChannel::None {
            self.data = DataChannel::None;
            self.act(Act::HangUp).await;
        }
        self.unasked(span).await?;
        self.tell(span, Instruction::End).await?;
        while !self.silent {
            self.hear(span, "that it ends").await?;
            self.quiet(span)?;
        }
        let events = self.act(Act::Exit { within: self.facts.reply }).await;
        let at = self.last();
        match events.last().map(|event| &event.what) {
            Some(What::Exited { code: Some(0), signal: None, .. }) => self.unasked(span).await,
            Some(What::Exited { code, signal, log }) => {
                self.kind = signal.map(|_| FailKind::Crash);
                let said = Said::new("the client did not end in order")
                    .expected("exit code 0")
                    .received([&[ended_with(*code, *signal)], log.as_slice()].concat().join("\n"))
                    .at(at);
                Err(self.find(None, span, Axis::Lifecycle, said))
            }
            _ => Err(self.hang(span, "the client did not end when it was told to")),
        }
    }

    /// The server keeps silent for a while, and so does the client.
    async fn silence(&mut self, span: &Span, during: Duration) -> Flow {
        self.unasked(span).await?;
        let events = self.act(Act::Hear { within: during }).await;
        match events.last().map(|event| &event.what) {
            Some(What::Deadline { .. }) => Ok(()),
            Some(What::Fault { why }) => self.cannot_go_on(span, &why.clone()),
            _ => {
                self.unasked(span).await?;
                Err(self.gone(span, "that it waits for the server").await)
            }
        }
    }

    /// Waits for anything to happen. A deadline is a hang.
    async fn hear(&mut self, span: &Span, expected: &str) -> Flow {
        let events = self.act(Act::Hear { within: self.facts.reply }).await;
        match events.last().map(|event| &event.what) {
            Some(What::Received { .. } | What::Closed { .. }) => Ok(()),
            Some(What::Fault { why }) => self.cannot_go_on(span, &why.clone()),
            _ => Err(self.hang(span, &format!("the client does nothing; due is {expected}"))),
        }
    }

    fn hang(&mut self, span: &Span, message: &str) -> Stop {
        self.kind = Some(FailKind::Hang);
        let said = Said::new(message).received(format!("nothing for {} ms", self.waited));
        self.find(None, span, Axis::Lifecycle, said.at(self.last()))
    }

    /// The client went away where it should not: what it printed last, and how it ended.
    async fn gone(&mut self, span: &Span, expected: &str) -> Stop {
        while !self.silent && self.answers.is_empty() {
            let events = self.act(Act::Hear { within: self.facts.reply }).await;
            if !matches!(events.last().map(|event| &event.what), Some(What::Received { .. } | What::Closed { .. })) {
                break;
            }
        }
        if self.quiet(span).is_err() {
            return Stop;
        }
        let events = self.act(Act::Exit { within: self.facts.reply }).await;
        let at = self.last();
        let received = match events.last().map(|event| &event.what) {
            Some(What::Exited { code, signal, log }) => {
                self.kind = Some(FailKind::Crash);
                [&[ended_with(*code, *signal)], log.as_slice()].concat().join("\n")
            }
            _ => "the end of the connection".to_owned(),
        };
        let said = Said::new("the client went away").expected(expected).received(received).at(at);
        self.find(None, span, Axis::Lifecycle, said)
    }

    /// The client may print nothing that it was not asked for.
    fn quiet(&mut self, span: &Span) -> Flow {
        let Some((answer, event)) = self.answers.pop_front() else { return Ok(()) };
        Err(self.unfit(span, &answer, event, "nothing"))
    }
}

fn ended_with(code: Option<i32>, signal: Option<i32>) -> String {
    match (code, signal) {
        (_, Some(signal)) => format!("ended by signal {signal}"),
        (Some(code), None) => format!("ended with exit code {code}"),
        (None, None) => "ended".to_owned(),
    }
}
