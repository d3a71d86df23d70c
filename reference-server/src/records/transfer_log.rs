//! The transfer log in the form of xferlog(5), as wu-ftpd began it and others still write it.

use jiff::tz::TimeZone;
use protocol::Type;

use super::event::{Direction, Entry, Event, Moved};
use super::word::word;
use crate::session::{Role, Visitor};

/// The line of an event, if it is one for this log. Listings are not.
pub(super) fn line(entry: &Entry, zone: &TimeZone) -> Option<String> {
    // ctime(3), in local time.
    let time = entry.time.to_zoned(zone.clone()).strftime("%a %b %e %H:%M:%S %Y").to_string();
    let host = entry.client?.peer.ip();
    match &entry.event {
        Event::Transferred { visitor, moved } => {
            let Moved { file, representation, direction, lasted, octets, .. } = moved;
            let file = word(&file.as_ref()?.absolute());
            // Programs that read it divide by it.
            let seconds = lasted.as_secs().max(1);
            let kind = match representation {
                Type::Ascii(_) | Type::Ebcdic(_) => 'a',
                Type::Image | Type::Local(_) => 'b',
            };
            let direction = match direction {
                Direction::Sent => 'o',
                Direction::Received => 'i',
            };
            let end = if moved.is_complete() { 'c' } else { 'i' };
            Some(format!("{time} {seconds} {host} {octets} {file} {kind} _ {direction} {} {end}", who(visitor)))
        }
        Event::Deleted { visitor, file } => {
            Some(format!("{time} 1 {host} 0 {} b _ d {} c", word(&file.absolute()), who(visitor)))
        }
        Event::Started { .. }
        | Event::Stopped
        | Event::Reloaded { .. }
        | Event::NotReloaded
        | Event::Connected
        | Event::TurnedAway(_)
        | Event::LoggedIn { .. }
        | Event::LoginFailed { .. }
        | Event::ShutOut
        | Event::Disconnected { .. }
        | Event::Lost { .. } => None,
    }
}

/// From the access mode to the authenticated user, whom nobody has asked for (RFC 931).
fn who(visitor: &Visitor) -> String {
    let mode = match visitor.role {
        Role::Guest => 'a',
        Role::Housed => 'g',
        Role::User => 'r',
    };
    format!("{mode} {} ftp 0 *", word(&visitor.name))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use rstest::rstest;

    use super::*;
    use crate::records::Client;
    use crate::session::End;
    use crate::store::Location;

    fn shown(host: &str, event: Event) -> Option<String> {
        let client = Some(Client::new(1, SocketAddr::new(host.parse().unwrap(), 5000)));
        line(&Entry { time: "2003-08-01T14:03:30Z".parse().unwrap(), client, event }, &TimeZone::UTC)
    }

    fn visitor(role: Role) -> Visitor {
        Visitor { name: b"al ice".to_vec(), role }
    }

    fn moved(name: &[u8], end: End) -> Moved {
        Moved {
            file: Some(Location::root().child(name)),
            representation: Type::Image,
            direction: Direction::Sent,
            lasted: Duration::from_millis(20_900),
            octets: 15_000_000,
            end,
        }
    }

    fn transferred(moved: Moved) -> Event {
        Event::Transferred { visitor: visitor(Role::User), moved }
    }

    #[rstest]
    #[case::complete("a", End::Complete, "/a b _ o r al%20ice ftp 0 * c")]
    #[case::left_open("a", End::LeftOpen, "/a b _ o r al%20ice ftp 0 * c")]
    #[case::stopped("a", End::Stopped, "/a b _ o r al%20ice ftp 0 * i")]
    #[case::forged(
        "a b _ o r root ftp 0 * c\r\nFri Aug  1",
        End::Broken,
        "/a%20b%20_%20o%20r%20root%20ftp%200%20*%20c%0D%0AFri%20Aug%20%201 b _ o r al%20ice ftp 0 * i"
    )]
    fn a_transfer_is_a_line(#[case] name: &str, #[case] end: End, #[case] expected: &str) {
        let line = shown("::ffff:10.0.0.1", transferred(moved(name.as_bytes(), end))).unwrap();
        assert_eq!(line, format!("Fri Aug  1 14:03:30 2003 20 10.0.0.1 15000000 {expected}"));
        assert_eq!(line.split_ascii_whitespace().count(), 18);
    }

    #[test]
    fn a_text_that_came_to_a_guest_in_no_time() {
        let mut moved = moved(b"a", End::Complete);
        (moved.representation, moved.direction) = (Type::Ascii(protocol::Form::default()), Direction::Received);
        moved.lasted = Duration::ZERO;
        let event = Event::Transferred { visitor: visitor(Role::Guest), moved };
        let expected = "Fri Aug  1 14:03:30 2003 1 2001:db8::1 15000000 /a a _ i a al%20ice ftp 0 * c";
        assert_eq!(shown("2001:db8::1", event).unwrap(), expected);
    }

    #[test]
    fn a_deletion_is_one_too() {
        let file = Location::root().child(b"a");
        let event = Event::Deleted { visitor: visitor(Role::Housed), file };
        assert_eq!(
            shown("10.0.0.1", event).unwrap(),
            "Fri Aug  1 14:03:30 2003 1 10.0.0.1 0 /a b _ d g al%20ice ftp 0 * c"
        );
    }

    #[test]
    fn a_listing_is_none() {
        let listing = Moved { file: None, ..moved(b"a", End::Complete) };
        assert_eq!(shown("10.0.0.1", transferred(listing)), None);
    }
}
