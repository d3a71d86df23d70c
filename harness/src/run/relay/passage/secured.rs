//! A data connection with TLS on both sides, or on one.

use std::io;
use std::time::Duration;

use reports::model::{Channel, CloseKind, What};
use socket2::SockRef;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{BLOCK, Course, Direction, Plan, Transfer};
use crate::run::relay::flow::Flow;
use crate::run::relay::secrets::{First, Protection, Secrets, first_word};
use crate::run::socket::Socket;
use crate::run::witness;
use crate::scenario::rule::{DataChange, DataEnd, DataTls};

/// Which sides are under TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Both.
    Both,
    /// Both, with another certificate to the client.
    BothAsAnother,
    /// The server's, and the client should not be told in clear.
    Server,
    /// The client's, and should not be.
    Client,
}

impl Kind {
    /// What the transfer and its deviation ask for. None is clear on both sides, as where the client says something that is no
    /// TLS: the server judges it.
    pub(super) async fn of(transfer: &Transfer, client: &TcpStream, server: &TcpStream) -> Option<Self> {
        let kind = match (transfer.change.tls, transfer.protection) {
            (DataTls::Clear, Protection::Private) => return Some(Self::Server),
            (DataTls::Private, Protection::Clear) | (DataTls::InClear, _) => return Some(Self::Client),
            (DataTls::Due | DataTls::OtherCertificate | DataTls::Clear, Protection::Clear) => return None,
            (DataTls::Due | DataTls::Private, Protection::Private) => Self::Both,
            (DataTls::OtherCertificate, Protection::Private) => Self::BothAsAnother,
        };
        (first_word(client, server).await == First::Hello).then_some(kind)
    }
}

impl Kind {
    /// What there is for a client that begins TLS before its command is known.
    pub(super) fn before(agreed: &DataChange) -> Self {
        match agreed.tls {
            DataTls::Due | DataTls::Private => Self::Both,
            DataTls::OtherCertificate => Self::BothAsAnother,
            DataTls::Clear => Self::Server,
            DataTls::InClear => Self::Client,
        }
    }
}

/// Carries octets both ways until both ends are closed.
pub(super) async fn pump(
    client: TcpStream,
    server: TcpStream,
    plan: &Plan,
    secrets: &Secrets,
    kind: Kind,
) -> io::Result<()> {
    let (mut client, mut server) = (Socket::clear(client), Socket::clear(server));
    let carried = async {
        match kind {
            Kind::Both => {
                secrets.to_server(&mut server).await?;
                plan.witnessed(secrets.to_client(&mut client).await)?;
            }
            Kind::BothAsAnother => {
                secrets.to_server(&mut server).await?;
                plan.witnessed(secrets.to_client_as_another(&mut client).await)?;
            }
            Kind::Server => secrets.to_server(&mut server).await?,
            Kind::Client => plan.witnessed(secrets.to_client(&mut client).await)?,
        }
        plan.until_asked().await;
        both_ways(&mut client, &mut server, plan).await
    };
    let carried = carried.await;
    if carried.is_err() {
        for socket in [&client, &server] {
            SockRef::from(socket.as_stream()).set_linger(Some(Duration::ZERO))?;
        }
    }
    carried
}

async fn both_ways(client: &mut Socket, server: &mut Socket, plan: &Plan) -> io::Result<()> {
    let (mut of_client, mut of_server) = (vec![0; BLOCK], vec![0; BLOCK]);
    let mut stored = Lane::new(plan, Direction::Stored);
    let mut retrieved = Lane::new(plan, Direction::Retrieved);
    while stored.is_open || retrieved.is_open {
        tokio::select! {
            read = client.read(&mut of_client), if stored.is_open => {
                stored.pass(of_client.get(..read?).unwrap_or_default(), client, server, plan).await?;
            }
            read = server.read(&mut of_server), if retrieved.is_open => {
                retrieved.pass(of_server.get(..read?).unwrap_or_default(), server, client, plan).await?;
            }
        }
    }
    Ok(())
}

/// One of the two ways.
struct Lane {
    flow: Flow,
    end: DataEnd,
    moved: u64,
    is_open: bool,
    /// What is seen of it.
    seen: witness::Lane,
    direction: Direction,
}

impl Lane {
    fn new(plan: &Plan, direction: Direction) -> Self {
        let (flow, end) = plan.course(direction);
        Self { flow, end, moved: 0, is_open: true, seen: plan.witness.lane(direction.way()), direction }
    }

    async fn pass(&mut self, octets: &[u8], from: &Socket, to: &mut Socket, plan: &Plan) -> io::Result<()> {
        let mut out = if octets.is_empty() { self.flow.finish() } else { self.flow.pass(octets.to_vec()) };
        if let DataEnd::Stall(limit) = self.end {
            out.truncate(usize::try_from(limit.saturating_sub(self.moved)).unwrap_or(usize::MAX));
        }
        self.moved += out.len() as u64;
        self.seen.passed(if self.direction == Direction::Stored { octets } else { &out });
        if octets.is_empty() {
            if let (Direction::Stored, Some(notified)) = (self.direction, from.was_notified()) {
                plan.witness.note(Channel::Data, What::TlsEnded { notified });
            }
            self.seen.ended(CloseKind::Fin);
        }
        to.write_all(&out).await?;
        if !octets.is_empty() {
            return Ok(());
        }
        self.is_open = false;
        let ended = self.close(from, to).await;
        if self.direction == Direction::Retrieved {
            plan.course.send_replace(Course::Done);
        }
        ended
    }

    async fn close(&self, from: &Socket, to: &mut Socket) -> io::Result<()> {
        match self.end {
            // An end that nobody announced stays one.
            DataEnd::Due if from.was_notified() == Some(false) => to.stream().shutdown().await,
            DataEnd::Due => to.shutdown().await,
            DataEnd::WithoutNotice => to.stream().shutdown().await,
            DataEnd::Never | DataEnd::Stall(_) => std::future::pending().await,
            DataEnd::Reset => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}
