//! The values that a specification lets software read out of a reply.

use super::play::entries::{names, seconds};
use crate::scenario::tree::ReadKind;
use crate::wire::address::{extended_port, host_port, port_argument};
use crate::wire::facts::is_time;
use crate::wire::features::{Offered, chosen, offered};
use crate::wire::reply::SeenReply;

/// Reads a value out of a reply, in the form in which a scenario uses it. `None` where it is not there.
pub fn read(kind: ReadKind, reply: &SeenReply) -> Option<Vec<u8>> {
    let text = reply.last_text();
    match kind {
        ReadKind::HostPort => host_port(text).and_then(port_argument).map(String::into_bytes),
        ReadKind::Port => extended_port(text).map(|port| port.to_string().into_bytes()),
        ReadKind::Path => reply.texts().into_iter().find_map(quoted_path),
        ReadKind::Time => is_time(text).then(|| text.to_vec()),
        ReadKind::Size => digits(text),
        ReadKind::Name => {
            let named = |line: &[u8]| line.strip_prefix(b"FILE: ").filter(|name| !name.is_empty()).map(<[u8]>::to_vec);
            reply.texts().into_iter().find_map(named)
        }
        ReadKind::SenderMarker => markers(text).map(|(sender, _)| sender.to_vec()),
        ReadKind::ReceiverMarker => markers(text).map(|(_, receiver)| receiver.to_vec()),
        ReadKind::Text => Some(text.to_vec()),
        ReadKind::Chosen => chosen(text).map(|facts| list(&facts)),
        ReadKind::Offered => offered(reply).map(|facts| list(&facts)),
        ReadKind::Starred => offered(reply).map(|facts| {
            let starred: Vec<_> = facts.into_iter().filter(|fact| fact.starred).collect();
            list(&starred)
        }),
    }
}

/// `MARK ssss = rrrr` (RFC 1123 §4.1.3.4): two markers of printable characters.
fn markers(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let both = text.strip_prefix(b"MARK ")?;
    let space = both.iter().position(|octet| *octet == b' ')?;
    let (sender, rest) = both.split_at(space);
    let receiver = rest.strip_prefix(b" = ")?;
    let printable = |marker: &[u8]| !marker.is_empty() && marker.iter().all(u8::is_ascii_graphic);
    (printable(sender) && printable(receiver)).then_some((sender, receiver))
}

/// The pathname of a 257 reply: between double quotes, a quote inside said twice (RFC 959 App. II).
fn quoted_path(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = text.strip_prefix(b"\"")?.iter().copied().peekable();
    let mut path = Vec::new();
    while let Some(octet) = octets.next() {
        if octet != b'"' {
            path.push(octet);
        } else if octets.peek() == Some(&b'"') {
            octets.next();
            path.push(b'"');
        } else {
            return matches!(octets.next(), None | Some(b' ')).then_some(path);
        }
    }
    None
}

/// Facts as OPTS MLST takes them.
fn list(facts: &[Offered]) -> Vec<u8> {
    facts.iter().flat_map(|fact| format!("{};", fact.name).into_bytes()).collect()
}

fn digits(text: &[u8]) -> Option<Vec<u8>> {
    (!text.is_empty() && text.iter().all(u8::is_ascii_digit)).then(|| text.to_vec())
}

impl ReadKind {
    /// How the value must stand in the reply.
    pub fn form(self) -> &'static str {
        match self {
            Self::HostPort => "six numbers of 0 to 255, parted by commas",
            Self::Port => "(|||port|)",
            Self::Path => "257 \"pathname\" and a quote inside said twice",
            Self::Time => "YYYYMMDDHHMMSS, perhaps with a fraction",
            Self::Size => "a decimal number",
            Self::Name => "FILE: pathname",
            Self::SenderMarker | Self::ReceiverMarker => "110 MARK ssss = rrrr, markers of printable characters",
            Self::Text => "text",
            Self::Chosen => "MLST OPTS, and each fact with a semicolon behind it",
            Self::Offered | Self::Starred => "MLST, and each fact with a semicolon behind it",
        }
    }

    /// Whether two values are the same. In a pathname a slash said twice is one, a time may have a fraction, and facts have no order.
    pub fn same(self, one: &[u8], other: &[u8]) -> bool {
        match self {
            Self::Path => {}
            Self::Chosen | Self::Offered | Self::Starred => return names(one) == names(other),
            Self::Time => return seconds(one) == seconds(other),
            Self::HostPort
            | Self::Port
            | Self::Size
            | Self::Name
            | Self::SenderMarker
            | Self::ReceiverMarker
            | Self::Text => return one == other,
        }
        let parts = |path: &[u8]| {
            path.split(|octet| *octet == b'/').filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect::<Vec<_>>()
        };
        one.first() == other.first() && parts(one) == parts(other)
    }
}

impl std::fmt::Display for ReadKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::HostPort => "the address",
            Self::Port => "the port",
            Self::Path => "the pathname",
            Self::Time => "the time",
            Self::Size => "the size",
            Self::Name => "the name",
            Self::SenderMarker => "the sender's marker",
            Self::ReceiverMarker => "the receiver's marker",
            Self::Text => "the text",
            Self::Chosen => "the list of chosen facts",
            Self::Offered => "the list of offered facts",
            Self::Starred => "the list of facts with a star",
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::wire::reply::ReplyReader;

    #[rstest]
    #[case(ReadKind::Path, "257 \"/\" is current directory.", Some("/"))]
    #[case(ReadKind::Path, "257 \"/a \"\"b\"\"\" created", Some("/a \"b\""))]
    #[case(ReadKind::Path, "257 \"/a\"", Some("/a"))]
    #[case(ReadKind::Path, "257 /a is current", None)]
    #[case(ReadKind::Path, "257 \"/a", None)]
    #[case(ReadKind::Path, "257 '/a'", None)]
    #[case(ReadKind::HostPort, "227 (127,0,0,1,4,1)", Some("127,0,0,1,4,1"))]
    #[case(ReadKind::Port, "229 (|||1025|)", Some("1025"))]
    #[case(ReadKind::Time, "213 19980615100045.014", Some("19980615100045.014"))]
    #[case(ReadKind::Time, "213 19981615100045", None)]
    #[case(ReadKind::Size, "213 26", Some("26"))]
    #[case(ReadKind::Size, "213 26 bytes", None)]
    #[case(ReadKind::Name, "150 FILE: a.1", Some("a.1"))]
    #[case(ReadKind::Name, "150 Opening", None)]
    #[case(ReadKind::Name, "150-FILE: a.1\r\n150 Opening", Some("a.1"))]
    #[case(ReadKind::Chosen, "200 MLST OPTS Type;size;", Some("Type;size;"))]
    #[case(ReadKind::Chosen, "200 MLST OPTS", Some(""))]
    #[case(ReadKind::Chosen, "200 Done", None)]
    #[case(ReadKind::Offered, "211-All\r\n MLST Type*;Size;\r\n211 End", Some("Type;Size;"))]
    #[case(ReadKind::Starred, "211-All\r\n MLST Type*;Size;\r\n211 End", Some("Type;"))]
    #[case(ReadKind::Starred, "211-All\r\n SIZE\r\n211 End", None)]
    #[case(ReadKind::SenderMarker, "110 MARK abc123 = 512", Some("abc123"))]
    #[case(ReadKind::ReceiverMarker, "110 MARK abc123 = 512", Some("512"))]
    #[case(ReadKind::ReceiverMarker, "110 MARK abc123 = 5 12", None)]
    #[case(ReadKind::ReceiverMarker, "110 MARK abc123=512", None)]
    #[case(ReadKind::SenderMarker, "110 Mark abc123 = 512", None)]
    #[case(ReadKind::SenderMarker, "110 MARK  = 512", None)]
    #[case(ReadKind::Path, "257-Made\r\n257 \"/a\" it is", Some("/a"))]
    fn values(#[case] kind: ReadKind, #[case] line: &str, #[case] value: Option<&str>) {
        let replies = ReplyReader::default().feed(format!("{line}\r\n").as_bytes());
        assert_eq!(read(kind, &replies[0]).map(|v| String::from_utf8(v).unwrap()), value.map(str::to_owned));
    }

    #[rstest]
    #[case(ReadKind::Time, "19990929043300", "19990929043300.12", true)]
    #[case(ReadKind::Time, "19990929043300", "19990929043301", false)]
    #[case(ReadKind::Chosen, "Type;Size;", "size;type;", true)]
    #[case(ReadKind::Starred, "Type;", "Type;Size;", false)]
    #[case(ReadKind::Path, "/a//b", "/a/b", true)]
    fn sameness(#[case] kind: ReadKind, #[case] one: &str, #[case] other: &str, #[case] expected: bool) {
        assert_eq!(kind.same(one.as_bytes(), other.as_bytes()), expected);
    }
}
