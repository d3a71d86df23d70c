//! What a subject can do, where no file says so: each thing is tried once.
//!
//! A thing that it does not have makes scenarios skipped, never failed; so what is obligatory is never asked for here.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::Options;
use crate::subject::{Health, Login, Running, StartError, Subject};
use crate::wire::address::extended_argument;
use crate::wire::reply::{ReplyReader, SeenReply};

/// How long a reply may take here.
const REPLY: Duration = Duration::from_secs(4);

/// How long is waited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    greeting: Duration,
    reply: Duration,
}

impl Patience {
    /// The greeting may take as long as any reply of a case.
    pub(super) fn of(options: &Options) -> Self {
        Self { greeting: options.reply, reply: REPLY.mul_f64(options.stretch) }
    }
}

/// What a try showed.
#[derive(Debug, Default)]
pub(super) struct Probed {
    /// What it can do.
    pub(super) claims: BTreeSet<String>,
    /// Whether it gave no greeting.
    pub(super) mute: bool,
    /// Why it did not start, if it did not.
    pub(super) never_started: Option<StartError>,
}

impl Probed {
    /// What a subject says of itself.
    pub(super) fn of(claims: BTreeSet<String>) -> Self {
        Self { claims, ..Self::default() }
    }
}

/// Tries what the scenarios need.
pub(super) async fn probe(subject: &Subject, needs: &BTreeSet<&str>, patience: Patience) -> Probed {
    let mut probed = Probed::default();
    let mut running = None;
    for &need in needs {
        if subject.accounts.claims().any(|claim| claim == need) {
            probed.claims.insert(need.to_owned());
            continue;
        }
        let server = match running.take() {
            Some(server) => server,
            None => match subject.start().await {
                Ok(server) => server,
                Err(error) => {
                    probed.never_started = Some(error);
                    return probed;
                }
            },
        };
        let server = running.insert(server);
        match has(server.address(), &subject.login, need, patience).await {
            Seen::Has => drop(probed.claims.insert(need.to_owned())),
            Seen::HasNot => {}
            // What answers neither here nor there is asked nothing more; the cases will say what is wrong.
            Seen::Mute => {
                probed.mute = true;
                break;
            }
            Seen::Closed | Seen::NoLogin => break,
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
    probed
}

/// What a try of one thing showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Has,
    HasNot,
    /// No greeting came in time.
    Mute,
    /// No greeting came before the end.
    Closed,
    /// The login was not answered.
    NoLogin,
}

/// Whether the user was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoggedIn {
    Yes,
    No,
}

/// Whether the server has it. No answer is none.
async fn has(address: SocketAddr, login: &Login, need: &str, patience: Patience) -> Seen {
    let seen = |has: bool| if has { Seen::Has } else { Seen::HasNot };
    if need == "passwords" {
        return seen(login.user != Login::anonymous().user);
    }
    let mut talk = match Talk::begin(address, patience).await {
        Ok(talk) => talk,
        Err(seen) => return seen,
    };
    if need == "TLS" {
        // Behind 234 nothing is understood but TLS: so it is asked for last.
        return talk.ask("AUTH TLS").await.map_or(Seen::NoLogin, |code| seen(code == 234));
    }
    let who = if need == "anonymous" { &Login::anonymous() } else { login };
    let seen = match talk.login(who).await {
        Some(LoggedIn::Yes) if need == "anonymous" => Seen::Has,
        Some(LoggedIn::Yes) => seen(talk.tries(need).await.unwrap_or_default()),
        Some(LoggedIn::No) => Seen::HasNot,
        None => Seen::NoLogin,
    };
    talk.leave().await;
    seen
}

pub(super) struct Talk {
    stream: TcpStream,
    reader: ReplyReader,
    replies: VecDeque<(u16, String)>,
    /// The last line of the last reply.
    pub(super) last: String,
    patience: Patience,
}

impl Talk {
    pub(super) async fn begin(address: SocketAddr, patience: Patience) -> Result<Self, Seen> {
        let connected = timeout(patience.reply, TcpStream::connect(address)).await.ok().and_then(Result::ok);
        let stream = connected.ok_or(Seen::Closed)?;
        stream.set_nodelay(true).map_err(|_| Seen::Closed)?;
        let mut talk =
            Self { stream, reader: ReplyReader::default(), replies: VecDeque::new(), last: String::new(), patience };
        let greeted = async {
            // This wait ends with the one round it.
            while talk.reply(patience.greeting * 2).await? / 100 == 1 {}
            Some(())
        };
        match timeout(patience.greeting, greeted).await {
            Ok(Some(())) => Ok(talk),
            Ok(None) => Err(Seen::Closed),
            Err(_) => Err(Seen::Mute),
        }
    }

    /// Whether the server has what a scenario needs. `None` where it gave no answer.
    async fn tries(&mut self, need: &str) -> Option<bool> {
        let known = |code: u16| !matches!(code, 500 | 502 | 504);
        let has = match need {
            "writable" => {
                let code = self.ask("MKD ftpspec-probe").await?;
                if code / 100 == 2 {
                    self.ask("RMD ftpspec-probe").await?;
                }
                code / 100 == 2 || !known(code)
            }
            "EPRT" => {
                let listener = TcpListener::bind((self.local()?.ip(), 0)).await.ok()?;
                let line = format!("EPRT {}", extended_argument(listener.local_addr().ok()?));
                self.ask(&line).await? == 200
            }
            "EPSV" => self.ask("EPSV").await? == 229,
            "FEAT" => self.ask("FEAT").await? == 211,
            "REST" => self.ask("REST 0").await? == 350,
            "SIZE" | "MDTM" | "MLST" => known(self.ask(&format!("{need} ftpspec-probe")).await?),
            "TYPE-E" | "STRU-R" | "STRU-P" | "MODE-B" | "MODE-C" | "MODE-Z" => {
                self.ask(&need.replace('-', " ")).await? / 100 == 2
            }
            "STOU" => known(self.ask("STOU").await?),
            _ => return None,
        };
        Some(has)
    }

    /// The reply to QUIT is of no interest, and a transfer may be under way.
    pub(super) async fn leave(&mut self) {
        self.stream.write_all(b"QUIT\r\n").await.ok();
    }

    fn local(&self) -> Option<SocketAddr> {
        self.stream.local_addr().ok()
    }

    /// Logs in. No answer is none.
    pub(super) async fn login(&mut self, login: &Login) -> Option<LoggedIn> {
        let mut code = self.ask(&format!("USER {}", login.user)).await?;
        if code == 331 {
            code = self.ask(&format!("PASS {}", login.password)).await?;
        }
        let said = self.last.clone();
        for line in &login.after {
            self.ask(line).await?;
        }
        self.last = said;
        Some(if matches!(code, 230 | 202) { LoggedIn::Yes } else { LoggedIn::No })
    }

    /// Says a line, and gives the code of the first reply.
    pub(super) async fn ask(&mut self, line: &str) -> Option<u16> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
        self.reply(self.patience.reply).await
    }

    async fn reply(&mut self, within: Duration) -> Option<u16> {
        let mut buffer = [0; 4096];
        let until = tokio::time::Instant::now() + within;
        loop {
            if let Some((code, line)) = self.replies.pop_front() {
                self.last = line;
                return Some(code);
            }
            let length = tokio::time::timeout_at(until, self.stream.read(&mut buffer)).await.ok()?.ok()?;
            if length == 0 {
                return None;
            }
            let replies = self.reader.feed(buffer.get(..length).unwrap_or_default());
            self.replies.extend(replies.into_iter().filter_map(|reply| Some((reply.code?, last_line(&reply)))));
        }
    }
}

/// A line is shown to people, and a peer can say much.
fn last_line(reply: &SeenReply) -> String {
    let line = reply.lines.last().map_or(&[][..], Vec::as_slice);
    String::from_utf8_lossy(line).chars().take(200).collect()
}
