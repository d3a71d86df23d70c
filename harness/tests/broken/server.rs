//! A small FTP server that is right but for one fault. It shares no code with the project.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};

use super::fault::Fault;
use super::transfer::Data;

/// Serves for ever.
pub(crate) fn serve(listener: &TcpListener, root: &Path, fault: Fault) -> ! {
    loop {
        let (control, _) = listener.accept().unwrap();
        let root = root.to_owned();
        let session = move || {
            // A client that goes away ends its session and no other.
            drop(Session::new(control, root, fault).and_then(|mut session| session.talk()));
        };
        if fault == Fault::OneClient {
            session();
        } else {
            std::thread::spawn(session);
        }
    }
}

pub(crate) struct Session {
    control: BufReader<TcpStream>,
    pub(crate) root: PathBuf,
    pub(crate) fault: Fault,
    pub(crate) here: PathBuf,
    pub(crate) image: bool,
    pub(crate) data: Data,
    user: Option<String>,
    logged_in: bool,
    renaming: Option<PathBuf>,
}

/// Whether the session goes on.
type Goes = io::Result<bool>;

impl Session {
    fn new(control: TcpStream, root: PathBuf, fault: Fault) -> io::Result<Self> {
        control.set_nodelay(true)?;
        Ok(Self {
            control: BufReader::new(control),
            root,
            fault,
            here: PathBuf::from("/"),
            image: false,
            data: Data::None,
            user: None,
            logged_in: false,
            renaming: None,
        })
    }

    fn talk(&mut self) -> io::Result<()> {
        self.reply(if self.fault == Fault::Greeting200 { "200 ready" } else { "220 ready" })?;
        while let Some(line) = self.line()? {
            if !self.command(&line)? {
                return Ok(());
            }
        }
        Ok(())
    }

    pub(crate) fn reply(&mut self, text: &str) -> io::Result<()> {
        self.control.get_mut().write_all(format!("{text}\r\n").as_bytes())
    }

    pub(crate) fn control(&self) -> &TcpStream {
        self.control.get_ref()
    }

    pub(crate) fn local(&self) -> io::Result<SocketAddr> {
        self.control().local_addr()
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.control.by_ref().take(4096).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if self.fault == Fault::FirstLineOnly {
            let rest = self.control.buffer().len();
            self.control.consume(rest);
        }
        let text = without_telnet(&line);
        Ok(Some(String::from_utf8_lossy(&text).trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn command(&mut self, line: &str) -> Goes {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let small = verb.chars().any(|letter| letter.is_ascii_lowercase());
        if small && self.fault == Fault::CapitalsOnly {
            return self.say("500 unknown");
        }
        let verb = verb.to_ascii_uppercase();
        let free = ["USER", "PASS", "QUIT", "HELP", "NOOP", "SYST", "FEAT"].contains(&verb.as_str());
        if !free && !self.logged_in && self.fault != Fault::NoLogin {
            return self.say("530 log in first");
        }
        let renaming = self.renaming.take();
        let wanting = ["USER", "RETR", "STOR", "APPE", "MKD", "XMKD", "RMD", "XRMD", "DELE", "RNFR", "RNTO", "CWD"];
        if argument.is_empty()
            && (wanting.contains(&verb.as_str()) || ["TYPE", "MODE", "STRU", "PORT"].contains(&&*verb))
        {
            return self.say("501 an argument is missing");
        }
        match verb.as_str() {
            "USER" | "PASS" | "ACCT" => self.login(&verb, argument),
            "QUIT" => {
                self.reply("221 bye")?;
                Ok(self.fault == Fault::QuitStays)
            }
            "RNFR" | "RNTO" => self.rename(&verb, argument, renaming),
            "PASV" | "PORT" => self.agree(&verb, argument).map(|()| true),
            "RETR" | "STOR" | "APPE" | "LIST" | "NLST" => self.transfer(&verb, argument).map(|()| true),
            "TYPE" | "MODE" | "STRU" => self.parameter(&verb, argument),
            "CWD" | "XCWD" | "CDUP" | "XCUP" | "PWD" | "XPWD" => self.navigate(&verb, argument),
            "MKD" | "XMKD" | "RMD" | "XRMD" | "DELE" => self.change(&verb, argument),
            _ => self.plain(&verb, argument),
        }
    }

    fn say(&mut self, text: &str) -> Goes {
        self.reply(text).map(|()| true)
    }

    fn login(&mut self, verb: &str, argument: &str) -> Goes {
        match (verb, &self.user) {
            ("USER", _) => {
                self.user = Some(argument.to_owned());
                self.logged_in = false;
                self.say("331 password")
            }
            ("PASS", Some(_)) => {
                self.logged_in = true;
                self.say("230 in")
            }
            ("PASS", None) => self.say("503 USER first"),
            _ => self.say("202 no accounts here"),
        }
    }

    fn plain(&mut self, verb: &str, argument: &str) -> Goes {
        match verb {
            "NOOP" if self.fault == Fault::NoCarriageReturn => {
                self.control.get_mut().write_all(b"200 ok\n").map(|()| true)
            }
            "NOOP" if self.fault == Fault::SurplusReply => self.say("200 ok\r\n200 still ok"),
            "NOOP" => self.say("200 ok"),
            "SYST" => self.say("215 UNIX Type: L8"),
            "ABOR" => self.say("226 nothing to abort"),
            "STAT" if !argument.is_empty() => {
                let entries = std::fs::read_dir(self.on_disk(&self.virtual_path(argument)));
                let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
                let mut lines = vec!["212-there".to_owned()];
                lines.extend(names.map(|name| format!(" {}", name.display())));
                lines.push("212 end".to_owned());
                self.say(&lines.join("\r\n"))
            }
            "STAT" => self.say("211 well"),
            "ALLO" => self.say("202 not needed"),
            "HELP" if self.fault == Fault::NoLastLine && !argument.is_empty() => self.say("214-help\r\n  RETR name"),
            "HELP" => self.say("214-help\r\n  RETR name\r\n214 end"),
            _ if self.fault == Fault::UnknownVerbIsFine => self.say("200 fine"),
            _ => self.say("500 unknown"),
        }
    }

    fn parameter(&mut self, verb: &str, argument: &str) -> Goes {
        match (verb, argument.to_ascii_uppercase().as_str()) {
            ("TYPE", "A" | "A N") => self.image = false,
            ("TYPE", "I" | "L 8") => self.image = true,
            ("MODE", "S") | ("STRU", "F") => {}
            _ => return self.say("504 not this one"),
        }
        self.say("200 ok")
    }

    fn navigate(&mut self, verb: &str, argument: &str) -> Goes {
        match verb {
            "PWD" | "XPWD" if self.fault == Fault::PwdUnquoted => {
                let name = self.here.display().to_string();
                self.say(&format!("257 {name} is the current directory"))
            }
            "PWD" | "XPWD" => {
                let name = quoted(&self.here);
                self.say(&format!("257 {name} is the current directory"))
            }
            _ => {
                let to = self.virtual_path(if verb.ends_with("CWD") { argument } else { ".." });
                if self.fault != Fault::CwdAnywhere && !self.on_disk(&to).is_dir() {
                    return self.say("550 no such directory");
                }
                self.here = to;
                self.image &= self.fault != Fault::CwdSetsTypeBack;
                self.say("250 there")
            }
        }
    }

    fn change(&mut self, verb: &str, argument: &str) -> Goes {
        let name = self.virtual_path(argument);
        let path = self.on_disk(&name);
        let done = match verb {
            "MKD" | "XMKD" => std::fs::create_dir(&path),
            "RMD" | "XRMD" => std::fs::remove_dir(&path),
            _ if self.fault == Fault::DeletesNothing => path.metadata().map(drop),
            _ => std::fs::remove_file(&path),
        };
        match (done.is_ok(), verb.ends_with("MKD"), self.fault) {
            (false, ..) => self.say("550 not done"),
            (true, true, Fault::Mkd250) => self.say("250 directory made"),
            (true, true, Fault::MkdUnquoted) => self.say(&format!("257 {} made", name.display())),
            (true, true, _) => self.say(&format!("257 {} made", quoted(&name))),
            (true, false, _) => self.say("250 done"),
        }
    }

    fn rename(&mut self, verb: &str, argument: &str, from: Option<PathBuf>) -> Goes {
        let path = self.on_disk(&self.virtual_path(argument));
        match (verb, from) {
            ("RNFR", _) if path.exists() => {
                self.renaming = Some(path);
                self.say("350 and its new name?")
            }
            ("RNFR", _) => self.say("550 no such file"),
            (_, Some(from)) => {
                let done = std::fs::rename(from, path).is_ok();
                self.say(if done { "250 renamed" } else { "553 not renamed" })
            }
            (_, None) if self.fault == Fault::RntoAlone => self.say("250 renamed"),
            (_, None) => self.say("503 RNFR first"),
        }
    }

    /// A name as the client sees it; nothing leads out of the root.
    pub(crate) fn virtual_path(&self, name: &str) -> PathBuf {
        let mut path = PathBuf::from("/");
        for part in self.here.join(name).components() {
            match part {
                Component::Normal(part) => path.push(part),
                Component::ParentDir => {
                    path.pop();
                }
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
        path
    }

    pub(crate) fn on_disk(&self, name: &Path) -> PathBuf {
        self.root.join(name.strip_prefix("/").unwrap())
    }
}

fn quoted(name: &Path) -> String {
    format!("\"{}\"", name.display().to_string().replace('"', "\"\""))
}

/// A line without Telnet commands. The urgent octet of a Synch is not among what is read.
fn without_telnet(line: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut rest = line;
    while let Some((&octet, tail)) = rest.split_first() {
        rest = match (octet, tail) {
            (255, [251..=254, _, tail @ ..] | [240..=250, tail @ ..] | tail) => tail,
            (octet, tail) => {
                text.push(octet);
                tail
            }
        };
    }
    text
}
