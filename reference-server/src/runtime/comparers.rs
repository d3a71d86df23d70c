//! Where hashed passwords are compared: not on the thread that all sessions share, and not more of them at a time than the machine
//! bears.

use std::io;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::accounts::Room;
use crate::session::{Resume, Verify};

/// More at a time would serve nobody better, and each keeps some megabytes.
const MOST: usize = 8;

/// So many passwords may be compared at a time; the others wait in turn.
#[derive(Debug)]
pub(crate) struct Comparers {
    turns: Semaphore,
    /// The memory of those that do not compare. It is kept: what comes and goes on many threads, the allocator keeps for each.
    rooms: Arc<Mutex<Vec<Room>>>,
}

/// One of them, that is free for a password.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    _permit: SemaphorePermit<'a>,
    rooms: &'a Arc<Mutex<Vec<Room>>>,
}

impl Comparers {
    /// Half of the cores: a flood of logins does not take the machine.
    pub(crate) fn of_this_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { turns: Semaphore::new((cores / 2).clamp(1, MOST)), rooms: Arc::default() }
    }

    /// Waits for a turn. Who asked first is first.
    pub(super) async fn turn(&self) -> io::Result<Turn<'_>> {
        let permit = self.turns.acquire().await.map_err(io::Error::other)?;
        Ok(Turn { _permit: permit, rooms: &self.rooms })
    }
}

impl Turn<'_> {
    pub(super) async fn compare(self, verify: Verify) -> io::Result<Resume> {
        let rooms = Arc::clone(self.rooms);
        let compare = move || {
            let free = || rooms.lock().unwrap_or_else(PoisonError::into_inner);
            let mut room = free().pop().unwrap_or_default();
            let resume = verify.run(&mut room);
            free().push(room);
            resume
        };
        Ok(tokio::task::spawn_blocking(compare).await?)
    }
}
