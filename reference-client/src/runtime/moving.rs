//! Octets between a data connection and a file.

mod spliced;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use protocol::restart::Position;
use protocol::transfer::{Parameters, Progress, Receiver, Sender, Stored, is_plain};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::data::Meter;
use super::wire::Wire;
use crate::escape::escaped_path;
use crate::session::{DataFault, Fault};

/// Octets moved at a time.
const PIECE: usize = 128 * 1024;
/// What is shorter is read and written: a pipe costs more than it saves.
const WORTH_A_PIPE: u64 = 512 * 1024;

/// Where the data of an operation come from or go to on this side.
pub(crate) enum Local {
    /// The operation moves no data.
    Nothing,
    /// Into this file, which is made when the data begin to come: a refused RETR must not empty a file.
    Into(PathBuf),
    /// Into a file that is open, from where it stands.
    To(File),
    /// From this file, opened before anything was said, from where it stands.
    From(File),
    /// To what shows it, or keeps it.
    Show(Box<dyn Write>),
}

impl Local {
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Nothing)
    }
}

pub(super) enum Sink {
    File(File),
    Other(Box<dyn Write>),
}

impl Sink {
    fn write(&mut self, octets: &[u8]) -> Result<(), DataFault> {
        let written = match self {
            Self::File(file) => file.write_all(octets),
            Self::Other(other) => other.write_all(octets),
        };
        written.map_err(|error| unwritten(&error))
    }

    fn flush(&mut self) -> Result<(), DataFault> {
        match self {
            Self::File(_) => Ok(()),
            Self::Other(other) => other.flush().map_err(|error| unwritten(&error)),
        }
    }
}

fn unwritten(error: &io::Error) -> DataFault {
    DataFault::new(Fault::File, format!("the local file cannot be written: {error}"))
}

fn unread(error: &io::Error) -> DataFault {
    DataFault::new(Fault::File, format!("the local file cannot be read: {error}"))
}

pub(super) fn sink(local: Local) -> Result<Sink, DataFault> {
    match local {
        Local::To(file) => Ok(Sink::File(file)),
        Local::Show(other) => Ok(Sink::Other(other)),
        Local::Into(path) => {
            let made = OpenOptions::new().write(true).create(true).truncate(true).open(&path);
            made.map(Sink::File).map_err(|error| {
                let path = escaped_path(&path);
                DataFault::new(Fault::File, format!("the local file {path} cannot be written: {error}"))
            })
        }
        Local::Nothing | Local::From(_) => Err(DataFault::new(Fault::File, "there is no file to receive into")),
    }
}

pub(super) async fn receive(
    mut wire: Wire,
    mut sink: Sink,
    parameters: Parameters,
    wait: Duration,
    meter: &Meter,
) -> Result<(), DataFault> {
    let mut decoder = Decoder::new(parameters)?;
    let mut octets = vec![0; PIECE];
    loop {
        if let (Sink::File(file), Some(socket), Decoder::Plain) = (&sink, wire.clear(), &decoder)
            && meter.octets() >= WORTH_A_PIPE
            && spliced::receive(socket, file, wait, meter).await? == spliced::Came::ToTheEnd
        {
            return Ok(());
        }
        let length = progress(wait, wire.read(&mut octets)).await?;
        if length == 0 {
            decoder.close(&mut sink)?;
            return sink.flush();
        }
        meter.count(length);
        if decoder.take(octets.get(..length).unwrap_or_default(), &mut sink)? == Came::ToTheEnd {
            return sink.flush();
        }
    }
}

/// Whether the file has ended, whatever the connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    SoFar,
    ToTheEnd,
}

enum Decoder {
    Plain,
    Coded { receiver: Box<Receiver>, stored: Stored },
}

impl Decoder {
    fn new(parameters: Parameters) -> Result<Self, DataFault> {
        if is_plain(parameters) {
            return Ok(Self::Plain);
        }
        let receiver = Receiver::new(parameters, Position::default())
            .map_err(|problem| DataFault::new(Fault::Form, problem.to_string()))?;
        Ok(Self::Coded { receiver: Box::new(receiver), stored: Stored::default() })
    }

    fn take(&mut self, mut wire: &[u8], sink: &mut Sink) -> Result<Came, DataFault> {
        let Self::Coded { receiver, stored } = self else {
            sink.write(wire)?;
            return Ok(Came::SoFar);
        };
        loop {
            let progress = receiver.receive(&mut wire, stored);
            sink.write(&stored.octets)?;
            stored.clear();
            match progress.map_err(|error| malformed(&error))? {
                Progress::NeedsMore => return Ok(Came::SoFar),
                Progress::Ended => return Ok(Came::ToTheEnd),
                Progress::Full | Progress::Marker { .. } => {}
            }
        }
    }

    fn close(&mut self, sink: &mut Sink) -> Result<(), DataFault> {
        let Self::Coded { receiver, stored } = self else { return Ok(()) };
        let closed = receiver.close(stored);
        sink.write(&stored.octets)?;
        stored.clear();
        closed.map_err(|error| malformed(&error))
    }
}

fn malformed(error: &protocol::transfer::DecodeError) -> DataFault {
    DataFault::new(Fault::Form, format!("the data are not what TYPE, STRU and MODE say: {error}"))
}

pub(super) async fn transmit(
    mut wire: Wire,
    mut file: File,
    parameters: Parameters,
    wait: Duration,
    meter: &Meter,
) -> Result<(), DataFault> {
    if let (true, Some(socket)) = (is_plain(parameters), wire.clear())
        && spliced::transmit(socket, &file, wait, meter).await? == spliced::Came::ToTheEnd
    {
        return end(wire, wait).await;
    }
    let wrong = |problem: protocol::transfer::LocalFault| DataFault::new(Fault::Form, problem.to_string());
    let mut sender = Sender::new(parameters, Position::default()).map_err(wrong)?;
    let mut local = vec![0; PIECE];
    let mut coded = Vec::with_capacity(PIECE);
    loop {
        let length = file.read(&mut local).map_err(|error| unread(&error))?;
        coded.clear();
        if length == 0 {
            sender.finish(&mut coded).map_err(wrong)?;
        } else {
            sender.send(local.get(..length).unwrap_or_default(), &mut coded).map_err(wrong)?;
        }
        let mut left: &[u8] = &coded;
        while !left.is_empty() {
            let written = progress(wait, wire.write(left)).await?;
            meter.count(written);
            left = left.get(written..).unwrap_or_default();
        }
        if length == 0 {
            progress(wait, wire.flush()).await?;
            return end(wire, wait).await;
        }
    }
}

/// The end of the data connection is the end of the file (RFC 959 §3.4.1). Under TLS `close_notify` comes first, and what the server
/// still says, which may be tickets, is read for a moment: a connection closed with something unread is reset, and the reset
/// would take the end of the file with it.
async fn end(mut wire: Wire, wait: Duration) -> Result<(), DataFault> {
    const MOMENT: Duration = Duration::from_secs(1);
    progress(wait, wire.shutdown()).await?;
    if let Wire::Tls(stream) = &mut wire {
        let mut octets = [0; 1024];
        // However that ends, the file is sent.
        while matches!(timeout(MOMENT, stream.read(&mut octets)).await, Ok(Ok(length)) if length > 0) {}
    }
    Ok(())
}

/// A step of a transfer: it must come to an end in time, however long the whole takes.
async fn progress<T>(wait: Duration, step: impl Future<Output = io::Result<T>>) -> Result<T, DataFault> {
    match timeout(wait, step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(broken(&error)),
        Err(_) => Err(DataFault::new(
            Fault::Stall,
            format!("nothing moved on the data connection for {} seconds", wait.as_secs_f64()),
        )),
    }
}

fn broken(error: &io::Error) -> DataFault {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        let text = "the data connection ended without the close_notify of TLS, so the data may be cut";
        return DataFault::new(Fault::Tls, text);
    }
    let fault = if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>) {
        Fault::Tls
    } else {
        Fault::Connection
    };
    DataFault::new(fault, format!("the data connection broke: {error}"))
}
