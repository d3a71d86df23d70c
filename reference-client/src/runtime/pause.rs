//! The clock.

use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use super::{Interrupts, modified};
use crate::session::Failure;

/// Seconds after 1970-01-01 00:00:00 UTC.
pub(crate) fn now() -> i64 {
    modified(SystemTime::now())
}

/// Lets some time pass before something is tried again.
///
/// # Errors
/// When the user interrupts it.
pub(crate) async fn pause(time: Duration, mut interrupts: Option<Interrupts>) -> Result<(), Failure> {
    tokio::select! {
        // A server that was busy, or was gone, tells nobody when it is there again: the time between two tries is all there is.
        () = sleep(time) => Ok(()),
        () = Interrupts::next_of(&mut interrupts) => Err(Failure::Interrupted),
    }
}
