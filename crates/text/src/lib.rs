//! Answers as text, CSV, JSON and pictures. Control characters of span data are escaped, so that
//! they never reach a terminal.
#![warn(missing_docs)]

pub mod anomalies;
pub mod beginning;
pub mod comparison;
pub mod csv;
pub mod duration;
pub mod english;
mod failure;
pub mod group_table;
pub mod json;
mod percent;
pub mod red_table;
pub mod root_cause;
mod sampling;
pub mod screen;
pub mod services;
mod started;
pub mod table;
pub mod topology;
pub mod trace;
pub mod trace_health;
pub mod trace_table;
pub mod why;
pub mod wrap;

#[cfg(test)]
mod tests;
