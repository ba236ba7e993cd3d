//! Questions in SQL. A child process, which runs this same program, answers each question.
#![warn(missing_docs)]

mod answer;
pub mod child;
mod cluster;
pub mod counters;
pub mod export;
pub mod install;
mod lines;
mod question;
pub mod runner;
mod sandbox;

pub use answer::SqlAnswer;
pub use coral_store::{LibraryError, SqlFailureKind};
pub use question::SqlQuestion;
