//! The end of what was said, line by line.

use super::ink::{Ink, Tone};
use crate::model::{Case, Channel, Event, Octets, Report, What};
use crate::render::Verbosity;
use crate::render::event::{Speakers, body, channel, described, measured, octets, remark};

/// How many lines are shown unless all are.
const LINES: usize = 10;

/// The lines of a case's transcript up to just after its last finding, the last of them unless all are to be shown.
pub(super) fn render(report: &Report, case: &Case, ink: Ink) -> String {
    let lines = lines(case, Speakers::of(report));
    let shown_in = |line: &Line| case.findings.iter().any(|finding| finding.event == Some(line.event));
    let (from, to) = match ink.style.verbosity {
        Verbosity::Verbose => (0, lines.len()),
        Verbosity::Quiet | Verbosity::Normal => {
            let last = lines.iter().rposition(shown_in).map_or(lines.len(), |at| at + 3);
            let to = last.min(lines.len());
            (to.saturating_sub(LINES), to)
        }
    };
    let mut text = String::new();
    text.push_str(&left_out(from, "earlier", ink));
    for line in lines.iter().skip(from).take(to - from) {
        text.push_str(&one(line, shown_in(line), ink));
    }
    text.push_str(&left_out(lines.len() - to, "later", ink));
    text
}

fn left_out(count: usize, which: &str, ink: Ink) -> String {
    match count {
        0 => String::new(),
        1 => ink.paint(Tone::Faint, &format!("                  (1 {which} line)")) + "\n",
        _ => ink.paint(Tone::Faint, &format!("                  ({count} {which} lines)")) + "\n",
    }
}

fn one(line: &Line, marked: bool, ink: Ink) -> String {
    let connection = if line.connection == "a" { String::new() } else { format!("[{}] ", ink.safe(&line.connection)) };
    let secured = if line.secured { "[TLS] " } else { "" };
    let time = ink.paint(Tone::Faint, &format!("{:>8}.{:03} ms", line.at / 1_000, line.at % 1_000));
    let mark = if marked { ink.paint(Tone::Bad, ">") } else { " ".to_owned() };
    let columns = ink.width.saturating_sub(21 + connection.len() + secured.len());
    // Remarks are ours and short; only what a peer makes long is cut to one line.
    let columns = if line.who == "--" { columns.max(200) } else { columns };
    let said = ink.cut(&ink.safe(&line.text), columns);
    let said = if line.odd { ink.paint(Tone::Bad, &said) } else { said };
    format!("{mark}{time}  {connection}{secured}{} {said}\n", line.who)
}

/// One line of a transcript.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    /// Microseconds, of the first octet.
    at: u64,
    connection: String,
    /// Whether it was said under TLS.
    secured: bool,
    who: &'static str,
    text: String,
    /// Whether its line end is wrong or missing.
    odd: bool,
    /// The event that completed it.
    event: usize,
}

/// A line whose end has not come yet.
struct Half {
    at: u64,
    event: usize,
    connection: String,
    secured: bool,
    who: &'static str,
    octets: Vec<u8>,
}

fn lines(case: &Case, speakers: Speakers) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut half: Option<Half> = None;
    for (number, event) in case.events.iter().enumerate() {
        let Some((way, octets)) = octets(&event.what) else {
            lines.extend(half.take().map(unended));
            lines.extend(other(number, event, speakers));
            continue;
        };
        let who = speakers.who(way, event.channel);
        if event.channel != Channel::Control {
            lines.extend(half.take().map(unended));
            lines.push(line(number, event, who, measured(octets.len() as u64, octets)));
            continue;
        }
        let goes_on =
            |half: &Half| half.who == who && half.connection == event.connection && half.secured == event.secured;
        if !half.as_ref().is_some_and(goes_on) {
            lines.extend(half.take().map(unended));
        }
        for piece in octets.as_slice().split_inclusive(|&octet| octet == b'\n') {
            let mut whole = half.take().unwrap_or_else(|| Half {
                at: event.at,
                event: number,
                connection: event.connection.clone(),
                secured: event.secured,
                who,
                octets: Vec::new(),
            });
            whole.octets.extend_from_slice(piece);
            whole.event = number;
            if piece.ends_with(b"\n") {
                lines.push(ended(whole));
            } else {
                half = Some(whole);
            }
        }
    }
    lines.extend(half.map(unended));
    lines
}

/// A line that came to its end. The end is shown only where it is not CR LF (RFC 959 §4.2: replies end with the Telnet
/// end of line).
fn ended(half: Half) -> Line {
    let (text, odd) = match half.octets.strip_suffix(b"\r\n") {
        Some(text) => (Octets::from(text).to_string(), false),
        None => (format!("{}  (no CR before LF)", Octets::from(half.octets.as_slice())), true),
    };
    Line {
        at: half.at,
        connection: half.connection,
        secured: half.secured,
        who: half.who,
        text,
        odd,
        event: half.event,
    }
}

fn unended(half: Half) -> Line {
    let text = format!("{}  (no line end)", Octets::from(half.octets.as_slice()));
    Line {
        at: half.at,
        connection: half.connection,
        secured: half.secured,
        who: half.who,
        text,
        odd: true,
        event: half.event,
    }
}

fn line(number: usize, event: &Event, who: &'static str, text: String) -> Line {
    Line {
        at: event.at,
        connection: event.connection.clone(),
        secured: event.secured,
        who,
        text,
        odd: false,
        event: number,
    }
}

/// What is no octets of the control connection, with the lines of a log below.
fn other(number: usize, event: &Event, speakers: Speakers) -> Vec<Line> {
    let (who, text) = match body(&event.what) {
        Some((way, body)) => (speakers.who(way, event.channel), described(body)),
        None => ("--", format!("{}: {}", channel(event.channel), remark(&event.what))),
    };
    let mut lines = vec![line(number, event, who, text)];
    if let What::Exited { log, .. } = &event.what {
        lines.extend(log.iter().map(|printed| line(number, event, "--", format!("log: {printed}"))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::Body;
    use crate::render::Style;

    fn event(what: What, channel: Channel) -> Event {
        Event { at: 1_500, step: 0, act: 0, connection: "a".to_owned(), channel, secured: false, what }
    }

    fn sent(octets: &[u8]) -> Event {
        event(What::Sent { octets: octets.into(), urgent: false }, Channel::Control)
    }

    fn received(octets: &[u8]) -> Event {
        event(What::Received { octets: octets.into() }, Channel::Control)
    }

    fn on_b(event: Event) -> Event {
        Event { connection: "b".to_owned(), ..event }
    }

    fn body(length: u64, octets: Option<&[u8]>, differs_at: Option<u64>) -> Body {
        let octets = octets.map(Octets::from);
        Body {
            length,
            sha256: String::new(),
            octets,
            differs_at,
            there: None,
            ended: differs_at.is_none(),
            framing: None,
        }
    }

    /// The transcript without its times.
    fn shown(role: &str, events: Vec<Event>) -> Vec<String> {
        let mut report = crate::read(include_bytes!("../../../gallery/clean.json")).unwrap();
        report.subject.role = role.to_owned();
        let mut case = report.cases.remove(0);
        case.events = events;
        let text = render(&report, &case, Ink::new(Style { verbosity: Verbosity::Verbose, ..Style::default() }));
        text.lines().map(|line| line.strip_prefix("        1.500 ms  ").unwrap().to_owned()).collect()
    }

    #[rstest]
    #[case::right_ends_are_not_shown(vec![sent(b"NOOP\r\n"), received(b"200 ok\r\n")], &["C: NOOP", "S: 200 ok"])]
    #[case::two_lines_in_one_read(vec![received(b"150 a\r\n226 b\r\n")], &["S: 150 a", "S: 226 b"])]
    #[case::one_line_in_three_reads(vec![received(b"2"), received(b"00 ok\r"), received(b"\n")], &["S: 200 ok"])]
    #[case::bare_line_feed(vec![received(b"200 ok\n")], &[r"S: 200 ok\n  (no CR before LF)"])]
    #[case::surplus_carriage_return(vec![received(b"200 ok\r\r\n")], &[r"S: 200 ok\r"])]
    #[case::no_end(vec![received(b"200 ok"), sent(b"NOOP\r\n")], &["S: 200 ok  (no line end)", "C: NOOP"])]
    #[case::two_connections(vec![received(b"200"), on_b(received(b" ok\r\n"))], &["S: 200  (no line end)", "[b] S:  ok"])]
    #[case::escapes(vec![received(b"2\x1b[2J\xff\\x\r\n")], &[r"S: 2\x1b[2J\xff\\x"])]
    #[case::bodies(
        vec![
            event(What::BodySent(body(2, Some(b"ab"), None)), Channel::Data),
            event(What::BodyReceived(body(65_536, None, Some(7))), Channel::Data),
        ],
        &["D> 2 octets: ab", "D< 65536 octets; octet 7 differs; not ended by the sender"]
    )]
    fn of_a_server(#[case] events: Vec<Event>, #[case] lines: &[&str]) {
        assert_eq!(shown("server", events), lines);
    }

    #[test]
    fn of_a_client() {
        let events = vec![
            sent(b"220 ready\r\n"),
            received(b"RETR a\r\n"),
            event(What::BodySent(body(1, None, None)), Channel::Data),
        ];
        assert_eq!(shown("client", events), ["S: 220 ready", "C: RETR a", "D< 1 octet"]);
    }
}
