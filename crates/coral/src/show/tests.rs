//! Text output, as printed.

mod config;
mod status;
