//! SIGHUP: the options are read again, and the sessions that begin from then on have them.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::termios::isatty;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Notifier;

/// Something of which there is a new one at times.
#[derive(Debug)]
pub(crate) struct Latest<T>(Mutex<Arc<T>>);

impl<T> Latest<T> {
    pub(crate) fn new(first: T) -> Self {
        Self(Mutex::new(Arc::new(first)))
    }

    pub(crate) fn now(&self) -> Arc<T> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace(&self, new: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
    }
}

/// The SIGHUPs that come from now on. Before, one would end the program.
#[derive(Debug)]
pub(crate) struct Hangups {
    signal: Signal,
    /// Whether messages went to a terminal when the server began.
    has_terminal: bool,
}

/// Waits for them from now on.
///
/// # Errors
/// The system gives no signals.
pub(crate) fn hangups() -> io::Result<Hangups> {
    Ok(Hangups { signal: signal(SignalKind::hangup())?, has_terminal: isatty(io::stderr()) })
}

/// How it went to read the options again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reload {
    Complete,
    /// Something is wrong in them, and all stays as it was.
    Refused,
}

/// Reads again at each SIGHUP, on a thread, for files are read. Ends when it was the terminal that hung up: then nobody is there any
/// more who would end the server.
pub(super) async fn follow(
    mut hangups: Hangups,
    notifier: Arc<Notifier>,
    reread: impl Fn() -> Reload + Send + Sync + 'static,
) {
    let reread = Arc::new(reread);
    while hangups.signal.recv().await.is_some() {
        if hangups.has_terminal && !isatty(io::stderr()) {
            return;
        }
        notifier.reloading();
        let reread = Arc::clone(&reread);
        let end = tokio::task::spawn_blocking(move || reread()).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the options could not be read again");
            Reload::Refused
        });
        notifier.reloaded(end);
    }
    std::future::pending::<()>().await;
}
