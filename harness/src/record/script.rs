//! A session as the text of a scenario.

use std::collections::BTreeSet;

use super::dialogue::{Dialogue, Exchange, Reply};
use super::paths::{Place, Told};
use super::session::{Ending, Session};
use super::tree::{Standing, Tree};
use super::{listing, yaml};
use crate::scenario::load::values;

/// The longest conversation. A scenario file holds 1 MiB at most, its files and what it leaves included.
const LONGEST: usize = 250 << 10;
/// The longest purpose, in letters.
const LONGEST_PURPOSE: usize = 300;

/// What a scenario is for: a sentence on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose(String);

impl Purpose {
    /// This sentence; without one, that it was recorded.
    pub fn of(sentence: &str) -> Self {
        let letters = sentence.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
        let one_line: String = letters.take(LONGEST_PURPOSE).collect();
        let sentence = one_line.trim();
        Self(if sentence.is_empty() { "A session recorded from a client.".to_owned() } else { sentence.to_owned() })
    }
}

/// The scenario of a session; none where the client said nothing.
pub fn scenario(session: &Session, purpose: &Purpose) -> Option<String> {
    let dialogue = Dialogue::of(session);
    if dialogue.exchanges.is_empty() {
        return None;
    }
    let mut writer = Writer::default();
    let given = writer.all(&dialogue);
    let mut lines = vec![ABOUT.to_owned()];
    lines.extend(writer.remarks.iter().map(|remark| yaml::comment(remark)));
    lines.push(format!("purpose: {}", yaml::quoted(&purpose.0)));
    lines.push("recorded: true".to_owned());
    if given == Given::LoggedIn {
        lines.push("given: [logged-in]".to_owned());
    }
    lines.extend(keyed("files", writer.tree.files()));
    lines.push("steps:".to_owned());
    lines.push(writer.steps.trim_end_matches('\n').to_owned());
    lines.extend(keyed("leaves", writer.tree.leaves()));
    lines.push(String::new());
    Some(lines.join("\n"))
}

/// What everybody who opens the file should know.
const ABOUT: &str =
    "# Written by `ftpspec record`. It asks for what one server answered, not for what a specification says.";

/// A key and its lines; nothing where there are none.
fn keyed(key: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { lines } else { [vec![format!("{key}:")], lines].concat() }
}

/// With what a scenario begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Nothing,
    LoggedIn,
}

/// How bodies travel (RFC 959 §3), as far as commands were accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Travel {
    pub(super) representation: char,
    pub(super) structure: char,
    pub(super) mode: char,
}

impl Default for Travel {
    fn default() -> Self {
        Self { representation: 'A', structure: 'F', mode: 'S' }
    }
}

/// Writes the steps, and keeps in mind what they say of the server.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) place: Place,
    pub(super) tree: Tree,
    pub(super) travel: Travel,
    /// Whether data connections are under TLS.
    pub(super) private: bool,
    /// What REST said, for the transfer behind it.
    pub(super) offset: u64,
    /// The user who was logged in.
    user: Option<Vec<u8>>,
    from: Option<String>,
    times: usize,
    steps: String,
    /// Whether there is room for no more steps.
    full: bool,
    remarks: BTreeSet<&'static str>,
}

impl Writer {
    fn all(&mut self, dialogue: &Dialogue) -> Given {
        self.user = user(&dialogue.exchanges);
        let mut rest = dialogue.exchanges.as_slice();
        let mut given = Given::Nothing;
        match (login(rest), dialogue.greeting.last().map(|reply| reply.code)) {
            (Some(length), Some(220)) => {
                rest = rest.get(length..).unwrap_or_default();
                given = Given::LoggedIn;
            }
            (_, Some(220)) => self.step("S: [120?, 220]"),
            (_, Some(code)) => self.step(&format!("S: {}", written(code))),
            (_, None) => {}
        }
        while let Some(first) = rest.first() {
            if self.full || !first.replies.iter().all(|reply| is_code(reply.code)) {
                self.remark("The session went on. What follows cannot be kept, or was answered by what is no reply.");
                return self.some_step(given);
            }
            let length = match login(rest) {
                Some(length) => {
                    self.step("login: {}");
                    self.place.goes_home();
                    length
                }
                None => self.group(rest),
            };
            rest = rest.get(length.max(1)..).unwrap_or_default();
        }
        if dialogue.cut || self.full {
            self.remark("The session went on, and was too long to be kept.");
        } else {
            self.end(dialogue);
        }
        self.some_step(given)
    }

    /// A scenario has a step at least.
    fn some_step(&mut self, given: Given) -> Given {
        if self.steps.is_empty() {
            self.step("C: NOOP");
            self.step("S: 2yz");
        }
        given
    }

    fn end(&mut self, dialogue: &Dialogue) {
        let answered = dialogue.exchanges.iter().all(|exchange| exchange.code().is_some());
        let last = dialogue.exchanges.last().map(|last| last.verb.as_str());
        match dialogue.end {
            Some(Ending::Server) => self.step("closed: {}"),
            Some(Ending::Client) if last != Some("QUIT") || !answered => self.step("hang-up: fin"),
            Some(Ending::Client) | None => {}
        }
    }

    /// Commands that were said without waiting, and what came of them. Gives how many.
    fn group(&mut self, rest: &[Exchange]) -> usize {
        let Some(first) = rest.first() else { return 0 };
        if let Some(open) = opened(first) {
            self.step(&format!("data: {open}"));
            if !first.waited {
                self.remark("The client opened a data connection without waiting for the reply before. Here it waits.");
            }
            self.unasked(first);
            return 1;
        }
        let behind = rest.get(1..).unwrap_or_default();
        let alone = first.secures || first.telnet.is_some();
        let together = |exchange: &&Exchange| {
            let plain = exchange.telnet.is_none() && !exchange.meanwhile && opened(exchange).is_none();
            !exchange.waited && plain && exchange.replies.iter().all(|reply| is_code(reply.code))
        };
        let more = if alone { 0 } else { behind.iter().take_while(together).count() };
        let said = rest.get(..=more).unwrap_or_default();
        self.commands(said);
        let meanwhile = behind.get(more..).unwrap_or_default();
        let meanwhile = meanwhile.iter().take_while(|exchange| exchange.meanwhile && more == 0).count();
        if let [alone] = said
            && meanwhile > 0
            && !alone.is_done()
            && is_transfer(alone)
        {
            self.broken_off(alone, behind.get(..meanwhile).unwrap_or_default());
            return 1 + meanwhile;
        }
        for exchange in said {
            self.replies(exchange);
        }
        said.len()
    }

    /// What the client says, in one step.
    pub(super) fn commands(&mut self, said: &[Exchange]) {
        if let [Exchange { telnet: Some((octets, urgent)), .. }] = said {
            let urgent = if *urgent { ", urgent: true" } else { "" };
            self.step(&format!("C: {{ bytes: {}{urgent} }}", yaml::hexadecimal(octets)));
        }
        let lines: Vec<_> = said.iter().map(|exchange| self.line(exchange)).collect();
        if lines.iter().all(Result::is_ok) {
            let lines: Vec<_> = lines.into_iter().flatten().map(|line| yaml::text(&line)).collect();
            match lines.as_slice() {
                [line] => self.step(&format!("C: {line}")),
                lines => self.step(&format!("C: [{}]", lines.join(", "))),
            }
            return;
        }
        for line in lines {
            match line {
                Ok(line) => self.step(&format!("C: {}", yaml::text(&line))),
                Err(octets) => self.step(&format!("C: {{ bytes: {} }}", yaml::hexadecimal(&octets))),
            }
        }
    }

    /// A command line as a template; as octets, where it is no line of text.
    fn line(&mut self, exchange: &Exchange) -> Result<String, Vec<u8>> {
        let octets = || exchange.line.clone();
        let text = exchange.line.strip_suffix(b"\r\n").ok_or_else(octets)?;
        let text = std::str::from_utf8(text).ok().filter(|text| !text.contains(['\r', '\n'])).ok_or_else(octets)?;
        let done = exchange.code().is_some_and(|code| matches!(code / 100, 2 | 3));
        Ok(match exchange.verb.as_str() {
            "USER" if self.user.as_ref() == Some(&exchange.argument) => "USER {user}".to_owned(),
            "PASS" if done || exchange.code() != Some(530) => "PASS {password}".to_owned(),
            "PASS" => {
                self.remark("Passwords are not kept. A refused one is here another than the user's.");
                "PASS not-{password}".to_owned()
            }
            "ACCT" => {
                self.remark("Accounts are not kept. One stands here in their place.");
                "ACCT account".to_owned()
            }
            verb @ ("ADAT" | "MIC" | "CONF" | "ENC") => {
                self.remark("What secures a session by RFC 2228 is not kept. Something stands here in its place.");
                format!("{verb} bm90IGtlcHQ=")
            }
            "PORT" | "EPRT" => self.refused_address(exchange),
            verb => self.place.abstracted(verb, exchange.text(), text),
        })
    }

    /// An address that the server did not take is not told.
    fn refused_address(&mut self, exchange: &Exchange) -> String {
        self.remark("An address that the client said and the server did not take is here 192.0.2.1 (RFC 5737).");
        let parts = exchange.text().split(',').count();
        match (exchange.verb.as_str(), parts) {
            ("PORT", 6) => "PORT 192,0,2,1,200,1".to_owned(),
            ("EPRT", _) if exchange.text().len() > 8 => "EPRT |1|192.0.2.1|51201|".to_owned(),
            (verb, _) => format!("{verb} no-address"),
        }
    }

    /// What the server says to a command, and what that means.
    pub(super) fn replies(&mut self, exchange: &Exchange) {
        if is_transfer(exchange) && (exchange.replies.len() > 1 || exchange.is_done()) {
            self.transfer(exchange);
        } else {
            if is_transfer(exchange) {
                self.offset = 0;
            }
            self.learn(exchange);
            self.answer(exchange);
        }
        if exchange.secures {
            self.step("tls: control");
        }
        self.unasked(exchange);
    }

    fn unasked(&mut self, exchange: &Exchange) {
        for code in exchange.unasked.iter().take(9) {
            // An idle session is ended so (RFC 959 §4.2.1): that depends on the time.
            if *code != 421 && is_code(*code) {
                self.steps.push_str("  # Nobody had asked for this one.\n");
                self.step(&format!("S: {}", written(*code)));
            }
        }
    }

    fn answer(&mut self, exchange: &Exchange) {
        match exchange.replies.as_slice() {
            [] => {}
            [reply] => {
                let value = self.value(exchange, reply);
                self.step(&format!("S: {value}"));
            }
            replies => self.step(&format!("S: {}", sequence(replies))),
        }
        match (exchange.verb.as_str(), exchange.code()) {
            ("EPSV", Some(229)) => self.step("data: connect"),
            ("CCC", Some(200)) => self.step("tls: { leave: control }"),
            _ => {}
        }
    }

    /// The code, and the value that a specification lets software read out of the reply.
    fn value(&mut self, exchange: &Exchange, reply: &Reply) -> String {
        let code = written(reply.code);
        let path = || self.place.path(&exchange.argument);
        match (exchange.verb.as_str(), reply.code) {
            ("PWD" | "XPWD", 257) => {
                let told = quoted_path(&reply.octets).map(|path| self.place.told(&path));
                match told {
                    Some(Told::Home) => format!("{{ pass: {code}, capture: {{ path: home }} }}"),
                    Some(Told::Below(path)) => {
                        format!("{{ pass: {code}, reads: {{ path: {} }} }}", yaml::quoted(&path))
                    }
                    Some(Told::Nothing) | None => code,
                }
            }
            ("MDTM", 213) if is_time(argument_of(&reply.octets)) => {
                self.times += 1;
                self.remark("Times are read, and may be others.");
                format!("{{ pass: {code}, capture: {{ time: time-{} }} }}", self.times)
            }
            ("SIZE", 213) if self.travel.representation == 'I' => {
                let length = match path().map(|path| self.tree.standing(&path)) {
                    Some(Standing::OfFiles(length)) => Some(length),
                    Some(Standing::Stored(content)) => Some(content.length()),
                    Some(Standing::Unknown) | None => None,
                };
                match length.filter(|length| number(argument_of(&reply.octets)) == Some(*length)) {
                    Some(length) => format!("{{ pass: {code}, reads: {{ size: \"{length}\" }} }}"),
                    None => code,
                }
            }
            _ => code,
        }
    }

    /// What an answer says of the server and of what comes.
    fn learn(&mut self, exchange: &Exchange) {
        let Some(code) = exchange.code() else { return };
        let path = self.place.path(&exchange.argument);
        let first = exchange.text().chars().next().map(|letter| letter.to_ascii_uppercase());
        match (exchange.verb.as_str(), code / 100) {
            ("CWD" | "XCWD", 2) => {
                if let Some(path) = &path {
                    self.tree.has_directory(path);
                }
                self.place.goes_to(&exchange.argument);
            }
            ("CDUP" | "XCUP", 2) => self.place.goes_to(b".."),
            ("REIN", 2) => {
                self.travel = Travel::default();
                self.private = false;
            }
            ("TYPE", 2) => self.travel.representation = representation(exchange.text()),
            ("STRU", 2) => self.travel.structure = first.unwrap_or('F'),
            ("MODE", 2) => self.travel.mode = first.unwrap_or('S'),
            ("PROT", 2) => self.private = first == Some('P'),
            ("REST", 3) => self.offset = number(&exchange.argument).unwrap_or(0),
            (_, 2 | 3) => self.learn_names(exchange, path.as_deref()),
            ("MKD" | "XMKD", 5) if says_exists(exchange.told()) => {
                if let Some(path) = &path {
                    self.tree.has_directory(path);
                }
            }
            _ => {}
        }
    }

    fn learn_names(&mut self, exchange: &Exchange, path: Option<&str>) {
        let Some(path) = path else { return };
        match exchange.verb.as_str() {
            "MKD" | "XMKD" => self.tree.made(path),
            "RMD" | "XRMD" => self.tree.removed(path),
            "DELE" => self.tree.deleted(path),
            "RNFR" => {
                self.tree.has_name(path, None);
                self.from = Some(path.to_owned());
            }
            "RNTO" => {
                if let Some(from) = self.from.take() {
                    self.tree.renamed(&from, path);
                }
            }
            "SIZE" => {
                let image = self.travel.representation == 'I';
                self.tree.has_name(path, number(argument_of(exchange.told())).filter(|_| image));
            }
            "MDTM" => self.tree.has_name(path, None),
            "MFMT" => {
                let name = exchange.text().split_once(' ').and_then(|(_, name)| self.place.path(name.as_bytes()));
                if let Some(name) = name {
                    self.tree.has_name(&name, None);
                }
            }
            "MLST" => match listing::of_mlst(exchange.told()) {
                Some(listing::Kind::Directory) => self.tree.has_directory(path),
                Some(listing::Kind::File) => self.tree.has_name(path, None),
                None => {}
            },
            _ => {}
        }
    }

    pub(super) fn step(&mut self, step: &str) {
        self.full |= self.steps.len() + step.len() > LONGEST;
        if self.full {
            return;
        }
        self.steps.push_str("  - ");
        self.steps.push_str(step);
        self.steps.push('\n');
    }

    /// Says something of the whole, once.
    pub(super) fn remark(&mut self, remark: &'static str) {
        self.remarks.insert(remark);
    }
}

/// How many commands are a login, and nothing else (RFC 959 §5.4).
fn login(rest: &[Exchange]) -> Option<usize> {
    let mut length = 0;
    for (verb, go_on, done) in [("USER", [331, 332], 230), ("PASS", [332, 332], 230), ("ACCT", [0, 0], 230)] {
        let exchange = rest.get(length)?;
        let one = exchange.replies.len() == 1 && exchange.telnet.is_none() && exchange.unasked.is_empty();
        let waited = exchange.waited && !exchange.secures;
        if exchange.verb != verb {
            // An account may be asked for at once.
            if verb == "PASS" && length == 1 && rest.first()?.code() == Some(332) {
                continue;
            }
            return None;
        }
        if !one || !waited {
            return None;
        }
        length += 1;
        match exchange.code()? {
            code if code == done || (code == 202 && verb != "USER") => return Some(length),
            code if go_on.contains(&code) => {}
            _ => return None,
        }
    }
    None
}

/// Whom the session was of: who was logged in first.
fn user(exchanges: &[Exchange]) -> Option<Vec<u8>> {
    let mut user = None;
    for exchange in exchanges {
        if exchange.verb == "USER" {
            user = Some(exchange.argument.clone());
        }
        if matches!(exchange.verb.as_str(), "USER" | "PASS" | "ACCT") && matches!(exchange.code(), Some(230 | 202)) {
            return user;
        }
    }
    user
}

/// The step that opens a data connection as this command did.
fn opened(exchange: &Exchange) -> Option<&'static str> {
    let plain = exchange.telnet.is_none() && exchange.replies.len() == 1;
    match (exchange.verb.as_str(), exchange.code(), exchange.argument.is_empty()) {
        _ if !plain => None,
        ("PASV", Some(227), true) => Some("PASV"),
        ("EPSV", Some(229), true) => Some("EPSV"),
        ("PORT", Some(200), false) => Some("PORT"),
        ("EPRT", Some(200), false) => Some("EPRT"),
        _ => None,
    }
}

fn is_transfer(exchange: &Exchange) -> bool {
    matches!(exchange.verb.as_str(), "RETR" | "LIST" | "NLST" | "MLSD" | "STOR" | "STOU" | "APPE")
}

/// RFC 959 §3.1.1. Local octets of eight bits are an image.
fn representation(argument: &str) -> char {
    let words: Vec<_> = argument.split_ascii_whitespace().collect();
    match words.as_slice() {
        ["L" | "l", "8"] => 'I',
        [word, ..] => word.chars().next().map_or('A', |letter| letter.to_ascii_uppercase()),
        [] => 'A',
    }
}

fn is_code(code: u16) -> bool {
    (100..700).contains(&code)
}

/// A code as a scenario says it; as its class, where its second digit has no meaning.
pub(super) fn written(code: u16) -> String {
    let text = code.to_string();
    if values::code(&text).is_ok() { text } else { format!("{}yz", code / 100) }
}

/// Replies one after the other.
pub(super) fn sequence(replies: &[Reply]) -> String {
    let codes: Vec<_> = replies.iter().map(|reply| written(reply.code)).collect();
    format!("[{}]", codes.join(", "))
}

/// The text behind the code of the first line.
fn argument_of(reply: &[u8]) -> &[u8] {
    let line = reply.split(|octet| *octet == b'\n').next().unwrap_or_default();
    line.get(4..).unwrap_or_default().trim_ascii()
}

fn number(octets: &[u8]) -> Option<u64> {
    values::number(std::str::from_utf8(octets).ok()?).ok()
}

/// RFC 3659 §2.3.
fn is_time(octets: &[u8]) -> bool {
    let (seconds, behind) = octets.split_at_checked(14).unwrap_or_default();
    let fraction =
        behind.strip_prefix(b".").is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit));
    seconds.len() == 14 && seconds.iter().all(u8::is_ascii_digit) && (behind.is_empty() || fraction)
}

/// The path between the quotes of 257, in which a quote is doubled (RFC 959 appendix II).
fn quoted_path(reply: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(argument_of(reply)).ok()?;
    let mut letters = text.strip_prefix('"')?.chars().peekable();
    let mut path = String::new();
    loop {
        match letters.next()? {
            '"' if letters.peek() == Some(&'"') => {
                letters.next();
                path.push('"');
            }
            '"' => return Some(path).filter(|path| path.starts_with('/')),
            letter => path.push(letter),
        }
    }
}

fn says_exists(reply: &[u8]) -> bool {
    String::from_utf8_lossy(reply).to_ascii_lowercase().contains("exist")
        && !String::from_utf8_lossy(reply).to_ascii_lowercase().contains("not exist")
}
