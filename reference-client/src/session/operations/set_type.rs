//! TYPE.

use super::exchange::Exchange;
use super::{Operation, Progress};
use crate::representation::Representation;
use crate::session::command::CommandLine;
use crate::session::{Event, Failure, Manner};

/// Agrees with the server on a representation.
#[derive(Debug)]
pub(crate) struct SetType {
    representation: Representation,
    exchange: Exchange,
}

impl SetType {
    pub(crate) fn new(representation: Representation) -> Result<Self, Failure> {
        let exchange = Exchange::new(CommandLine::new("TYPE", representation.argument())?);
        Ok(Self { representation, exchange })
    }
}

impl Operation for SetType {
    fn step(&mut self, event: Event, manner: &mut Manner) -> Result<Progress, Failure> {
        let progress = self.exchange.step(event, manner)?;
        if matches!(progress, Progress::Done(_)) {
            manner.said = Some(self.representation);
            manner.representation = self.representation;
        }
        Ok(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{peer_v4, reply};
    use super::*;
    use crate::session::Session;

    #[test]
    fn only_an_agreed_type_is_kept() {
        let mut session = Session::new(peer_v4(), peer_v4());
        session.begin(Box::new(SetType::new(Representation::Ascii).unwrap()));
        session.tell(Event::Reply(reply("504 no")));
        assert_eq!((session.manner.said, session.manner.representation), (None, Representation::Image));
        session.begin(Box::new(SetType::new(Representation::Ascii).unwrap()));
        session.tell(Event::Reply(reply("200 ok")));
        assert_eq!(
            (session.manner.said, session.manner.representation),
            (Some(Representation::Ascii), Representation::Ascii)
        );
    }
}
