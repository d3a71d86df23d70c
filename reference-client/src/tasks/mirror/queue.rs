//! The jobs of a mirror, and what became of them.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::listing::Modified;
use crate::problem::Problem;
use crate::runtime::{Before, Bell};

/// Which side becomes like the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Here,
    There,
}

/// Something to be done, at a path below both directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    /// Names with `/` between them; empty for the directory itself.
    pub(super) path: Vec<u8>,
    pub(super) what: What,
    tries: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Compare it, and make jobs of what is in it.
    Directory(There),
    /// Move it.
    File { size: Option<u64>, modified: Option<Modified>, before: Before },
}

/// Whether a directory is known to be on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    Yes,
    No,
}

impl Job {
    pub(super) fn first() -> Self {
        Self { path: Vec::new(), what: What::Directory(There::Yes), tries: 0 }
    }

    pub(super) fn new(directory: &[u8], name: &[u8], what: What) -> Self {
        Self { path: joined(directory, name), what, tries: 0 }
    }
}

/// A name in a directory.
pub(super) fn joined(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}

/// The jobs that are left.
#[derive(Debug)]
pub(super) struct Queue {
    state: RefCell<State>,
    bell: Bell,
    retries: u32,
}

#[derive(Debug, Default)]
struct State {
    /// First, for they bring more jobs.
    directories: VecDeque<Job>,
    files: VecDeque<Job>,
    /// Jobs that are being done.
    running: usize,
    sessions: usize,
    outcome: Outcome,
}

/// What became of all.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What could not be done, and why.
    pub(super) failures: Vec<(Vec<u8>, Problem)>,
    /// Why nothing more was done.
    pub(super) end: Option<Problem>,
}

impl Queue {
    pub(super) fn new(retries: u32) -> Self {
        Self { state: RefCell::default(), bell: Bell::default(), retries }
    }

    pub(super) fn push(&self, job: Job) {
        let mut state = self.state.borrow_mut();
        match job.what {
            What::Directory(_) => state.directories.push_back(job),
            What::File { .. } => state.files.push_back(job),
        }
        drop(state);
        self.bell.ring();
    }

    /// The next job; None when there will be no more.
    pub(super) async fn next(&self) -> Option<Job> {
        loop {
            {
                let mut state = self.state.borrow_mut();
                if state.outcome.end.is_some() {
                    return None;
                }
                let job = state.directories.pop_front().or_else(|| state.files.pop_front());
                if job.is_some() {
                    state.running += 1;
                    return job;
                }
                if state.running == 0 {
                    return None;
                }
            }
            self.bell.heard().await;
        }
    }

    /// A job is done, or can never be.
    pub(super) fn close(&self, job: Job, result: Result<(), Problem>) {
        let mut state = self.state.borrow_mut();
        state.running -= 1;
        match result {
            Ok(()) => {}
            Err(problem) if problem.is_interruption() => state.outcome.end = Some(problem),
            Err(problem) => state.outcome.failures.push((job.path, problem)),
        }
        drop(state);
        self.bell.ring();
    }

    /// A job goes back to the others, if it was not tried too often. Returns how many times it was tried.
    pub(super) fn again(&self, mut job: Job, problem: Problem) -> u32 {
        job.tries += 1;
        let tries = job.tries;
        if tries > self.retries {
            self.close(job, Err(problem));
            return tries;
        }
        self.state.borrow_mut().running -= 1;
        self.push(job);
        tries
    }

    /// A job was not begun.
    pub(super) fn give_back(&self, job: Job) {
        self.state.borrow_mut().running -= 1;
        self.push(job);
    }

    /// A session stands.
    pub(super) fn enter(&self) {
        self.state.borrow_mut().sessions += 1;
    }

    /// A session is gone.
    pub(super) fn leave(&self) {
        self.state.borrow_mut().sessions -= 1;
    }

    /// Whether there are sessions that go on with what is left.
    pub(super) fn goes_on(&self) -> bool {
        self.state.borrow().sessions > 0
    }

    /// Nothing more can be done.
    pub(super) fn end(&self, problem: Problem) {
        self.state.borrow_mut().outcome.end.get_or_insert(problem);
        self.bell.ring();
    }

    pub(super) fn outcome(&self) -> Outcome {
        std::mem::take(&mut self.state.borrow_mut().outcome)
    }
}
