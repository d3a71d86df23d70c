//! A door in front of a live server. Any client comes through it, and what is seen of every session is handed over.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use reports::model::{Channel, Event, What};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::recorder::Recorder;
use super::relay;
use super::witness::Witness;
use crate::subject::{StartError, Subject};

/// The most sessions at a time. The others wait.
const MOST_CLIENTS: usize = 8;
/// A clock that outlasts every session.
const LONG: Duration = Duration::from_hours(24 * 365);

/// Where, and for how long.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The address of the door; without a host that of this machine alone. Port 0 is any.
    pub at: (Option<IpAddr>, u16),
    /// After so many sessions it is enough; none ends with Ctrl-C.
    pub sessions: Option<usize>,
}

/// What there is once the door is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Where clients come.
    pub door: SocketAddr,
    /// Where the server is.
    pub server: SocketAddr,
    /// The folder that it serves, where it was started for this.
    pub folder: Option<PathBuf>,
}

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The server cannot be reached or started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The door cannot be opened.
    #[error("cannot listen at {at}: {source}; say another port with --listen")]
    Listen {
        /// Where.
        at: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The harness itself cannot go on.
    #[error("cannot begin: {0}")]
    Own(#[from] io::Error),
}

/// Lets clients through to this server. Says when the door is open, and hands over what was seen of each session that ended, if the
/// client said anything.
///
/// # Errors
/// The server cannot be reached, the door cannot be opened, or what is told goes wrong.
pub fn door<E: From<DoorError>>(
    subject: &Subject,
    asked: &Asked,
    opened: impl FnOnce(&Open) -> Result<(), E>,
    mut seen: impl FnMut(Vec<Event>) -> Result<(), E>,
) -> Result<(), E> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(DoorError::from)?.block_on(async {
        let server = subject.start().await.map_err(DoorError::from)?;
        let own = if server.address().is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        let host: IpAddr = asked.at.0.unwrap_or(own);
        let at = SocketAddr::new(host, asked.at.1);
        let listener = TcpListener::bind(at).await.map_err(|source| DoorError::Listen { at, source })?;
        let door = listener.local_addr().map_err(DoorError::from)?;
        opened(&Open { door, server: server.address(), folder: server.root().map(PathBuf::from) })?;
        serve(&listener, server.address(), asked.sessions, &mut seen).await
    })
}

async fn serve<E>(
    listener: &TcpListener,
    server: SocketAddr,
    sessions: Option<usize>,
    seen: &mut impl FnMut(Vec<Event>) -> Result<(), E>,
) -> Result<(), E> {
    let stop = watch::Sender::new(false);
    let mut left = sessions.unwrap_or(usize::MAX);
    let mut running = JoinSet::new();
    // One for the whole time: an interrupt is not missed while a session is written.
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    while left > 0 {
        let room = running.len() < MOST_CLIENTS.min(left);
        tokio::select! {
            accepted = accepted(listener), if room => {
                if let Some(client) = accepted {
                    running.spawn(session(client, server, stop.subscribe()));
                }
            }
            Some(ended) = running.join_next(), if !running.is_empty() => {
                if let Some(session) = ended.ok().filter(said_something) {
                    left -= 1;
                    seen(session)?;
                }
            }
            seen = &mut interrupted => {
                if let Err(error) = seen {
                    tracing::debug!(%error, "an interrupt cannot be seen");
                }
                break;
            }
        }
    }
    // Who stays is cut off, and what was seen so far is a session too.
    stop.send_replace(true);
    while let Some(ended) = running.join_next().await {
        if let Some(session) = ended.ok().filter(said_something) {
            seen(session)?;
        }
    }
    Ok(())
}

async fn accepted(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((client, _)) => Some(client),
        Err(error) => {
            // The client is gone again, or there are too many files: the next one may do better.
            tracing::debug!(%error, "a client could not be taken");
            tokio::task::yield_now().await;
            None
        }
    }
}

async fn session(client: TcpStream, server: SocketAddr, mut stop: watch::Receiver<bool>) -> Vec<Event> {
    let witness = Witness::new(Recorder::new(LONG));
    tokio::select! {
        ended = relay::through(client, server, witness.clone()) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a session broke off");
            }
        }
        // The sender is dropped behind the last session.
        _ = stop.wait_for(|stop| *stop) => {}
    }
    witness.events()
}

#[expect(clippy::ptr_arg, reason = "a filter hands this")]
fn said_something(events: &Vec<Event>) -> bool {
    events.iter().any(|event| event.channel == Channel::Control && matches!(event.what, What::Received { .. }))
}
