//! Questions in SQL: each is answered by a child process, which is this program itself.

pub mod child;
pub mod counters;
pub mod export;
pub mod install;
mod lines;
pub mod runner;
mod sandbox;
