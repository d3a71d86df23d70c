//! The processes that belong to a subject: its group, its session, its descendants, and those that bear its mark.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use rustix::process::Pid;

/// A process that belongs to the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    /// Its number.
    pub(super) pid: Pid,
    /// Whether it has ended and only waits to be reaped.
    pub(super) ended: bool,
}

impl Member {
    /// Whether it holds this socket, as far as one may look.
    pub(super) fn may_hold(self, inode: u64) -> bool {
        if self.ended {
            return false;
        }
        let wanted = format!("socket:[{inode}]");
        match std::fs::read_dir(folder(self.pid.as_raw_pid()).join("fd")) {
            Ok(entries) => entries
                .flatten()
                .any(|entry| std::fs::read_link(entry.path()).is_ok_and(|link| link.as_os_str() == &*wanted)),
            Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
        }
    }
}

/// What `/proc/PID/stat` says of kinship.
#[derive(Debug, PartialEq, Eq)]
struct Kin {
    pid: i32,
    ended: bool,
    parent: i32,
    group: i32,
    session: i32,
}

/// The family of this leader: whoever is of its group or session, bears the mark, or descends from one of them.
pub(super) fn of(leader: Pid, mark: &str) -> io::Result<Vec<Member>> {
    let leader = leader.as_raw_pid();
    let kin = everybody()?;
    let is_own = |kin: &&Kin| {
        kin.pid == leader || kin.group == leader || kin.session == leader || (!kin.ended && bears(kin.pid, mark))
    };
    let mut family: BTreeSet<i32> = kin.iter().filter(is_own).map(|kin| kin.pid).collect();
    loop {
        let children = kin.iter().filter(|kin| family.contains(&kin.parent)).map(|kin| kin.pid);
        let grown: BTreeSet<i32> = family.iter().copied().chain(children).collect();
        if grown.len() == family.len() {
            break;
        }
        family = grown;
    }
    let member = |kin: &Kin| Some(Member { pid: Pid::from_raw(kin.pid)?, ended: kin.ended });
    Ok(kin.iter().filter(|kin| family.contains(&kin.pid)).filter_map(member).collect())
}

/// Those that descend from this leader, its children first. Nobody's marks are read, which is the dear part of [`of`].
pub(super) fn descendants(leader: Pid) -> io::Result<Vec<Member>> {
    let mut left = everybody()?;
    let mut descendants: Vec<Kin> = Vec::new();
    let mut parents = vec![leader.as_raw_pid()];
    while !parents.is_empty() {
        let (children, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|kin| parents.contains(&kin.parent));
        parents = children.iter().map(|kin| kin.pid).collect();
        descendants.extend(children);
        left = others;
    }
    let member = |kin: &Kin| Some(Member { pid: Pid::from_raw(kin.pid)?, ended: kin.ended });
    Ok(descendants.iter().filter_map(member).collect())
}

fn everybody() -> io::Result<Vec<Kin>> {
    let own = i32::try_from(std::process::id()).map_err(io::Error::other)?;
    let mut everybody = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()).filter(|pid| *pid != own) else {
            continue;
        };
        // A process may end between being listed and being read.
        if let Ok(stat) = std::fs::read_to_string(folder(pid).join("stat")) {
            everybody.extend(kin(pid, &stat));
        }
    }
    Ok(everybody)
}

/// `4711 (a name (with anything)) S 1 4711 4711 …` (`proc_pid_stat`(5)).
fn kin(pid: i32, stat: &str) -> Option<Kin> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut columns = behind_name.split_ascii_whitespace();
    let ended = matches!(columns.next()?, "Z" | "X" | "x");
    let mut number = || columns.next()?.parse().ok();
    Some(Kin { pid, ended, parent: number()?, group: number()?, session: number()? })
}

fn bears(pid: i32, mark: &str) -> bool {
    // Another user's environment cannot be read, and then it is not a process that we could have started.
    std::fs::read(folder(pid).join("environ"))
        .is_ok_and(|environment| environment.split(|octet| *octet == 0).any(|variable| variable == mark.as_bytes()))
}

fn folder(pid: i32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Kin, kin};

    #[rstest]
    #[case("7 (sh) S 1 5 4 0 -1", Some(Kin { pid: 7, ended: false, parent: 1, group: 5, session: 4 }))]
    #[case("7 (a) Z 1 (b)) Z 2 6 3 0", Some(Kin { pid: 7, ended: true, parent: 2, group: 6, session: 3 }))]
    #[case("7 (sh) S 1", None)]
    fn kinship_is_read(#[case] stat: &str, #[case] expected: Option<Kin>) {
        assert_eq!(kin(7, stat), expected);
    }
}
