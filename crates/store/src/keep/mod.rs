//! Retention by age and size, merges of segments, and repair of damaged files.

pub(crate) mod backoff;
pub(crate) mod maintain;
pub(crate) mod merge;
pub(crate) mod pause;
pub(crate) mod pressure;
pub(crate) mod repair;
pub(crate) mod seal;
