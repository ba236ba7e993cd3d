//! Retention by age and size, and repair of damaged files.

pub(crate) mod backoff;
pub(crate) mod maintain;
pub(crate) mod pressure;
pub(crate) mod repair;
pub(crate) mod seal;
