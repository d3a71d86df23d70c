//! The last step before a submission: this program, started again, takes the limits upon itself and becomes it.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    path_beneath_rules,
};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, Signal, WaitOptions, set_parent_process_death_signal, setrlimit};

use super::Bounds;

/// The subcommand that does it.
pub(super) const SUBCOMMAND: &str = "confined";

/// Descriptors that a process may have open.
const DESCRIPTORS: u64 = 1024;

/// What landlock lets everybody read.
const SYSTEM: [&str; 11] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/nix", "/proc", "/sys"];

/// What the step is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What may be used up.
    pub bounds: Bounds,
    /// The user and group to be.
    pub owner: Option<u32>,
    /// Whether this process stays, as the first of its namespace, and tells how the command ended.
    pub hold: bool,
    /// Whether landlock closes the file system.
    pub landlock: bool,
    /// Folders that may be read, where it does.
    pub readable: Vec<PathBuf>,
    /// Folders that may be written to, where it does.
    pub writable: Vec<PathBuf>,
}

impl Step {
    /// The arguments that say it, up to the command.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let Bounds { processes, memory, cpu, file, .. } = self.bounds;
        let mut all: Vec<OsString> = vec![SUBCOMMAND.into()];
        let numbers = [("--processes", processes), ("--memory", memory), ("--cpu", cpu), ("--file", file)];
        for (name, number) in numbers {
            all.extend([name.into(), number.to_string().into()]);
        }
        if self.hold {
            all.push("--hold".into());
        } else if let Some(owner) = self.owner {
            all.extend(["--owner".into(), owner.to_string().into()]);
        }
        if self.landlock {
            all.push("--landlock".into());
            for (name, folders) in [("--readable", &self.readable), ("--writable", &self.writable)] {
                all.extend(folders.iter().flat_map(|folder| [name.into(), folder.into()]));
            }
        }
        all.push("--".into());
        all
    }
}

/// Becomes the command, confined, or holds it until the last process of it has ended. It returns only where that fails.
pub fn become_confined(step: &Step, command: &[OsString]) -> io::Error {
    let Some((program, arguments)) = command.split_first() else { return io::Error::other("there is no command") };
    if let Err(error) = take(step) {
        return error;
    }
    let mut command = Command::new(program);
    command.args(arguments);
    if step.hold {
        return hold(command);
    }
    if let Some(owner) = step.owner {
        // The standard library drops the other groups as well.
        command.gid(owner).uid(owner);
    }
    command.exec()
}

/// How an end is told: a letter and a number.
pub(in crate::subject) const TOLD: usize = 5;

/// The first process of the namespace. It reaps every orphan, and tells on its standard input, which nobody reads here, how
/// the command itself ended. A daemon lives on: the namespace ends with its last process, or with the harness.
fn hold(mut command: Command) -> io::Error {
    let spawned = command.stdin(Stdio::null()).spawn();
    let main = match spawned {
        Ok(child) => child.id(),
        Err(error) => {
            let _ = tell(b'c', CANNOT_RUN);
            return error;
        }
    };
    let mut code = 0;
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if u32::try_from(pid.as_raw_pid()) == Ok(main) => {
                code = status.exit_status().unwrap_or(CANNOT_RUN);
                let told = status.terminating_signal().map_or_else(|| tell(b'c', code), |signal| tell(b's', signal));
                if told.is_err() {
                    // The harness is gone.
                    break;
                }
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => break,
        }
    }
    std::process::exit(code)
}

/// As a shell says that a program cannot be run.
const CANNOT_RUN: i32 = 126;

fn tell(letter: u8, number: i32) -> io::Result<()> {
    let [a, b, c, d] = number.to_ne_bytes();
    let told: [u8; TOLD] = [letter, a, b, c, d];
    rustix::io::write(io::stdin(), &told)?;
    Ok(())
}

fn take(step: &Step) -> io::Result<()> {
    let limits = [
        (Resource::Nproc, step.bounds.processes),
        // The memory that is written to: a Java machine reserves much more than it uses.
        (Resource::Data, step.bounds.memory),
        (Resource::Cpu, step.bounds.cpu),
        (Resource::Fsize, step.bounds.file),
        (Resource::Nofile, DESCRIPTORS),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    if step.landlock {
        restrict(&step.readable, &step.writable)?;
    }
    if !step.hold {
        set_parent_process_death_signal(Some(Signal::KILL))?;
    }
    Ok(())
}

/// Whether the kernel has landlock.
pub(super) fn has_landlock() -> bool {
    let tried =
        Ruleset::default().set_compatibility(CompatLevel::HardRequirement).handle_access(AccessFs::from_all(ABI::V1));
    tried.and_then(Ruleset::create).is_ok()
}

fn restrict(readable: &[PathBuf], writable: &[PathBuf]) -> io::Result<()> {
    let all = AccessFs::from_all(ABI::V5);
    let read = AccessFs::from_read(ABI::V5);
    let system = SYSTEM.iter().map(Path::new).chain(readable.iter().map(PathBuf::as_path)).filter(|path| path.exists());
    let devices = [Path::new("/dev")];
    let status = Ruleset::default()
        .handle_access(all)
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(path_beneath_rules(system, read)))
        .and_then(|rules| {
            rules.add_rules(path_beneath_rules(devices, AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::ReadDir))
        })
        .and_then(|rules| rules.add_rules(path_beneath_rules(writable, all)))
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(io::Error::other)?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(io::Error::other("the kernel does not enforce landlock"));
    }
    Ok(())
}
