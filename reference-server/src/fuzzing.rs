//! What the fuzz targets of `fuzz/` play. Each takes any octets, and panics where something does not hold.

mod bench;

use protocol::command::TABLE;

pub use crate::runtime::tls_of_control as tls;
use crate::session::End;
use bench::Bench;

/// Plays what the octets say to a session, a happening a line.
///
/// A line that begins with an octet under 8 is no command: the transfer ends, no port is free, the line is too long, and so on. One that
/// begins with an octet over 127 is the command of that number in the table, with the rest as its argument.
///
/// # Panics
/// When a command has not exactly one final reply, when two transfers run, or when a port listens that should not.
pub fn session(octets: &[u8]) {
    let mut bench = Bench::logged_in();
    for happening in octets.split(|&octet| octet == b'\n').take(200) {
        if bench.is_closed {
            break;
        }
        match happening {
            [0, end, ..] => bench.end_transfer(kind_of_end(*end)),
            [1, ..] => bench.can_listen = false,
            [2, ..] => bench.can_listen = true,
            [3, ..] => bench.skip_line(),
            [verb @ 128..=255, argument @ ..] => {
                let name = TABLE.get(usize::from(*verb - 128) % TABLE.len()).map_or("NOOP", |row| row.name);
                bench.say(&[name.as_bytes(), b" ", argument].concat());
            }
            line => bench.say(line),
        }
    }
    bench.end();
}

fn kind_of_end(number: u8) -> End {
    const ENDS: [End; 8] = [
        End::Complete,
        End::LeftOpen,
        End::NotOpened,
        End::Broken,
        End::LocalError,
        End::NoSpace,
        End::TooMuch,
        End::Stopped,
    ];
    ENDS.get(usize::from(number) % ENDS.len()).copied().unwrap_or(End::Complete)
}
