//! Finding a server.

use std::io;

use tokio::net::{TcpStream, lookup_host};

use super::RuntimeError;
use crate::target::ServerName;

/// Tries each address of the server in turn.
pub(super) async fn connect(server: &ServerName) -> Result<TcpStream, RuntimeError> {
    let unknown = |problem| RuntimeError::Unknown { server: server.clone(), problem };
    let addresses = lookup_host((server.host.as_str(), server.port)).await.map_err(unknown)?;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(problem) => last = problem,
        }
    }
    Err(RuntimeError::Unreachable { server: server.clone(), problem: last })
}
