//! Several things at once, on one thread.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use tokio::sync::Notify;

/// Waits until all have come to their ends.
pub(crate) async fn together(all: Vec<Pin<Box<dyn Future<Output = ()> + '_>>>) {
    let mut left = all;
    poll_fn(|context| {
        left.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if left.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Wakes those that wait for work.
#[derive(Debug, Default)]
pub(crate) struct Bell(Notify);

impl Bell {
    /// Wakes all that wait now.
    pub(crate) fn ring(&self) {
        self.0.notify_waiters();
    }

    /// Waits for the next ring.
    pub(crate) async fn heard(&self) {
        self.0.notified().await;
    }
}
