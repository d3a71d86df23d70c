//! What a scenario says must be seen of a client.

use reports::model::{Axis, Body, What};

use super::{Act, PASSWORD_SHOWN, Play, Stage};
use crate::judge::play::{Said, shown};
use crate::scenario::tree::{Exit, Fact, Left, LinePattern, Located, Seen};

impl<S: Stage> Play<'_, S> {
    pub(super) async fn fact(&mut self, fact: &Fact) {
        match &fact.what {
            Seen::Said(pattern) => self.said(fact, pattern),
            Seen::InOrder(patterns) => self.in_order(fact, patterns),
            Seen::Followed(first, second) => self.followed(fact, first, second),
            Seen::Never(pattern) => self.at_most(fact, 0, pattern),
            Seen::AtMost(times, pattern) => self.at_most(fact, *times, pattern),
            Seen::Answered(pattern) => self.answered(fact, pattern),
            Seen::Data(data) => self.data_fact(fact, *data),
            Seen::Local(wanted) => {
                let events = self.act(Act::Local { wanted }).await;
                self.tree(fact, "in the client's directory", wanted, events.last().map(|event| &event.what));
            }
            Seen::Remote(wanted) => {
                let events = self.act(Act::Remote { wanted }).await;
                self.tree(fact, "on the server", wanted, events.last().map(|event| &event.what));
            }
            Seen::Exit(exit) => self.exit(fact, *exit),
            Seen::Prints(texts) => self.prints(fact, texts),
            Seen::NeverPrints(texts) => self.never_prints(fact, texts),
            // What they ask is seen at the end of the client, or before everything else.
            Seen::Within(_) | Seen::Applies(_) => {}
        }
    }

    fn said(&mut self, fact: &Fact, pattern: &LinePattern) {
        if self.story.first(pattern).is_none() {
            let said = Said::new("the client never says what it must")
                .expected(pattern.0.join(" or "))
                .received(self.conversation())
                .at(self.story.last);
            self.against(fact, Axis::Command, said);
        }
    }

    fn in_order(&mut self, fact: &Fact, patterns: &[LinePattern]) {
        let mut lines = self.story.lines.iter();
        let missing = patterns.iter().find(|pattern| !lines.any(|line| line.is(pattern)));
        if let Some(missing) = missing {
            let all: Vec<_> = patterns.iter().map(|pattern| pattern.0.join(" or ")).collect();
            let said = Said::new(format!("{} does not come where it must", missing.0.join(" or ")))
                .expected(format!("in this order: {}", all.join(", ")))
                .received(self.conversation())
                .at(self.story.last);
            self.against(fact, Axis::Order, said);
        }
    }

    fn followed(&mut self, fact: &Fact, first: &LinePattern, second: &LinePattern) {
        let mut findings = Vec::new();
        for (at, line) in self.story.lines.iter().enumerate().filter(|(_, line)| line.is(first)) {
            if let Some(next) = self.story.behind(at).filter(|next| !next.is(second)) {
                let said = Said::new(format!("{} is followed by something else", line.verb))
                    .expected(second.0.join(" or "))
                    .received(shown(&next.text))
                    .at(next.event);
                findings.push(said);
            }
        }
        for said in findings {
            self.against(fact, Axis::Order, said);
        }
    }

    fn at_most(&mut self, fact: &Fact, times: usize, pattern: &LinePattern) {
        let found: Vec<_> = self.story.lines.iter().filter(|line| line.is(pattern)).collect();
        let Some(first) = found.get(times) else { return };
        let (message, expected) = match times {
            0 => ("the client says what it must not", format!("not {}", pattern.0.join(" or "))),
            _ => ("the client says it too often", format!("{} at most {times} times", pattern.0.join(" or "))),
        };
        let said = Said::new(message).expected(expected).received(shown(&first.text)).at(first.event);
        self.against(fact, Axis::Command, said);
    }

    /// RFC 959 §4.1: ABOR, STAT and QUIT may come while a command is not answered.
    fn answered(&mut self, fact: &Fact, pattern: &LinePattern) {
        let Some(line) = self.story.first(pattern) else { return };
        let mut next = self.story.lines.iter().filter(|next| next.event >= line.event && next.verb != line.verb);
        let early = next.find(|next| {
            next.waits_for.as_ref() == Some(&line.verb) && !matches!(next.verb.as_str(), "ABOR" | "STAT" | "QUIT")
        });
        if let Some(early) = early {
            let said = Said::new(format!("the client goes on before {} is answered", line.verb))
                .expected("the reply first")
                .received(shown(&early.text))
                .at(early.event);
            self.against(fact, Axis::Order, said);
        }
    }

    fn exit(&mut self, fact: &Fact, exit: Exit) {
        // A client that did not end told nothing.
        let Some(failed) = self.story.failed else { return };
        let (message, expected) = match (exit, failed) {
            (Exit::Ok, true) => ("the client tells that it failed", "that it tells that it is done"),
            (Exit::Failure, false) if self.facts.tells_failure => {
                ("the client tells that it is done, and it is not", "that it tells that it failed")
            }
            (Exit::Ok, false) | (Exit::Failure, _) => return,
        };
        let said = Said::new(message).expected(expected).received(self.printed()).at(self.story.last);
        self.against(fact, Axis::Lifecycle, said);
    }

    fn prints(&mut self, fact: &Fact, texts: &[String]) {
        let printed = self.story.printed.join("\n");
        if self.story.failed.is_none() {
            return;
        }
        if let Some(missing) = texts.iter().find(|text| !printed.contains(*text)) {
            let said = Said::new("the client does not show what it must")
                .expected(missing.clone())
                .received(self.printed())
                .at(self.story.last);
            self.against(fact, Axis::Text, said);
        }
    }

    fn never_prints(&mut self, fact: &Fact, texts: &[String]) {
        let password = self.facts.password.as_str();
        let holds = |line: &&String| {
            texts.iter().any(|text| {
                let is_password = text == PASSWORD;
                line.contains(if is_password { PASSWORD_SHOWN } else { text.as_str() })
                    || is_password && !password.is_empty() && line.contains(password)
            })
        };
        let found = self.story.printed.iter().find(holds);
        if let Some(line) = found {
            let line = if password.is_empty() { line.clone() } else { line.replace(password, PASSWORD_SHOWN) };
            let said = Said::new("the client shows what it must not").received(line).at(self.story.last);
            self.against(fact, Axis::Text, said);
        }
    }

    fn tree(
        &mut self,
        fact: &Fact,
        place: &str,
        wanted: &std::collections::BTreeMap<String, Located<Left>>,
        what: Option<&What>,
    ) {
        let Some(What::Files { found }) = what else { return };
        for (name, left) in wanted {
            let Some((expected, received)) = difference(&left.value, found.get(name)) else { continue };
            let said =
                Said::new(format!("what stands at {} {place} is not what must stand there", shown(name.as_bytes())))
                    .expected(expected)
                    .received(received)
                    .at(self.seen.saturating_sub(1));
            self.against(fact, Axis::Files, said);
        }
    }

    /// What it printed, for the reader of a finding.
    fn printed(&self) -> String {
        if self.story.printed.is_empty() { "it printed nothing".to_owned() } else { self.story.printed.join("\n") }
    }

    /// The commands that it said.
    fn conversation(&self) -> String {
        let lines: Vec<_> = self.story.lines.iter().map(|line| shown(&line.text)).take(40).collect();
        if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n") }
    }
}

/// What stands for the password in `never-prints`.
const PASSWORD: &str = "{password}";

/// What must stand somewhere, and what does, where that differs.
fn difference(left: &Left, found: Option<&Option<Body>>) -> Option<(&'static str, String)> {
    let expected = match left {
        Left::Absent => "nothing",
        Left::Directory => "a directory",
        Left::File(_) => "a file with the octets that the scenario says",
    };
    let received = match (left, found) {
        (Left::Absent, None) | (Left::Directory, Some(None)) => return None,
        (Left::File(_), Some(Some(body))) => {
            let differs = body.differs_at?;
            let there = body.there.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{} octets; the first difference is at octet {differs}: {there}", body.length)
        }
        (_, None) => "nothing".to_owned(),
        (_, Some(None)) => "a directory".to_owned(),
        (_, Some(Some(body))) => format!("a file of {} octets", body.length),
    };
    Some((expected, received))
}
