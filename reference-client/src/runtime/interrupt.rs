//! Ctrl-C. Whoever listens for it is told, and the program goes on; where nobody listens, it ends the program as ever.

use std::future::pending;
use std::io;

use tokio::sync::watch;

/// Tells when the user interrupts.
#[derive(Debug, Clone)]
pub(crate) struct Interrupts(watch::Receiver<u64>);

impl Interrupts {
    /// Listens from now on.
    pub(crate) fn listen() -> io::Result<Self> {
        let mut signals = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
        let (sender, receiver) = watch::channel(0);
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(receiver))
    }

    /// Forgets the interruptions until now.
    pub(super) fn forget(&mut self) {
        self.0.mark_unchanged();
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            pending::<()>().await;
        }
    }

    /// Waits for the next one, where there are any.
    pub(super) async fn next_of(interrupts: &mut Option<Self>) {
        match interrupts {
            Some(interrupts) => interrupts.next().await,
            None => pending().await,
        }
    }
}
