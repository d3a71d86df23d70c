//! SITE (RFC 959 §4.1.3): what this site can do besides, in the form that other servers gave it.

use std::time::Duration;

use protocol::Timestamp;

use super::modify::{no_mode, permission_bits};
use crate::session::replies::{indented, refusal, reply};
use crate::session::{Changes, Links, Session, Step};

/// A command of SITE.
struct Service {
    name: &'static str,
    help: &'static str,
    procedure: fn(&mut Session, &[u8]) -> Step,
    purpose: Purpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    ChangesFiles,
    MakesLinks,
    IsOfSession,
}

const SERVICES: [Service; 6] = [
    Service { name: "CHMOD", help: " <SP> mode <SP> pathname", procedure: chmod, purpose: Purpose::ChangesFiles },
    Service { name: "HELP", help: "", procedure: help, purpose: Purpose::IsOfSession },
    Service { name: "IDLE", help: " [<SP> seconds]", procedure: idle, purpose: Purpose::IsOfSession },
    Service { name: "SYMLINK", help: " <SP> target <SP> link", procedure: symlink, purpose: Purpose::MakesLinks },
    Service { name: "UMASK", help: " [<SP> mask]", procedure: umask, purpose: Purpose::IsOfSession },
    Service {
        name: "UTIME",
        help: " <SP> YYYYMMDDhhmm[ss] <SP> pathname",
        procedure: utime,
        purpose: Purpose::ChangesFiles,
    },
];

pub(super) fn site(session: &mut Session, argument: &[u8]) -> Step {
    let mut parts = argument.splitn(2, |&octet| octet == b' ');
    let (name, argument) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let service = SERVICES.iter().find(|service| service.name.as_bytes().eq_ignore_ascii_case(name));
    match service {
        Some(service) if session.serves(service) => (service.procedure)(session, argument),
        Some(_) | None => reply::<504>("There is no such SITE command.").into(),
    }
}

impl Session {
    /// Links are made where it is allowed: a program besides this one might follow them out of the root.
    fn serves(&self, service: &Service) -> bool {
        let may_change = self.settings.changes == Changes::Allowed;
        match service.purpose {
            Purpose::ChangesFiles => may_change,
            Purpose::MakesLinks => may_change && self.settings.links == Links::Allowed,
            Purpose::IsOfSession => true,
        }
    }
}

fn help(session: &mut Session, _: &[u8]) -> Step {
    let services = SERVICES.iter().filter(|service| session.serves(service));
    let lines = services.map(|service| format!("SITE {}{}", service.name, service.help));
    indented::<214, String>("These commands are recognised:", lines, "End of help.").into()
}

fn chmod(session: &mut Session, argument: &[u8]) -> Step {
    let mut parts = argument.splitn(2, |&octet| octet == b' ');
    let (digits, pathname) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Some(mode) = permission_bits(digits) else { return no_mode().into() };
    if pathname.is_empty() {
        return reply::<501>("SITE CHMOD takes permission bits, and a pathname behind them.").into();
    }
    match session.locate_to_change(pathname) {
        Ok(location) => Step::perform(
            move |store| store.set_mode(&location, mode),
            |_, mode| {
                mode.map_or_else(refusal, |mode| reply::<200>(format!("Permission bits set to {mode:03o}."))).into()
            },
        ),
        Err(refused) => refused,
    }
}

/// In UTC, as everywhere in RFC 3659.
fn utime(session: &mut Session, argument: &[u8]) -> Step {
    let Some((time, pathname)) = time_and_pathname(argument) else {
        return reply::<501>("SITE UTIME takes YYYYMMDDhhmm[ss] and a pathname, or a pathname, three times, and UTC.")
            .into();
    };
    match session.locate_to_change(pathname) {
        Ok(location) => Step::perform(
            move |store| store.set_modified(&location, time),
            |_, set| set.map_or_else(refusal, |_| reply::<200>("SITE UTIME command successful.")).into(),
        ),
        Err(refused) => refused,
    }
}

/// Both forms: `YYYYMMDDhhmm[ss] pathname`, and `pathname accessed modified made UTC`, of which only the second time is ours to set.
fn time_and_pathname(argument: &[u8]) -> Option<(i64, &[u8])> {
    let words: Vec<&[u8]> = argument.rsplitn(5, |&octet| octet == b' ').collect();
    if let [utc, made, modified, accessed, pathname] = *words.as_slice()
        && utc.eq_ignore_ascii_case(b"UTC")
        && let (Some(_), Some(modified), Some(_)) = (seconds(made), seconds(modified), seconds(accessed))
    {
        return (!pathname.is_empty()).then_some((modified, pathname));
    }
    let place = argument.iter().position(|&octet| octet == b' ')?;
    let (time, rest) = argument.split_at(place);
    let pathname = rest.strip_prefix(b" ").filter(|pathname| !pathname.is_empty())?;
    Some((seconds(time)?, pathname))
}

/// A time with its seconds, or without.
fn seconds(digits: &[u8]) -> Option<i64> {
    let whole = if digits.len() == 12 { [digits, b"00"].concat() } else { digits.to_vec() };
    Timestamp::parse(&whole).ok().map(|time| time.to_unix())
}

/// Neither name can hold a space.
fn symlink(session: &mut Session, argument: &[u8]) -> Step {
    let words: Vec<&[u8]> = argument.split(|&octet| octet == b' ').filter(|word| !word.is_empty()).collect();
    let [target, link] = *words.as_slice() else {
        return reply::<501>("SITE SYMLINK takes the target, and the name of the link.").into();
    };
    match session.locate_to_change(target).and_then(|target| Ok((target, session.locate(link)?))) {
        Ok((target, link)) => Step::perform(
            move |store| store.make_link(&link, &target),
            |_, made| made.map_or_else(refusal, |()| reply::<200>("SITE SYMLINK command successful.")).into(),
        ),
        Err(refused) => refused,
    }
}

/// A user may not wait longer than the server lets anyone.
fn idle(session: &mut Session, argument: &[u8]) -> Step {
    let most = session.settings.idle_limit.as_secs();
    if argument.is_empty() {
        let now = session.idle_limit().as_secs();
        return reply::<200>(format!("The idle limit is {now} seconds; the most is {most}.")).into();
    }
    let seconds = std::str::from_utf8(argument).ok().and_then(|text| text.parse::<u64>().ok());
    match seconds.filter(|seconds| (1..=most).contains(seconds)) {
        Some(seconds) => {
            session.options.idle_limit = Some(Duration::from_secs(seconds));
            reply::<200>(format!("The idle limit is {seconds} seconds.")).into()
        }
        None => reply::<501>(format!("SITE IDLE takes a number of seconds from 1 to {most}.")).into(),
    }
}

fn umask(session: &mut Session, argument: &[u8]) -> Step {
    if !argument.is_empty() {
        let Some(mask) = permission_bits(argument) else { return no_mode().into() };
        session.options.umask = Some(mask);
    }
    match session.options.umask {
        Some(mask) => reply::<200>(format!("The umask is {mask:03o}.")).into(),
        None => reply::<200>("The umask is that of the server.").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::minutes("197001010001 a b", Some((60, "a b")))]
    #[case::seconds("19700101000001 a", Some((1, "a")))]
    #[case::three_times("a b 19700101000001 19700101000002 19700101000003 UTC", Some((2, "a b")))]
    #[case::three_times_without_utc("a 19700101000001 19700101000002 19700101000003", None)]
    #[case::no_path("19700101000001", None)]
    #[case::no_time("a b", None)]
    #[case::no_such_day("19700230000001 a", None)]
    fn times(#[case] argument: &str, #[case] expected: Option<(i64, &str)>) {
        let found = time_and_pathname(argument.as_bytes());
        assert_eq!(found, expected.map(|(time, name)| (time, name.as_bytes())));
    }
}
