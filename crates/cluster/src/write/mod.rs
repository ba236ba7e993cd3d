//! What is stored, and what is removed.

pub(crate) mod colonies;
pub(crate) mod fleet;
pub(crate) mod metrics;
pub(crate) mod minutes;
pub(crate) mod pages;
pub(crate) mod retain;
