//! Ports that systemd has opened for this server (`sd_listen_fds(3)`).

use std::ffi::OsString;
use std::net::TcpListener;

use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;
use thiserror::Error;

use super::Listener;

/// One for either kind of control connection.
const MOST: usize = 2;

/// The name of a socket where TLS begins at once (`FileDescriptorName=`). Any other is for those that begin in clear.
const IMPLICIT: &str = "tls";

/// The ports that were open when this process began.
#[derive(Debug, Default)]
pub(crate) struct Inherited {
    pub(crate) clear: Option<Listener>,
    /// Where TLS begins at once.
    pub(crate) implicit: Option<Listener>,
}

/// What the environment hands over cannot be served on.
#[derive(Debug, Error)]
pub(crate) enum InheritedError {
    #[error(
        "LISTEN_FDS is {0:?}, which is no number of sockets. It comes from the socket unit of systemd; without one, unset it."
    )]
    Count(OsString),
    #[error(
        "too many sockets are handed over: one may have the name `tls` (FileDescriptorName=), and one may have none or another. Take the others out of the socket units."
    )]
    TooMany,
    #[error(
        "the socket {0} that is handed over does not listen. Write ListenStream= with a port, and Accept=no, in its socket unit."
    )]
    Silent(usize),
    #[error(
        "the socket {number} that is handed over cannot be taken: {error}. Write ListenStream= with a port in its socket unit."
    )]
    Foreign { number: usize, error: std::io::Error },
}

impl Inherited {
    /// Takes them. To be called once, while this process has but one thread.
    ///
    /// # Errors
    /// They are too many, or no ports.
    pub(crate) fn take() -> Result<Self, InheritedError> {
        let names = names(std::process::id(), |name| std::env::var_os(name))?;
        let mut inherited = Self::default();
        if names.is_empty() {
            return Ok(inherited);
        }
        let mut sockets = ListenFd::from_env();
        for (number, name) in names.iter().enumerate() {
            let place = if name == IMPLICIT { &mut inherited.implicit } else { &mut inherited.clear };
            if place.is_some() {
                return Err(InheritedError::TooMany);
            }
            *place = Some(taken(&mut sockets, number)?);
        }
        Ok(inherited)
    }
}

fn taken(sockets: &mut ListenFd, number: usize) -> Result<Listener, InheritedError> {
    let foreign = |error| InheritedError::Foreign { number, error };
    let socket: TcpListener =
        sockets.take_tcp_listener(number).map_err(foreign)?.ok_or(InheritedError::Silent(number))?;
    if !socket_acceptconn(&socket).map_err(|error| foreign(error.into()))? {
        return Err(InheritedError::Silent(number));
    }
    socket.set_nonblocking(true).map_err(foreign)?;
    Listener::from_std(socket).map_err(foreign)
}

/// The names of the sockets that are meant for this process, in their order; empty ones where there are no names.
fn names(process: u32, variable: impl Fn(&str) -> Option<OsString>) -> Result<Vec<String>, InheritedError> {
    let is_meant = variable("LISTEN_PID").is_some_and(|meant| meant.to_str() == Some(&process.to_string()));
    let Some(count) = variable("LISTEN_FDS").filter(|_| is_meant) else { return Ok(Vec::new()) };
    let Some(number) = count.to_str().and_then(|count| count.parse::<usize>().ok()) else {
        return Err(InheritedError::Count(count));
    };
    if number > MOST {
        return Err(InheritedError::TooMany);
    }
    let named = variable("LISTEN_FDNAMES").unwrap_or_default().to_string_lossy().into_owned();
    Ok(named.split(':').chain(std::iter::repeat("")).take(number).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing(&[], Ok(""))]
    #[case::one(&[("LISTEN_PID", "7"), ("LISTEN_FDS", "1")], Ok("<>"))]
    #[case::named(&[("LISTEN_PID", "7"), ("LISTEN_FDS", "2"), ("LISTEN_FDNAMES", "ftp.socket:tls")], Ok("<ftp.socket><tls>"))]
    #[case::fewer_names(&[("LISTEN_PID", "7"), ("LISTEN_FDS", "2"), ("LISTEN_FDNAMES", "tls")], Ok("<tls><>"))]
    #[case::of_the_parent(&[("LISTEN_PID", "6"), ("LISTEN_FDS", "1")], Ok(""))]
    #[case::of_nobody(&[("LISTEN_FDS", "1")], Ok(""))]
    #[case::none(&[("LISTEN_PID", "7"), ("LISTEN_FDS", "0")], Ok(""))]
    #[case::no_number(&[("LISTEN_PID", "7"), ("LISTEN_FDS", "-1")], Err("LISTEN_FDS is \"-1\""))]
    #[case::too_many(&[("LISTEN_PID", "7"), ("LISTEN_FDS", "4000000000")], Err("too many sockets"))]
    fn what_is_meant_for_us(#[case] environment: &[(&str, &str)], #[case] expected: Result<&str, &str>) {
        let variable = |name: &str| environment.iter().find(|(own, _)| *own == name).map(|(_, value)| value.into());
        let names = names(7, variable).map_err(|error| error.to_string());
        match expected {
            Ok(expected) => {
                let shown = names.unwrap().iter().fold(String::new(), |shown, name| format!("{shown}<{name}>"));
                assert_eq!(shown, expected);
            }
            Err(expected) => assert!(names.as_ref().is_err_and(|error| error.starts_with(expected)), "{names:?}"),
        }
    }
}
