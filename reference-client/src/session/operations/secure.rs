//! AUTH TLS; PBSZ and PROT (RFC 4217 §4, §8, §9).

use protocol::Severity;

use super::exchange::Exchange;
use super::{Operation, Progress};
use crate::session::command::CommandLine;
use crate::session::{Action, Channel, Event, Failure, Manner, Protection};

/// Begins TLS on the control connection, before anybody logs in.
#[derive(Debug)]
pub(crate) struct Secure;

impl Operation for Secure {
    fn step(&mut self, event: Event, manner: &mut Manner) -> Result<Progress, Failure> {
        if event == Event::Begin {
            return Ok(Progress::Wait(vec![Action::Say(CommandLine::new("AUTH", b"TLS")?)]));
        }
        if event == Event::Secured {
            manner.channel = Channel::Tls;
            manner.forget_agreements();
            return Ok(Progress::Done(Vec::new()));
        }
        let Some(reply) = event.into_reply()? else { return Ok(Progress::Wait(Vec::new())) };
        match reply.severity() {
            Severity::Preliminary => Ok(Progress::Wait(Vec::new())),
            Severity::Completion => Ok(Progress::Wait(vec![Action::BeginTls])),
            Severity::Intermediate | Severity::Transient | Severity::Permanent | Severity::Protected => {
                Err(Failure::NoTls(reply))
            }
        }
    }
}

/// Protects the data connections: PBSZ 0, PROT P. What is refused ends it, for nothing may go in clear then.
#[derive(Debug)]
pub(crate) struct Protect {
    now: Exchange,
    /// Until it is said.
    then: Option<Exchange>,
}

impl Protect {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self {
            now: Exchange::new(CommandLine::new("PBSZ", b"0")?),
            then: Some(Exchange::new(CommandLine::new("PROT", b"P")?)),
        })
    }
}

impl Operation for Protect {
    fn step(&mut self, event: Event, manner: &mut Manner) -> Result<Progress, Failure> {
        let progress = match self.now.step(event, manner) {
            Err(Failure::Refused(reply) | Failure::Unexpected(reply)) => return Err(Failure::NotProtected(reply)),
            progress => progress?,
        };
        if matches!(progress, Progress::Wait(_)) {
            return Ok(progress);
        }
        if let Some(next) = self.then.take() {
            self.now = next;
            return self.now.step(Event::Begin, manner);
        }
        manner.protection = Protection::Private;
        Ok(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::play;
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::done(&["234 go", "secured"], &["C: AUTH TLS", "begin TLS", "done"])]
    #[case::refused(&["502 no"], &["C: AUTH TLS", "failed: the server does not begin TLS; nobody was logged in. It says: 502 no"])]
    #[case::more_wanted(&["334 ADAT"], &["C: AUTH TLS", "failed: the server does not begin TLS; nobody was logged in. It says: 334 ADAT"])]
    fn control_connections(#[case] script: &[&str], #[case] done: &[&str]) {
        assert_eq!(play(Secure, script), done);
    }

    #[rstest]
    #[case::done(&["200 0", "200 private"], &["C: PBSZ 0", "C: PROT P", "done"])]
    #[case::not_private(&["200 0", "536 no"],
        &["C: PBSZ 0", "C: PROT P", "failed: the server does not protect data connections by TLS; nothing was transferred. It says: 536 no"])]
    #[case::no_buffer(&["503 no"],
        &["C: PBSZ 0", "failed: the server does not protect data connections by TLS; nothing was transferred. It says: 503 no"])]
    fn data_connections(#[case] script: &[&str], #[case] done: &[&str]) {
        assert_eq!(play(Protect::new().unwrap(), script), done);
    }
}
