//! The data connection: waiting for it, and moving octets between it and a file.

use std::fs::{File, OpenOptions};
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};

use super::Moved;
use crate::escape::escaped_path;
use crate::representation::{Incoming, Representation, outgoing};

/// Octets moved at a time.
const PIECE: usize = 64 * 1024;

/// Where the data of an operation come from or go to on this side.
pub(crate) enum Local {
    /// The operation moves no data.
    Nothing,
    /// Into this file, which is made when the data begin to come: a refused RETR must not empty a file.
    Into(PathBuf),
    /// Behind what stands in this file.
    Onto(PathBuf),
    /// From this file, opened before anything was said.
    From(File),
    /// To what shows it.
    Show(Box<dyn Write>),
}

impl Local {
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Nothing)
    }
}

/// How far the data connection is.
pub(super) enum Data {
    None,
    Expected(TcpListener),
    Open(TcpStream),
}

/// With whom, and how long to wait without progress.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) peer: IpAddr,
    pub(super) wait: Duration,
}

/// Octets on their way. Dropped, it closes the data connection.
pub(super) struct Movement {
    future: Pin<Box<dyn Future<Output = Result<Moved, String>>>>,
}

impl Movement {
    /// Waits for the end. May be dropped and called again until it returned.
    pub(super) async fn ended(&mut self) -> Result<Moved, String> {
        poll_fn(|context| self.future.as_mut().poll(context)).await
    }
}

impl Data {
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::None)
    }

    pub(super) fn receive(self, local: Local, representation: Representation, terms: Terms) -> Movement {
        Movement {
            future: Box::pin(async move {
                let stream = self.established(terms).await?;
                receive(stream, sink(local)?, representation, terms.wait).await
            }),
        }
    }

    pub(super) fn transmit(self, local: Local, representation: Representation, terms: Terms) -> Movement {
        Movement {
            future: Box::pin(async move {
                let Local::From(file) = local else { return Err("there is no file to send".to_owned()) };
                let stream = self.established(terms).await?;
                transmit(stream, file, representation, terms.wait).await
            }),
        }
    }

    async fn established(self, terms: Terms) -> Result<TcpStream, String> {
        match self {
            Self::None => Err("no data connection is open; open one first".to_owned()),
            Self::Open(stream) => Ok(stream),
            Self::Expected(listener) => accept(&listener, terms).await,
        }
    }
}

/// Takes the connection of the server and of nobody else: whoever connects to the port first could otherwise give or
/// steal the file (RFC 2577).
async fn accept(listener: &TcpListener, terms: Terms) -> Result<TcpStream, String> {
    let deadline = Instant::now() + terms.wait;
    loop {
        let accepted = timeout_at(deadline, listener.accept()).await.map_err(|_| {
            format!("the server did not open the data connection within {} seconds", terms.wait.as_secs_f64())
        })?;
        let (stream, from) = accepted.map_err(|error| format!("the data connection cannot be taken: {error}"))?;
        if from.ip().to_canonical() == terms.peer.to_canonical() {
            return Ok(stream);
        }
    }
}

fn sink(local: Local) -> Result<Box<dyn Write>, String> {
    let (path, how) = match local {
        Local::Into(path) => (path, OpenOptions::new().write(true).create(true).truncate(true).clone()),
        Local::Onto(path) => (path, OpenOptions::new().append(true).clone()),
        Local::Show(sink) => return Ok(sink),
        Local::Nothing | Local::From(_) => return Err("there is no file to receive into".to_owned()),
    };
    match how.open(&path) {
        Ok(file) => Ok(Box::new(file)),
        Err(error) => Err(format!("the local file {} cannot be written: {error}", escaped_path(&path))),
    }
}

async fn receive(
    mut stream: TcpStream,
    mut sink: Box<dyn Write>,
    representation: Representation,
    wait: Duration,
) -> Result<Moved, String> {
    let written = |error: io::Error| format!("the local file cannot be written: {error}");
    let mut incoming = Incoming::new(representation);
    let mut wire = vec![0; PIECE];
    let mut local = Vec::with_capacity(PIECE + 1);
    let mut octets = 0;
    loop {
        let length = progress(wait, stream.read(&mut wire)).await?;
        local.clear();
        if length == 0 {
            incoming.finish(&mut local);
            sink.write_all(&local).and_then(|()| sink.flush()).map_err(written)?;
            return Ok(Moved::Received { octets });
        }
        octets += length as u64;
        incoming.convert(wire.get(..length).unwrap_or_default(), &mut local);
        sink.write_all(&local).map_err(written)?;
    }
}

async fn transmit(
    mut stream: TcpStream,
    mut file: File,
    representation: Representation,
    wait: Duration,
) -> Result<Moved, String> {
    let mut local = vec![0; PIECE];
    let mut wire = Vec::with_capacity(PIECE);
    let mut octets = 0;
    loop {
        let length = file.read(&mut local).map_err(|error| format!("the local file cannot be read: {error}"))?;
        if length == 0 {
            // The end of the data connection is the end of the file (RFC 959 §3.4.1).
            progress(wait, stream.shutdown()).await?;
            return Ok(Moved::Sent { octets });
        }
        wire.clear();
        outgoing(representation, local.get(..length).unwrap_or_default(), &mut wire);
        octets += wire.len() as u64;
        let mut left: &[u8] = &wire;
        while !left.is_empty() {
            let written = progress(wait, stream.write(left)).await?;
            left = left.get(written..).unwrap_or_default();
        }
    }
}

/// A step of a transfer: it must come to an end in time, however long the whole takes.
async fn progress<T>(wait: Duration, step: impl Future<Output = io::Result<T>>) -> Result<T, String> {
    match timeout(wait, step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(format!("the data connection broke: {error}")),
        Err(_) => Err(format!("nothing moved on the data connection for {} seconds", wait.as_secs_f64())),
    }
}
