//! Counts the steps of loops whose length depends on the shape of a trace, so that tests can put a
//! bound on them: on a busy machine, measured times say little. Steps are counted in the tests of
//! this crate only; elsewhere a step does nothing.

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

/// The result of `work`, and how many steps it took on this thread.
#[cfg(test)]
pub(crate) fn steps<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = STEPS.get();
    let outcome = work();
    (outcome, STEPS.get() - before)
}
