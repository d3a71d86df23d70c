//! What a conversation waits for.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::IpAddr;

use tokio::time::{Instant, sleep_until};

use super::super::data::{News, Running, Ways};
use super::super::tls::Tls;
use super::Conversation;
use super::login::answered;
use crate::session::Standing;

/// What happened on one of the connections.
pub(super) enum Happened {
    Read(Vec<u8>),
    Transfer(News),
    /// A wrong password may be answered.
    Delayed(Standing),
    Idle,
    /// The server is to end.
    Stopping,
}

impl Conversation {
    pub(super) async fn wait(&mut self, idle_from: Instant) -> io::Result<Happened> {
        let may_read = !self.channel.is_at_end() && self.unread.is_empty() && self.session.takes_commands();
        let is_idle_limited = !self.session.is_transferring();
        let idle_until = idle_from + self.session.idle_limit();
        let of_data = self.tls.as_ref().filter(|_| self.session.protects_data());
        let host = self.session.who_may_connect();
        tokio::select! {
            news = news(self.running.as_mut()) => Ok(Happened::Transfer(news)),
            standing = answered(self.delayed) => Ok(Happened::Delayed(standing)),
            () = self.server.stop.begun(), if !self.is_stopping => Ok(Happened::Stopping),
            octets = self.channel.read(), if may_read => Ok(Happened::Read(octets?)),
            // Not a wait for something that could be told: that time has passed without a command is itself the event (RFC 1123 §4.1.3.2).
            () = sleep_until(idle_until), if is_idle_limited => Ok(Happened::Idle),
            never = go_ahead(&mut self.ways, of_data, host) => match never {},
        }
    }
}

/// Lets a client begin TLS on its data connection before it says what is to be transferred.
async fn go_ahead(ways: &mut Ways, tls: Option<&Tls>, host: Option<IpAddr>) -> Infallible {
    if let (Some(passive), Some(tls)) = (&mut ways.passive, tls) {
        Box::pin(passive.go_ahead(tls, host)).await;
    }
    pending().await
}

/// What the transfer that runs tells; without one, nothing ever.
async fn news(running: Option<&mut Running>) -> News {
    match running {
        Some(running) => running.news().await,
        None => pending().await,
    }
}
