//! Counts the steps of loops that the shape of a trace could make long, so that tests can bound them: how long
//! something takes says little on a busy machine. Only this crate's tests count; elsewhere a step is nothing.

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// One step of a loop.
#[inline(always)]
pub(crate) fn step() {
    #[cfg(test)]
    STEPS.set(STEPS.get() + 1);
}

/// What `work` returns, and how many steps it took on this thread.
#[cfg(test)]
pub(crate) fn steps<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = STEPS.get();
    let outcome = work();
    (outcome, STEPS.get() - before)
}
