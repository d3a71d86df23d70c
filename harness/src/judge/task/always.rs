//! What is judged of every client in every case, whatever the case is about.

use std::net::{Ipv4Addr, Ipv6Addr};

use reports::model::{Axis, What};

use super::story::{Line, Story};
use super::{Play, Stage, confuses, withholds};
use crate::judge::play::{Said, shown};
use crate::scenario::rule::Deviations;

/// A statement, and what measures it.
pub(super) type Remark = (&'static str, Axis, Said);

impl<S: Stage> Play<'_, S> {
    pub(super) fn judge_always(&mut self) {
        let reading = Reading { story: &self.story, deviations: &self.errand.deviations };
        for (requirement, axis, said) in reading.remarks() {
            self.once(requirement, axis, said);
        }
    }
}

/// What was seen, and what the server did on purpose.
pub(super) struct Reading<'a> {
    pub(super) story: &'a Story,
    pub(super) deviations: &'a Deviations,
}

impl Reading<'_> {
    /// Everything that was against a requirement.
    pub(super) fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for (at, line) in self.story.lines.iter().enumerate() {
            remarks.extend(syntax(line));
            remarks.extend(self.impatience(line));
            remarks.extend(self.pairs(at, line));
            remarks.extend(extended_port(line));
            remarks.extend(self.security(at, line));
        }
        remarks.extend(self.unended());
        remarks.extend(self.telnet());
        remarks
    }

    /// RFC 959 §5.4: a client waits for the greeting, and for the reply of the command before.
    fn impatience(&self, line: &Line) -> Option<Remark> {
        let greeting_withheld = self.deviations.rules.iter().any(|rule| rule.replies.raw.is_some());
        if !line.greeted && !greeting_withheld {
            let said = Said::new("the client does not wait for the greeting")
                .expected("nothing before 220")
                .received(shown(&line.text))
                .at(line.event);
            return Some((GREETING, Axis::Order, said));
        }
        // Who began too early stays one reply ahead.
        let mut lines = self.story.lines.iter();
        let early = lines.any(|other| other.connection == line.connection && !other.greeted);
        let waits_for = line.waits_for.as_ref().filter(|_| !early && !line.after_abort)?;
        // Behind ABOR, and where the server left a reply out, nobody can say what is still to come.
        let may_come = matches!(line.verb.as_str(), "ABOR" | "QUIT" | "STAT");
        if may_come || withholds(self.deviations) || confuses(self.deviations) {
            return None;
        }
        let said = Said::new("the client does not wait for the reply")
            .expected(format!("the reply to {waits_for} first"))
            .received(shown(&line.text))
            .at(line.event);
        Some((REPLY, Axis::Order, said))
    }

    /// Commands that must stand right behind each other.
    fn pairs(&self, at: usize, line: &Line) -> Option<Remark> {
        let next = self.story.behind(at)?;
        let (requirement, due): (_, &[&str]) = match (line.verb.as_str(), line.answered) {
            ("REST", Some(350)) => (REST, &["RETR", "STOR", "APPE", "STOU", "LIST", "NLST", "MLSD"]),
            ("RNFR", Some(350)) => (RNFR, &["RNTO"]),
            _ => return None,
        };
        // A client that gives up goes.
        if due.contains(&next.verb.as_str()) || matches!(next.verb.as_str(), "QUIT" | "ABOR") {
            return None;
        }
        let said = Said::new(format!("{} is not followed by what it is for", line.verb))
            .expected(due.join(" or "))
            .received(shown(&next.text))
            .at(next.event);
        Some((requirement, Axis::Order, said))
    }

    /// RFC 4217 and RFC 7151: what comes before what.
    fn security(&self, at: usize, line: &Line) -> Option<Remark> {
        let before = |verb: &str| {
            let mut before = self.story.lines.iter().take(at);
            before.find(|other| other.connection == line.connection && other.verb == verb)
        };
        let received = |message: &str, expected: &str| {
            Said::new(message).expected(expected).received(shown(&line.text)).at(line.event)
        };
        match line.verb.as_str() {
            "PROT" if before("PBSZ").is_none() => {
                Some((PBSZ, Axis::Order, received("PROT comes without PBSZ before it", "PBSZ 0 first")))
            }
            "PBSZ" if line.argument() != b"0" => {
                Some((PBSZ, Axis::Command, received("PBSZ has another value than 0", "PBSZ 0")))
            }
            "HOST" if before("USER").is_some() && before("REIN").is_none() => {
                Some((HOST_FIRST, Axis::Order, received("HOST comes behind USER", "HOST before USER")))
            }
            "HOST" if has_port(line.argument()) => {
                Some((HOST_PORT, Axis::Command, received("HOST names a port", "a name without a port")))
            }
            _ => None,
        }
    }

    /// A client that ended by itself ends its lines.
    fn unended(&self) -> Option<Remark> {
        let ended = matches!(self.story.end, Some(What::Exited { .. }));
        // Telnet commands alone are no line.
        let is_line = |heard: &&[u8]| heard.iter().any(u8::is_ascii_alphabetic);
        let unended = self.story.unended().find(is_line).filter(|_| ended)?;
        let unended = unended.get(..300).unwrap_or(unended);
        let said = Said::new("a command line without its end").expected("CR LF").received(shown(unended));
        Some((SYNTAX, Axis::Command, said.at(self.story.last)))
    }

    /// RFC 1123 §4.1.2.12: no Telnet commands but IP and Synch.
    fn telnet(&self) -> Vec<Remark> {
        let remark = |(command, event): &(u8, usize)| {
            let (requirement, message) = match command {
                // IP, DM, and the end of a subnegotiation that nobody began.
                242 | 244 => return None,
                250..=254 => (NEGOTIATION, "the client negotiates options of Telnet"),
                _ => (CONTROLS, "the client says Telnet commands other than IP and Synch"),
            };
            let said = Said::new(message).expected("ff f4, ff f2 or ff ff").received(format!("ff {command:02x}"));
            Some((requirement, Axis::Command, said.at(*event)))
        };
        self.story.telnet.iter().filter_map(remark).collect()
    }
}

/// The form of a command line (RFC 959 §5.3.1).
fn syntax(line: &Line) -> Option<Remark> {
    let bare = !line.text.contains(&b' ');
    let alone = ["CDUP", "REIN", "QUIT", "PASV", "ABOR", "PWD", "SYST", "NOOP"];
    let (message, expected) = if !line.octets.ends_with(b"\r\n") {
        ("a command line does not end in CR LF", "CR LF")
    } else if !bare && alone.contains(&line.verb.as_str()) {
        ("a command that has no argument has one", "the verb, and CR LF")
    } else if !bare && line.argument().is_empty() && !matches!(line.verb.as_str(), "USER" | "PASS" | "ACCT") {
        ("a space stands behind the verb, and no argument", "the verb, and CR LF")
    } else if line.verb.is_empty() {
        ("a command line without a verb", "a verb")
    } else {
        return None;
    };
    let said = Said::new(message).expected(expected).received(shown(&line.octets)).at(line.event);
    Some((SYNTAX, Axis::Command, said))
}

/// The form of EPRT (RFC 2428 §2).
fn extended_port(line: &Line) -> Option<Remark> {
    if line.verb != "EPRT" {
        return None;
    }
    let found = |requirement, message: &str, expected: &str| {
        let said = Said::new(message).expected(expected).received(shown(&line.text)).at(line.event);
        Some((requirement, Axis::Command, said))
    };
    let argument = line.argument();
    let delimiter = argument.first().copied().unwrap_or_default();
    let parts: Vec<_> = argument.split(|octet| *octet == delimiter).collect();
    let [[], family, address, port, []] = parts.as_slice() else {
        return found(EPRT_FORM, "EPRT is not of its form", "EPRT |1|the address|the port|");
    };
    if !(33..=126).contains(&delimiter) || number(port).is_none_or(|port| port == 0) {
        return found(EPRT_FORM, "EPRT is not of its form", "EPRT |1|the address|the port|");
    }
    let text = std::str::from_utf8(address).unwrap_or_default();
    match *family {
        b"1" if text.parse::<Ipv4Addr>().is_ok() => None,
        b"2" if text.parse::<Ipv6Addr>().is_ok() => None,
        b"1" | b"2" => found(EPRT_ADDRESS, "the address of EPRT is not of its family", "the plain address"),
        _ => found(EPRT_FAMILY, "the family of EPRT is none that there is", "1 or 2"),
    }
}

fn number(digits: &[u8]) -> Option<u16> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether a colon stands behind a name. An address of IPv6 stands in brackets.
fn has_port(host: &[u8]) -> bool {
    let behind = host.iter().rposition(|octet| *octet == b']').map_or(0, |at| at + 1);
    host.get(behind..).unwrap_or_default().contains(&b':')
}

pub(super) const SYNTAX: &str = "rfc959-5.3.1-client-command-syntax";
pub(super) const GREETING: &str = "rfc959-5.4-client-waits-for-greeting";
pub(super) const REPLY: &str = "rfc959-5.4-client-waits-for-reply";
pub(super) const REST: &str = "rfc959-4.1.3-rest-followed-by-service";
pub(super) const RNFR: &str = "rfc959-4.1.3-rnfr-immediately-rnto";
pub(super) const CONTROLS: &str = "rfc1123-4.1.2.12-client-no-telnet-except-synch-ip";
pub(super) const NEGOTIATION: &str = "rfc1123-4.1.2.12-client-no-negotiation";
pub(super) const EPRT_FORM: &str = "rfc2428-2-eprt-client-syntax";
pub(super) const EPRT_FAMILY: &str = "rfc2428-2-eprt-client-af-number";
pub(super) const EPRT_ADDRESS: &str = "rfc2428-2-eprt-client-address-is-textual-form";
pub(super) const PBSZ: &str = "rfc4217-9-pbsz-zero";
pub(super) const HOST_FIRST: &str = "rfc7151-3.2.2-host-client-before-user";
pub(super) const HOST_PORT: &str = "rfc7151-3.1-host-client-no-port";

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::story::Story;
    use super::*;

    fn line(octets: &[u8]) -> Line {
        let event = reports::model::Event {
            at: 0,
            step: 0,
            act: 0,
            connection: "a".to_owned(),
            channel: reports::model::Channel::Control,
            secured: false,
            what: What::Received { octets: octets.into() },
        };
        Story::of(&[event]).lines.remove(0)
    }

    #[rstest]
    #[case(b"NOOP\r\n", None)]
    #[case(b"RETR a b\r\n", None)]
    #[case(b"PASS \r\n", None)]
    #[case(b"NOOP\n", Some("does not end in CR LF"))]
    #[case(b"PASV 1\r\n", Some("has no argument"))]
    #[case(b"LIST \r\n", Some("a space stands behind"))]
    #[case(b"\r\n", Some("without a verb"))]
    fn forms(#[case] octets: &[u8], #[case] message: Option<&str>) {
        let found = syntax(&line(octets)).map(|(.., said)| said.message);
        assert_eq!(found.is_some(), message.is_some(), "{found:?}");
        assert!(found.unwrap_or_default().contains(message.unwrap_or_default()));
    }

    #[rstest]
    #[case(b"EPRT |1|127.0.0.1|2000|\r\n", None)]
    #[case(b"EPRT |2|::1|2000|\r\n", None)]
    #[case(b"EPRT |1|127.0.0.1|2000\r\n", Some(EPRT_FORM))]
    #[case(b"EPRT |1|127.0.0.1|0|\r\n", Some(EPRT_FORM))]
    #[case(b"EPRT |4|127.0.0.1|2000|\r\n", Some(EPRT_FAMILY))]
    #[case(b"EPRT |2|[::1]|2000|\r\n", Some(EPRT_ADDRESS))]
    fn extended_ports(#[case] octets: &[u8], #[case] requirement: Option<&str>) {
        assert_eq!(extended_port(&line(octets)).map(|(requirement, ..)| requirement), requirement);
    }

    #[rstest]
    #[case(b"ftp.example.org", false)]
    #[case(b"ftp.example.org:21", true)]
    #[case(b"[2001:db8::1]", false)]
    #[case(b"[2001:db8::1]:21", true)]
    fn ports(#[case] host: &[u8], #[case] expected: bool) {
        assert_eq!(has_port(host), expected);
    }
}
