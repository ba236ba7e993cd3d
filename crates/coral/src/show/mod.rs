//! What the program says of itself, as text: status, Beyla, configuration, SQL. Answers to questions are
//! `coral-text`'s.

pub mod beyla;
pub mod config;
pub mod sql;
pub mod status;

#[cfg(test)]
mod tests;
