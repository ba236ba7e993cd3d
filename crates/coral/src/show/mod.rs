//! Text output about the program itself: status, Beyla, configuration, SQL. Answers to other
//! questions are formatted by `coral-text`.

pub mod audit;
pub mod beyla;
pub mod config;
mod exports;
pub mod sql;
pub mod status;

#[cfg(test)]
mod tests;
