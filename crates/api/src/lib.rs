//! Answers over HTTP: a module a surface, all over the questions of `coral-query`.
#![warn(missing_docs)]

pub mod json;
pub mod openapi;
pub mod sql;
