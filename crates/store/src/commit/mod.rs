//! Commits of spans: encoding, deduplication, the writer, and replay.

pub(crate) mod append;
pub(crate) mod appended;
pub(crate) mod checkpoint;
pub(crate) mod encoding;
mod fresh;
mod fresh_rows;
pub(crate) mod origins;
pub(crate) mod pages;
pub(crate) mod queue;
pub(crate) mod resume;
pub(crate) mod sealed_parts;
pub(crate) mod seen;
pub(crate) mod writer;
