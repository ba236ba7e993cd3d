//! Counts the steps of loops whose length depends on the shape of a trace. Tests bound the number
//! of steps instead of the elapsed time, which varies on a busy machine. Only this crate's own
//! tests count; in other builds [`step`] does nothing.

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Counts one step of a loop.
#[inline(always)]
pub(crate) fn step() {
    #[cfg(test)]
    STEPS.set(STEPS.get() + 1);
}

/// Runs `work`, and returns its result and the number of steps that it counted on this thread.
#[cfg(test)]
pub(crate) fn steps<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = STEPS.get();
    let outcome = work();
    (outcome, STEPS.get() - before)
}
