//! Two computations at the same time.

/// Runs two closures at the same time, `other` on a second thread, and returns both results.
///
/// # Panics
/// If one of the closures panics.
pub fn side_by_side<A, B: Send>(
    one: impl FnOnce() -> A,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let one = one();
        (one, other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
