//! Answers as text. Everything that came from a span is data: control characters never reach a terminal.

pub mod anomalies;
pub mod beyla;
pub mod config;
pub mod csv;
pub mod plain;
pub mod red_table;
pub mod sanitize;
pub mod sql;
pub mod status;
mod table;
pub mod topology;
pub mod trace;
pub mod trace_table;
pub mod why;

#[cfg(test)]
mod tests;
