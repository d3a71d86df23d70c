//! Commands that the server does not have.

use reports::model::Axis;

use super::replies::first_line;
use super::{Play, Said, Stop, shown};
use crate::judge::grade::Outcome;
use crate::judge::stage::Stage;
use crate::scenario::tree::Step;
use crate::wire::reply::SeenReply;

/// The reply of a server that knows the command and does not have it (RFC 959 §4.2.2).
pub(super) const NOT_IMPLEMENTED: u16 = 502;

/// Of these, 502 may mean what stands behind the verb: another type, or another command of the site.
const WITH_PARAMETERS: [&str; 4] = ["TYPE", "STRU", "MODE", "SITE"];

/// How the commands that wait for a reply were said.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Anything but a plain line was among it: Telnet's octets, or a line in pieces.
    odd: bool,
    /// The last reply was preliminary.
    begun: bool,
}

impl Asked {
    /// The client said this.
    pub(super) fn said(&mut self, segments: &[Vec<u8>]) {
        let plain = |octet: &u8| matches!(octet, b'\r' | b'\n' | b' '..=b'~');
        self.odd |= segments.len() > 1 || !segments.iter().flatten().all(plain);
    }

    /// Whether the reply that comes is the first one to a plain line, and no other command waits.
    pub(super) fn is_simple(&self, unanswered: usize) -> bool {
        unanswered == 1 && !self.odd && !self.begun
    }

    /// This reply came, and so many commands wait still.
    pub(super) fn replied(&mut self, reply: &SeenReply, unanswered: usize) {
        self.begun = reply.is_preliminary();
        self.odd &= unanswered > 0;
    }
}

impl<S: Stage> Play<'_, S> {
    /// What is said where a command got 502 that this scenario uses on the way to something else.
    ///
    /// A server without NOOP has one fault, and not one in every scenario that says NOOP: it is measured by the requirement
    /// that the command is there. A scenario that does not cover this one cannot be played on, and judges nothing.
    pub(super) fn lacking(&mut self, step: &Step, expected: &str, reply: &SeenReply, event: usize) -> Option<Stop> {
        let verb = self.last_command();
        let requirement = format!("rfc1123-4.1.5-cmd-{}", verb.to_ascii_lowercase());
        // What was recorded asks for what was answered, whatever else covers it.
        if self.scenario.recorded.is_some() {
            return None;
        }
        if WITH_PARAMETERS.contains(&verb.as_str()) || self.catalogue.requirement(&requirement).is_none() {
            return None;
        }
        let message = format!("{verb} is not implemented");
        let said = Said::new(&message).expected(expected).received(shown(&first_line(reply))).at(event);
        self.find_once(&requirement, &step.span, Axis::Reply, Outcome::Against, said);
        let judged_here = self.part.covers.iter().any(|id| id.value == requirement);
        Some(if judged_here { Stop::Found } else { Stop::NotApplicable(format!("{message}; {requirement} judges it")) })
    }
}
