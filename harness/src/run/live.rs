//! The stage that is the network.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use reports::model::{Channel, CloseKind, Event, Octets, What};
use socket2::SockRef;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout_at};

use super::recorder::{Recorder, millis};
use super::socket::Socket;
use super::trust::Sessions;
use super::unread::taken_by_peer;
use super::{data, disk, secure};
use crate::judge::stage::{Act, OwnPort, Stage};
use crate::scenario::tree::{Entry, Listened};
use crate::subject::{Health, Running};

/// The network, for one case.
pub(super) struct Live<'a> {
    pub(super) recorder: Recorder,
    running: &'a mut Running,
    address: SocketAddr,
    files: &'a BTreeMap<String, Entry>,
    wires: BTreeMap<String, Wires>,
}

/// The sockets of one control connection and its data connection.
#[derive(Debug, Default)]
pub(super) struct Wires {
    pub(super) control: Option<Socket>,
    pub(super) data: Option<Socket>,
    pub(super) listener: Option<TcpListener>,
    /// The ports at which the case listened. Nobody else gets one while it runs: the subject may still connect there.
    pub(super) ports: Vec<socket2::Socket>,
    /// How many data connections the listener is still for.
    pub(super) transfers: u32,
    /// What its TLS shares, once there is some.
    pub(super) sessions: Option<Sessions>,
    /// The host that its hellos name.
    pub(super) server_name: Option<String>,
}

impl<'a> Live<'a> {
    /// The network of a running subject, which is reached by its own door if no other is said.
    pub(super) fn new(
        recorder: Recorder,
        running: &'a mut Running,
        door: Option<SocketAddr>,
        files: &'a BTreeMap<String, Entry>,
    ) -> Self {
        let address = door.unwrap_or_else(|| running.address());
        Self { recorder, running, address, files, wires: BTreeMap::new() }
    }

    async fn connect(&mut self, wires: &mut Wires, own_port: OwnPort) {
        let until = self.recorder.deadline(CONNECT);
        let connected = async {
            match own_port {
                OwnPort::Shared => TcpStream::connect(self.address).await,
                OwnPort::Alone => data::connect_alone(self.address).await,
            }
        };
        let what = match timeout_at(until, connected).await {
            Ok(Ok(stream)) => match ends(&stream) {
                Ok((local, peer)) => {
                    wires.control = Some(Socket::clear(stream));
                    What::Connected { local, peer }
                }
                Err(error) => What::NotConnected { why: error.to_string() },
            },
            Ok(Err(error)) => What::NotConnected { why: error.to_string() },
            Err(_) => What::NotConnected { why: format!("no answer within {} ms", CONNECT.as_millis()) },
        };
        self.recorder.note(Channel::Control, what);
    }

    async fn hear(&mut self, wires: &mut Wires, within: Duration) {
        let within = self.recorder.patience(within);
        let until = self.recorder.deadline(within);
        if self.recorder.is_flooded() {
            wires.control = None;
            self.recorder
                .note(Channel::Control, What::Fault { why: "the subject floods the control connection".to_owned() });
            return;
        }
        if timeout_at(until, wires.hear(&mut self.recorder)).await.is_err() {
            self.recorder.note(Channel::Control, What::Deadline { waited: millis(within) });
        }
    }

    async fn say(&mut self, wires: &mut Wires, segments: &[Vec<u8>], urgent: bool) {
        let last = segments.len().saturating_sub(1);
        for (at, segment) in segments.iter().enumerate() {
            let Some(stream) = &mut wires.control else { return };
            let urgent = urgent && at == last;
            let said = if urgent && !stream.is_secured() {
                say_urgent(stream.stream(), segment).await
            } else {
                stream.write_all(segment).await
            };
            if said.is_err() {
                // What the peer did is seen when it is listened to.
                return;
            }
            self.recorder.note(Channel::Control, What::Sent { octets: Octets::from(segment.as_slice()), urgent });
            if at < last {
                taken_by_peer(stream.stream()).await;
            }
        }
    }

    async fn silence(&mut self, wires: &mut Wires, on: Listened, during: Duration) {
        let during = self.recorder.patience(during);
        let until = self.recorder.deadline(during);
        let Wires { control, data, .. } = wires;
        let control = control.as_mut().filter(|_| on != Listened::Data);
        let data = data.as_mut().filter(|_| on != Listened::Control);
        let broken = tokio::select! {
            () = hear_on(control, &mut self.recorder) => return,
            what = data::peek(data) => what,
            () = tokio::time::sleep_until(until) => What::Quiet { waited: millis(during) },
        };
        let channel = if on == Listened::Data { Channel::Data } else { Channel::Control };
        self.recorder.note(channel, broken);
    }

    /// A process that dies closes its sockets first: so it is looked at for a moment.
    async fn exit(&mut self) {
        let until = self.recorder.deadline(EXIT);
        loop {
            match self.running.health() {
                Health::Exited { code, signal } => {
                    let log = self.running.log_tail();
                    self.recorder.note(Channel::Subject, What::Exited { code, signal, log });
                    return;
                }
                Health::Alive => return,
                Health::NotListening if tokio::time::Instant::now() >= until => return,
                Health::NotListening => sleep(GLANCE).await,
            }
        }
    }
}

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a process that no longer listens may take to end.
const EXIT: Duration = Duration::from_millis(500);
/// Between two looks at something that gives no event.
const GLANCE: Duration = Duration::from_millis(2);

impl Stage for Live<'_> {
    async fn act(&mut self, step: usize, connection: &str, act: Act<'_>) -> Vec<Event> {
        let first = self.recorder.begin(step, connection);
        let mut wires = self.wires.remove(connection).unwrap_or_default();
        match act {
            Act::Connect { own_port } => self.connect(&mut wires, own_port).await,
            Act::Hear { within } => self.hear(&mut wires, within).await,
            Act::Drain => wires.drain(&mut self.recorder),
            Act::Say { segments, urgent } => self.say(&mut wires, segments, urgent).await,
            Act::Silence { on, during } => self.silence(&mut wires, on, during).await,
            Act::Secure { on, session, server_name, within } => {
                let way = secure::Way { on, session, server_name, within };
                Box::pin(secure::negotiate(&mut wires, &mut self.recorder, way)).await;
            }
            Act::LeaveTls { within } => Box::pin(secure::leave(&mut wires, &mut self.recorder, within)).await,
            Act::Exit => self.exit().await,
            Act::Files { wanted } => {
                let what = disk::look(self.running, self.files, wanted);
                self.recorder.note(Channel::Subject, what);
            }
            Act::Leave { how } => {
                if let Some(socket) = wires.control.take() {
                    data::close(socket, how).await;
                }
                self.recorder.note(Channel::Control, What::Hung { how });
            }
            Act::Dial { to, from, receive_buffer } => {
                data::dial(&mut wires, &mut self.recorder, data::Way { to, from, receive_buffer }).await;
            }
            Act::Listen { receive_buffer, transfers } => {
                wires.transfers = transfers;
                data::listen(&mut wires, &mut self.recorder, data::Listening::AtAnyPort { receive_buffer });
            }
            Act::ListenAtControl => {
                wires.transfers = 1;
                data::listen(&mut wires, &mut self.recorder, data::Listening::AtControl);
            }
            Act::TryPort { at } => data::try_port(&mut self.recorder, at),
            Act::Accept { within } => data::accept(&mut wires, &mut self.recorder, within).await,
            Act::Receive { expected, form, from, take, within } => {
                let wanted = data::Wanted { expected, form, from, take, within };
                data::receive(&mut wires, &mut self.recorder, self.files, wanted).await;
            }
            Act::Send { content, end, within } => {
                data::send(&mut wires, &mut self.recorder, self.files, content, within).await;
                if end {
                    data::finish(&mut wires).await;
                } else if let Some(data) = &mut wires.data {
                    taken_by_peer(data.stream()).await;
                }
            }
            Act::HangUp { how, half } => data::hang_up(&mut wires, &mut self.recorder, how, half).await,
            Act::End { within } => data::end(&mut wires, &mut self.recorder, within).await,
            Act::NoConnection { during } => data::no_connection(&mut wires, &mut self.recorder, during).await,
        }
        self.wires.insert(connection.to_owned(), wires);
        self.recorder.end(first)
    }
}

impl Wires {
    /// Waits for octets or the end on the control connection, and writes them down.
    pub(super) async fn hear(&mut self, recorder: &mut Recorder) {
        hear_on(self.control.as_mut(), recorder).await;
    }

    /// Takes what is there already.
    pub(super) fn drain(&mut self, recorder: &mut Recorder) {
        let Some(stream) = &mut self.control else { return };
        let mut buffer = [0; 8192];
        while !recorder.is_flooded() {
            match stream.try_read(&mut buffer) {
                Ok(0) => return recorder.note(Channel::Control, What::Closed { how: CloseKind::Fin }),
                Ok(length) => {
                    let octets = Octets::from(buffer.get(..length).unwrap_or_default());
                    recorder.note(Channel::Control, What::Received { octets });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return recorder.note(Channel::Control, What::Closed { how: CloseKind::Reset }),
            }
        }
    }
}

/// Waits for octets or the end on a control connection. Without one, waits for ever.
pub(super) async fn hear_on(stream: Option<&mut Socket>, recorder: &mut Recorder) {
    let Some(stream) = stream else { return std::future::pending().await };
    let mut buffer = [0; 8192];
    let what = match stream.read(&mut buffer).await {
        Ok(0) => What::Closed { how: CloseKind::Fin },
        Ok(length) => What::Received { octets: Octets::from(buffer.get(..length).unwrap_or_default()) },
        Err(_) => What::Closed { how: CloseKind::Reset },
    };
    recorder.note(Channel::Control, what);
}

fn ends(stream: &TcpStream) -> io::Result<(String, String)> {
    Ok((stream.local_addr()?.to_string(), stream.peer_addr()?.to_string()))
}

/// The last octet goes as urgent data: the Synch of RFC 854.
pub(super) async fn say_urgent(stream: &mut TcpStream, segment: &[u8]) -> io::Result<()> {
    let Some((last, before)) = segment.split_last() else { return Ok(()) };
    stream.write_all(before).await?;
    loop {
        stream.writable().await?;
        match stream.try_io(tokio::io::Interest::WRITABLE, || SockRef::from(&*stream).send_out_of_band(&[*last])) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
