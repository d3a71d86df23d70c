//! A process and everything that it begets: started, watched, and ended to the last.

mod family;

use std::io::{self, PipeReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus};

use self::family::Member;
use super::confinement::TOLD;
use super::log::Log;

/// The variable by which a process that left the group is still known as ours.
const MARK: &str = "FTPSPEC_SUBJECT";
/// How long the killed may take to be gone. Only a process stuck in the kernel takes longer than a moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exit {
    /// Its exit code, unless a signal ended it.
    pub(super) code: Option<i32>,
    /// The signal that ended it.
    pub(super) signal: Option<i32>,
}

/// A process that leads a group of its own. When it is dropped, the whole family is killed and reaped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    leader: Pid,
    mark: String,
    log: Log,
    /// Where a process that holds another tells how that one ended.
    told: Option<PipeReader>,
    ended: OnceLock<Exit>,
}

impl Process {
    /// Runs a command. What it prints goes into the log, and it has nothing to read.
    ///
    /// # Errors
    /// The program cannot be run.
    pub(super) fn run(command: Command) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let mut command = command;
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        Self::spawn(command, reader)
    }

    /// Runs a command that holds another: it stays as long as any process of that one, and tells on its standard input how
    /// that one itself ended.
    ///
    /// # Errors
    /// The program cannot be run.
    pub(super) fn run_held(command: Command) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let (told, telling) = io::pipe()?;
        rustix::fs::fcntl_setfl(&told, OFlags::NONBLOCK)?;
        let mut command = command;
        command.stdin(telling).stdout(writer.try_clone()?).stderr(writer);
        let mut process = Self::spawn(command, reader)?;
        process.told = Some(told);
        Ok(process)
    }

    /// Runs a command that is spoken to line by line: its standard input and output are taken, the log has the errors.
    ///
    /// # Errors
    /// The program cannot be run.
    pub(super) fn converse(command: Command) -> io::Result<(Self, ChildStdin, ChildStdout)> {
        let (reader, writer) = io::pipe()?;
        let mut command = command;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(writer);
        let mut process = Self::spawn(command, reader)?;
        match (process.child.stdin.take(), process.child.stdout.take()) {
            (Some(input), Some(output)) => Ok((process, input, output)),
            _ => Err(io::Error::other("the process has no standard input and output")),
        }
    }

    /// Runs a command that reads this text. What it prints goes into the log.
    ///
    /// # Errors
    /// The program cannot be run.
    pub(super) fn fed(command: Command, text: String) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let mut command = command;
        command.stdin(Stdio::piped()).stdout(writer.try_clone()?).stderr(writer);
        let mut process = Self::spawn(command, reader)?;
        if let Some(mut input) = process.child.stdin.take() {
            std::thread::Builder::new().name("subject's input".to_owned()).spawn(move || {
                // One that ends early reads no more.
                input.write_all(text.as_bytes()).ok();
            })?;
        }
        Ok(process)
    }

    /// A descriptor that becomes readable when the process ends.
    ///
    /// # Errors
    /// The kernel gives none.
    pub(super) fn watched(&self) -> io::Result<OwnedFd> {
        Ok(rustix::process::pidfd_open(self.leader, PidfdFlags::empty())?)
    }

    fn spawn(mut command: Command, reader: PipeReader) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // A daemon's parent exits. Its orphan then becomes our child instead of init's, so that we can reap it.
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        let mark = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let child = command.env(MARK, &mark).process_group(0).spawn()?;
        // The command holds the ends of the pipe that it gave away. Kept, they would keep the log from ending.
        drop(command);
        let leader = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let leader = leader.ok_or_else(|| io::Error::other("the process has no number"))?;
        let log = Log::draining(reader)?;
        Ok(Self { child, leader, mark: format!("{MARK}={mark}"), log, told: None, ended: OnceLock::new() })
    }

    /// Waits until the process that was started ends, and no longer than this.
    ///
    /// # Errors
    /// The kernel does not say.
    pub(super) fn wait(&self, within: Duration) -> io::Result<()> {
        let within = Timespec::try_from(within).map_err(io::Error::other)?;
        match &self.told {
            Some(told) => poll(&mut [PollFd::new(told, PollFlags::IN)], Some(&within))?,
            None => poll(&mut [PollFd::new(&self.watched()?, PollFlags::IN)], Some(&within))?,
        };
        Ok(())
    }

    /// What was told of the end of the process that is held, if anything was.
    fn told_exit(&self) -> Option<Exit> {
        if let Some(exit) = self.ended.get() {
            return Some(*exit);
        }
        let mut told = [0; TOLD];
        let mut reader = self.told.as_ref()?;
        // It does not block; nothing is there while the process lives, and nothing ever if the holder was ended first.
        if !matches!(reader.read(&mut told), Ok(TOLD)) {
            return None;
        }
        let [letter, number @ ..] = told;
        let number = i32::from_ne_bytes(number);
        let exit = if letter == b's' {
            Exit { code: None, signal: Some(number) }
        } else {
            Exit { code: Some(number), signal: None }
        };
        Some(*self.ended.get_or_init(|| exit))
    }

    /// How the process that was started ended, if it did. It is not reaped, so its number stays its own.
    ///
    /// # Errors
    /// The kernel does not say.
    pub(super) fn exit(&self) -> io::Result<Option<Exit>> {
        if let Some(exit) = self.told_exit() {
            return Ok(Some(exit));
        }
        self.exit_of_leader()
    }

    fn exit_of_leader(&self) -> io::Result<Option<Exit>> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(rustix::process::waitid(WaitId::Pid(self.leader), options)?.map(|status| exit_of(&status)))
    }

    /// Whether any process of the family lives.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub(super) fn anyone_alive(&self) -> io::Result<bool> {
        if self.told.is_some() {
            // The leader holds the namespace as long as there is anyone in it.
            return Ok(self.exit_of_leader()?.is_none());
        }
        // Most are one process, and to look at every process of the machine is dear.
        Ok(self.exit()?.is_none() || self.family()?.iter().any(|member| !member.ended))
    }

    /// Whether one of the family holds this socket. Where some of them may not be looked into, the answer is yes.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub(super) fn holds(&self, inode: u64) -> io::Result<bool> {
        let leader = Member { pid: self.leader, ended: false };
        if leader.may_hold(inode) || self.held()?.iter().any(|member| member.may_hold(inode)) {
            return Ok(true);
        }
        Ok(self.family()?.iter().any(|member| member.may_hold(inode)))
    }

    /// What it printed.
    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// The numbers of all processes that live.
    pub(super) fn alive(&self) -> io::Result<Vec<i32>> {
        let living = self.family()?.into_iter().filter(|member| !member.ended);
        Ok(living.map(|member| member.pid.as_raw_pid()).collect())
    }

    fn family(&self) -> io::Result<Vec<Member>> {
        family::of(self.leader, &self.mark)
    }

    /// Those that live in the namespace that is held, its first process first. To look for marks as well, as
    /// [`Self::family`] does, is dear where it is done many thousand times.
    fn held(&self) -> io::Result<Vec<Member>> {
        if self.told.is_some() { family::descendants(self.leader) } else { Ok(Vec::new()) }
    }

    /// Kills the family and reaps it, until nobody of it is left.
    fn end(&self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        if self.end_held(deadline)? {
            return Ok(());
        }
        // The group first, at one blow: nobody in it can fork away between being found and being killed. An error
        // means that the group is empty, which is what is wanted.
        let _: rustix::io::Result<()> = rustix::process::kill_process_group(self.leader, Signal::KILL);
        // One that forks and ends while the others are listed hides its child from that look, not from the next.
        let mut looks_left = 2;
        while looks_left > 0 {
            let family = self.family()?;
            // The ended as well: one whose first thread has ended may have others that still do, and till then it
            // cannot be reaped.
            for member in &family {
                kill_and_wait(member.pid, deadline)?;
            }
            for member in family.iter().filter(|member| member.pid != self.leader) {
                reap(member.pid);
            }
            looks_left = if family.iter().all(|member| member.ended) { looks_left - 1 } else { 2 };
            if Instant::now() >= deadline {
                return Err(io::Error::other("a process of the subject does not die"));
            }
        }
        Ok(())
    }

    /// Ends the namespace in which the command is held, if there is one: with its first process, the child of the leader,
    /// end all others, and their ports are free. The leader is asked for it while it lives. Behind its end nothing is left
    /// by which they could be known as ours: they bear no mark, are of another session, and die when they have the time.
    fn end_held(&self, deadline: Instant) -> io::Result<bool> {
        let held = self.held()?;
        let Some(first) = held.first() else { return Ok(false) };
        kill_and_wait(first.pid, deadline)?;
        // The leader reaps its child, unless it ends first and leaves it to us.
        kill_and_wait(self.leader, deadline)?;
        reap(first.pid);
        // Nobody else is of its group; the others were reaped within the namespace.
        Ok(Instant::now() < deadline)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(%error, leader = self.leader.as_raw_pid(), "the subject's processes could not all be ended");
        }
        // Last, for while the leader is not reaped, no other process can get its number, nor a group this one's.
        if let Err(error) = self.child.try_wait() {
            tracing::error!(%error, leader = self.leader.as_raw_pid(), "the subject's process could not be reaped");
        }
    }
}

fn exit_of(status: &WaitIdStatus) -> Exit {
    Exit { code: status.exit_status(), signal: status.terminating_signal() }
}

/// Kills one process and waits for its end: by a descriptor, so that it is this one even if its number is given away.
fn kill_and_wait(pid: Pid, deadline: Instant) -> io::Result<()> {
    let descriptor = match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
        Ok(descriptor) => descriptor,
        Err(rustix::io::Errno::SRCH) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    match rustix::process::pidfd_send_signal(&descriptor, Signal::KILL) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => return Err(error.into()),
    }
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).map_err(io::Error::other)?;
    poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&left))?;
    Ok(())
}

/// Reaps an orphan that became our child. Another's child is its parent's to reap.
fn reap(pid: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    let _: rustix::io::Result<Option<WaitIdStatus>> = rustix::process::waitid(WaitId::Pid(pid), options);
}
