//! Keeping a store within its age and its size, and whole.

pub(crate) mod backoff;
pub(crate) mod maintain;
pub(crate) mod repair;
