//! What became of spans that were to be stored.

/// What became of one group of spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Appended {
    /// Spans that were not stored before.
    pub new: u64,
    /// Spans that were, or that stood twice in what was appended; left as they were.
    pub duplicate: u64,
}
