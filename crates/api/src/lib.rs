//! Answers over HTTP: one module per surface, all based on the questions of `coral-query`; and the web
//! page.
#![warn(missing_docs)]

pub mod json;
pub mod openapi;
pub mod sql;
pub mod ui;
pub mod whoami;
