//! What a user process does, one file an operation. Each is a small machine: an event in, the next actions out.

mod abort;
pub(crate) mod agree;
pub(crate) mod ask_features;
pub(crate) mod exchange;
pub(crate) mod greeting;
pub(crate) mod login;
pub(crate) mod open_data;
pub(crate) mod rename;
pub(crate) mod script;
pub(crate) mod secure;
pub(crate) mod start;
pub(crate) mod transfer;

use std::fmt;

use super::{Action, Event, Failure, Manner};

/// Something with a beginning and an end on the control connection.
pub(crate) trait Operation: fmt::Debug {
    /// Takes the next event.
    ///
    /// # Errors
    /// When the operation failed; it is over then.
    fn step(&mut self, event: Event, manner: &mut Manner) -> Result<Progress, Failure>;

    /// Whether replies are for this operation at this point.
    fn wants_reply(&self) -> bool {
        true
    }
}

/// How far an operation is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Do this, then wait for the next event.
    Wait(Vec<Action>),
    /// Do this; then it is over.
    Done(Vec<Action>),
}

/// What the tests of operations share.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use std::net::SocketAddr;

    use protocol::transfer::Parameters;
    use protocol::{Reply, ReplyReader};

    use crate::session::{DataFault, Fault, Session};

    pub(crate) fn peer_v4() -> SocketAddr {
        "127.0.0.1:2121".parse().unwrap()
    }

    /// The reply that these lines are.
    pub(crate) fn reply(lines: &str) -> Reply {
        ReplyReader::default().take(&mut format!("{lines}\r\n").as_bytes()).unwrap().unwrap()
    }

    /// Plays an operation against a script of replies and events, and writes down what it does:
    /// `C: …` for what it says, other actions by their names, and the result at last.
    pub(crate) fn play(operation: impl Operation + 'static, script: &[&str]) -> Vec<String> {
        play_from("127.0.0.1:40000".parse().unwrap(), peer_v4(), operation, script)
    }

    pub(crate) fn play_from(
        local: SocketAddr,
        peer: SocketAddr,
        operation: impl Operation + 'static,
        script: &[&str],
    ) -> Vec<String> {
        let mut session = Session::new(local, peer);
        let mut done = named(session.begin(Box::new(operation)));
        for event in script {
            let actions = match *event {
                "connected" => session.tell(Event::Connected),
                "ended" => session.tell(Event::DataEnded),
                "broken" => session.tell(Event::DataFailed(DataFault::new(Fault::Connection, "broken"))),
                "secured" => session.tell(Event::Secured),
                "interrupted" => session.tell(Event::Interrupted),
                "silence" => session.tell(Event::Silence),
                "listening" => session.tell(Event::Listening(SocketAddr::new(local.ip(), 1025))),
                line => session.hear(&mut format!("{line}\r\n").as_bytes()),
            };
            done.extend(named(actions));
        }
        done
    }

    fn named(actions: Vec<Action>) -> Vec<String> {
        actions.into_iter().filter_map(name).collect()
    }

    fn name(action: Action) -> Option<String> {
        Some(match action {
            Action::Say(line) => format!("C: {}", line.octets().strip_suffix(b"\r\n").unwrap().escape_ascii()),
            Action::Show(_) => return None,
            Action::Connect(address) => format!("connect {address}"),
            Action::Listen => "listen".to_owned(),
            Action::Receive(parameters) => format!("receive {}", named_parameters(parameters)),
            Action::Transmit(parameters) => format!("transmit {}", named_parameters(parameters)),
            Action::BeginTls => "begin TLS".to_owned(),
            Action::Abort => "abort".to_owned(),
            Action::AwaitSilence => "await silence".to_owned(),
            Action::Finish(Ok(())) => "done".to_owned(),
            Action::Finish(Err(failure)) => format!("failed: {failure}"),
            Action::Note(note) => format!("note: {note}"),
            other @ (Action::Refuse(_) | Action::ShowSurplus(_)) => format!("{other:?}"),
        })
    }

    fn named_parameters(parameters: Parameters) -> String {
        let Parameters { representation, structure, mode } = parameters;
        format!("{representation} {structure} {mode}")
    }
}
