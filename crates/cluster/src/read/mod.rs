//! What is read.

pub(crate) mod candidates;
pub(crate) mod columns;
pub(crate) mod dependencies;
pub(crate) mod ended;
pub(crate) mod histogram;
pub(crate) mod lists;
pub(crate) mod lookup;
pub(crate) mod metrics;
pub(crate) mod one_span;
pub(crate) mod rows;
pub(crate) mod search;
pub(crate) mod search_each;
pub(crate) mod shards;
pub(crate) mod slices;
pub(crate) mod summary;
