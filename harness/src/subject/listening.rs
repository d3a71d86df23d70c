//! Who listens where, read from /proc: the tables of this thread's network, for threads may have networks of their own.
//!
//! A connection that is made only to see whether a server is there, and closed at once, ends one student's server in
//! three. The kernel's table of sockets tells the same and touches nobody.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A socket that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listener {
    /// The address it is bound to.
    pub(super) address: SocketAddr,
    /// The number by which `/proc/PID/fd` names it.
    pub(super) inode: u64,
}

impl Listener {
    /// The address to connect to. A socket bound to every address is reached over loopback.
    pub(super) fn reached_at(self) -> SocketAddr {
        // A socket bound to `::` takes IPv4 too, unless somebody forbade it; then it would not be in want of a client.
        let ip = if self.address.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { self.address.ip() };
        SocketAddr::new(ip, self.address.port())
    }
}

/// The sockets that listen on this port, those of IPv4 first.
///
/// # Errors
/// The kernel's table cannot be read.
pub(super) fn on(port: u16) -> io::Result<Vec<Listener>> {
    let mut listeners = rows(lines_of(File::open("/proc/thread-self/net/tcp")?))?;
    match File::open("/proc/thread-self/net/tcp6") {
        Ok(table) => listeners.extend(rows(lines_of(table))?),
        // A kernel without IPv6 has no such table.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    listeners.retain(|listener| listener.address.port() == port);
    Ok(listeners)
}

/// Whether somebody listens on this port.
///
/// # Errors
/// The kernel's table cannot be read.
pub(crate) fn is_listened_on(port: u16) -> io::Result<bool> {
    Ok(!on(port)?.is_empty())
}

/// Little is asked for at a time: the kernel makes no more rows than fit, and those of thousands of connections are dear.
fn lines_of(table: File) -> impl BufRead {
    BufReader::with_capacity(ROW, table)
}

/// The octets of a row of IPv4, about.
const ROW: usize = 150;

/// Those that listen come first in the table; then nothing more is read.
fn rows(table: impl BufRead) -> io::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    for line in table.lines().skip(1) {
        match row(&line?) {
            Row::Listens(listener) => listeners.push(listener),
            Row::IsConnected => break,
            Row::Unread => {}
        }
    }
    Ok(listeners)
}

/// A line of the table.
enum Row {
    Listens(Listener),
    IsConnected,
    /// Not as the kernel prints it.
    Unread,
}

/// `0: 0100007F:0849 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 …`
fn row(line: &str) -> Row {
    let columns: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, address, _, state, _, _, _, _, _, inode, ..] = columns.as_slice() else { return Row::Unread };
    // 0A is LISTEN (include/net/tcp_states.h).
    if *state != "0A" {
        return Row::IsConnected;
    }
    let address = address
        .split_once(':')
        .and_then(|(address, port)| Some(SocketAddr::new(ip(address)?, u16::from_str_radix(port, 16).ok()?)));
    match (address, inode.parse()) {
        (Some(address), Ok(inode)) => Row::Listens(Listener { address, inode }),
        _ => Row::Unread,
    }
}

/// An address as the table prints it: words of four octets, each in the order of the machine.
fn ip(hexadecimal: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hexadecimal.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hexadecimal.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let octets: [u8; 16] = words.concat().try_into().ok()?;
            Some(Ipv6Addr::from(octets).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::{Duration, Instant};

    use rstest::rstest;

    use super::{on, rows};

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0849 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:0849 0100007F:D2C4 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 20 4 30 10 -1
   2: nonsense
";

    #[test]
    #[cfg(target_endian = "little")]
    fn a_row_that_listens_is_read() {
        let found = rows(TABLE.as_bytes()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].address, "127.0.0.1:2121".parse().unwrap());
        assert_eq!(found[0].inode, 4711);
    }

    #[rstest]
    #[case("127.0.0.1:0", "127.0.0.1")]
    #[case("127.0.0.2:0", "127.0.0.2")]
    #[case("0.0.0.0:0", "127.0.0.1")]
    #[case("[::1]:0", "::1")]
    #[case("[::]:0", "127.0.0.1")]
    fn a_listener_of_our_own_is_seen(#[case] bound: &str, #[case] reached: &str) {
        let listener = TcpListener::bind(bound).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = on(port).unwrap();
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(seen[0].address, listener.local_addr().unwrap());
        assert_eq!(seen[0].reached_at().ip().to_string(), reached);
        drop(listener);
        // A program that another test starts just now holds every descriptor of ours until it is executed.
        let began = Instant::now();
        while !on(port).unwrap().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(10), "it is gone");
            std::thread::yield_now();
        }
    }
}
