//! What has happened, in numbers, in the text form that Prometheus reads (0.0.4).
//!
//! No label comes from a client: each is a name of ours, so that there are no more numbers than stand here.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use protocol::Verb;
use protocol::command::TABLE;

use super::event::{Event, Refusal};
use super::event_log::{DIRECTIONS, ENDS, ROLES, direction, end, role};

/// The label of what has no verb that is known.
const UNKNOWN: &str = "unknown";
const REASONS: [&str; 2] = ["no-place", "shut-out"];

/// What is counted, and is too much for a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tally {
    /// A line came, which has perhaps no verb that is known.
    Command(Option<Verb>),
    /// A data connection was made.
    DataConnection,
}

/// All that is counted.
#[derive(Debug)]
pub(super) struct Metrics {
    begun: Instant,
    open: Family,
    sessions: Family,
    turned_away: Family,
    logins: Family,
    failed_logins: Family,
    shut_outs: Family,
    transfers: Family,
    octets: Family,
    deletions: Family,
    data_connections: Family,
    commands: Family,
    lost: Family,
}

/// A metric: a number for each of its labels.
#[derive(Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
    counts: Vec<(Vec<&'static str>, AtomicU64)>,
}

impl Default for Metrics {
    fn default() -> Self {
        let verbs: Vec<&str> = TABLE.iter().map(|row| row.name).chain([UNKNOWN]).collect();
        let plain = |name, help| Family::new(name, help, &[], vec![vec![]]);
        let labelled = |name, help, labels, of: &[&'static str]| {
            Family::new(name, help, labels, of.iter().map(|&value| vec![value]).collect())
        };
        let both = |direction| ENDS.iter().map(move |&end| vec![direction, end]);
        let transfers = DIRECTIONS.into_iter().flat_map(both).collect();
        let in_direction: &[&str] = &["direction"];
        Self {
            begun: Instant::now(),
            open: plain("ftp_sessions", "Sessions that there are now."),
            sessions: plain("ftp_sessions_total", "Sessions since the start."),
            turned_away: labelled("ftp_turned_away_total", "Clients that were not let in.", &["reason"], &REASONS),
            logins: labelled("ftp_logins_total", "Logins.", &["role"], &ROLES),
            failed_logins: plain("ftp_failed_logins_total", "Wrong passwords and accounts."),
            shut_outs: plain("ftp_shut_outs_total", "How often an address has failed too often."),
            transfers: Family::new(
                "ftp_transfers_total",
                "Transfers that have ended, listings too.",
                &["direction", "end"],
                transfers,
            ),
            octets: labelled("ftp_transferred_octets_total", "Octets of these.", in_direction, &DIRECTIONS),
            deletions: plain("ftp_deleted_files_total", "Files that were deleted."),
            data_connections: plain("ftp_data_connections_total", "Data connections that were made."),
            commands: labelled("ftp_commands_total", "Commands that came.", &["verb"], &verbs),
            lost: plain("ftp_unlogged_events_total", "Events that came faster than the logs can be written."),
        }
    }
}

impl Metrics {
    /// Counts what is told.
    pub(super) fn count(&self, event: &Event) {
        match event {
            Event::Connected => {
                self.open.add(&[], 1);
                self.sessions.add(&[], 1);
            }
            Event::Disconnected { .. } => self.open.take_one(),
            Event::TurnedAway(Refusal::NoPlace) => self.turned_away.add(&["no-place"], 1),
            Event::TurnedAway(Refusal::ShutOut) => self.turned_away.add(&["shut-out"], 1),
            Event::LoggedIn { visitor } => self.logins.add(&[role(visitor.role)], 1),
            Event::LoginFailed { .. } => self.failed_logins.add(&[], 1),
            Event::ShutOut => self.shut_outs.add(&[], 1),
            Event::Transferred { moved, .. } => {
                let direction = direction(moved.direction);
                self.transfers.add(&[direction, end(moved.end)], 1);
                self.octets.add(&[direction], moved.octets);
            }
            Event::Deleted { .. } => self.deletions.add(&[], 1),
            Event::Lost { count } => self.lost.add(&[], *count),
            Event::Started { .. } | Event::Stopped => {}
        }
    }

    pub(super) fn tally(&self, tally: Tally) {
        match tally {
            Tally::Command(verb) => self.commands.add(&[verb.map_or(UNKNOWN, Verb::name)], 1),
            Tally::DataConnection => self.data_connections.add(&[], 1),
        }
    }

    /// All of it, as it stands now.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let seconds = self.begun.elapsed().as_secs();
        head("ftp_running_seconds", "Seconds since the start.", "gauge", &mut text);
        line("ftp_running_seconds", &[], &[], seconds, &mut text);
        self.open.write("gauge", &mut text);
        for family in [
            &self.sessions,
            &self.turned_away,
            &self.logins,
            &self.failed_logins,
            &self.shut_outs,
            &self.transfers,
            &self.octets,
            &self.deletions,
            &self.data_connections,
            &self.commands,
            &self.lost,
        ] {
            family.write("counter", &mut text);
        }
        text
    }
}

impl Family {
    fn new(
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        values: Vec<Vec<&'static str>>,
    ) -> Self {
        Self { name, help, labels, counts: values.into_iter().map(|values| (values, AtomicU64::new(0))).collect() }
    }

    fn count(&self, values: &[&str]) -> Option<&AtomicU64> {
        self.counts.iter().find(|(known, _)| known == values).map(|(_, count)| count)
    }

    fn add(&self, values: &[&str], more: u64) {
        if let Some(count) = self.count(values) {
            count.fetch_add(more, Ordering::Relaxed);
        }
    }

    fn take_one(&self) {
        if let Some(count) = self.count(&[]) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn write(&self, kind: &str, text: &mut String) {
        head(self.name, self.help, kind, text);
        for (values, count) in &self.counts {
            line(self.name, self.labels, values, count.load(Ordering::Relaxed), text);
        }
    }
}

fn head(name: &str, help: &str, kind: &str, text: &mut String) {
    // A String takes everything.
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn line(name: &str, labels: &[&str], values: &[&str], number: u64, text: &mut String) {
    let labels: Vec<String> = labels.iter().zip(values).map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _ = writeln!(text, "{name}{labels} {number}");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::*;
    use crate::records::{Direction, Moved};
    use crate::session::{End, Role, Visitor};
    use crate::store::Location;
    use protocol::Type;
    use protocol::transfer::{DecodeError, Fault};

    fn visitor(role: Role) -> Visitor {
        Visitor { name: b"a".to_vec(), role }
    }

    fn transferred(direction: Direction, end: End) -> Event {
        let (representation, lasted) = (Type::Image, Duration::ZERO);
        let moved = Moved { file: None, representation, direction, lasted, octets: 7, end };
        Event::Transferred { visitor: visitor(Role::User), moved }
    }

    fn refused() -> End {
        End::Refused(DecodeError { offset: 0, fault: Fault::Incomplete })
    }

    /// What is not zero, in the order of the text.
    fn counted(metrics: &Metrics) -> Vec<String> {
        let text = metrics.text();
        let is_told = |line: &&str| !line.starts_with('#') && !line.ends_with(" 0");
        text.lines().filter(is_told).filter(|line| !line.starts_with("ftp_running")).map(str::to_owned).collect()
    }

    #[rstest]
    #[case::no_place(Event::TurnedAway(Refusal::NoPlace), &["ftp_turned_away_total{reason=\"no-place\"} 1"])]
    #[case::shut_out(Event::TurnedAway(Refusal::ShutOut), &["ftp_turned_away_total{reason=\"shut-out\"} 1"])]
    #[case::guest(Event::LoggedIn { visitor: visitor(Role::Guest) }, &["ftp_logins_total{role=\"guest\"} 1"])]
    #[case::housed(Event::LoggedIn { visitor: visitor(Role::Housed) }, &["ftp_logins_total{role=\"housed\"} 1"])]
    #[case::user(Event::LoggedIn { visitor: visitor(Role::User) }, &["ftp_logins_total{role=\"user\"} 1"])]
    #[case::failed(Event::LoginFailed { name: b"x".to_vec() }, &["ftp_failed_logins_total 1"])]
    #[case::too_often(Event::ShutOut, &["ftp_shut_outs_total 1"])]
    #[case::deleted(
        Event::Deleted { visitor: visitor(Role::User), file: Location::root() },
        &["ftp_deleted_files_total 1"]
    )]
    #[case::lost(Event::Lost { count: 3 }, &["ftp_unlogged_events_total 3"])]
    fn events_are_counted(#[case] event: Event, #[case] expected: &[&str]) {
        let metrics = Metrics::default();
        metrics.count(&event);
        assert_eq!(counted(&metrics), expected);
    }

    #[rstest]
    #[case(End::Complete, "complete")]
    #[case(End::LeftOpen, "complete")]
    #[case(refused(), "refused")]
    #[case(End::NotOpened, "not-opened")]
    #[case(End::NotSecured, "not-secured")]
    #[case(End::Broken, "broken")]
    #[case(End::LocalError, "local-error")]
    #[case(End::NoSpace, "no-space")]
    #[case(End::TooMuch, "too-much")]
    #[case(End::Stopped, "stopped")]
    fn each_end_has_its_number(#[case] end: End, #[case] name: &str) {
        let metrics = Metrics::default();
        metrics.count(&transferred(Direction::Sent, end));
        metrics.count(&transferred(Direction::Received, end));
        metrics.count(&transferred(Direction::Received, end));
        let expected = [
            format!("ftp_transfers_total{{direction=\"sent\",end=\"{name}\"}} 1"),
            format!("ftp_transfers_total{{direction=\"received\",end=\"{name}\"}} 2"),
            "ftp_transferred_octets_total{direction=\"sent\"} 7".to_owned(),
            "ftp_transferred_octets_total{direction=\"received\"} 14".to_owned(),
        ];
        assert_eq!(counted(&metrics), expected);
    }

    #[test]
    fn sessions_come_and_go() {
        let metrics = Metrics::default();
        for event in [Event::Connected, Event::Connected, Event::Disconnected { lasted: Duration::ZERO, octets: 5 }] {
            metrics.count(&event);
        }
        assert_eq!(counted(&metrics), ["ftp_sessions 1", "ftp_sessions_total 2"]);
    }

    #[test]
    fn every_verb_has_a_number_and_what_is_none_has_one_together() {
        let metrics = Metrics::default();
        for row in TABLE {
            metrics.tally(Tally::Command(Some(row.verb)));
        }
        (0..2).for_each(|_| metrics.tally(Tally::Command(None)));
        metrics.tally(Tally::DataConnection);
        let verbs = TABLE.iter().map(|row| format!("ftp_commands_total{{verb=\"{}\"}} 1", row.name));
        let unknown = "ftp_commands_total{verb=\"unknown\"} 2".to_owned();
        let expected: Vec<String> =
            std::iter::once("ftp_data_connections_total 1".to_owned()).chain(verbs).chain([unknown]).collect();
        assert_eq!(counted(&metrics), expected);
    }

    /// The exposition format: two lines of comment before each name, which comes once, and then its numbers.
    #[test]
    fn each_name_has_its_head_once() {
        let text = Metrics::default().text();
        let mut names = Vec::new();
        let mut lines = text.lines().peekable();
        while let Some(help) = lines.next() {
            let name = help.strip_prefix("# HELP ").and_then(|rest| rest.split(' ').next()).unwrap();
            let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
            assert_eq!(lines.next().unwrap(), format!("# TYPE {name} {kind}"));
            let mut count = 0;
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                assert!(line.strip_prefix(name).unwrap().starts_with([' ', '{']), "{line}");
                count += 1;
            }
            assert!(count > 0 && !names.contains(&name), "{name}");
            names.push(name);
        }
        assert!(text.ends_with('\n'));
    }
}
