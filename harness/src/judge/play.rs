//! A scenario, played against a server.

mod body;
mod data;
mod ending;
pub(in crate::judge) mod entries;
mod framed;
mod lacking;
mod replies;
mod steps;
mod tls;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use reports::model::{Axis, Channel, Event, FailKind, Finding, Grade, Octets, Place, What};

use self::lacking::Asked;
use self::tls::TlsSeen;
use super::framing;
use super::grade::{Outcome, Scale};
use super::stage::{Act, Stage};
use super::text::Bindings;
use crate::scenario::catalogue::{Catalogue, Level};
use crate::scenario::tree::{Scenario, Span, Step};
use crate::wire::reply::{ReplyReader, SeenReply};

/// What a play must know of the subject and the run.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The user that scenarios log in as.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// What else scenarios name of the subject's own: the users who need an account.
    pub accounts: Vec<(&'static str, String)>,
    /// Commands that the subject wants after a login.
    pub after_login: Vec<String>,
    /// The timers that the subject owns.
    pub timers: BTreeMap<String, Duration>,
    /// Whether texts of replies decide in every scenario.
    pub exact_text: bool,
    /// How long a reply may take.
    pub reply: Duration,
    /// How statements are weighed.
    pub scale: Scale,
    /// How long the greeting may take: less, where the subject had its time already.
    pub greeting: Duration,
    /// How long a case may take, besides what it is told to wait.
    pub longest: Duration,
    /// By how much the deadlines of scenarios are stretched, on a slow machine. Silences are not.
    pub stretch: f64,
    /// Whether the subject, a client that is asked to do something, was seen to tell that it failed.
    pub tells_failure: bool,
}

/// What a play came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// How it ended.
    pub end: End,
    /// What was found, in the order of the steps.
    pub findings: Vec<Finding>,
    /// What every case meets alike, such as the form of replies. Of one cause only one statement is kept in a run.
    pub framing: Vec<Finding>,
    /// What kind of failure, where it is more than a wrong answer.
    pub kind: Option<FailKind>,
    /// The greeting and the reply to SYST, where they were seen.
    pub identity: Vec<String>,
}

/// How a play ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Every step was played, or a finding says why not.
    Judged,
    /// The subject says that it does not have the feature.
    NotApplicable(String),
    /// The start state could not be reached.
    Blocked {
        /// The start state.
        state: String,
        /// The scenario that tests this state.
        by: String,
        /// What went wrong.
        why: String,
    },
    /// What the scenario is about could not be reached.
    Unreached(String),
    /// The subject closed the service with 421.
    ServiceGone,
}

/// Plays a scenario behind its given states. A play judges a server; it speaks the client's lines.
pub async fn play<S: Stage>(
    scenario: &Scenario,
    given: &[&Scenario],
    catalogue: &Catalogue,
    facts: &Facts,
    stage: &mut S,
) -> Played {
    let mut play = Play {
        scenario,
        part: scenario,
        catalogue,
        facts,
        stage,
        step: 0,
        events: 0,
        connection: "a".to_owned(),
        connections: BTreeMap::new(),
        bindings: own_names(facts),
        marker_places: BTreeMap::new(),
        findings: Vec::new(),
        framing: Vec::new(),
        kind: None,
        identity: Vec::new(),
        final_reply: None,
        eighth_bit: EighthBit::of(scenario, given),
    };
    let end = play.all(given).await;
    // A server that lists UTF8 is excused (RFC 2640 §2.2), and only the scenario that asks for FEAT knows it.
    let asks = scenario.covers.iter().any(|id| id.value == framing::SEVEN_BIT);
    if play.eighth_bit == EighthBit::Excused || !asks {
        play.framing.retain(|finding| finding.requirement.as_deref() != Some(framing::SEVEN_BIT));
    }
    Played { end, findings: play.findings, framing: play.framing, kind: play.kind, identity: play.identity }
}

/// The names that are bound in every scenario: to the subject's own values.
fn own_names(facts: &Facts) -> Bindings {
    let user = [("user", facts.user.as_str()), ("password", facts.password.as_str())];
    let all = user.into_iter().chain(facts.accounts.iter().map(|(name, value)| (*name, value.as_str())));
    all.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect()
}

/// Why a statement is made that no requirement measures.
const AS_RECORDED: &str = "as recorded: no requirement is asked";

struct Play<'a, S> {
    scenario: &'a Scenario,
    /// The scenario or given state whose steps are being played.
    part: &'a Scenario,
    catalogue: &'a Catalogue,
    facts: &'a Facts,
    stage: &'a mut S,
    step: usize,
    events: usize,
    connection: String,
    connections: BTreeMap<String, Connection>,
    bindings: Bindings,
    /// How many octets stand before the restart markers that are bound to names.
    marker_places: BTreeMap<String, u64>,
    findings: Vec<Finding>,
    framing: Vec<Finding>,
    kind: Option<FailKind>,
    identity: Vec<String>,
    /// The last reply of the last step that expected one, and its event.
    final_reply: Option<(SeenReply, usize)>,
    eighth_bit: EighthBit,
}

/// Whether octets above 127 in replies are the server's own doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EighthBit {
    /// They are.
    Judged,
    /// The client said some, a file's name has some, the server lists UTF8, or LANG asked for its language (RFC 2640).
    Excused,
}

impl EighthBit {
    fn of(scenario: &Scenario, given: &[&Scenario]) -> Self {
        let mut names = given.iter().copied().chain([scenario]).flat_map(|part| part.files.keys());
        if names.any(|name| !name.is_ascii()) { Self::Excused } else { Self::Judged }
    }
}

/// One control connection.
#[derive(Debug, Default)]
struct Connection {
    reader: ReplyReader,
    replies: VecDeque<(SeenReply, usize)>,
    closed: bool,
    peer: Option<SocketAddr>,
    /// The verb of the last command.
    verb: String,
    /// Whether a reply is due: one more reply is no surprise.
    owed: bool,
    /// Whether the server proposed or refused an option of Telnet.
    negotiates: bool,
    asked: Asked,
    /// How many command lines were said to which no final reply was read.
    unanswered: usize,
    data: DataChannel,
    tls: TlsSeen,
    end: Ended,
}

/// What it is that the server closes the control connection where a reply is due.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Ended {
    #[default]
    Against,
    /// In order; nothing more is played.
    Allowed,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum DataChannel {
    #[default]
    None,
    /// An address was told, nobody has come yet.
    Listening,
    /// An address was agreed on, nobody has gone there yet.
    Agreed(SocketAddr),
    /// It stands. So many octets of a body were taken from it.
    Open { taken: u64 },
}

/// Why the steps are not played on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stop {
    /// A finding says why.
    Found,
    /// The subject says that it does not have the feature.
    NotApplicable(String),
    /// What the scenario is about could not be reached: something that another scenario tests is wrong.
    Blocked(String),
    /// 421.
    ServiceGone,
    /// What the scenario says is in order, and there is nothing more to play.
    Done,
}

type Flow = Result<(), Stop>;

impl<'a, S: Stage> Play<'a, S> {
    async fn all(&mut self, given: &[&'a Scenario]) -> End {
        for &state in given {
            self.part = state;
            let before = self.findings.len();
            let stop = self.steps(&state.steps).await.err();
            let why = self
                .findings
                .get(before..)
                .unwrap_or_default()
                .iter()
                .find(|finding| finding.grade >= Grade::Inconclusive);
            let why = why.map(|finding| finding.message.clone());
            let end = match stop {
                Some(Stop::ServiceGone) => Some(End::ServiceGone),
                None if why.is_none() => None,
                stop => {
                    let by = state.tested_by.clone().unwrap_or_else(|| state.id.clone());
                    let told =
                        if let Some(Stop::NotApplicable(why) | Stop::Blocked(why)) = stop { Some(why) } else { why };
                    Some(End::Blocked { state: state.id.clone(), by, why: told.unwrap_or_default() })
                }
            };
            if let Some(end) = end {
                self.epilogue().await;
                return end;
            }
            // What a start state shows on the way is judged by the scenario that tests it.
            self.findings.truncate(before);
        }
        self.part = self.scenario;
        let stop = self.steps(&self.scenario.steps).await.err();
        let begin = self.step_after_steps(given);
        self.step = begin;
        let last = self.steps(&self.scenario.finally).await.err();
        match stop.or(last) {
            Some(Stop::NotApplicable(why)) => {
                self.epilogue().await;
                End::NotApplicable(why)
            }
            Some(Stop::Blocked(why)) => {
                self.epilogue().await;
                let graver = self.findings.iter().any(|finding| finding.grade == Grade::Fail);
                if graver { End::Judged } else { End::Unreached(why) }
            }
            Some(Stop::ServiceGone) => End::ServiceGone,
            Some(Stop::Found | Stop::Done) => {
                self.epilogue().await;
                End::Judged
            }
            None => {
                self.epilogue().await;
                self.leaves().await;
                End::Judged
            }
        }
    }

    fn step_after_steps(&self, given: &[&Scenario]) -> usize {
        given.iter().map(|state| state.steps.len()).sum::<usize>() + self.scenario.steps.len()
    }

    async fn steps(&mut self, steps: &'a [Step]) -> Flow {
        for step in steps {
            let flow = self.step(step).await;
            self.step += 1;
            flow?;
        }
        Ok(())
    }

    /// Lets the stage act, and takes note of what arrives on control connections.
    async fn act(&mut self, act: Act<'_>) -> Vec<Event> {
        let connection = self.connection.clone();
        let events = self.stage.act(self.step, &connection, act).await;
        for event in &events {
            match event.channel {
                Channel::Control => self.note(event),
                Channel::Data => {
                    let connection = self.connections.entry(event.connection.clone()).or_default();
                    connection.tls.note_data(&event.what);
                }
                Channel::Subject => {}
            }
            self.events += 1;
        }
        events
    }

    fn note(&mut self, event: &Event) {
        let at = self.events;
        let connection = self.connections.entry(event.connection.clone()).or_default();
        match &event.what {
            What::Received { octets } => {
                connection.negotiates |= negotiates(octets.as_slice());
                connection
                    .replies
                    .extend(connection.reader.feed(octets.as_slice()).into_iter().map(|reply| (reply, at)));
            }
            What::Closed { .. } => connection.closed = true,
            What::Connected { peer, .. } => connection.peer = peer.parse().ok(),
            What::Sent { octets, .. } if !octets.as_slice().is_ascii() => self.eighth_bit = EighthBit::Excused,
            What::NotConnected { .. }
            | What::Listening { .. }
            | What::Sent { .. }
            | What::Secured { .. }
            | What::NotSecured { .. }
            | What::TlsEnded { .. }
            | What::BodySent(_)
            | What::BodyReceived(_)
            | What::Hung { .. }
            | What::Deadline { .. }
            | What::Quiet { .. }
            | What::Exited { .. }
            | What::Urgent
            | What::Outcome { .. }
            | What::Files { .. }
            | What::Fault { .. } => {}
        }
    }

    fn here(&mut self) -> &mut Connection {
        self.connections.entry(self.connection.clone()).or_default()
    }

    /// A statement, measured by the step's requirement.
    fn find(&mut self, step: &Step, axis: Axis, outcome: Outcome, said: Said) {
        let requirement = step.requirement.clone().or_else(|| self.part.covers.first().map(|id| id.value.clone()));
        self.find_by(requirement, &step.span, axis, outcome, said);
    }

    /// A statement, measured by a requirement of its own.
    fn find_by(&mut self, requirement: Option<String>, span: &Span, axis: Axis, outcome: Outcome, said: Said) {
        let (requirement, said) = if self.scenario.recorded.is_some() {
            let because = said.because.clone().unwrap_or_else(|| AS_RECORDED.to_owned());
            (None, said.because(Some(&because)))
        } else {
            (requirement, said)
        };
        let level = requirement
            .as_deref()
            .and_then(|id| self.catalogue.requirement(id))
            .map_or(Level::Must, |found| found.level);
        let grade = self.facts.scale.grade(requirement.as_deref(), level, outcome);
        let finding = self.finding(requirement, span, axis, grade, said);
        self.findings.push(finding);
    }

    /// A statement on what every case meets alike. In a run it is made once.
    fn find_once(&mut self, requirement: &str, span: &Span, axis: Axis, outcome: Outcome, said: Said) {
        if self.scenario.recorded.is_some() {
            // What is tolerated was there when it was recorded, as like as not.
            if outcome == Outcome::Against {
                self.find_by(None, span, axis, outcome, said);
            }
            return;
        }
        let level = self.catalogue.requirement(requirement).map_or(Level::Must, |found| found.level);
        let grade = self.facts.scale.grade(Some(requirement), level, outcome);
        let finding = self.finding(Some(requirement.to_owned()), span, axis, grade, said);
        let known = self.framing.iter().any(|f| f.requirement == finding.requirement && f.message == finding.message);
        if !known {
            self.framing.push(finding);
        }
    }

    /// The same where the steps cannot be played on. Only a scenario that covers the requirement is judged by it.
    fn stop_once(&mut self, requirement: &str, span: &Span, axis: Axis, said: Said) -> Stop {
        let why = format!("{requirement}: {}", said.message);
        self.find_once(requirement, span, axis, Outcome::Against, said);
        let decides = self.scenario.recorded.is_some() || self.part.covers.iter().any(|id| id.value == requirement);
        if decides { Stop::Found } else { Stop::Blocked(why) }
    }

    /// A statement of a grade that no requirement decides.
    fn remark(&mut self, span: &Span, axis: Axis, grade: Grade, said: Said) {
        let finding = self.finding(None, span, axis, grade, said);
        self.findings.push(finding);
    }

    fn finding(&self, requirement: Option<String>, span: &Span, axis: Axis, grade: Grade, said: Said) -> Finding {
        said.finding(requirement, place(span, &self.part.source), axis, grade)
    }

    /// Judges the form of a reply.
    fn judge_form(&mut self, span: &Span, reply: &SeenReply, event: usize) {
        let verb = self.here().verb.clone();
        let lists_utf8 = || reply.lines.iter().any(|line| line.trim_ascii().eq_ignore_ascii_case(b"UTF8"));
        // RFC 2640 §4.1: what comes behind a LANG that was accepted is in UTF-8.
        if verb == "FEAT" && lists_utf8() || verb == "LANG" && reply.code == Some(200) {
            self.eighth_bit = EighthBit::Excused;
        }
        if self.scenario.recorded.is_some() {
            return;
        }
        let covered = self.part.covers.iter().any(|id| id.value == NO_NEGOTIATION);
        if covered && self.here().negotiates {
            let said = Said::new("the server negotiates options of Telnet").expected("replies, and no IAC WILL or DO");
            self.find_by(Some(NO_NEGOTIATION.to_owned()), span, Axis::Framing, Outcome::Against, said.at(event));
        }
        for remark in framing::remarks(&verb, reply) {
            let said = Said {
                message: remark.message.to_owned(),
                expected: Some(remark.expected.to_owned()),
                received: Some(remark.received),
                because: None,
                event: Some(event),
            };
            self.find_once(remark.requirement, span, Axis::Framing, remark.outcome, said);
        }
    }
}

/// RFC 3659 §2.2. A server without these extensions is not bound by it.
const NO_NEGOTIATION: &str = "rfc3659-2.2-no-telnet-negotiation";

/// IAC and WILL, WONT, DO or DONT (RFC 854).
fn negotiates(octets: &[u8]) -> bool {
    octets.windows(2).any(|pair| matches!(pair, [255, 251..=254]))
}

/// The words of a finding.
#[derive(Debug, Default, Clone)]
pub(super) struct Said {
    pub(super) message: String,
    pub(super) expected: Option<String>,
    pub(super) received: Option<String>,
    pub(super) because: Option<String>,
    pub(super) event: Option<usize>,
}

impl Said {
    /// The finding that says this.
    pub(super) fn finding(self, requirement: Option<String>, place: Place, axis: Axis, grade: Grade) -> Finding {
        Finding {
            axis,
            grade,
            requirement,
            place,
            message: self.message,
            expected: self.expected,
            received: self.received,
            because: self.because,
            event: self.event,
            also: Vec::new(),
        }
    }

    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    pub(super) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(super) fn received(mut self, received: impl Into<String>) -> Self {
        self.received = Some(received.into());
        self
    }

    pub(super) fn because(mut self, because: Option<&String>) -> Self {
        self.because = because.cloned();
        self
    }

    pub(super) fn at(mut self, event: usize) -> Self {
        self.event = Some(event);
        self
    }
}

/// Octets as a person reads them.
pub(super) fn shown(octets: &[u8]) -> String {
    Octets::from(octets).to_string()
}

/// The place that a span is, with the text of its line.
pub fn place(span: &Span, source: &str) -> Place {
    Place {
        file: span.file.to_string(),
        line: span.line,
        column: span.column,
        width: span.width.max(1),
        text: source.lines().nth(span.line.saturating_sub(1)).unwrap_or_default().to_owned(),
    }
}

/// The verb of a command line, in capitals.
pub(super) fn verb(line: &[u8]) -> String {
    let word: Vec<u8> = line
        .iter()
        .copied()
        .skip_while(|octet| !octet.is_ascii_alphabetic())
        .take_while(u8::is_ascii_alphabetic)
        .collect();
    String::from_utf8_lossy(&word).to_ascii_uppercase()
}
