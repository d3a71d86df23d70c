//! How the server ends: sessions that wait are told 421, transfers come to their end first.

use std::future::pending;
use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

/// What all sessions share: it tells when the server is to end, and while it is there, sessions are.
#[derive(Debug)]
pub(crate) struct Stop {
    told: watch::Receiver<bool>,
    _alive: mpsc::Sender<()>,
}

/// The other end.
#[derive(Debug)]
pub(crate) struct Stopper {
    tell: watch::Sender<bool>,
    gone: mpsc::Receiver<()>,
}

/// A pair of both.
pub(crate) fn stop() -> (Stopper, Stop) {
    let (tell, told) = watch::channel(false);
    let (alive, gone) = mpsc::channel(1);
    (Stopper { tell, gone }, Stop { told, _alive: alive })
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
    /// Tells all sessions, and waits until they have ended.
    pub(super) async fn end(mut self) {
        self.tell.send_replace(true);
        while self.gone.recv().await.is_some() {}
    }
}

/// Waits for SIGTERM or SIGINT.
///
/// # Errors
/// The system gives no signals.
pub(super) async fn asked() -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}
