//! TYPE, STRU and MODE: those in which the server was told something else than what is wanted.

use std::collections::VecDeque;

use protocol::transfer::Parameters;
use protocol::{Mode, Structure, Type};

use super::exchange::Exchange;
use super::{Operation, Progress};
use crate::session::command::CommandLine;
use crate::session::{Event, Failure, Manner};

/// Agrees with the server on the form of what is transferred. What it agreed to is kept, and wanted from then on.
#[derive(Debug)]
pub(crate) struct Agree {
    wanted: Parameters,
    said: Option<(Parameter, Exchange)>,
    left: VecDeque<Parameter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parameter {
    Type(Type),
    Structure(Structure),
    Mode(Mode),
}

impl Agree {
    /// Whatever of these the server does not know yet.
    pub(crate) fn on(wanted: Parameters, manner: &Manner) -> Self {
        let mut left = VecDeque::new();
        if manner.said.representation != Some(wanted.representation) {
            left.push_back(Parameter::Type(wanted.representation));
        }
        if manner.said.structure != wanted.structure {
            left.push_back(Parameter::Structure(wanted.structure));
        }
        if std::mem::discriminant(&manner.said.mode) != std::mem::discriminant(&wanted.mode) {
            left.push_back(Parameter::Mode(wanted.mode));
        }
        Self { wanted, said: None, left }
    }

    /// TYPE, whether the server knows it or not: the user has said it.
    pub(crate) fn on_type(representation: Type, manner: &Manner) -> Self {
        let wanted = Parameters { representation, ..manner.wanted };
        Self { wanted, said: None, left: [Parameter::Type(representation)].into() }
    }

    /// STRU, likewise.
    pub(crate) fn on_structure(structure: Structure, manner: &Manner) -> Self {
        let wanted = Parameters { structure, ..manner.wanted };
        Self { wanted, said: None, left: [Parameter::Structure(structure)].into() }
    }

    /// MODE, likewise.
    pub(crate) fn on_mode(mode: Mode, manner: &Manner) -> Self {
        Self { wanted: Parameters { mode, ..manner.wanted }, said: None, left: [Parameter::Mode(mode)].into() }
    }

    fn next(&mut self, manner: &mut Manner) -> Result<Progress, Failure> {
        let Some(parameter) = self.left.pop_front() else {
            manner.wanted = self.wanted;
            return Ok(Progress::Done(Vec::new()));
        };
        let mut exchange = Exchange::new(parameter.command()?);
        let progress = exchange.step(Event::Begin, manner)?;
        self.said = Some((parameter, exchange));
        Ok(progress)
    }
}

impl Operation for Agree {
    fn step(&mut self, event: Event, manner: &mut Manner) -> Result<Progress, Failure> {
        let Some((parameter, exchange)) = &mut self.said else { return self.next(manner) };
        let progress = exchange.step(event, manner)?;
        if matches!(progress, Progress::Wait(_)) {
            return Ok(progress);
        }
        match *parameter {
            Parameter::Type(representation) => manner.said.representation = Some(representation),
            Parameter::Structure(structure) => manner.said.structure = structure,
            Parameter::Mode(mode) => manner.said.mode = mode,
        }
        self.next(manner)
    }
}

impl Parameter {
    fn command(self) -> Result<CommandLine, Failure> {
        match self {
            Self::Type(representation) => CommandLine::new("TYPE", brief(representation).as_bytes()),
            Self::Structure(structure) => CommandLine::new("STRU", structure.to_string().as_bytes()),
            Self::Mode(mode) => CommandLine::new("MODE", mode.to_string().as_bytes()),
        }
    }
}

/// Without the format where it is the default: there are servers that know no formats.
fn brief(representation: Type) -> String {
    let text = representation.to_string();
    text.strip_suffix(" N").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{peer_v4, play, reply};
    use super::*;
    use crate::session::Session;
    use protocol::Form;
    use rstest::rstest;

    fn session() -> Session {
        Session::new(peer_v4(), peer_v4())
    }

    #[rstest]
    #[case(Type::Ascii(Form::NonPrint), "A")]
    #[case(Type::Ebcdic(Form::Telnet), "E T")]
    #[case(Type::Image, "I")]
    fn types(#[case] representation: Type, #[case] text: &str) {
        assert_eq!(brief(representation), text);
    }

    #[test]
    fn only_an_agreed_type_is_kept() {
        let mut session = session();
        let text = Type::Ascii(Form::NonPrint);
        session.begin(Box::new(Agree::on_type(text, &session.manner)));
        session.tell(Event::Reply(reply("504 no")));
        assert_eq!((session.manner.said.representation, session.manner.wanted.representation), (None, Type::Image));
        session.begin(Box::new(Agree::on_type(text, &session.manner)));
        session.tell(Event::Reply(reply("200 ok")));
        assert_eq!((session.manner.said.representation, session.manner.wanted.representation), (Some(text), text));
    }

    #[test]
    fn what_the_server_knows_is_not_said() {
        let manner = session().manner;
        let wanted = Parameters { structure: Structure::Record, mode: Mode::Block, ..manner.wanted };
        let script = ["200 type", "200 stru", "200 mode"];
        assert_eq!(play(Agree::on(wanted, &manner), &script), ["C: TYPE I", "C: STRU R", "C: MODE B", "done"]);
        let mut manner = manner;
        manner.said.representation = Some(Type::Image);
        assert_eq!(play(Agree::on(manner.wanted, &manner), &[]), ["done"]);
    }
}
