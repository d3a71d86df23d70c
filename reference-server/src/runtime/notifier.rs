//! What the service manager is told (`sd_notify(3)`).

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use rustix::time::{ClockId, clock_gettime};

use super::Reload;

/// Tells whoever has started this server how it stands.
#[derive(Debug, Default)]
pub(crate) struct Notifier {
    /// None, where nobody wants to know.
    socket: Option<UnixDatagram>,
}

impl Notifier {
    /// Connects with the socket that the environment names. This is done while it can be reached: before another user takes over.
    ///
    /// # Errors
    /// It cannot be reached, or is of an unknown kind.
    pub(crate) fn from_environment() -> io::Result<Self> {
        match std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) {
            Some(name) => Self::connected(&name),
            None => Ok(Self::default()),
        }
    }

    fn connected(name: &OsStr) -> io::Result<Self> {
        let address = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
            [b'/', ..] => SocketAddr::from_pathname(name),
            _ => Err(io::Error::new(io::ErrorKind::Unsupported, "it begins neither with / nor with @")),
        }?;
        let socket = UnixDatagram::unbound()?;
        socket.connect_addr(&address)?;
        // It is told by the loop that all sessions share.
        socket.set_nonblocking(true)?;
        Ok(Self { socket: Some(socket) })
    }

    pub(super) fn ready(&self) {
        self.tell("READY=1");
    }

    /// The options begin to be read again. The time tells a service manager that this answers the signal that it has sent.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let microseconds = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// They are read.
    pub(super) fn reloaded(&self, end: Reload) {
        let status = match end {
            Reload::Complete => "The options were read again.",
            Reload::Refused => {
                "The options stay as they were: something is wrong in the new ones. The log of this unit says what."
            }
        };
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, state: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = socket.send(state.as_bytes())
        {
            tracing::warn!(%error, state, "the service manager cannot be told");
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut octets = [0; 100];
        let length = socket.recv(&mut octets).unwrap();
        String::from_utf8_lossy(&octets[..length]).into_owned()
    }

    #[test]
    fn a_path_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        Notifier::connected(path.as_os_str()).unwrap().ready();
        assert_eq!(heard(&socket), "READY=1");
    }

    #[test]
    fn an_abstract_name_is_told() {
        let name = format!("ftpspec-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        Notifier::connected(format!("@{name}").as_ref()).unwrap().stopping();
        assert_eq!(heard(&socket), "STOPPING=1");
    }

    #[rstest]
    #[case::nobody_there("/nonexistent/notify", io::ErrorKind::NotFound)]
    #[case::another_kind("vsock:2:1234", io::ErrorKind::Unsupported)]
    fn what_cannot_be_reached_is_said(#[case] name: &str, #[case] expected: io::ErrorKind) {
        assert_eq!(Notifier::connected(name.as_ref()).unwrap_err().kind(), expected);
    }
}
