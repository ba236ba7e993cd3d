//! The result of storing spans.

/// Counts of one group of spans after a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Appended {
    /// Spans that were not stored before.
    pub new: u64,
    /// Spans that were stored already, or that occurred twice in the group. The first one stays.
    pub duplicate: u64,
}
