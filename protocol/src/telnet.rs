//! The Telnet layer under the control connection (RFC 854; RFC 959 §2.3, RFC 1123 §4.1.2.12).
//!
//! FTP uses Telnet only for its end of line, for the interrupt signals before ABOR, and for saying
//! no: neither side negotiates an option, yet each must answer a request for one.

/// Interpret As Command: the octet that opens every Telnet sequence. Doubled, it is data.
pub const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const GA: u8 = 249;
const EL: u8 = 248;
const EC: u8 = 247;
const AYT: u8 = 246;
const AO: u8 = 245;
const IP: u8 = 244;
const BRK: u8 = 243;
const DM: u8 = 242;
const NOP: u8 = 241;
const SE: u8 = 240;

/// A subnegotiation longer than this is taken as ended, so that a peer cannot swallow the whole
/// connection with one `IAC SB`. Nothing of it is kept.
pub const SUBNEGOTIATION_LIMIT: usize = 1024;

/// What a user says before ABOR to get the server's attention: `IAC IP`, then `IAC DM` (the Synch
/// of RFC 854, whose DM goes as urgent data where the transport can do it; RFC 959 §4.1.3).
pub const INTERRUPT_AND_SYNCH: [u8; 4] = [IAC, IP, IAC, DM];

/// A Telnet command without an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// DM: the end of a Synch.
    DataMark,
    /// BRK.
    Break,
    /// IP: interrupt process; sent before ABOR.
    InterruptProcess,
    /// AO: abort output.
    AbortOutput,
    /// AYT: are you there?
    AreYouThere,
    /// EC: erase character.
    EraseCharacter,
    /// EL: erase line.
    EraseLine,
    /// GA: go ahead.
    GoAhead,
    /// NOP.
    NoOperation,
    /// An octet behind IAC that RFC 854 does not define.
    Undefined(u8),
}

/// What one octet of the control connection turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// An octet of a command or reply.
    Data(u8),
    /// A Telnet function.
    Function(Function),
    /// The peer asked for an option. These three octets refuse it and are to be sent to the peer.
    Refusal([u8; 3]),
}

/// Takes the Telnet sequences out of a stream of octets, wherever reads split them.
///
/// ```
/// use protocol::telnet::{Function, Heard, Telnet};
///
/// let mut telnet = Telnet::default();
/// let heard: Vec<Heard> = b"\xff\xf4\xff\xf2AB\xff\xff".iter().filter_map(|&octet| telnet.hear(octet)).collect();
/// assert_eq!(
///     heard,
///     [
///         Heard::Function(Function::InterruptProcess),
///         Heard::Function(Function::DataMark),
///         Heard::Data(b'A'),
///         Heard::Data(b'B'),
///         Heard::Data(0xff),
///     ]
/// );
///
/// // DO 3 (suppress go ahead) is answered WONT 3.
/// let heard: Vec<Heard> = [255, 253, 3].iter().filter_map(|&octet| telnet.hear(octet)).collect();
/// assert_eq!(heard, [Heard::Refusal([255, 252, 3])]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telnet {
    place: Place,
}

impl Telnet {
    /// Takes one octet; `None` when it belongs to a sequence that is not complete or says nothing.
    pub fn hear(&mut self, octet: u8) -> Option<Heard> {
        match self.place {
            Place::Data if octet == IAC => self.go(Place::Command),
            Place::Data => Some(Heard::Data(octet)),
            Place::Request(refusal) => {
                self.place = Place::Data;
                Some(Heard::Refusal([IAC, refusal, octet]))
            }
            Place::Statement => self.go(Place::Data),
            Place::Subnegotiation(length) if octet == IAC => self.go(Place::SubnegotiationCommand(length)),
            Place::Subnegotiation(length) => self.go(within_subnegotiation(length)),
            Place::SubnegotiationCommand(length) if octet == IAC => self.go(within_subnegotiation(length)),
            // SE ends a subnegotiation. Any other command there is an error of the peer: it ends it too, and counts.
            Place::Command | Place::SubnegotiationCommand(_) => self.command(octet),
        }
    }

    /// Whether the next octet starts outside any Telnet sequence. Then a run of octets without IAC is data as it stands.
    pub fn is_between_sequences(&self) -> bool {
        self.place == Place::Data
    }

    fn go(&mut self, place: Place) -> Option<Heard> {
        self.place = place;
        None
    }

    fn command(&mut self, octet: u8) -> Option<Heard> {
        self.place = match octet {
            DO => Place::Request(WONT),
            WILL => Place::Request(DONT),
            // RFC 854: a WONT or DONT is never answered; we have no option that could be switched off.
            WONT | DONT => Place::Statement,
            SB => Place::Subnegotiation(0),
            _ => Place::Data,
        };
        let function = match octet {
            IAC => return Some(Heard::Data(IAC)),
            DO | WILL | WONT | DONT | SB | SE => return None,
            DM => Function::DataMark,
            BRK => Function::Break,
            IP => Function::InterruptProcess,
            AO => Function::AbortOutput,
            AYT => Function::AreYouThere,
            EC => Function::EraseCharacter,
            EL => Function::EraseLine,
            GA => Function::GoAhead,
            NOP => Function::NoOperation,
            undefined => Function::Undefined(undefined),
        };
        Some(Heard::Function(function))
    }
}

/// Appends `data` to `wire` with every 0xFF doubled, as Telnet data must be (RFC 854).
///
/// ```
/// let mut wire = Vec::new();
/// protocol::telnet::escape(b"a\xffb", &mut wire);
/// assert_eq!(wire, b"a\xff\xffb");
/// ```
pub fn escape(data: &[u8], wire: &mut Vec<u8>) {
    for &octet in data {
        wire.push(octet);
        if octet == IAC {
            wire.push(IAC);
        }
    }
}

/// Where the next octet stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Data,
    /// Behind IAC.
    Command,
    /// Behind DO or WILL; holds the verb of the refusal.
    Request(u8),
    /// Behind DONT or WONT.
    Statement,
    /// Behind IAC SB; holds how many octets were skipped.
    Subnegotiation(usize),
    /// Behind an IAC in a subnegotiation.
    SubnegotiationCommand(usize),
}

fn within_subnegotiation(length: usize) -> Place {
    if length < SUBNEGOTIATION_LIMIT { Place::Subnegotiation(length + 1) } else { Place::Data }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn hear_all(octets: &[u8]) -> Vec<Heard> {
        let mut telnet = Telnet::default();
        octets.iter().filter_map(|&octet| telnet.hear(octet)).collect()
    }

    #[rstest]
    #[case::will_is_answered_dont(b"\xff\xfb\x01", &[Heard::Refusal([255, 254, 1])])]
    #[case::do_is_answered_wont(b"\xff\xfd\x06", &[Heard::Refusal([255, 252, 6])])]
    #[case::wont_and_dont_are_not_answered(b"\xff\xfc\x01\xff\xfe\x01x", &[Heard::Data(b'x')])]
    #[case::option_255_is_an_option(b"\xff\xfd\xffx", &[Heard::Refusal([255, 252, 255]), Heard::Data(b'x')])]
    #[case::subnegotiation_is_skipped(b"\xff\xfa\x18\x01\xff\xff\xf0\xff\xf0x", &[Heard::Data(b'x')])]
    #[case::a_command_ends_a_subnegotiation(b"\xff\xfa\x18\xff\xf4x", &[Heard::Function(Function::InterruptProcess), Heard::Data(b'x')])]
    #[case::are_you_there(b"\xff\xf6", &[Heard::Function(Function::AreYouThere)])]
    #[case::abort_output(b"\xff\xf5", &[Heard::Function(Function::AbortOutput)])]
    #[case::no_operation(b"\xff\xf1", &[Heard::Function(Function::NoOperation)])]
    #[case::undefined(b"\xffA", &[Heard::Function(Function::Undefined(b'A'))])]
    #[case::stray_end_of_subnegotiation(b"\xff\xf0x", &[Heard::Data(b'x')])]
    fn sequences(#[case] octets: &[u8], #[case] heard: &[Heard]) {
        assert_eq!(hear_all(octets), heard);
    }

    #[test]
    fn an_endless_subnegotiation_gives_the_line_back() {
        let mut octets = vec![IAC, SB];
        octets.extend(std::iter::repeat_n(b'.', SUBNEGOTIATION_LIMIT + 1));
        octets.extend(b"QUIT");
        assert_eq!(hear_all(&octets), b"QUIT".map(Heard::Data));
    }
}
