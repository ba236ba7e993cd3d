//! Rows in memory: those since the last seal, and what is known of their traces.

pub(crate) mod digest;
pub(crate) mod generation;
pub(crate) mod live;
pub(crate) mod part;
