//! Where a scenario is played to a client.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use reports::model::Event;

use super::script::Instruction;
use crate::scenario::tree::{Content, Form};

/// Something that the scenario asks of the stage. On the control connection the stage is the server.
#[derive(Debug)]
pub enum Act<'a> {
    /// Take the control connection of the client. Gives `Connected`, `Exited` or `Deadline`.
    Admit {
        /// How long to wait.
        within: Duration,
    },
    /// Tell the client what to do. Gives `Sent` on the channel of the subject, or `Deadline` where the client does not
    /// read it.
    Tell {
        /// What.
        instruction: Instruction<'a>,
        /// How long it may take to read it.
        within: Duration,
    },
    /// Wait for octets on the control connection or for what the client prints. Gives `Received`, `Closed` or
    /// `Deadline`, on the channel of the one or the other.
    Hear {
        /// How long.
        within: Duration,
    },
    /// Take what has arrived on the control connection already. Gives any number of `Received`, perhaps `Closed`.
    Drain,
    /// Send a reply on the control connection. Gives `Sent`, or nothing where it could not be sent.
    Reply {
        /// The whole reply.
        octets: &'a [u8],
    },
    /// Close the control connection. Gives `Hung`.
    Close,
    /// Listen for a data connection at the address of the control connection. Gives `Listening` or `Fault`.
    Listen,
    /// Take the data connection. Gives `Connected` or `Deadline`, or `Exited` where the client ended instead.
    Accept {
        /// How long to wait.
        within: Duration,
    },
    /// Make the data connection. Gives `Connected`, perhaps after one `NotConnected`, or `NotConnected`.
    Dial {
        /// Where to.
        to: SocketAddr,
    },
    /// Send a body and end the data connection. Gives `BodySent`, and `Closed` or `Deadline` where it could not all be
    /// sent.
    Send {
        /// What.
        content: (&'a Content, Form),
        /// How long a write may stall.
        within: Duration,
    },
    /// Take a body to its end. Gives `BodyReceived`, and `Closed` or `Deadline` where it did not end in order.
    Receive {
        /// What it is compared with.
        expected: (&'a Content, Form),
        /// How long each octet may be waited for.
        within: Duration,
    },
    /// Close the data connection, or stop to listen for it. Gives `Hung`.
    HangUp,
    /// Lay a file into the working directory of the client. Gives nothing, or `Fault`.
    Lay {
        /// Its name.
        name: &'a str,
        /// The octets, as they will travel.
        content: (&'a Content, Form),
    },
    /// Look at a file in the working directory of the client. Gives `Files` or `Fault`.
    Look {
        /// Its name.
        name: &'a str,
        /// What it is compared with.
        expected: (&'a Content, Form),
    },
    /// Wait for the end of the client. Gives `Exited` or `Deadline`.
    Exit {
        /// How long.
        within: Duration,
    },
}

/// Does what a scenario asks, and says what happened.
pub trait Stage {
    /// Does it, and gives the events it made in their order. Octets that arrive on the control connection meanwhile
    /// are among them.
    fn act(&mut self, step: usize, act: Act<'_>) -> impl Future<Output = Vec<Event>>;
}
