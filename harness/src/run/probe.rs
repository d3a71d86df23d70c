//! What a subject can do, where no file says so: each thing is tried once.
//!
//! A thing that it does not have makes scenarios skipped, never failed; so what is obligatory is never asked for here.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::subject::{Health, Login, Running, Subject};
use crate::wire::address::extended_argument;
use crate::wire::reply::ReplyReader;

/// How long a reply may take here.
const REPLY: Duration = Duration::from_secs(4);

/// Tries what the scenarios need. A subject that does not start claims nothing; the run will say why.
pub(super) async fn claims(subject: &Subject, needs: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut claims = BTreeSet::new();
    let mut running = None;
    for &need in needs {
        if running.is_none() {
            running = subject.start().await.ok();
        }
        let Some(server) = &mut running else { return claims };
        if has(server.address(), &subject.login, need).await.unwrap_or_default() {
            claims.insert(need.to_owned());
        }
        // What kills it while it is tried must not be missing for the next try.
        if server.health() != Health::Alive
            && let Some(server) = running.take()
        {
            server.stop().await;
        }
    }
    if let Some(server) = running {
        Running::stop(server).await;
    }
    claims
}

/// Whether the server has it. `None` where it gave no answer.
async fn has(address: SocketAddr, login: &Login, need: &str) -> Option<bool> {
    let known = |code: u16| !matches!(code, 500 | 502 | 504);
    if need == "passwords" {
        return Some(login.user != Login::anonymous().user);
    }
    let mut talk = Talk::begin(address).await?;
    if need == "anonymous" {
        return talk.login(&Login::anonymous()).await;
    }
    if !talk.login(login).await? {
        return Some(false);
    }
    let answer = match need {
        "writable" => {
            let code = talk.ask("MKD ftpspec-probe").await?;
            if code / 100 == 2 {
                talk.ask("RMD ftpspec-probe").await?;
            }
            code / 100 == 2 || !known(code)
        }
        "EPRT" => {
            let listener = TcpListener::bind((talk.local()?.ip(), 0)).await.ok()?;
            let line = format!("EPRT {}", extended_argument(listener.local_addr().ok()?));
            talk.ask(&line).await? == 200
        }
        "EPSV" => talk.ask("EPSV").await? == 229,
        "FEAT" => talk.ask("FEAT").await? == 211,
        "REST" => talk.ask("REST 0").await? == 350,
        "SIZE" | "MDTM" => known(talk.ask(&format!("{need} ftpspec-probe")).await?),
        "STOU" => known(talk.ask("STOU").await?),
        _ => return None,
    };
    // The reply to QUIT is of no interest, and a transfer may be under way.
    talk.stream.write_all(b"QUIT\r\n").await.ok();
    Some(answer)
}

struct Talk {
    stream: TcpStream,
    reader: ReplyReader,
    codes: std::collections::VecDeque<u16>,
}

impl Talk {
    async fn begin(address: SocketAddr) -> Option<Self> {
        let stream = timeout(REPLY, TcpStream::connect(address)).await.ok()?.ok()?;
        stream.set_nodelay(true).ok()?;
        let mut talk = Self { stream, reader: ReplyReader::default(), codes: std::collections::VecDeque::new() };
        while talk.reply().await? / 100 == 1 {}
        Some(talk)
    }

    fn local(&self) -> Option<SocketAddr> {
        self.stream.local_addr().ok()
    }

    async fn login(&mut self, login: &Login) -> Option<bool> {
        let mut code = self.ask(&format!("USER {}", login.user)).await?;
        if code == 331 {
            code = self.ask(&format!("PASS {}", login.password)).await?;
        }
        for line in &login.after {
            self.ask(line).await?;
        }
        Some(matches!(code, 230 | 202))
    }

    /// Says a line, and gives the code of the first reply.
    async fn ask(&mut self, line: &str) -> Option<u16> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
        self.reply().await
    }

    async fn reply(&mut self) -> Option<u16> {
        let mut buffer = [0; 4096];
        let until = tokio::time::Instant::now() + REPLY;
        loop {
            if let Some(code) = self.codes.pop_front() {
                return Some(code);
            }
            let length = tokio::time::timeout_at(until, self.stream.read(&mut buffer)).await.ok()?.ok()?;
            if length == 0 {
                return None;
            }
            let replies = self.reader.feed(buffer.get(..length).unwrap_or_default());
            self.codes.extend(replies.into_iter().filter_map(|reply| reply.code));
        }
    }
}
