//! A network of one's own: loopback, and a second address, since some servers look for one that is not loopback.

use std::io;
use std::net::Ipv4Addr;

use nix::sched::{CloneFlags, unshare};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, sendto, socket};

/// The second address. No network that people use is likely to have it.
const SECOND: Ipv4Addr = Ipv4Addr::new(10, 9, 8, 7);

// include/uapi/linux/rtnetlink.h, netlink.h, if.h and if_addr.h.
const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const REQUEST_AND_ACK: u16 = 1 | 4;
const CREATE: u16 = 0x400;
const IFF_UP: u32 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const AF_INET: u8 = 2;
const NLMSG_ERROR: u16 = 2;
/// Loopback is the first interface of every network.
const LOOPBACK: u32 = 1;

/// Gives the calling thread, and whatever it starts, a network of its own.
///
/// # Errors
/// The kernel gives none.
pub(crate) fn enter() -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    let mut link = vec![0; 16];
    put(&mut link, 4, &LOOPBACK.to_ne_bytes());
    put(&mut link, 8, &IFF_UP.to_ne_bytes());
    put(&mut link, 12, &IFF_UP.to_ne_bytes());
    ask(RTM_NEWLINK, REQUEST_AND_ACK, &link)?;
    let mut address = vec![AF_INET, 32, 0, 0];
    address.extend(LOOPBACK.to_ne_bytes());
    for attribute in [IFA_LOCAL, IFA_ADDRESS] {
        address.extend(8_u16.to_ne_bytes());
        address.extend(attribute.to_ne_bytes());
        address.extend(SECOND.octets());
    }
    ask(RTM_NEWADDR, REQUEST_AND_ACK | CREATE, &address)?;
    // Port 21 is nobody's privilege here.
    std::fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0")?;
    // No connection keeps a port from the next start: many a student's server does not say SO_REUSEADDR. A kernel without
    // the setting for each network has the delay, and only servers with a fixed port feel it.
    if let Err(error) = std::fs::write("/proc/sys/net/ipv4/tcp_max_tw_buckets", "0") {
        tracing::debug!(%error, "connections linger after their end");
    }
    Ok(())
}

fn ask(kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
    let socket = socket(AddressFamily::NETLINK, SocketType::RAW, None)?; // NETLINK_ROUTE is 0
    let length = u32::try_from(16 + body.len()).map_err(io::Error::other)?;
    let mut message = Vec::with_capacity(16 + body.len());
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend([0; 8]);
    message.extend(body);
    sendto(&socket, &message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut answer = [0_u8; 512];
    let (_, length) = recv(&socket, &mut answer[..], RecvFlags::empty())?;
    answered(answer.get(..length).unwrap_or_default())
}

/// The kernel answers with an error, which is 0 where all went well.
fn answered(answer: &[u8]) -> io::Result<()> {
    let kind = answer.get(4..6).and_then(|octets| octets.try_into().ok()).map(u16::from_ne_bytes);
    let error = answer.get(16..20).and_then(|octets| octets.try_into().ok()).map(i32::from_ne_bytes);
    match (kind, error) {
        (Some(NLMSG_ERROR), Some(0)) => Ok(()),
        (Some(NLMSG_ERROR), Some(error)) => Err(io::Error::from_raw_os_error(-error)),
        (_, _) => Err(io::Error::other("the kernel's answer is not understood")),
    }
}

fn put(message: &mut [u8], at: usize, octets: &[u8]) {
    if let Some(place) = message.get_mut(at..at + octets.len()) {
        place.copy_from_slice(octets);
    }
}
