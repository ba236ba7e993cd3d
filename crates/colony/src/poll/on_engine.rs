//! Calls the methods of the engine, which block, from asynchronous tasks, which must not block.

use std::sync::Arc;

use coral_engine::Engine;

use super::error::PollError;

/// Runs `work` with the engine on a blocking thread. `work` runs to its end even if the caller
/// stops waiting.
pub(super) async fn on_engine<T: Send + 'static>(
    engine: &Arc<dyn Engine>,
    work: impl FnOnce(&dyn Engine) -> Result<T, PollError> + Send + 'static,
) -> Result<T, PollError> {
    let engine = engine.clone();
    let worked = tokio::task::spawn_blocking(move || work(&*engine)).await;
    worked.map_err(|panic| PollError::unstorable(&panic))?
}
