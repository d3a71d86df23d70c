//! What the broken server does with data connections.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Socket, Type};

use super::fault::Fault;
use super::server::Session;

/// How a data connection comes about.
pub(crate) enum Data {
    None,
    Passive(TcpListener),
    Active(SocketAddr),
}

/// How long a client may take to connect.
const PATIENCE: Duration = Duration::from_secs(1);
/// How late a late listener is.
const LATE: Duration = Duration::from_millis(100);

impl Session {
    pub(crate) fn agree(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        if verb == "PASV" {
            return self.passive();
        }
        let Some(address) = six_numbers(argument) else { return self.reply("501 not an address") };
        self.data = Data::Active(address);
        self.reply("200 ok")
    }

    fn passive(&mut self) -> io::Result<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(self.local()?.ip(), 0).into())?;
        let late = self.fault == Fault::ListensLate;
        if !late {
            socket.listen(8)?;
        }
        let port = socket.local_addr()?.as_socket().unwrap().port();
        let [high, low] = port.to_be_bytes();
        let host = if self.fault == Fault::PasvTellsNoHost { "0,0,0,0" } else { "127,0,0,1" };
        if self.fault == Fault::PasvWithoutNumbers {
            self.reply("227 passive")?;
        } else {
            self.reply(&format!("227 passive ({host},{high},{low})"))?;
        }
        if late {
            // The client's next command comes only when it is connected, so this is a pause.
            ready(self.control(), LATE)?;
            socket.listen(8)?;
        }
        self.data = Data::Passive(socket.into());
        Ok(())
    }

    pub(crate) fn transfer(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        match verb {
            "RETR" => {
                let path = self.on_disk(&self.virtual_path(argument));
                if self.fault == Fault::EmptyForMissing && !path.exists() {
                    return self.send(&[]);
                }
                if !path.is_file() {
                    return self.reply("550 no such file");
                }
                let body = fs::read(path)?;
                let text = !self.image || self.fault == Fault::TextInTypeImage;
                let mut body = if text { with_carriage_returns(&body) } else { body };
                if self.fault == Fault::SendsMore {
                    body.push(0);
                }
                self.send(&body)
            }
            "LIST" | "NLST" => {
                let ignored = verb == "LIST" && self.fault == Fault::ListIgnoresArgument;
                let of = self.virtual_path(if ignored { "." } else { argument });
                let Ok(entries) = fs::read_dir(self.on_disk(&of)) else { return self.reply("550 no such directory") };
                let before = if verb == "LIST" { "-rw-r--r-- 1 ftp ftp 1 Jan  1 00:00 " } else { "" };
                let after = if self.fault == Fault::NamesEndInLf { "\n" } else { "\r\n" };
                let mut lines: Vec<String> = entries
                    .flatten()
                    .map(|entry| format!("{before}{}{after}", entry.file_name().to_string_lossy()))
                    .collect();
                lines.sort();
                self.send(lines.concat().as_bytes())
            }
            _ => self.store(verb == "APPE", argument),
        }
    }

    fn send(&mut self, body: &[u8]) -> io::Result<()> {
        self.reply("150 here it comes")?;
        let Some(mut data) = self.reached()? else { return Ok(()) };
        if self.fault == Fault::EarlySuccess {
            self.reply("226 done")?;
        }
        let sent = data.write_all(body);
        drop(data);
        match (sent.is_ok(), self.fault) {
            (_, Fault::EarlySuccess) => Ok(()),
            (false, Fault::DiesOfReset) => std::process::abort(),
            (false, Fault::ResetIsSuccess) | (true, _) => self.reply("226 done"),
            (false, _) => self.reply("426 broken off"),
        }
    }

    fn store(&mut self, append: bool, name: &str) -> io::Result<()> {
        let path = self.on_disk(&self.virtual_path(name));
        let append = append && self.fault != Fault::AppendReplaces;
        let mut options = fs::OpenOptions::new();
        let options = options.create(true).append(append).write(true);
        let Ok(mut file) = options.truncate(!append && self.fault != Fault::KeepsOldTail).open(path) else {
            return self.reply("553 not here");
        };
        self.reply("150 go on")?;
        let Some(mut data) = self.reached()? else { return Ok(()) };
        if self.fault == Fault::StoreEndsEarly {
            self.reply("226 stored")?;
        }
        let mut body = Vec::new();
        let whole = data.read_to_end(&mut body).is_ok();
        let mut body = if self.image { body } else { without_carriage_returns(&body) };
        if self.fault == Fault::StoresLess {
            body.pop();
        }
        file.write_all(&body)?;
        match (whole, self.fault) {
            (_, Fault::StoreEndsEarly) => Ok(()),
            (true, _) => self.reply("226 stored"),
            (false, _) => self.reply("426 broken off"),
        }
    }

    /// The data connection; where there is none, that is said.
    fn reached(&mut self) -> io::Result<Option<TcpStream>> {
        let data = match std::mem::replace(&mut self.data, Data::None) {
            Data::Active(address) => TcpStream::connect_timeout(&address, PATIENCE).ok(),
            Data::Passive(listener) if ready(&listener, PATIENCE)? => Some(listener.accept()?.0),
            Data::None | Data::Passive(_) => None,
        };
        if data.is_none() && self.fault != Fault::No425 {
            self.reply("425 no data connection")?;
        }
        Ok(data)
    }
}

/// Whether something comes in time.
fn ready(socket: &impl AsFd, within: Duration) -> io::Result<bool> {
    let mut wanted = [PollFd::new(socket, PollFlags::IN)];
    let within = Timespec::try_from(within).map_err(io::Error::other)?;
    Ok(poll(&mut wanted, Some(&within))? > 0)
}

fn six_numbers(argument: &str) -> Option<SocketAddr> {
    let numbers: Option<Vec<u8>> = argument.split(',').map(|number| number.parse().ok()).collect();
    let [a, b, c, d, high, low] = numbers?[..] else { return None };
    Some((Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low])).into())
}

fn with_carriage_returns(body: &[u8]) -> Vec<u8> {
    body.iter()
        .flat_map(|octet| if *octet == b'\n' { &b"\r\n"[..] } else { std::slice::from_ref(octet) })
        .copied()
        .collect()
}

fn without_carriage_returns(body: &[u8]) -> Vec<u8> {
    let next = body.iter().copied().skip(1).map(Some).chain([None]);
    body.iter().copied().zip(next).filter(|pair| *pair != (b'\r', Some(b'\n'))).map(|(octet, _)| octet).collect()
}
