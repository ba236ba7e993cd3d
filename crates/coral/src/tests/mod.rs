//! Tests across the folders of this crate.

mod boundaries;
mod documents;
mod permissions;
mod threats;
