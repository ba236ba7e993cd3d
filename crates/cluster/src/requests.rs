//! The threads on which requests to servers run.

use tokio::runtime::{Builder, EnterGuard, Runtime};

use crate::error::ClusterError;

/// A runtime of two threads. Requests of callers that block run on it.
///
/// Its end waits for no thread, so that the last handle of a cluster may be dropped on a thread of
/// another async runtime. No request is cut off: a caller that waits for one has a handle.
pub(crate) struct RequestRuntime(Option<Runtime>);

impl RequestRuntime {
    pub(crate) fn start() -> Result<Self, ClusterError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("coral-cluster")
            .enable_all()
            .build()
            .map_err(|source| ClusterError::Runtime { source })?;
        Ok(Self(Some(runtime)))
    }

    /// Until the guard is dropped, what this thread starts runs on these threads.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.0.as_ref().expect("it is there until it is dropped").enter()
    }

    /// Waits for `work`. Must not be called on a thread of an async runtime.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.as_ref().expect("it is there until it is dropped").block_on(work)
    }
}

impl Drop for RequestRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
