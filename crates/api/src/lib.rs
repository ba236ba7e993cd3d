//! Answers over HTTP: one module per surface, all based on the questions of `coral-query`.
#![warn(missing_docs)]

pub mod json;
pub mod openapi;
pub mod sql;
pub mod whoami;
