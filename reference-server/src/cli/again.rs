//! The options, read again while the server runs (SIGHUP).

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::prepared::served;
use super::process::Bounds;
use super::{Arguments, StartError, configuration, say};
use crate::process::ReadAgain;
use crate::records::{Event, Records};
use crate::runtime::{Failures, Latest, Reload, Served};
use crate::store::Store;

/// What is needed to read them again.
pub(super) struct Again {
    /// The command line, which names the file.
    pub(super) line: Vec<OsString>,
    /// Those that the server began with.
    pub(super) running: Arguments,
    /// The files, where they are in memory: no others come in their place.
    pub(super) in_memory: Option<Arc<dyn Store>>,
    pub(super) bounds: Bounds,
    pub(super) served: Arc<Latest<Served>>,
    pub(super) failures: Arc<Failures>,
    pub(super) records: Arc<Records>,
}

/// The options that stay as they were.
#[derive(Debug, Default)]
pub(super) struct Unchanged(Vec<&'static str>);

impl Unchanged {
    /// Puts an option back that cannot change while the server runs.
    pub(super) fn keep<T: PartialEq + Clone>(&mut self, name: &'static str, option: &mut T, running: &T) {
        if option != running {
            running.clone_into(option);
            self.0.push(name);
        }
    }
}

impl Again {
    /// Reads them, opens all that they name, and goes on with that. Says what has come of it; with something wrong in them, nothing has.
    pub(super) fn read(&self) -> Reload {
        match self.try_read() {
            Ok(Unchanged(unchanged)) => {
                self.records.tell(None, Event::Reloaded { unchanged: unchanged.clone() });
                if !unchanged.is_empty() {
                    let names = unchanged.join(", ");
                    say(&format!("warning: what is new of {names} holds when the server is started again"));
                }
                say("the options were read again");
                Reload::Complete
            }
            Err(why) => {
                self.records.tell(None, Event::NotReloaded);
                if let Some(error) = why {
                    say(&format!("error: {error}"));
                }
                say("the options stay as they were");
                Reload::Refused
            }
        }
    }

    /// Without an error where it is said already.
    fn try_read(&self) -> Result<Unchanged, Option<StartError>> {
        let mut arguments = configuration::arguments(self.line.clone()).map_err(|_said| None)?;
        let unchanged = arguments.keep(&self.running);
        let (logs, penalties) = (arguments.logs.clone(), arguments.login.penalties());
        let served = served(arguments, self.in_memory.clone())?;
        self.bounds.try_all(served.store.as_ref(), &served.settings)?;
        // Nothing fails behind this.
        self.records.go_on_in(logs.open(None)?);
        self.failures.punish(penalties);
        self.served.replace(served);
        Ok(unchanged)
    }
}

impl Arguments {
    /// Puts back what cannot change while the server runs: where it listens, how many sessions it has threads for, and files in memory.
    fn keep(&mut self, running: &Self) -> Unchanged {
        let mut unchanged = Unchanged::default();
        unchanged.keep("port", &mut self.port, &running.port);
        unchanged.keep("listen", &mut self.listen, &running.listen);
        self.network.keep(&running.network, &mut unchanged);
        self.process.keep(&running.process, &mut unchanged);
        self.tls.keep(&running.tls, &mut unchanged);
        self.logs.keep(&running.logs, &mut unchanged);
        self.policy.go_on_from(&running.policy);
        if running.memory != self.memory {
            unchanged.keep("root", &mut self.root, &running.root);
            unchanged.keep("memory", &mut self.memory, &running.memory);
        }
        if running.memory.is_some() {
            self.policy.keep(&running.policy, &mut unchanged);
        }
        unchanged
    }
}

impl Arguments {
    /// The files that are opened when the options are read again.
    pub(super) fn read_again(&self) -> ReadAgain {
        let named = [self.config.as_deref(), self.login.users()].into_iter().chain(self.tls.files());
        let read = named.flatten().map(Path::to_owned).collect();
        ReadAgain { read, appended_to: self.logs.files().map(Path::to_owned).collect() }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing(&["--root=r", "--users=u"], &["--root=x", "--quota=5", "--log=l", "--idle-timeout=7"], &[])]
    #[case::run_as(&["--root=r"], &["--root=r", "--run-as=x"], &["run-as"])]
    #[case::landlock(&["--root=r"], &["--root=r", "--landlock=off"], &["landlock"])]
    #[case::port(&["--root=r"], &["--root=r", "--port=5"], &["port"])]
    #[case::per_host(&["--root=r"], &["--root=r", "--sessions-per-host=5"], &["sessions-per-host"])]
    #[case::memory(&["--memory=5"], &["--memory=6"], &["memory"])]
    #[case::memory_for_a_root(&["--memory=5"], &["--root=r"], &["root", "memory"])]
    #[case::a_root_for_memory(&["--root=r"], &["--memory=6", "--quota=5"], &["root", "memory"])]
    #[case::rules_of_memory(
        &["--memory=5"],
        &["--memory=5", "--fault=full", "--atomic", "--quota=5"],
        &["quota", "atomic", "fault"]
    )]
    fn what_stays(#[case] running: &[&str], #[case] new: &[&str], #[case] expected: &[&str]) {
        let parse = |line: &[&str]| Arguments::try_parse_from([&["server"], line].concat()).unwrap();
        let (running, mut new) = (parse(running), parse(new));
        assert_eq!(new.keep(&running).0, expected);
        assert_eq!((new.port, &new.root.is_some()), (running.port, &running.root.is_some()));
        assert_eq!(new.memory, running.memory);
        assert!(new.keep(&running).0.is_empty());
    }
}
