//! Whether the other end of a connection on this machine has read what was sent.
//!
//! The kernel is asked for one socket by its two addresses. Its table of all sockets tells the same, but takes milliseconds
//! where thousands of connections have just ended.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with};
use tokio::net::TcpStream;
use tokio::time::sleep;

/// Between two looks: the kernel gives no event.
const GLANCE: Duration = Duration::from_millis(2);
/// So many looks at a peer that does not read: 50 ms.
const MOST_GLANCES: usize = 25;

/// Waits until the peer has read what was sent, so that the next write is a segment of its own.
///
/// The kernel tells for a peer on this machine. For another one, or one that does not read, a moment must do.
pub(super) async fn taken_by_peer(stream: &TcpStream) {
    let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let asked = if peer.ip().is_loopback() { asking().ok() } else { None };
    for _ in 0..MOST_GLANCES {
        if let Some(asked) = &asked
            && let Ok(Some(0)) = unread_at(asked, peer, local)
        {
            return;
        }
        sleep(GLANCE).await;
    }
}

/// A socket to ask the kernel about sockets: `sock_diag(7)`.
fn asking() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(netlink::SOCK_DIAG))?)
}

/// `SOCK_DIAG_BY_FAMILY`, the kind of the question and of its answer.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST`.
const REQUEST: u16 = 1;
const TCP: u8 = 6;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// The length of `struct nlmsghdr`.
const HEADER: usize = 16;
/// Where `idiag_rqueue` stands in `struct inet_diag_msg`: behind four octets, the addresses (48) and the time (4).
const RECEIVE_QUEUE: usize = HEADER + 4 + 48 + 4;

/// How many octets wait to be read at the socket with these addresses; `None` if there is no such socket.
///
/// # Errors
/// The kernel cannot be asked, or its answer is not understood.
fn unread_at(asked: &OwnedFd, own: SocketAddr, other: SocketAddr) -> io::Result<Option<u32>> {
    send(asked, &question(own, other), SendFlags::empty())?;
    let mut answer = [0; 1024];
    let (_, length) = recv(asked, &mut answer, RecvFlags::empty())?;
    let answer = answer.get(..length).unwrap_or(&answer);
    if number(answer, 4).map(|kind| kind & 0xffff) != Some(u32::from(BY_FAMILY)) {
        // What else comes is an error: no such socket, nearly always.
        let error = number(answer, HEADER).map(|code| Errno::from_raw_os_error(code.cast_signed().saturating_neg()));
        return if error == Some(Errno::NOENT) { Ok(None) } else { Err(error.unwrap_or(Errno::PROTO).into()) };
    }
    number(answer, RECEIVE_QUEUE).map(Some).ok_or_else(|| Errno::PROTO.into())
}

/// `struct nlmsghdr` and `struct inet_diag_req_v2`: numbers as the host has them, ports and addresses as the network has.
fn question(own: SocketAddr, other: SocketAddr) -> Vec<u8> {
    let family = if own.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut body = vec![family, TCP, 0, 0];
    body.extend(u32::MAX.to_ne_bytes());
    body.extend(own.port().to_be_bytes());
    body.extend(other.port().to_be_bytes());
    body.extend(address(own.ip()));
    body.extend(address(other.ip()));
    // Any interface, and a cookie that asks for none.
    body.extend([0; 4]);
    body.extend([0xff; 8]);
    let length = u32::try_from(HEADER + body.len()).unwrap_or_default();
    let mut question = length.to_ne_bytes().to_vec();
    question.extend(BY_FAMILY.to_ne_bytes());
    question.extend(REQUEST.to_ne_bytes());
    question.extend([0; 8]);
    question.extend(body);
    question
}

/// An address in the 16 octets that it has room for.
fn address(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// The number at an offset.
fn number(octets: &[u8], at: usize) -> Option<u32> {
    octets.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    use rstest::rstest;

    use super::{asking, unread_at};

    #[rstest]
    #[case("127.0.0.1:0")]
    #[case("[::1]:0")]
    fn what_the_peer_has_not_read_is_told(#[case] at: &str) {
        let listener = TcpListener::bind(at).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let asked = asking().unwrap();
        let unread = || unread_at(&asked, server.local_addr().unwrap(), server.peer_addr().unwrap()).unwrap();
        assert_eq!(unread(), Some(0));
        client.write_all(b"NOOP\r\n").unwrap();
        // Over loopback what is written is there at once.
        assert_eq!(unread(), Some(6));
        (&server).read_exact(&mut [0; 4]).unwrap();
        assert_eq!(unread(), Some(2));
    }

    #[rstest]
    fn a_socket_that_is_not_there_is_told() {
        let nobody = "127.0.0.1:1".parse().unwrap();
        assert_eq!(unread_at(&asking().unwrap(), nobody, nobody).unwrap(), None);
    }
}
