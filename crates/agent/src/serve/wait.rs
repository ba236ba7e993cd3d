//! Polls that wait for new spans.

use std::time::Duration;

use coral_store::Store;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What a waiting poll listens to. A waiting poll holds no permit, no thread and no lock.
#[derive(Clone)]
pub struct Commits {
    /// Changes after each commit of spans. Closed when no further commit can follow.
    pub committed: watch::Receiver<()>,
    /// Cancelled when the agent stops.
    pub stop: CancellationToken,
}

impl Commits {
    /// Waits until the newest receipt of `store` is another one than `after`, at most for `wait`.
    /// Ends early when the agent stops. A newest receipt below `after` is news too: the store is an
    /// older copy.
    pub(super) async fn beyond(&self, store: &Store, after: u64, wait: Duration) {
        let mut committed = self.committed.clone();
        let has_news = committed.wait_for(|()| store.extent().last_receipt != after);
        let waiting = tokio::time::timeout(wait, has_news);
        // Whatever ended the wait, the caller reads what the store has.
        let _ = self.stop.run_until_cancelled(waiting).await;
    }
}
