//! Hot rows, and sums of their traces.

pub(crate) mod digest;
pub(crate) mod generation;
pub(crate) mod live;
pub(crate) mod memory;
pub(crate) mod part;
