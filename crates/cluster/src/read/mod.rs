//! What is read.

pub(crate) mod candidates;
pub(crate) mod dependencies;
pub(crate) mod ended;
pub(crate) mod histogram;
pub(crate) mod lists;
pub(crate) mod lookup;
pub(crate) mod metrics;
pub(crate) mod search;
pub(crate) mod shards;
pub(crate) mod summary;
