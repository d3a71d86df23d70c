//! FEAT. A server without it offers nothing.

use super::exchange::Exchange;
use super::{Operation, Progress};
use crate::session::command::CommandLine;
use crate::session::features::Features;
use crate::session::{Event, Failure, Manner};

/// Asks what the server offers, and keeps it.
#[derive(Debug)]
pub(crate) struct AskFeatures(Exchange);

impl AskFeatures {
    pub(crate) fn new() -> Self {
        Self(Exchange::new(CommandLine::bare("FEAT")))
    }
}

impl Operation for AskFeatures {
    fn step(&mut self, event: Event, manner: &mut Manner) -> Result<Progress, Failure> {
        let told = if let Event::Reply(reply) = &event { Some(Features::of(reply)) } else { None };
        match self.0.step(event, manner) {
            Ok(Progress::Done(actions)) => {
                manner.features = told;
                Ok(Progress::Done(actions))
            }
            Err(Failure::Refused(_)) => {
                manner.features = Some(Features::default());
                Ok(Progress::Done(Vec::new()))
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;
    use crate::session::operations::testing::{peer_v4, reply};
    use protocol::features::Feature;

    #[test]
    fn a_refusal_is_an_answer() {
        let mut session = Session::new(peer_v4(), peer_v4());
        session.begin(Box::new(AskFeatures::new()));
        session.tell(Event::Reply(reply("211-ok\r\n SIZE\r\n211 end")));
        assert!(session.manner.features.as_ref().unwrap().offers(Feature::Size));
        session.begin(Box::new(AskFeatures::new()));
        session.tell(Event::Reply(reply("502 no")));
        assert_eq!(session.manner.features, Some(Features::default()));
    }
}
