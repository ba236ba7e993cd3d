//! Lets commits wait for a seal that is running.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Whether a seal is running.
#[derive(Default)]
pub(crate) struct Pressure {
    is_sealing: Mutex<bool>,
    ended: Condvar,
}

/// A seal that is running. Dropping it ends the seal, also after an error or a panic.
pub(crate) struct RunningSeal<'a>(&'a Pressure);

impl Pressure {
    /// Begins a seal.
    pub(crate) fn begin(&self) -> RunningSeal<'_> {
        *self.lock() = true;
        RunningSeal(self)
    }

    /// Waits while a seal is running and `is_full`. The caller must not hold what the seal needs.
    pub(crate) fn wait_while(&self, is_full: impl Fn() -> bool) {
        let mut is_sealing = self.lock();
        while *is_sealing && is_full() {
            is_sealing = self.ended.wait(is_sealing).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.is_sealing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RunningSeal<'_> {
    fn drop(&mut self) {
        *self.0.lock() = false;
        self.0.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_waits_only_while_a_seal_runs_and_memory_is_full() {
        let pressure = Pressure::default();
        // These return at once.
        pressure.wait_while(|| true);
        let running = pressure.begin();
        pressure.wait_while(|| false);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pressure.wait_while(|| true));
            drop(running);
            waiting.join().unwrap();
        });
    }
}
