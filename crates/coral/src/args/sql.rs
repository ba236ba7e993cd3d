//! `coral query sql`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use coral_trace::units::When;

use super::{ColonyArgs, LinkArgs, parse_when};

/// `coral query sql`.
#[derive(Args, Debug)]
pub struct SqlArgs {
    /// The statement.
    #[arg(value_name = "SELECT", required = true, num_args = 1..)]
    pub sql: Vec<String>,
    /// Only spans and requests from this time on: a duration before now, a time, or `all`.
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, default_value = "1h", value_parser = parse_since)]
    pub since: Since,
    /// Output format.
    #[arg(long, value_enum, default_value = "table", conflicts_with = "export")]
    pub format: SqlFormat,
    /// Write the answer to the table `answer` of a new DuckDB database, instead of printing it.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// Use this shared library of DuckDB for --export, instead of the installed one.
    #[arg(long, value_name = "FILE", requires = "export")]
    pub duckdb_library: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub link: LinkArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}

/// The start of the time that an SQL question covers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Since {
    /// The oldest stored data.
    All,
    /// This time.
    When(When),
}

/// How an answer to SQL is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum SqlFormat {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs; fields are never renamed.
    Json,
}

fn parse_since(text: &str) -> Result<Since, String> {
    match text {
        "all" => Ok(Since::All),
        text => parse_when(text).map(Since::When).map_err(|error| format!("{error}, or all")),
    }
}
