//! Telnet commands in the stream of a control connection (RFC 854).

/// Interpret as command: the octet that begins every Telnet command.
pub const IAC: u8 = 255;
const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const DONT: u8 = 254;

/// Takes Telnet commands out of a stream, however it is cut.
#[derive(Debug, Default)]
pub struct Strip {
    state: State,
    commands: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Command,
    Option,
    Subnegotiation,
    SubnegotiationCommand,
}

impl Strip {
    /// The octets that are text. An IAC that was said twice is one octet of text.
    pub fn feed(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(octets.len());
        for &octet in octets {
            self.state = match (self.state, octet) {
                (State::Text, IAC) => State::Command,
                (State::Text, _) => {
                    text.push(octet);
                    State::Text
                }
                (State::Command, IAC) => {
                    text.push(IAC);
                    State::Text
                }
                (State::Command, WILL..=DONT) => State::Option,
                (State::Command, SB) => State::Subnegotiation,
                (State::Command | State::Option, _) | (State::SubnegotiationCommand, SE) => {
                    self.commands += 1;
                    State::Text
                }
                (State::Subnegotiation, IAC) => State::SubnegotiationCommand,
                (State::Subnegotiation | State::SubnegotiationCommand, _) => State::Subnegotiation,
            };
        }
        text
    }

    /// How many commands were taken out so far.
    pub fn commands(&self) -> usize {
        self.commands
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"220 ready\r\n", b"220 ready\r\n", 0)]
    #[case(b"\xff\xfb\x01220 a\r\n", b"220 a\r\n", 1)]
    #[case(b"2\xff\xf120 a\xff\xff\r\n", b"220 a\xff\r\n", 1)]
    #[case(b"\xff\xfa\x18\x01\xff\xf0x", b"x", 1)]
    fn stripped_however_it_is_cut(#[case] octets: &[u8], #[case] text: &[u8], #[case] commands: usize) {
        for cut in 0..=octets.len() {
            let (head, tail) = octets.split_at(cut);
            let mut strip = Strip::default();
            let mut seen = strip.feed(head);
            seen.extend(strip.feed(tail));
            assert_eq!(seen, text, "cut at {cut}");
            assert_eq!(strip.commands(), commands);
        }
    }
}
