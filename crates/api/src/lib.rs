//! Answers over HTTP: one module per surface, all based on the questions of `coral-query`; the web
//! page, and its sign-in.
#![warn(missing_docs)]

pub mod answering;
pub mod export;
pub mod jaeger;
pub mod json;
pub mod mcp;
pub mod mounted;
pub mod openapi;
pub mod sign_in;
pub mod sql;
pub mod tempo;
pub mod ui;
pub mod whoami;
pub mod zipkin;
