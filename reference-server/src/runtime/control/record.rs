//! What is told of a conversation.

use protocol::Verb;
use tokio::time::Instant;

use super::Conversation;
use crate::records::{Direction, Event, Moved, Tally};
use crate::session::{End, Job, Order, Received, Subject, Visitor};
use crate::store::Location;

/// A transfer that runs, and what is known of it.
#[derive(Debug)]
pub(super) struct Begun {
    at: Instant,
    visitor: Visitor,
    subject: Subject,
    direction: Direction,
}

impl Conversation {
    pub(super) fn tell(&self, event: Event) {
        self.server.records.tell(Some(self.client), event);
    }

    pub(super) fn count_command(&self, received: &Received) {
        let verb = match received {
            Received::Line(line) => Verb::parse(line.split(|&octet| octet == b' ').next().unwrap_or_default()),
            Received::TooLong => None,
            Received::Disconnected => return,
        };
        self.server.records.count(Tally::Command(verb));
    }

    /// Notes who transfers what: when it has ended, somebody else may be logged in.
    pub(super) fn begin_to_tell(&mut self, order: &Order) {
        let direction = match order.job {
            Job::Send { .. } | Job::SendLines { .. } => Direction::Sent,
            Job::Receive { .. } => Direction::Received,
        };
        let begun = |visitor| Begun { at: Instant::now(), visitor, subject: order.subject.clone(), direction };
        self.subject = self.session.visitor().map(begun).map(Box::new);
    }

    pub(super) fn tell_transfer(&mut self, octets: u64, end: End) {
        let Some(begun) = self.subject.take() else { return };
        let Begun { at, visitor, subject: Subject { file, representation }, direction } = *begun;
        let moved = Moved { file, representation, direction, lasted: at.elapsed(), octets, end };
        self.tell(Event::Transferred { visitor, moved });
    }

    pub(super) fn tell_deletion(&self, file: Location) {
        if let Some(visitor) = self.session.visitor() {
            self.tell(Event::Deleted { visitor, file });
        }
    }
}
