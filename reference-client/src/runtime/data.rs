//! The data connection: waiting for it, and who it is from.

use std::cell::Cell;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use protocol::transfer::Parameters;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};

use super::Moved;
use super::moving::{self, Local};
use super::tls::{Tls, explained};
use super::wire::Wire;
use crate::session::{DataFault, Fault};

/// How far the data connection is.
pub(super) enum Data {
    None,
    Expected(TcpListener),
    Open(TcpStream),
}

/// With whom, under what, and how long to wait without progress.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) peer: IpAddr,
    pub(super) wait: Duration,
    /// Where the data are protected.
    pub(super) tls: Option<Tls>,
}

/// Octets on their way. Dropped, it closes the data connection.
pub(super) struct Movement {
    future: Pin<Box<dyn Future<Output = Result<Moved, DataFault>>>>,
    meter: Meter,
}

/// Counts the octets on the wire.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Rc<Cell<u64>>);

impl Meter {
    pub(super) fn count(&self, octets: usize) {
        self.0.set(self.0.get() + octets as u64);
    }

    pub(super) fn octets(&self) -> u64 {
        self.0.get()
    }
}

impl Movement {
    /// Waits for the end. May be dropped and called again until it returned.
    pub(super) async fn ended(&mut self) -> Result<Moved, DataFault> {
        poll_fn(|context| self.future.as_mut().poll(context)).await
    }

    /// How many octets have moved.
    pub(super) fn octets(&self) -> u64 {
        self.meter.octets()
    }
}

impl Data {
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::None)
    }

    pub(super) fn receive(self, local: Local, parameters: Parameters, terms: Terms) -> Movement {
        let meter = Meter::default();
        let counted = meter.clone();
        let future = async move {
            let wire = self.established(&terms).await?;
            moving::receive(wire, moving::sink(local)?, parameters, terms.wait, &counted).await?;
            Ok(Moved::Received { octets: counted.octets() })
        };
        Movement { future: Box::pin(future), meter }
    }

    pub(super) fn transmit(self, local: Local, parameters: Parameters, terms: Terms) -> Movement {
        let meter = Meter::default();
        let counted = meter.clone();
        let future = async move {
            let Local::From(file) = local else {
                return Err(DataFault::new(Fault::File, "there is no file to send"));
            };
            let wire = self.established(&terms).await?;
            moving::transmit(wire, file, parameters, terms.wait, &counted).await?;
            Ok(Moved::Sent { octets: counted.octets() })
        };
        Movement { future: Box::pin(future), meter }
    }

    async fn established(self, terms: &Terms) -> Result<Wire, DataFault> {
        let stream = match self {
            Self::None => {
                return Err(DataFault::new(Fault::Connection, "no data connection is open; open one first"));
            }
            Self::Open(stream) => stream,
            Self::Expected(listener) => accept(&listener, terms).await?,
        };
        let Some(tls) = &terms.tls else { return Ok(Wire::Clear(stream)) };
        // RFC 4217 §7: whoever opened the connection, the user's end is the client of TLS.
        match timeout(terms.wait, tls.begin(stream)).await {
            Ok(Ok(wire)) => Ok(wire),
            Ok(Err(error)) => Err(DataFault::new(Fault::Tls, format!("on the data connection {}", explained(&error)))),
            Err(_) => {
                let text =
                    format!("TLS did not begin on the data connection within {} seconds", terms.wait.as_secs_f64());
                Err(DataFault::new(Fault::Stall, text))
            }
        }
    }
}

/// Takes the connection of the server and of nobody else: whoever connects to the port first could otherwise give or
/// steal the file (RFC 2577).
async fn accept(listener: &TcpListener, terms: &Terms) -> Result<TcpStream, DataFault> {
    let deadline = Instant::now() + terms.wait;
    loop {
        let accepted = timeout_at(deadline, listener.accept()).await.map_err(|_| {
            let wait = terms.wait.as_secs_f64();
            DataFault::new(Fault::Stall, format!("the server did not open the data connection within {wait} seconds"))
        })?;
        let (stream, from) = accepted.map_err(|error| {
            DataFault::new(Fault::Connection, format!("the data connection cannot be taken: {error}"))
        })?;
        if from.ip().to_canonical() == terms.peer.to_canonical() {
            return Ok(stream);
        }
    }
}
