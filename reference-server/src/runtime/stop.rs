//! How the server ends: sessions that wait are told 421, transfers come to their end first.

use std::future::pending;
use std::io;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::Notifier;

/// What all sessions share: it tells when the server is to end, and while it is there, sessions are.
#[derive(Debug)]
pub(crate) struct Stop {
    told: watch::Receiver<bool>,
    _alive: mpsc::Sender<()>,
}

/// The other end.
#[derive(Debug)]
pub(crate) struct Stopper {
    pub(super) notifier: Arc<Notifier>,
    signals: Signals,
    tell: watch::Sender<bool>,
    gone: mpsc::Receiver<()>,
}

/// SIGTERM and SIGINT.
#[derive(Debug)]
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// A pair of both. From here on a signal ends nothing by itself, and none is missed.
///
/// # Errors
/// The system gives no signals.
pub(crate) fn stop(notifier: Notifier) -> io::Result<(Stopper, Stop)> {
    let signals = Signals::caught()?;
    let (tell, told) = watch::channel(false);
    let (alive, gone) = mpsc::channel(1);
    Ok((Stopper { notifier: Arc::new(notifier), signals, tell, gone }, Stop { told, _alive: alive }))
}

impl Stop {
    /// Waits until the server is to end.
    pub(super) async fn begun(&self) {
        if self.told.clone().wait_for(|told| *told).await.is_err() {
            // Nobody is there to tell.
            pending::<()>().await;
        }
    }
}

impl Stopper {
    /// Waits for SIGTERM or SIGINT.
    pub(super) async fn asked(&mut self) {
        self.signals.next().await;
    }

    /// Tells all sessions, and waits until they have ended, or for another signal.
    pub(super) async fn end(mut self) {
        self.notifier.stopping();
        self.tell.send_replace(true);
        loop {
            tokio::select! {
                gone = self.gone.recv() => if gone.is_none() { return },
                () = self.signals.next() => return,
            }
        }
    }
}

/// Begins and waits, on a thread, until that is done or SIGTERM or SIGINT comes: then there is nothing. From `begin` on a signal ends
/// nothing by itself.
///
/// # Errors
/// The system gives no signals, or it could not be begun.
pub(crate) fn unless_interrupted<T: Send + 'static>(
    begin: impl FnOnce() -> io::Result<()>,
    wait: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Option<T>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let end = runtime.block_on(async {
        let mut signals = Signals::caught()?;
        begin()?;
        tokio::select! {
            done = tokio::task::spawn_blocking(wait) => done.map(Some).map_err(io::Error::other),
            () = signals.next() => Ok(None),
        }
    });
    runtime.shutdown_background();
    end
}

impl Signals {
    fn caught() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
