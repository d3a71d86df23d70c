//! SIGHUP: the options are read again, and the sessions that begin from then on have them.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::termios::isatty;
use tokio::signal::unix::{Signal, SignalKind, signal};

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

/// Reads again at each SIGHUP, on a thread, for files are read. Ends when it was the terminal that hung up: then nobody is there any
/// more who would end the server.
pub(super) async fn follow(mut hangups: Hangups, reread: impl Fn() + Send + Sync + 'static) {
    let reread = Arc::new(reread);
    while hangups.signal.recv().await.is_some() {
        if hangups.has_terminal && !isatty(io::stderr()) {
            return;
        }
        let reread = Arc::clone(&reread);
        if let Err(error) = tokio::task::spawn_blocking(move || reread()).await {
            tracing::error!(%error, "the options could not be read again");
        }
    }
    std::future::pending::<()>().await;
}
