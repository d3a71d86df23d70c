//! How a transfer begins, and the end of one that needs nothing but a moment.
//!
//! A small file that is in memory, for a client that has connected already, needs no task of its own. What can be done before 150 is done
//! before it: who hears 150 should find the file there, and not have to wait for it again.

use std::io;

use super::super::data::{Running, Ways};
use super::super::moving::{Delivered, at_hand, deliver};
use super::super::passive::Passive;
use super::Conversation;
use crate::records::Tally;
use crate::session::{Input, Order, Protection, Route};

impl Conversation {
    /// Sends 150, and begins the transfer. Returns its end, if that is reached.
    pub(super) async fn transfer(&mut self, order: Order) -> io::Result<Option<Input>> {
        let mut ways = std::mem::take(&mut self.ways);
        let body = self.body_at_hand(&order, &mut ways);
        // 150 goes out before we wait for a data connection, or make one.
        self.channel.send().await?;
        self.begin_to_tell(&order);
        let stream = ways.passive.as_ref().and_then(Passive::met);
        let delivered = match (body, stream) {
            (Some(body), Some(stream)) => deliver(&order.job, &body, stream),
            (_, _) => Delivered::Partly(0),
        };
        let (octets, end) = match delivered {
            Delivered::Partly(octets) => {
                let running = Running::start(order, ways, self.ends());
                running.count(octets);
                self.running = Some(running);
                return Ok(None);
            }
            Delivered::Ended(octets, end) => (octets, end),
        };
        self.server.records.count(Tally::DataConnection);
        // 226 says that it is closed.
        drop(ways);
        self.tell_transfer(octets as u64, end);
        Ok(Some(Input::TransferEnded { octets: octets as u64, end }))
    }

    /// The whole body of a small file in memory, if the client has connected for it.
    fn body_at_hand(&self, order: &Order, ways: &mut Ways) -> Option<Vec<u8>> {
        let Route::Passive { from } = order.route else { return None };
        // ABOR may be among the lines that wait. Where the octets are held back, a thread waits.
        if order.protection != Protection::Clear || self.session.has_waiting() || self.paces.to_client.is_some() {
            return None;
        }
        let body = at_hand(&order.job)?;
        ways.passive.as_mut()?.meet(from).then_some(body)
    }
}
