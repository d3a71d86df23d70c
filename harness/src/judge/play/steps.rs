//! The steps on the control connection.

use std::collections::BTreeSet;
use std::time::Duration;

use reports::model::{Axis, CloseKind, Grade, What};

use super::replies::first_line;
use super::{Ended, Flow, Play, Said, Stop, shown, verb};
use crate::judge::grade::Outcome;
use crate::judge::stage::{Act, OwnPort, Stage};
use crate::judge::text::fill;
use crate::scenario::tree::{
    Action, Break, Closed, CodePattern, Data, Ending, Expect, Listened, Located, Peer, ReplyPattern, Rule, Say, Step,
    Within,
};
use crate::wire::address::six_numbers;

impl<'a, S: Stage> Play<'a, S> {
    pub(super) async fn step(&mut self, step: &'a Step) -> Flow {
        match &step.action {
            Action::Say(say) => self.say(step, say).await,
            Action::Expect(expect) => self.expect(step, expect).await.map(drop),
            Action::Login => self.login(step).await,
            Action::Data(data) => self.data(step, data).await,
            Action::Silence { on, during } => self.silence(step, *on, *during).await,
            Action::Tls(tls) => self.tls(step, tls).await,
            Action::Closed(closed) => self.closed(step, closed).await,
            Action::MayClose => {
                self.here().end = Ended::Allowed;
                Ok(())
            }
            Action::HangUp(how) => {
                self.connect(step).await?;
                self.surplus(step).await;
                let how = match how {
                    Break::Fin => CloseKind::Fin,
                    Break::Reset => CloseKind::Reset,
                };
                self.act(Act::Leave { how }).await;
                self.here().closed = true;
                Ok(())
            }
            Action::Switch(name) => {
                self.connection.clone_from(name);
                Ok(())
            }
            Action::Unpredictable(ports) => {
                self.unpredictable(step, ports);
                Ok(())
            }
        }
    }

    /// Makes the control connection when its first step comes.
    pub(super) async fn connect(&mut self, step: &Step) -> Flow {
        if self.connections.contains_key(&self.connection) {
            return Ok(());
        }
        if self.scenario.connections.get(&self.connection) == Some(&Peer::Second) {
            return Err(Stop::NotApplicable("needs a second server".to_owned()));
        }
        let listens = |step: &Step| matches!(step.action, Action::Data(Data::DefaultPort));
        let own_port = if self.scenario.steps.iter().any(listens) { OwnPort::Alone } else { OwnPort::Shared };
        let events = self.act(Act::Connect { own_port }).await;
        self.here().owed = true;
        if let Some(What::NotConnected { why } | What::Fault { why }) = events.last().map(|event| &event.what) {
            let said = Said::new(format!("no control connection: {why}")).at(self.events.saturating_sub(1));
            self.find_by(Some(LISTENS.to_owned()), &step.span, Axis::Lifecycle, Outcome::Against, said);
            self.look_for_an_exit().await;
            return Err(Stop::Found);
        }
        Ok(())
    }

    async fn say(&mut self, step: &Step, say: &Say) -> Flow {
        self.connect(step).await?;
        self.surplus(step).await;
        let mut segments = Vec::with_capacity(say.segments.len());
        for template in &say.segments {
            match fill(template, &self.bindings) {
                Ok(octets) => segments.push(octets),
                Err(name) => {
                    let said = Said::new(format!("nothing was bound to {{{name}}}"));
                    self.remark(&step.span, Axis::Command, Grade::Inconclusive, said);
                    return Err(Stop::Found);
                }
            }
        }
        let spoken = segments.concat();
        let last_line = spoken.trim_ascii_end().rsplit(|octet| *octet == b'\n').next().unwrap_or_default();
        let here = self.here();
        here.verb = verb(last_line);
        here.owed = true;
        here.asked.said(&segments);
        here.unanswered += spoken.split(|octet| *octet == b'\n').count() - 1;
        self.act(Act::Say { segments: &segments, urgent: say.urgent }).await;
        Ok(())
    }

    /// Says one command line that no step spells out.
    pub(super) async fn say_line(&mut self, step: &Step, line: &[u8]) -> Flow {
        self.connect(step).await?;
        self.surplus(step).await;
        let mut octets = line.to_vec();
        octets.extend(b"\r\n");
        let here = self.here();
        here.verb = verb(line);
        here.owed = true;
        here.unanswered += 1;
        self.act(Act::Say { segments: &[octets], urgent: false }).await;
        Ok(())
    }

    /// Logs in the way that the subject wants it.
    async fn login(&mut self, step: &'a Step) -> Flow {
        let user = format!("USER {}", self.facts.user);
        self.say_line(step, user.as_bytes()).await?;
        let mut code = self.expect(step, &codes(&[230, 331, 332])).await?;
        if code == 331 {
            let password = format!("PASS {}", self.facts.password);
            self.say_line(step, password.as_bytes()).await?;
            code = self.expect(step, &codes(&[230, 202, 332])).await?;
        }
        if code == 332 {
            self.say_line(step, b"ACCT account").await?;
            self.expect(step, &codes(&[230, 202])).await?;
        }
        for line in self.facts.after_login.clone() {
            self.say_line(step, line.as_bytes()).await?;
            self.expect(step, &class(2)).await?;
        }
        Ok(())
    }

    async fn silence(&mut self, step: &Step, on: Listened, during: Duration) -> Flow {
        self.connect(step).await?;
        let already = if on == Listened::Data { None } else { self.here().replies.pop_front() };
        if let Some((reply, event)) = already {
            let said = Said::new("a reply came where nothing may come")
                .expected("silence")
                .received(shown(&first_line(&reply)))
                .at(event);
            self.find(step, Axis::Order, Outcome::Against, said);
            return Err(Stop::Found);
        }
        let events = self.act(Act::Silence { on, during }).await;
        let at = self.events.saturating_sub(1);
        let (message, received) = match events.last().map(|event| &event.what) {
            None | Some(What::Quiet { .. }) => return Ok(()),
            Some(What::Received { octets }) => ("octets came where nothing may come", octets.to_string()),
            Some(What::BodyReceived(body)) => ("data came where nothing may come", format!("{} octets", body.length)),
            Some(What::Closed { .. }) if on == Listened::Control && self.here().end == Ended::Allowed => {
                return Err(Stop::Done);
            }
            Some(What::Closed { how }) => {
                ("the connection ended where nothing may happen", Self::end_word(*how).to_owned())
            }
            Some(other) => ("something happened where nothing may happen", format!("{other:?}")),
        };
        // A reply that comes late to a command of an earlier write is judged here, and is no surplus as well.
        let here = self.here();
        here.owed |= here.unanswered > 0;
        let said =
            Said::new(message).expected(format!("silence for {} ms", during.as_millis())).received(received).at(at);
        self.find(step, Axis::Order, Outcome::Against, said);
        Err(Stop::Found)
    }

    async fn closed(&mut self, step: &Step, closed: &Closed) -> Flow {
        self.connect(step).await?;
        let (within, declared) = self.deadline(&closed.within);
        while !self.here().closed {
            let events = self.act(Act::Hear { within }).await;
            let at = self.events.saturating_sub(1);
            match events.last().map(|event| &event.what) {
                Some(What::Closed { how }) => {
                    if *how == CloseKind::Reset && closed.how == Ending::Fin {
                        let said = Said::new("the control connection was reset")
                            .expected("an end in order (FIN)")
                            .received("RST")
                            .at(at);
                        self.find(step, Axis::Lifecycle, Outcome::Against, said);
                    }
                }
                Some(What::Received { .. }) => {}
                _ => {
                    let said = Said::new(format!(
                        "the server did not close the control connection within {} ms",
                        within.as_millis()
                    ))
                    .at(at);
                    if declared {
                        self.find(step, Axis::Lifecycle, Outcome::Against, said);
                    } else {
                        self.remark(&step.span, Axis::Lifecycle, Grade::Inconclusive, said);
                    }
                    return Err(Stop::Found);
                }
            }
        }
        if closed.last.is_empty() {
            self.surplus(step).await;
            return Ok(());
        }
        self.last_before_the_end(step, closed)
    }

    /// The replies that came are those to every command that was said. Only the last is asked for.
    fn last_before_the_end(&mut self, step: &Step, closed: &Closed) -> Flow {
        let mut last = None;
        while let Some((reply, event)) = self.here().replies.pop_front() {
            self.judge_form(&step.span, &reply, event);
            last = Some((reply, event)).filter(|(reply, _)| reply.code.is_some()).or(last);
        }
        let code = last.as_ref().and_then(|(reply, _)| reply.code);
        let is_one_of = |codes: &[CodePattern]| code.is_some_and(|code| codes.iter().any(|own| own.matches(code)));
        if is_one_of(&closed.last) {
            return Ok(());
        }
        let line = last.as_ref().map_or_else(|| "no reply".to_owned(), |(reply, _)| shown(&first_line(reply)));
        if is_one_of(&closed.not_applicable) {
            return Err(Stop::NotApplicable(format!("the last reply before the end is {line}")));
        }
        let expected: Vec<_> = closed.last.iter().map(ToString::to_string).collect();
        let said = Said::new("the server closed the control connection, and another reply was its last")
            .expected(expected.join(" or "))
            .received(line)
            .at(last.map_or_else(|| self.events.saturating_sub(1), |(_, event)| event));
        self.find(step, Axis::Reply, Outcome::Against, said);
        Err(Stop::Found)
    }

    /// Whether the ports that are bound to these names rise or fall in equal steps: then anybody knows the next one.
    fn unpredictable(&mut self, step: &Step, names: &[Located<String>]) {
        let told = |name: &Located<String>| self.bindings.get(&name.value).and_then(|value| port_in(value));
        let ports: Vec<i32> = names.iter().filter_map(told).collect();
        if ports.len() < names.len() {
            let said = Said::new("some of the names are bound to what is no port");
            self.remark(&step.span, Axis::Data, Grade::Inconclusive, said);
            return;
        }
        let strides: BTreeSet<i32> = ports.iter().zip(ports.iter().skip(1)).map(|(one, next)| next - one).collect();
        // The same port again may be one that nobody has used yet.
        let Some(stride) = strides.first().filter(|stride| strides.len() == 1 && **stride != 0) else { return };
        let received: Vec<_> = ports.iter().map(ToString::to_string).collect();
        let said = Said::new(format!("each port is that of the reply before and {stride}: the next one can be told"))
            .expected("ports at random")
            .received(received.join(", "))
            .at(self.events.saturating_sub(1));
        self.find(step, Axis::Data, Outcome::Against, said);
    }

    /// How long to wait, and whether anybody declared it: a timer that nobody declared proves nothing.
    pub(super) fn deadline(&self, within: &Within) -> (Duration, bool) {
        match within {
            Within::Default => (self.facts.reply, true),
            Within::Time(time) => (time.mul_f64(self.facts.stretch), true),
            Within::Timer(name) => match self.facts.timers.get(name) {
                Some(timer) => (*timer + self.facts.reply, true),
                None => (self.facts.reply, false),
            },
        }
    }
}

/// The port in the six numbers of 227, or in the number of 229.
fn port_in(value: &[u8]) -> Option<i32> {
    match six_numbers(value) {
        Some((address, _)) => Some(address.port().into()),
        None => std::str::from_utf8(value).ok()?.parse::<u16>().ok().map(i32::from),
    }
}

/// RFC 959 §5.2.
const LISTENS: &str = "rfc959-5.2-server-listens";

/// One reply with one of these codes, in the tiers of any set.
pub(super) fn codes(codes: &[u16]) -> Expect {
    one(codes.iter().map(|&code| CodePattern::Code(code)).collect(), Rule::Explicit)
}

/// One reply of this class.
pub(super) fn class(first: u8) -> Expect {
    one(vec![CodePattern::Class(first)], Rule::Explicit)
}

fn one(codes: Vec<CodePattern>, rule: Rule) -> Expect {
    Expect::of(vec![vec![ReplyPattern { codes, optional: false }]], rule)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::port_in;

    #[rstest]
    #[case("127,0,0,1,4,1", Some(1025))]
    #[case("1025", Some(1025))]
    #[case("127,0,0,1,4", None)]
    #[case("127,0,0,1,4,x", None)]
    #[case("", None)]
    #[case("65536", None)]
    fn ports(#[case] value: &str, #[case] port: Option<i32>) {
        assert_eq!(port_in(value.as_bytes()), port);
    }
}
