//! The data connection, as the harness makes, takes, reads, writes and ends it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reports::model::{Body, Channel, CloseKind, What};
use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout_at};

use super::body::Tally;
use super::live::{Wires, hear_on};
use super::recorder::{Recorder, millis};
use super::socket::Socket as Connection;
use super::source::Source;
use crate::scenario::content;
use crate::scenario::tree::{Content, Entry, Form};

/// A refused connection is tried again for so long: a server may tell its port just before it listens.
const AGAIN: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(10);
/// The most octets that are taken of a body that nothing is known of.
const MOST: u64 = 64 << 20;
const BLOCK: usize = 128 * 1024;

/// Which way a data connection is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) to: SocketAddr,
    pub(super) from: Option<IpAddr>,
    pub(super) receive_buffer: Option<usize>,
}

pub(super) async fn dial(wires: &mut Wires, recorder: &mut Recorder, way: Way) {
    let until = recorder.deadline(AGAIN);
    let mut refused = false;
    loop {
        match timeout_at(recorder.deadline(Duration::from_secs(5)), connect(way)).await {
            Ok(Ok((stream, local))) => {
                wires.data = Some(Connection::clear(stream));
                recorder.note(Channel::Data, What::Connected { local, peer: way.to.to_string() });
                return;
            }
            Ok(Err(error)) => {
                let last = error.kind() != io::ErrorKind::ConnectionRefused || Instant::now() >= until;
                if !refused || last {
                    recorder.note(Channel::Data, What::NotConnected { why: error.to_string() });
                }
                refused = true;
                if last {
                    return;
                }
                sleep(PAUSE).await;
            }
            Err(_) => {
                return recorder.note(Channel::Data, What::NotConnected { why: "no answer within 5 s".to_owned() });
            }
        }
    }
}

async fn connect(way: Way) -> io::Result<(TcpStream, String)> {
    let socket = if way.to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if let Some(size) = way.receive_buffer.and_then(|size| u32::try_from(size).ok()) {
        socket.set_recv_buffer_size(size)?;
    }
    if let Some(from) = way.from {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    let stream = socket.connect(way.to).await?;
    let local = stream.local_addr()?.to_string();
    Ok((stream, local))
}

/// Where the harness listens for data connections, at the address of the control connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Listening {
    /// At a port that the kernel chooses.
    AtAnyPort { receive_buffer: Option<usize> },
    /// At the port of the control connection.
    AtControl,
}

/// Connects from a port at which one can listen too. The kernel lets several connections have one port that it chose while it
/// connected; one that was bound before, it gives to nobody else.
pub(super) async fn connect_alone(to: SocketAddr) -> io::Result<TcpStream> {
    let (socket, any) = match to.ip() {
        IpAddr::V4(_) => (TcpSocket::new_v4()?, IpAddr::from(Ipv4Addr::UNSPECIFIED)),
        IpAddr::V6(_) => (TcpSocket::new_v6()?, IpAddr::from(Ipv6Addr::UNSPECIFIED)),
    };
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::new(any, 0))?;
    socket.connect(to).await
}

pub(super) fn listen(wires: &mut Wires, recorder: &mut Recorder, at: Listening) {
    let what = match bound(wires, at) {
        Ok((listener, local)) => {
            listen_no_more(&mut wires.listener);
            wires.listener = Some(listener);
            wires.data = None;
            What::Listening { local }
        }
        Err(error) => What::Fault { why: format!("cannot listen: {error}") },
    };
    recorder.note(Channel::Data, what);
}

fn bound(wires: &mut Wires, at: Listening) -> io::Result<(TcpListener, String)> {
    let control = wires.control.as_ref().ok_or_else(|| io::Error::other("there is no control connection"))?;
    let mut address = control.local_addr()?;
    let socket = reusing(address)?;
    if let Listening::AtAnyPort { receive_buffer } = at {
        if let Some(size) = receive_buffer {
            socket.set_recv_buffer_size(size)?;
        }
        let port = reusing(address)?;
        address.set_port(0);
        port.bind(&address.into())?;
        address = port.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        wires.ports.push(port);
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(16)?;
    let listener = TcpListener::from_std(socket.into())?;
    let local = listener.local_addr()?.to_string();
    Ok((listener, local))
}

/// A socket that allows a second one at its port, if that allows it too: one that listens, and one that holds the port or is
/// the control connection (see `connect_alone`).
fn reusing(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    Ok(socket)
}

pub(super) async fn accept(wires: &mut Wires, recorder: &mut Recorder, within: Duration) {
    let within = recorder.patience(within);
    let until = recorder.deadline(within);
    let Wires { control, data, listener, transfers, .. } = wires;
    let Some(own) = listener else {
        return recorder.note(Channel::Data, What::Fault { why: "the harness does not listen".to_owned() });
    };
    let mut control = control.as_mut();
    let what = loop {
        tokio::select! {
            biased;
            accepted = timeout_at(until, own.accept()) => break match accepted {
                Ok(Ok((stream, peer))) => {
                    let local = stream.local_addr().map(|local| local.to_string()).unwrap_or_default();
                    *data = Some(Connection::clear(stream));
                    What::Connected { local, peer: peer.to_string() }
                }
                Ok(Err(error)) => What::Fault { why: error.to_string() },
                Err(_) => What::Deadline { waited: millis(within) },
            },
            ended = overhear(&mut control, recorder) => if ended { control = None },
        }
    };
    if data.is_some() {
        *transfers = transfers.saturating_sub(1);
        if *transfers == 0 {
            listen_no_more(listener);
        }
    }
    recorder.note(Channel::Data, what);
}

/// Closes a listening socket at once. A process that is being started has a copy of it for a moment, and the kernel would
/// take connections until that is closed too.
fn listen_no_more(listener: &mut Option<TcpListener>) {
    if let Some(listener) = listener.take()
        && let Err(error) = SockRef::from(&listener).shutdown(std::net::Shutdown::Both)
    {
        tracing::debug!(%error, "a socket that listened could not be shut down");
    }
}

/// Sees whether somebody has a port.
pub(super) fn try_port(recorder: &mut Recorder, at: SocketAddr) {
    if let Err(error) = std::net::TcpListener::bind(at) {
        recorder.note(Channel::Data, What::Fault { why: format!("{at} cannot be had: {error}") });
    }
}

/// Writes down what arrives on the control connection meanwhile. Gives whether it ended.
pub(super) async fn overhear(control: &mut Option<&mut Connection>, recorder: &mut Recorder) -> bool {
    hear_on(control.as_deref_mut(), recorder).await;
    recorder.last_ended()
}

/// What a body is read for.
pub(super) struct Wanted<'a> {
    pub(super) expected: Option<&'a Content>,
    /// How it is framed.
    pub(super) form: Form,
    pub(super) from: u64,
    pub(super) take: Option<u64>,
    pub(super) within: Duration,
}

pub(super) async fn receive(
    wires: &mut Wires,
    recorder: &mut Recorder,
    files: &BTreeMap<String, Entry>,
    wanted: Wanted<'_>,
) {
    let expected = match wanted.expected.map(|content| opened(content, files, wanted.from)).transpose() {
        Ok(expected) => expected,
        Err(error) => return recorder.note(Channel::Data, What::Fault { why: error.to_string() }),
    };
    let Wires { control, data, .. } = wires;
    let Some(stream) = data else {
        return recorder.note(Channel::Data, What::Fault { why: "there is no data connection".to_owned() });
    };
    let mut tally = Tally::framed(expected.as_ref(), wanted.form);
    let mut control = control.as_mut();
    let mut buffer = vec![0; BLOCK];
    let trouble = loop {
        let room = wanted.take.map_or(BLOCK, |take| usize::try_from(take - tally.length()).unwrap_or(BLOCK).min(BLOCK));
        if room == 0 || tally.is_beyond(MOST) {
            return recorder.note(Channel::Data, What::BodyReceived(tally.finish(false)));
        }
        let within = recorder.patience(wanted.within);
        let until = recorder.deadline(within);
        let read = tokio::select! {
            biased;
            read = timeout_at(until, stream.read(buffer.get_mut(..room).unwrap_or_default())) => read,
            ended = overhear(&mut control, recorder) => {
                if ended { control = None }
                continue;
            }
        };
        match read {
            Ok(Ok(0)) => {
                let notified = stream.was_notified();
                *data = None;
                recorder.note(Channel::Data, What::BodyReceived(tally.finish(true)));
                return end_of_tls(recorder, notified);
            }
            Ok(Ok(length)) => {
                tally.take(buffer.get(..length).unwrap_or_default());
                // The connection may stay for the next file (RFC 959 §3.2).
                if tally.end_of_file() {
                    return recorder.note(Channel::Data, What::BodyReceived(tally.finish(true)));
                }
            }
            Ok(Err(_)) => break What::Closed { how: CloseKind::Reset },
            Err(_) => break What::Deadline { waited: millis(within) },
        }
    };
    let body = tally.finish(false);
    // RFC 959 §3.4.3 does not say whether a string follows the escape that ends a file. If none comes, it has ended.
    let whole = body.framing.as_ref().is_some_and(|framing| framing.end_of_file);
    recorder.note(Channel::Data, What::BodyReceived(body));
    if !whole {
        *data = None;
        recorder.note(Channel::Data, trouble);
    }
}

fn opened(
    content: &Content,
    files: &BTreeMap<String, Entry>,
    from: u64,
) -> Result<content::Body, content::ContentError> {
    Ok(content::octets(content, files)?.without_first(from))
}

pub(super) async fn send(
    wires: &mut Wires,
    recorder: &mut Recorder,
    files: &BTreeMap<String, Entry>,
    (content, form): (&Content, Form),
    within: Duration,
) {
    let mut source = match content::octets(content, files) {
        Ok(body) => Source::wire(&body, form),
        Err(error) => return recorder.note(Channel::Data, What::Fault { why: error.to_string() }),
    };
    let Wires { control, data, .. } = wires;
    let Some(stream) = data else {
        return recorder.note(Channel::Data, What::Fault { why: "there is no data connection".to_owned() });
    };
    let mut control = control.as_mut();
    let mut tally = Tally::new(None);
    let mut buffer = vec![0; BLOCK];
    let mut trouble = None;
    while trouble.is_none() {
        let length = source.fill(&mut buffer);
        let mut left = buffer.get(..length).unwrap_or_default();
        if left.is_empty() {
            break;
        }
        while let Some(block) = Some(left).filter(|left| !left.is_empty() && trouble.is_none()) {
            let within = recorder.patience(within);
            let until = recorder.deadline(within);
            tokio::select! {
                biased;
                written = timeout_at(until, stream.write(block)) => match written {
                    Ok(Ok(written)) => {
                        let (done, rest) = block.split_at(written);
                        tally.take(done);
                        left = rest;
                    }
                    Ok(Err(_)) => trouble = Some(What::Closed { how: CloseKind::Reset }),
                    Err(_) => trouble = Some(What::Deadline { waited: millis(within) }),
                },
                ended = overhear(&mut control, recorder) => if ended { control = None },
            }
        }
    }
    if trouble.is_none() && stream.flush().await.is_err() {
        trouble = Some(What::Closed { how: CloseKind::Reset });
    }
    let whole = trouble.is_none();
    recorder.note(Channel::Data, What::BodySent(tally.finish(whole)));
    if let Some(trouble) = trouble {
        recorder.note(Channel::Data, trouble);
    }
}

/// Ends the data connection behind a body: the end of the file in stream mode (RFC 959 §3.4.1).
pub(super) async fn finish(wires: &mut Wires) {
    if let Some(mut stream) = wires.data.take() {
        // A peer that is gone already is seen in its reply.
        stream.finish(FINISH).await.ok();
    }
}

/// So long a server may take to end its side of TLS behind an upload. It is a courtesy, and judged by no requirement.
const FINISH: Duration = Duration::from_secs(1);

/// Writes down how TLS ended with a data connection.
fn end_of_tls(recorder: &mut Recorder, notified: Option<bool>) {
    if let Some(notified) = notified {
        recorder.note(Channel::Data, What::TlsEnded { notified });
    }
}

pub(super) async fn hang_up(wires: &mut Wires, recorder: &mut Recorder, how: CloseKind, half: bool) {
    if half {
        if let Some(stream) = &mut wires.data {
            stream.shutdown().await.ok();
        }
    } else {
        listen_no_more(&mut wires.listener);
        if let Some(stream) = wires.data.take() {
            close(stream, how).await;
        }
    }
    recorder.note(Channel::Data, What::Hung { how });
}

/// Ends a connection.
pub(super) async fn close(mut socket: Connection, how: CloseKind) {
    match how {
        // Without lingering the kernel resets the connection when the socket goes.
        CloseKind::Reset => SockRef::from(socket.as_stream()).set_linger(Some(Duration::ZERO)).ok(),
        CloseKind::Fin if socket.is_secured() => socket.shutdown().await.ok(),
        CloseKind::Fin => None,
    };
}

pub(super) async fn end(wires: &mut Wires, recorder: &mut Recorder, within: Duration) {
    let within = recorder.patience(within);
    let until = recorder.deadline(within);
    let mut before = Tally::new(None);
    let ended = timeout_at(until, drained(wires.data.as_mut(), &mut before)).await;
    let notified = wires.data.as_ref().and_then(Connection::was_notified);
    wires.data = None;
    let body = before.finish(false);
    if body.length > 0 {
        recorder.note(Channel::Data, What::BodyReceived(body));
    }
    let what = match ended {
        Ok(how) => {
            end_of_tls(recorder, notified);
            What::Closed { how }
        }
        Err(_) => What::Deadline { waited: millis(within) },
    };
    recorder.note(Channel::Data, what);
}

/// Takes what comes until the end. Without a connection, waits for ever.
async fn drained(stream: Option<&mut Connection>, before: &mut Tally) -> CloseKind {
    let Some(stream) = stream else { return std::future::pending().await };
    let mut buffer = vec![0; 65_536];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => return CloseKind::Fin,
            Ok(length) => before.take(buffer.get(..length).unwrap_or_default()),
            Err(_) => return CloseKind::Reset,
        }
    }
}

/// Waits for data or the end. Without a connection, waits for ever.
pub(super) async fn peek(stream: Option<&mut Connection>) -> What {
    let Some(stream) = stream else { return std::future::pending().await };
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer).await {
        Ok(0) => What::Closed { how: CloseKind::Fin },
        Ok(length) => {
            let mut tally = Tally::new(None);
            tally.take(buffer.get(..length).unwrap_or_default());
            let body: Body = tally.finish(false);
            What::BodyReceived(body)
        }
        Err(_) => What::Closed { how: CloseKind::Reset },
    }
}

pub(super) async fn no_connection(wires: &mut Wires, recorder: &mut Recorder, during: Duration) {
    let during = recorder.patience(during);
    let until = recorder.deadline(during);
    let what = match &wires.listener {
        None => What::Fault { why: "the harness does not listen".to_owned() },
        Some(listener) => match timeout_at(until, listener.accept()).await {
            Ok(Ok((_, peer))) => What::Connected { local: String::new(), peer: peer.to_string() },
            Ok(Err(error)) => What::Fault { why: error.to_string() },
            Err(_) => What::Quiet { waited: millis(during) },
        },
    };
    recorder.note(Channel::Data, what);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_that_is_listened_at_no_more_stays_with_its_case() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let control = TcpStream::connect(server.local_addr().unwrap()).await.unwrap();
        let mut wires = Wires { control: Some(Connection::clear(control)), ..Wires::default() };
        let mut recorder = Recorder::new(Duration::from_secs(10));
        listen(&mut wires, &mut recorder, Listening::AtAnyPort { receive_buffer: None });
        let at = wires.listener.as_ref().unwrap().local_addr().unwrap();
        TcpStream::connect(at).await.unwrap();
        hang_up(&mut wires, &mut recorder, CloseKind::Fin, false).await;
        assert_eq!(TcpStream::connect(at).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        // As if the kernel chose it: a port that is shared is never chosen.
        let other = Socket::new(Domain::for_address(at), Type::STREAM, None).unwrap();
        assert_eq!(other.bind(&at.into()).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
