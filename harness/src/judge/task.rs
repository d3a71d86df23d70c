//! A scenario for clients: a client does what it is asked, and everything that was seen of it is judged afterwards.
//!
//! The server's side is the relay, with the deviations of the scenario; it writes down what it sees. Nothing is judged while the
//! client runs, so a client that says more than others on its way is not in anybody's way.

mod always;
mod data;
mod fact;
mod observe;
mod story;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use reports::model::{Axis, Event, FailKind, Finding, Grade, What};

pub use self::observe::observe;
use self::story::Story;
use super::grade::Outcome;
use super::play::{End, Facts, Played, Said, place};
use crate::scenario::catalogue::{Catalogue, Level};
use crate::scenario::rule::{DataEnd, Deviations, Forward, Make, Rule, Times, Trigger, When};
use crate::scenario::tree::{Errand, Fact, Left, Located, Scenario, Seen, Span};

/// How long a client may take, where a scenario does not say.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// What stands in a transcript where a client printed the password.
pub const PASSWORD_SHOWN: &str = "[the password]";

/// Something that the scenario asks of the stage.
#[derive(Debug)]
pub enum Act<'a> {
    /// Let the client do its task, to its end. Gives everything that was seen meanwhile, and at the end `Exited` and `Outcome`, or
    /// `Deadline`.
    Perform {
        /// How long it may take.
        within: Duration,
    },
    /// Look at what stands in the client's directory. Gives `Files` or `Fault`.
    Local {
        /// What is looked for, and what it is compared with.
        wanted: &'a BTreeMap<String, Located<Left>>,
    },
    /// Look at what stands on the server. Gives `Files` or `Fault`.
    Remote {
        /// What is looked for, and what it is compared with.
        wanted: &'a BTreeMap<String, Located<Left>>,
    },
    /// Look for what the client wrote outside of its directory. Gives `Files` or `Fault`.
    Outside,
}

/// Does what a scenario asks, and says what happened.
pub trait Stage {
    /// Does it, and gives the events it made in their order.
    fn act(&mut self, act: Act<'_>) -> impl Future<Output = Vec<Event>>;
}

/// Plays a scenario for clients.
pub async fn play<S: Stage>(scenario: &Scenario, catalogue: &Catalogue, facts: &Facts, stage: &mut S) -> Played {
    let Some(errand) = scenario.errand.as_deref() else {
        return Played {
            end: End::Judged,
            findings: Vec::new(),
            framing: Vec::new(),
            kind: None,
            identity: Vec::new(),
        };
    };
    let limit =
        errand.facts.iter().find_map(|fact| if let Seen::Within(limit) = fact.what { Some(limit) } else { None });
    let within = limit.unwrap_or(PATIENCE).mul_f64(facts.stretch);
    let events = stage.act(Act::Perform { within }).await;
    let story = Story::of(&events);
    let mut play = Play {
        scenario,
        errand,
        catalogue,
        facts,
        stage,
        seen: events.len(),
        story,
        findings: Vec::new(),
        always: Vec::new(),
        kind: None,
    };
    let end = play.all().await;
    Played { end, findings: play.findings, framing: play.always, kind: play.kind, identity: Vec::new() }
}

struct Play<'a, S> {
    scenario: &'a Scenario,
    errand: &'a Errand,
    catalogue: &'a Catalogue,
    facts: &'a Facts,
    stage: &'a mut S,
    /// How many events there were so far.
    seen: usize,
    story: Story,
    findings: Vec<Finding>,
    /// What is judged in every case, whatever it is about.
    always: Vec<Finding>,
    kind: Option<FailKind>,
}

impl<S: Stage> Play<'_, S> {
    async fn all(&mut self) -> End {
        if let Some(why) = &self.story.fault {
            let said = Said::new(format!("the harness could not go on: {why}"));
            self.push(None, &self.scenario.purpose.span, Axis::Lifecycle, Grade::Inconclusive, said);
            return End::Judged;
        }
        self.judge_always();
        self.outside().await;
        if let Some(why) = self.does_not_arise() {
            return End::NotApplicable(why);
        }
        self.ending();
        for fact in &self.errand.facts {
            self.fact(fact).await;
        }
        End::Judged
    }

    /// Why the case does not arise with this client, if it does not.
    fn does_not_arise(&self) -> Option<String> {
        let said = |fact: &Fact| {
            let Seen::Applies(pattern) = &fact.what else { return None };
            self.story.first(pattern).is_none().then(|| format!("the client never said {}", pattern.0.join(" or ")))
        };
        let never = self.errand.facts.iter().find_map(said);
        let tells = |fact: &&Fact| !matches!(fact.what, Seen::Exit(_) | Seen::Within(_) | Seen::Applies(_));
        let only_exit = !self.errand.facts.is_empty() && !self.errand.facts.iter().any(|fact| tells(&fact));
        never.or_else(|| {
            (only_exit && !self.facts.tells_failure)
                .then(|| "the client does not tell by its exit code or what it prints that a task failed".to_owned())
        })
    }

    /// A client that never ends, or dies.
    fn ending(&mut self) {
        let span = self.scenario.purpose.span.clone();
        match self.story.end.clone() {
            Some(What::Deadline { waited }) => {
                let said = Said::new("the client did not end")
                    .expected("that it does what it is asked, or gives up")
                    .received(format!("it still ran after {waited} ms"))
                    .at(self.story.last);
                let fact = self.errand.facts.iter().find(|fact| matches!(fact.what, Seen::Within(_)));
                if let Some(fact) = fact {
                    self.against(fact, Axis::Lifecycle, said);
                } else if withholds(&self.errand.deviations) {
                    // Nothing obliges a client that a person uses to lose its patience.
                    self.by(TIMEOUTS.to_owned(), &span, Axis::Lifecycle, said);
                } else {
                    self.kind = Some(FailKind::Hang);
                    self.push(None, &span, Axis::Lifecycle, Grade::Fail, said);
                }
            }
            Some(What::Exited { signal: Some(signal), log, .. }) => {
                self.kind = Some(FailKind::Crash);
                let said = Said::new(format!("the client was ended by signal {signal}"))
                    .received(log.join("\n"))
                    .at(self.story.last);
                self.push(None, &span, Axis::Lifecycle, Grade::Fail, said);
            }
            _ => {}
        }
    }

    async fn outside(&mut self) {
        let events = self.act(Act::Outside).await;
        let Some(What::Files { found }) = events.last().map(|event| &event.what) else { return };
        if !found.is_empty() {
            let names: Vec<_> = found.keys().map(String::as_str).collect();
            let said = Said::new("the client wrote outside of its directory")
                .expected("nothing")
                .received(names.join("\n"))
                .at(self.seen.saturating_sub(1));
            self.once(INSIDE, Axis::Files, said);
        }
    }

    async fn act(&mut self, act: Act<'_>) -> Vec<Event> {
        let events = self.stage.act(act).await;
        self.seen += events.len();
        events
    }

    /// A statement against the requirement of a fact.
    fn against(&mut self, fact: &Fact, axis: Axis, said: Said) {
        let said = said.because(fact.because.as_ref());
        let own = self.scenario.covers.first().map(|id| id.value.clone());
        match fact.requirement.clone().or(own) {
            Some(requirement) => self.by(requirement, &fact.span, axis, said),
            None => self.push(None, &fact.span, axis, Grade::Fail, said),
        }
    }

    fn by(&mut self, requirement: String, span: &Span, axis: Axis, said: Said) {
        let grade = self.grade(&requirement);
        self.push(Some(requirement), span, axis, grade, said);
    }

    /// A statement that is made in every case: it is told once.
    fn once(&mut self, requirement: &str, axis: Axis, said: Said) {
        let grade = self.grade(requirement);
        let place = place(&self.scenario.purpose.span, &self.scenario.source);
        self.always.push(said.finding(Some(requirement.to_owned()), place, axis, grade));
    }

    fn grade(&self, requirement: &str) -> Grade {
        let level = self.catalogue.requirement(requirement).map_or(Level::Must, |found| found.level);
        self.facts.scale.grade(Some(requirement), level, Outcome::Against)
    }

    fn push(&mut self, requirement: Option<String>, span: &Span, axis: Axis, grade: Grade, said: Said) {
        self.findings.push(said.finding(requirement, place(span, &self.scenario.source), axis, grade));
    }
}

/// Whether the server leaves something out that a client may wait for.
fn withholds(deviations: &Deviations) -> bool {
    let one = |rule: &Rule| {
        rule.replies.times == Times::Never
            || rule.replies.raw.is_some()
            || rule.replies.line_end.is_some()
            || rule.replies.when == When::NextCommand
            || rule.forward == Forward::Nothing && rule.replies.whole.is_none()
            || rule.data.make == Make::Never
            || matches!(rule.data.end, DataEnd::Never | DataEnd::Stall(_))
    };
    deviations.clients.is_some() || deviations.rules.iter().any(one)
}

/// Whether the server says replies that answer nothing, so that nobody can say which one answers what.
fn confuses(deviations: &Deviations) -> bool {
    let one = |rule: &Rule| {
        rule.replies.times == Times::Twice || rule.replies.append.is_some() || rule.replies.before.is_some()
    };
    deviations.rules.iter().any(|rule| rule.on != Trigger::Greeting && one(rule))
}

/// RFC 1123 §4.1.3.2.
const TIMEOUTS: &str = "rfc1123-4.1.3.2-client-timeouts";
/// What is fetched stays in the directory that it is fetched into.
const INSIDE: &str = "practice-client-stays-in-its-directory";
