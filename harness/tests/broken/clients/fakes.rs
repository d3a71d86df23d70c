//! Clients with one fault each: this program itself, run again with a part to play.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

/// What a client plays, and where the server is: said to it in its environment.
pub(crate) const PART: &str = "FAKE_CLIENT";
pub(crate) const ADDRESS: &str = "FAKE_SERVER";
/// The file to which a client adds the number of its process.
pub(crate) const PROCESSES: &str = "FAKE_PROCESSES";

/// The bad clients' side. Without a part to play, it checks that an unknown part is refused.
#[test]
fn fake_client() -> ExitCode {
    let Ok(part) = std::env::var(PART) else {
        assert!(!PARTS.contains(&"nonsense"), "a slip in the name of a part must not pass for a client");
        return ExitCode::SUCCESS;
    };
    assert!(PARTS.contains(&part.as_str()), "there is no part {part}");
    let mut processes = OpenOptions::new().append(true).open(std::env::var(PROCESSES).unwrap()).unwrap();
    writeln!(processes, "{}", std::process::id()).unwrap();
    if part == "exits" {
        std::process::exit(7)
    }
    let stream = TcpStream::connect(std::env::var(ADDRESS).unwrap()).unwrap();
    let output = OpenOptions::new().write(true).open("/proc/self/fd/3").unwrap();
    Fake { part, control: BufReader::new(stream), output, said: String::new(), data: None }.obey()
}

const PARTS: &[&str] = &[
    "good",
    "line-feed",
    "small-letters",
    "other-argument",
    "chatters",
    "twice",
    "endless-line",
    "mute",
    "exits",
    "floods",
    "gives-up",
    "dies",
    "hangs",
    "dies-in-transfer",
    "dies-unconnected",
    "never-connects",
    "never-listens",
    "exit-code",
    "never-ends",
    "first-line",
    "loses",
    "adds",
    "alters",
    "never-closes",
    "foreign",
];

/// A client with at most one fault.
struct Fake {
    part: String,
    control: BufReader<TcpStream>,
    output: File,
    /// The last command.
    said: String,
    data: Option<Data>,
}

enum Data {
    Open(TcpStream),
    Expected(TcpListener),
}

impl Fake {
    fn obey(mut self) -> ExitCode {
        if self.part == "mute" {
            forever()
        }
        while self.part == "floods" {
            if self.output.write_all(&[b'x'; 4096]).is_err() {
                forever()
            }
        }
        for line in std::io::stdin().lines() {
            let line = line.unwrap();
            match line.split_once(' ').unwrap_or((&line, "")) {
                ("C", command) => self.say(command),
                ("reply", _) => {
                    self.reply();
                }
                ("open", "PASV") => self.passive(),
                ("open", "PORT") => self.active(),
                ("receive", name) => self.receive(name),
                ("send", name) => self.send(name),
                ("close", _) if self.part == "never-ends" => forever(),
                // At once: what the test program would still print has no reader.
                ("close", _) => std::process::exit(if self.part == "exit-code" { 3 } else { 0 }),
                _ => self.print(&format!("error what is {line}?")),
            }
        }
        ExitCode::FAILURE
    }

    fn print(&mut self, line: &str) {
        writeln!(self.output, "{line}").unwrap();
    }

    fn say(&mut self, command: &str) {
        let said = match self.part.as_str() {
            "line-feed" => format!("{command}\n"),
            "small-letters" => format!("{}\r\n", command.to_lowercase()),
            "other-argument" => format!("{}\r\n", command.replacen(' ', " x", 1)),
            "twice" => format!("{command}\r\n{command}\r\n"),
            "endless-line" => command.to_owned(),
            _ => format!("{command}\r\n"),
        };
        self.control.get_mut().write_all(said.as_bytes()).unwrap();
        command.clone_into(&mut self.said);
    }

    fn reply(&mut self) -> String {
        match self.part.as_str() {
            "gives-up" => {
                self.print("error I do not like it");
                std::process::exit(1)
            }
            "dies" => std::process::abort(),
            "hangs" if self.said.starts_with("USER") => forever(),
            _ => {}
        }
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            self.control.read_line(&mut line).unwrap();
            let line = line.trim_end().to_owned();
            writeln!(printed, "S {line}").unwrap();
            if line.as_bytes()[3] == b' ' || self.part == "first-line" {
                self.print(&format!("{printed}."));
                if self.part == "chatters" && self.said == "NOOP" {
                    self.say("NOOP");
                }
                return line;
            }
        }
    }

    fn passive(&mut self) {
        self.say("PASV");
        let reply = self.reply();
        match self.part.as_str() {
            "never-connects" => return,
            "dies-unconnected" => std::process::abort(),
            _ => {}
        }
        let numbers = reply.split(['(', ')']).nth(1).unwrap();
        let ports: Vec<u16> = numbers.split(',').skip(4).map(|number| number.parse().unwrap()).collect();
        self.data = Some(Data::Open(TcpStream::connect(("127.0.0.1", ports[0] * 256 + ports[1])).unwrap()));
    }

    fn active(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let host = if self.part == "foreign" { "127,0,0,9" } else { "127,0,0,1" };
        self.say(&format!("PORT {host},{},{}", port / 256, port % 256));
        self.reply();
        self.data = (self.part != "never-listens").then_some(Data::Expected(listener));
    }

    fn stream(&mut self) -> TcpStream {
        match self.data.take() {
            Some(Data::Open(stream)) => stream,
            Some(Data::Expected(listener)) => listener.accept().unwrap().0,
            None => forever(),
        }
    }

    fn receive(&mut self, name: &str) {
        if self.part == "dies-in-transfer" {
            std::process::abort()
        }
        let mut octets = Vec::new();
        self.stream().read_to_end(&mut octets).unwrap();
        if self.part == "loses" {
            octets.pop();
        }
        std::fs::write(name, &octets).unwrap();
        self.print(&format!("received {}", octets.len()));
    }

    fn send(&mut self, name: &str) {
        let mut octets = std::fs::read(name).unwrap();
        if self.part == "adds" {
            octets.push(b'!');
        }
        if self.part == "alters" {
            octets[17] ^= 1;
        }
        let mut stream = self.stream();
        stream.write_all(&octets).unwrap();
        if self.part == "never-closes" {
            forever()
        }
        drop(stream);
        self.print(&format!("sent {}", octets.len()));
    }
}

fn forever() -> ! {
    loop {
        std::thread::park();
    }
}
