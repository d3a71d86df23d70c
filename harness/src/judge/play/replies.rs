//! The replies of the server against what a step accepts.

use std::time::Duration;

use reports::model::{Axis, CloseKind, FailKind, Grade, What};

use super::lacking::NOT_IMPLEMENTED;
use super::{Ended, Play, Said, Stop, shown};
use crate::judge::expectation::{Match, Matcher, Quality};
use crate::judge::grade::Outcome;
use crate::judge::stage::{Act, Stage};
use crate::judge::text::{fill, matches};
use crate::judge::value;
use crate::scenario::tree::{Charset, Expect, Located, Read, ReadKind, ReadUse, Silence, Step, Template, TextMode};
use crate::wire::reply::{Flaw, SeenReply};

/// How many lines that are no reply are passed over while one reply is waited for.
const PATIENCE: usize = 100;

impl<S: Stage> Play<'_, S> {
    /// Reads the replies that a step expects. Gives the code of the last.
    pub(super) async fn expect(&mut self, step: &Step, expect: &Expect) -> Result<u16, Stop> {
        self.connect(step).await?;
        let (within, declared) = self.deadline(&expect.within);
        let mut matcher = Matcher::new(expect);
        let mut passed_over = 0;
        loop {
            let Some((reply, event)) = self.next_reply(step, expect, &matcher, within, declared).await? else {
                return Ok(0);
            };
            self.judge_form(&step.span, &reply, event);
            self.keep_identity(&reply);
            let Some(code) = reply.code.filter(|_| !reply.flaws.contains(&Flaw::Endless)) else {
                passed_over += 1;
                if passed_over > PATIENCE || reply.flaws.contains(&Flaw::Endless) {
                    return Err(self.no_reply(step, &matcher, &reply, event));
                }
                continue;
            };
            let here = self.here();
            let simple = here.asked.is_simple(here.unanswered);
            here.owed = reply.is_preliminary();
            if !here.owed {
                here.unanswered = here.unanswered.saturating_sub(1);
            }
            here.asked.replied(&reply, here.unanswered);
            let expected = matcher.expected();
            match matcher.take(code) {
                Match::More(quality) => self.weigh(step, expect, quality, &expected, &reply, event),
                Match::Done(quality) => {
                    self.weigh(step, expect, quality, &expected, &reply, event);
                    self.texts(step, expect, &reply, event);
                    self.told(step, expect, &reply, event)?;
                    self.reads(step, expect, &reply, event)?;
                    self.agree(&reply);
                    self.final_reply = Some((reply, event));
                    return Ok(code);
                }
                Match::NotApplicable => {
                    return Err(Stop::NotApplicable(format!("answered {}", shown(&first_line(&reply)))));
                }
                Match::Enough => return Err(Stop::Done),
                Match::Against if code == 421 && self.here().end == Ended::Allowed => return Err(Stop::Done),
                Match::Against if code == 421 => return Err(Stop::ServiceGone),
                Match::Against => {
                    let lacks = simple && code == NOT_IMPLEMENTED;
                    let lacks = if lacks { self.lacking(step, &expected, &reply, event) } else { None };
                    return Err(lacks.unwrap_or_else(|| self.against(step, expect, expected, &reply, event)));
                }
            }
        }
    }

    /// What is said of a reply of another class.
    fn against(&mut self, step: &Step, expect: &Expect, expected: String, reply: &SeenReply, event: usize) -> Stop {
        // The replies to the other commands of one write are still to come, and are no surplus.
        let here = self.here();
        here.owed |= here.unanswered > 0;
        let said = Said::new(format!("a reply of another class: {}", reply.code.unwrap_or_default()))
            .expected(expected)
            .received(shown(&first_line(reply)))
            .because(expect.because.as_ref())
            .at(event);
        self.find(step, Axis::Reply, Outcome::Against, said);
        Stop::Found
    }

    fn weigh(
        &mut self,
        step: &Step,
        expect: &Expect,
        quality: Quality,
        expected: &str,
        reply: &SeenReply,
        event: usize,
    ) {
        let message = match quality {
            Quality::Required => return,
            Quality::Named => "a reply that is tolerated",
            Quality::SameClass => "another reply of the same class",
        };
        let said = Said::new(message)
            .expected(expected)
            .received(shown(&first_line(reply)))
            .because(expect.because.as_ref())
            .at(event);
        self.find(step, Axis::Reply, Outcome::Tolerated, said);
    }

    /// The next reply, or a finding that says why there is none. None where that is tolerated.
    async fn next_reply(
        &mut self,
        step: &Step,
        expect: &Expect,
        matcher: &Matcher<'_>,
        within: Duration,
        declared: bool,
    ) -> Result<Option<(SeenReply, usize)>, Stop> {
        loop {
            if let Some(reply) = self.here().replies.pop_front() {
                return Ok(Some(reply));
            }
            if self.here().closed {
                return Err(self.closed_instead(step, matcher).await);
            }
            let greeted = !self.identity.is_empty();
            let within = if greeted { within } else { within.min(self.facts.greeting) };
            let events = self.act(Act::Hear { within }).await;
            match events.last().map(|event| &event.what) {
                Some(What::Received { .. } | What::Closed { .. }) => {}
                Some(What::Deadline { waited }) => {
                    let waited = Duration::from_millis(*waited);
                    let tolerated = expect.silence == Silence::Tolerated && matcher.is_at_beginning();
                    if tolerated && !self.here().reader.is_open() {
                        self.tolerate_silence(step, expect, matcher, waited);
                        return Ok(None);
                    }
                    return Err(self.silent(step, matcher, waited, declared).await);
                }
                Some(What::Fault { why }) => {
                    if let Some(rest) = self.here().reader.rest() {
                        return Err(self.unended(step, matcher, &rest, self.events.saturating_sub(1)));
                    }
                    let said = Said::new(format!("the harness could not go on: {why}"));
                    self.remark(&step.span, Axis::Lifecycle, Grade::Inconclusive, said);
                    return Err(Stop::Found);
                }
                _ => return Err(self.silent(step, matcher, within, declared).await),
            }
        }
    }

    /// What was said is not answered, and that is tolerated. The reply stays owed: one that comes later is no surplus.
    fn tolerate_silence(&mut self, step: &Step, expect: &Expect, matcher: &Matcher<'_>, waited: Duration) {
        let said = Said::new(format!("no reply within {} ms, which is tolerated", waited.as_millis()))
            .expected(matcher.expected())
            .received("silence")
            .because(expect.because.as_ref())
            .at(self.events.saturating_sub(1));
        self.find(step, Axis::Reply, Outcome::Tolerated, said);
    }

    /// What is said when the server closed and owed a reply.
    async fn closed_instead(&mut self, step: &Step, matcher: &Matcher<'_>) -> Stop {
        let event = self.events.saturating_sub(1);
        if let Some(rest) = self.here().reader.rest() {
            return self.unended(step, matcher, &rest, event);
        }
        if self.here().end == Ended::Allowed {
            return Stop::Done;
        }
        let said = Said::new("the server closed the control connection instead of replying")
            .expected(matcher.expected())
            .received("end of the connection")
            .at(event);
        self.find_by(Some(REPLIED.to_owned()), &step.span, Axis::Lifecycle, Outcome::Against, said);
        self.look_for_an_exit().await;
        Stop::Found
    }

    /// What is said when the deadline passed and a reply is owed.
    async fn silent(&mut self, step: &Step, matcher: &Matcher<'_>, within: Duration, declared: bool) -> Stop {
        let event = self.events.saturating_sub(1);
        if let Some(rest) = self.here().reader.rest() {
            return self.unended(step, matcher, &rest, event);
        }
        let said = Said::new(format!("no reply within {} ms", within.as_millis()))
            .expected(matcher.expected())
            .received("silence")
            .at(event);
        if !declared {
            let said =
                Said { because: Some("nobody declared how long this timer of the subject is".to_owned()), ..said };
            self.remark(&step.span, Axis::Lifecycle, Grade::Inconclusive, said);
            return Stop::Found;
        }
        self.find_by(Some(REPLIED.to_owned()), &step.span, Axis::Lifecycle, Outcome::Against, said);
        self.kind = Some(FailKind::Hang);
        self.look_for_an_exit().await;
        Stop::Found
    }

    fn unended(&mut self, step: &Step, matcher: &Matcher<'_>, rest: &SeenReply, event: usize) -> Stop {
        self.judge_form(&step.span, rest, event);
        self.no_reply(step, matcher, rest, event)
    }

    fn no_reply(&mut self, step: &Step, matcher: &Matcher<'_>, seen: &SeenReply, event: usize) -> Stop {
        let said =
            Said::new("no complete reply").expected(matcher.expected()).received(shown(&first_line(seen))).at(event);
        self.find_by(Some(FORMED.to_owned()), &step.span, Axis::Framing, Outcome::Against, said);
        Stop::Found
    }

    /// Before the client speaks again nothing more may have come.
    pub(super) async fn surplus(&mut self, step: &Step) {
        if !self.connections.contains_key(&self.connection) || self.here().owed {
            return;
        }
        if !self.here().closed {
            self.act(Act::Drain).await;
        }
        while let Some((reply, event)) = self.here().replies.pop_front() {
            self.judge_form(&step.span, &reply, event);
            // An unsolicited 421 before the end is universal practice, and RFC 959 §4.2.1 names it.
            if reply.code.is_none() || reply.code == Some(421) {
                continue;
            }
            let said = Said::new(format!("{} is answered by more than one final reply", self.last_command()))
                .expected("one final reply a command")
                .received(shown(&first_line(&reply)))
                .at(event);
            self.find_once(ONE_FINAL, &step.span, Axis::Framing, Outcome::Against, said);
        }
    }

    /// What the last reply answers, in words.
    pub(super) fn last_command(&mut self) -> String {
        let verb = self.here().verb.clone();
        if verb.is_empty() { "the connection".to_owned() } else { verb }
    }

    fn keep_identity(&mut self, reply: &SeenReply) {
        let verb = self.here().verb.clone();
        if (verb.is_empty() || verb == "SYST")
            && reply.code.is_some_and(|code| code / 100 == 2)
            && self.identity.len() < 4
        {
            self.identity.push(shown(&first_line(reply)));
        }
    }

    /// Whether the process went away. Known only for a subject that the harness started.
    pub(super) async fn look_for_an_exit(&mut self) {
        let events = self.act(Act::Exit).await;
        if let Some(What::Exited { .. }) = events.last().map(|event| &event.what) {
            self.kind = Some(FailKind::Crash);
        }
    }

    fn texts(&mut self, step: &Step, expect: &Expect, reply: &SeenReply, event: usize) {
        if let Some(text) = &expect.text {
            self.compare_text(step, text, expect.text_mode, reply, event);
        }
        if !expect.first_word.is_empty() {
            self.first_word(step, expect, reply, event);
        }
        if expect.charset == Charset::Utf8 {
            self.in_utf8(step, reply, event);
        }
        let exact = expect.contains.iter().map(|part| (part, <[u8]>::eq as fn(&[u8], &[u8]) -> bool));
        let any_case = expect.says.iter().map(|part| (part, <[u8]>::eq_ignore_ascii_case as fn(&[u8], &[u8]) -> bool));
        for (part, same) in exact.chain(any_case) {
            let Ok(octets) = fill(&part.value, &self.bindings) else { continue };
            let stands = |line: &&[u8]| line.windows(octets.len().max(1)).any(|window| same(window, &octets));
            if !reply.texts().iter().any(stands) {
                let received = reply.texts().join(&b"\n"[..]);
                let said = Said::new("the reply does not say it")
                    .expected(shown(&octets))
                    .received(shown(&received))
                    .at(event);
                self.find(step, Axis::Text, Outcome::Against, said);
            }
        }
    }

    fn in_utf8(&mut self, step: &Step, reply: &SeenReply, event: usize) {
        let Some(line) = reply.lines.iter().find(|line| std::str::from_utf8(line).is_err()) else { return };
        let said = Said::new("the text of the reply is not in UTF-8").expected("UTF-8").received(shown(line)).at(event);
        self.find(step, Axis::Text, Outcome::Against, said);
    }

    /// Another word than the listed ones is tolerated: no list is ever complete.
    fn first_word(&mut self, step: &Step, expect: &Expect, reply: &SeenReply, event: usize) {
        let text = reply.texts().into_iter().next().unwrap_or_default();
        let word = text.split(u8::is_ascii_whitespace).find(|word| !word.is_empty());
        let is_listed = |word: &[u8]| expect.first_word.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(word));
        let (message, outcome) = match word {
            Some(word) if is_listed(word) => return,
            Some(_) => ("the reply begins with a word that the scenario does not list", Outcome::Tolerated),
            None => ("the reply holds no word", Outcome::Against),
        };
        let some: Vec<_> = expect.first_word.iter().take(6).map(String::as_str).collect();
        let more = if expect.first_word.len() > some.len() { ", …" } else { "" };
        let said = Said::new(message)
            .expected(format!("one of {}{more}", some.join(", ")))
            .received(shown(&first_line(reply)))
            .because(expect.because.as_ref())
            .at(event);
        self.find(step, Axis::Text, outcome, said);
    }

    pub(super) fn compare_text(
        &mut self,
        step: &Step,
        text: &Located<Template>,
        mode: Option<TextMode>,
        reply: &SeenReply,
        event: usize,
    ) {
        let received = reply.texts().join(&b"\n"[..]);
        if matches(&text.value, &received, &mut self.bindings) {
            return;
        }
        let expected = crate::judge::text::shown(&text.value, &self.bindings);
        let said = Said::new("another text").expected(shown(&expected)).received(shown(&received)).at(event);
        let run = if self.facts.exact_text { TextMode::Exact } else { self.scenario.text };
        match mode.unwrap_or(run) {
            TextMode::Exact => self.find_by(None, &step.span, Axis::Text, Outcome::Against, said),
            TextMode::Shown => self.remark(&step.span, Axis::Text, Grade::Note, said),
        }
    }

    fn reads(&mut self, step: &Step, expect: &Expect, reply: &SeenReply, event: usize) -> Result<(), Stop> {
        for read in &expect.reads {
            self.read(step, read, reply, event)?;
        }
        Ok(())
    }

    fn read(&mut self, step: &Step, read: &Read, reply: &SeenReply, event: usize) -> Result<(), Stop> {
        let Some(value) = value::read(read.kind, reply) else {
            let said = Said::new(format!("the reply does not hold {}", read.kind))
                .expected(read.kind.form())
                .received(shown(&first_line(reply)))
                .at(event);
            if let Some(form) = form_of(read.kind, &self.here().verb) {
                return Err(self.stop_once(form, &step.span, Axis::Text, said));
            }
            self.find(step, Axis::Text, Outcome::Against, said);
            return Err(Stop::Found);
        };
        let due = match &read.use_ {
            ReadUse::Bind(name) => {
                let Some(bound) = self.bindings.get(name) else {
                    self.bindings.insert(name.clone(), value);
                    return Ok(());
                };
                bound.clone()
            }
            ReadUse::Equal(template) | ReadUse::Differ(template) => match fill(template, &self.bindings) {
                Ok(octets) => octets,
                Err(_) => return Ok(()),
            },
        };
        let must_differ = matches!(read.use_, ReadUse::Differ(_));
        if read.kind.same(&due, &value) == must_differ {
            let (message, expected) = if must_differ {
                (format!("{} is the same as before", read.kind), format!("another than {}", shown(&due)))
            } else {
                (format!("{} is another", read.kind), shown(&due))
            };
            let said = Said::new(message).expected(expected).received(shown(&value)).at(event);
            self.find(step, Axis::Text, Outcome::Against, said);
        }
        Ok(())
    }

    /// A connection that ended: `FIN` or `RST`.
    pub(super) fn end_word(how: CloseKind) -> &'static str {
        match how {
            CloseKind::Fin => "FIN",
            CloseKind::Reset => "RST",
        }
    }
}

/// The line that a person looks at: the first, or the last of a reply without code.
pub(super) fn first_line(reply: &SeenReply) -> Vec<u8> {
    let mut line = reply.lines.first().cloned().unwrap_or_default();
    line.truncate(300);
    line
}

const REPLIED: &str = "rfc959-4.2-every-command-replied";
const FORMED: &str = "rfc1123-4.1.2.11-correct-reply-format";
pub(super) const ONE_FINAL: &str = "rfc959-4.2-one-final-reply-per-command";

/// The requirement on the form of a reply out of which every client reads something, whatever the scenario is about.
fn form_of(kind: ReadKind, verb: &str) -> Option<&'static str> {
    match kind {
        ReadKind::HostPort => Some("rfc959-4.2.1-227-number-format"),
        ReadKind::Port => Some("rfc2428-3-epsv-reply-format"),
        ReadKind::Path if matches!(verb, "PWD" | "XPWD") => Some("rfc959-A2-pwd-reply-format"),
        ReadKind::Chosen => Some("rfc3659-7.9-opts-mlst-reply"),
        ReadKind::Offered | ReadKind::Starred => Some("rfc3659-7.8-feat-mlst-line"),
        ReadKind::Path
        | ReadKind::Time
        | ReadKind::Size
        | ReadKind::Name
        | ReadKind::SenderMarker
        | ReadKind::ReceiverMarker
        | ReadKind::Text => None,
    }
}
