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

impl<S: Stage> Play<'_, S> {
    /// What is said where a command got 502 that this scenario uses on the way to something else.
    ///
    /// A server without NOOP has one fault, and not one in every scenario that says NOOP: it is measured by the requirement
    /// that the command is there. A scenario that does not cover this one cannot be played on, and judges nothing.
    pub(super) fn lacking(&mut self, step: &Step, expected: &str, reply: &SeenReply, event: usize) -> Option<Stop> {
        let verb = self.last_command();
        let requirement = format!("rfc1123-4.1.5-cmd-{}", verb.to_ascii_lowercase());
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
