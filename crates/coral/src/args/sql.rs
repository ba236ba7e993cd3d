//! `coral query sql`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ColonyArgs, When, parse_when};

pub(super) const EXAMPLES: &str = "\
Examples:
  coral sql \"SELECT service_name, count(*) FROM beyla_traces GROUP BY ALL\"
  coral query sql \"DESCRIBE beyla_http_metrics\"
  coral sql \"FROM telemetry_spans\" --since all --format csv
  coral sql \"FROM beyla_traces\" --since 6h --export spans.duckdb

Views: beyla_traces, beyla_traces_local, telemetry_spans (SDKs' spans too), beyla_http_metrics,
beyla_grpc_metrics, beyla_sql_metrics. One SELECT, WITH, FROM, VALUES or DESCRIBE statement in DuckDB's SQL.
It can read nothing but these views, and the colony limits its time, memory, rows and bytes (`sql.*` in
`coral config show`).";

/// `coral query sql`.
#[derive(Args, Debug)]
pub struct SqlArgs {
    /// The statement.
    #[arg(value_name = "SELECT", required = true, num_args = 1..)]
    pub sql: Vec<String>,
    /// Only spans that started, and requests that were counted, at or after this: a duration back from now, an
    /// RFC 3339 time, or `all`.
    #[arg(long, value_name = "WHEN", default_value = "1h", value_parser = parse_since)]
    pub since: Since,
    /// How to print.
    #[arg(long, value_enum, default_value = "table", conflicts_with = "export")]
    pub format: SqlFormat,
    /// Write the answer to the table `answer` of a new DuckDB database, in place of printing it.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// DuckDB's shared library on this host, for --export; without it, the one that is found by itself.
    #[arg(long, value_name = "FILE", requires = "export")]
    pub duckdb_library: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}

/// How far back SQL sees.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Since {
    /// To the oldest that is stored.
    All,
    /// To then.
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
        text => parse_when(text)
            .map(Since::When)
            .map_err(|error| format!("{error}, and it is not `all`")),
    }
}
