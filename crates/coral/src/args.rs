//! The command line.

mod anomalies;
mod ask;
mod beyla;
mod choice;
mod config;
mod duckdb;
mod sql;
mod store;
#[cfg(test)]
mod tests;
mod topology;
mod why;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use coral_trace::TraceIdPrefix;

pub use self::anomalies::AnomaliesArgs;
pub use self::ask::AskArgs;
pub use self::beyla::{
    BeylaConfigArgs, BeylaToolCommand, ConnectArgs, DisconnectArgs, DoctorArgs, InstallArgs,
};
pub use self::config::{ConfigArgs, ConfigCommand, ConfigExampleArgs, ConfigShowArgs, Role};
pub use self::duckdb::{DuckdbCommand, InstallDuckdbArgs};
pub use self::sql::{Since, SqlArgs, SqlFormat};
pub use self::store::{RepairArgs, StoreCommand};
pub use self::topology::{TopologyArgs, TopologyFormat};
pub use self::why::WhyArgs;
use coral_query::{RedSide, RedSource, Sort, Source, SpanStatus};
use coral_trace::units::parse_duration;

/// Traces and RED metrics of every host, from eBPF, with no SDK and no code change.
#[derive(Parser, Debug)]
#[command(
    name = "coral",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  coral demo                                          see real traces within seconds
  coral standalone                                    an agent and a colony in one process
  coral query beyla traces --service payments-api     the newest traces of a service"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Receive spans on this host, keep them for an hour, answer colonies.
    #[command(
        subcommand,
        after_help = "\
Example:
  coral agent start -c agent-config.yaml"
    )]
    Agent(AgentCommand),
    /// Pull spans from every agent, keep them for a week, answer people.
    #[command(
        subcommand,
        after_help = "\
Example:
  coral colony start -c colony-config.yaml"
    )]
    Colony(ColonyCommand),
    /// Run an agent and a colony in one process.
    #[command(after_help = "\
Example:
  coral standalone --data-dir ./data --set otlp.grpc=0.0.0.0:4317")]
    Standalone(ServerArgs),
    /// Run a standalone Coral that is fed with recordings of real Beyla.
    #[command(after_help = "\
Examples:
  coral demo
  coral demo --for 10s --set colony.listen=127.0.0.1:0")]
    Demo(DemoArgs),
    /// Ask the colony.
    #[command(
        subcommand,
        after_help = "\
Example:
  coral query beyla traces --service payments-api"
    )]
    Query(QueryCommand),
    /// Answer a question in plain English; no model is asked.
    #[command(after_help = "\
Examples:
  coral ask \"Why is payments-api slow?\"
  coral ask slowest endpoints of payments-api, last 15 minutes
  coral ask errors today
  coral ask what calls payments-api
  coral ask what changed in the last hour
  coral ask show me slow traces for payments-api

When: last 15 minutes, since two hours, half an hour ago, today, yesterday (UTC); else the last hour.
A service whose name is a word of the question stands in quotes: \"why is 'map' slow\".")]
    Ask(AskArgs),
    /// Say why a service is slow, or one trace: the component, its share, and where to see it.
    #[command(after_help = "\
Examples:
  coral why payments-api
  coral why payments-api --route /checkout --since 30m --baseline 6h
  coral why --trace-id 4bf92f3577b3")]
    Why(WhyArgs),
    /// Install and examine Beyla, which makes the spans of this host.
    #[command(
        subcommand,
        after_help = "\
Example:
  coral beyla doctor"
    )]
    Beyla(BeylaToolCommand),
    /// Ask the colony in SQL; short for `coral query sql`.
    #[command(after_help = sql::EXAMPLES)]
    Sql(SqlArgs),
    /// Install DuckDB, with which a colony answers SQL.
    #[command(
        subcommand,
        after_help = "\
Example:
  coral duckdb install"
    )]
    Duckdb(DuckdbCommand),
    /// Let the agent of this host trace one more service, also after a restart.
    #[command(after_help = "\
Example:
  coral connect cart:8080")]
    Connect(ConnectArgs),
    /// Undo `coral connect`.
    #[command(after_help = "\
Example:
  coral disconnect cart")]
    Disconnect(DisconnectArgs),
    /// Look after the stores of this host.
    #[command(
        subcommand,
        after_help = "\
Example:
  coral store repair --data-dir /var/lib/coral"
    )]
    Store(StoreCommand),
    /// Look at the configuration.
    #[command(
        subcommand,
        after_help = "\
Example:
  coral config show --role agent"
    )]
    Config(ConfigCommand),
}

/// What to do with an agent.
#[derive(Subcommand, Debug)]
pub enum AgentCommand {
    /// Run the agent until it is interrupted.
    #[command(after_help = "\
Example:
  coral agent start -c agent-config.yaml --set agent.colony=http://colony:9000")]
    Start(ServerArgs),
    /// Show what an agent received, stored and refused.
    #[command(after_help = "\
Example:
  coral agent status --agent http://10.0.0.5:9001 --format json")]
    Status(AgentStatusArgs),
}

/// What to do with a colony.
#[derive(Subcommand, Debug)]
pub enum ColonyCommand {
    /// Run the colony until it is interrupted.
    #[command(after_help = "\
Example:
  coral colony start -c colony-config.yaml --set colony.listen=0.0.0.0:9000")]
    Start(ServerArgs),
    /// Show for each agent whether it is reachable, how far behind, and what was stored.
    #[command(after_help = "\
Example:
  coral colony status --colony http://colony:9000")]
    Status(ColonyStatusArgs),
}

/// Settings that every server takes.
#[derive(Args, Clone, Debug, Default)]
pub struct ServerArgs {
    /// Read this YAML file.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set one key of the configuration; repeatable, wins over file and environment.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Keep all data under this directory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// DuckDB's shared library, with which a colony answers SQL; without it, the one that is found by itself.
    #[arg(long, value_name = "FILE")]
    pub duckdb_library: Option<PathBuf>,
    /// Log this much: error, warn, info, debug, trace, or a filter such as coral=debug.
    #[arg(long, value_name = "LEVEL")]
    pub log: Option<String>,
}

/// `coral demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Stop by itself after this long.
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub run_for: Option<Duration>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub server: ServerArgs,
}

/// Which colony to ask.
#[derive(Args, Clone, Debug, Default)]
pub struct ColonyArgs {
    /// Ask this colony; without it the one that runs on this host.
    #[arg(long, env = "CORAL_COLONY", value_name = "URL", hide_env_values = true)]
    pub colony: Option<String>,
    /// Look here for a running colony's address.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// `coral colony status`.
#[derive(Args, Debug)]
pub struct ColonyStatusArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
}

/// `coral agent status`.
#[derive(Args, Debug)]
pub struct AgentStatusArgs {
    /// Ask this agent; without it the one that runs on this host.
    #[arg(long, value_name = "URL")]
    pub agent: Option<String>,
    /// Look here for a running agent's address.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
}

/// How a status is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum StatusFormat {
    /// For people.
    Text,
    /// For programs; fields are never renamed.
    Json,
}

/// What to ask the colony for.
#[derive(Subcommand, Debug)]
pub enum QueryCommand {
    /// What Beyla saw.
    #[command(
        subcommand,
        after_help = "\
Example:
  coral query beyla traces --status error"
    )]
    Beyla(BeylaCommand),
    /// Who calls whom: services, databases, queues and hosts, with calls, errors and latencies.
    #[command(after_help = "\
Examples:
  coral query topology --since 1h
  coral query topology --since 15m --diff 1h
  coral query topology --format dot
  coral query topology --format mermaid")]
    Topology(TopologyArgs),
    /// One SELECT over spans and RED metrics, answered by DuckDB.
    #[command(after_help = sql::EXAMPLES)]
    Sql(SqlArgs),
    /// What changed since the baseline: calls that became slower, started to fail, repeat or disappeared, and
    /// new or missing edges.
    #[command(after_help = "\
Examples:
  coral query anomalies --since 1h
  coral query anomalies --since 15m --baseline 6h --format json")]
    Anomalies(AnomaliesArgs),
}

/// What Beyla saw.
#[derive(Subcommand, Debug)]
pub enum BeylaCommand {
    /// One trace as a tree, or a list of traces.
    #[command(after_help = "\
Examples:
  coral query beyla traces --trace-id 4bf92f3577b3
  coral query beyla traces --service payments-api --since 1h --limit 10
  coral query beyla traces --service payments-api --min-duration 500ms --sort slowest
  coral query beyla traces --status error --attr http.route=/checkout --format json")]
    Traces(TracesArgs),
    /// HTTP requests of a service by route: how many, how slow, how many failed.
    #[command(after_help = "\
Examples:
  coral query beyla http payments-api --since 1h
  coral query beyla http payments-api --since 1h --compare 1h
  coral query beyla http payments-api --slow --over 500ms
  coral query beyla http frontend-api --side client --format json")]
    Http(RedArgs),
    /// gRPC calls of a service by method.
    #[command(after_help = "\
Example:
  coral query beyla grpc fraud-detector --since 1h")]
    Grpc(RedArgs),
    /// SQL statements of a service by operation and table.
    #[command(after_help = "\
Example:
  coral query beyla sql card-validator --source spans")]
    Sql(RedArgs),
}

/// `coral query beyla http|grpc|sql`.
#[derive(Args, Debug)]
pub struct RedArgs {
    /// The service.
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Requests counted at or after this: a duration back from now, or an RFC 3339 time [default: 1h].
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub since: Option<When>,
    /// Requests counted before this.
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub until: Option<When>,
    /// Compare with the same window so much earlier.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub compare: Option<Duration>,
    /// List what is slow, and the traces behind it.
    #[arg(long)]
    pub slow: bool,
    /// Slow is more than this: a duration, or p95 for each row's own P95 [default: p95].
    #[arg(long, value_name = "DURATION|p95", value_parser = parse_over, requires = "slow")]
    pub over: Option<Over>,
    /// Requests that the service served, or that it made; of SQL always those that it made.
    #[arg(long, value_parser = choice::side(), default_value = "server")]
    pub side: RedSide,
    /// Count by Beyla's metrics, or by stored spans, which sampling makes fewer: eBPF's, or else the SDK's.
    #[arg(long, value_parser = choice::red_source(), default_value = "metrics")]
    pub source: RedSource,
    /// How to print.
    #[arg(long, value_enum, default_value = "table")]
    pub format: RedFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}

/// A line between fast and slow.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Over {
    /// Each row's own 95th percentile.
    P95,
    /// This long.
    Latency(Duration),
}

/// How RED metrics are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum RedFormat {
    /// For people.
    Table,
    /// For programs; fields are never renamed.
    Json,
    /// For spreadsheets.
    Csv,
}

/// `coral query beyla traces`.
#[derive(Args, Debug, Default)]
pub struct TracesArgs {
    /// Show this trace; the beginning of its id is enough when no other begins so.
    #[arg(long, value_name = "ID", conflicts_with_all = [
        "service", "since", "until", "min_duration", "status", "name", "attr", "sort", "limit"])]
    pub trace_id: Option<TraceIdPrefix>,
    /// Traces with a span of this service.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Traces that started at or after this: a duration back from now, or an RFC 3339 time [default: 1h].
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub since: Option<When>,
    /// Traces that started before this.
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub until: Option<When>,
    /// At most this many.
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Traces that took at least this long as a whole.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub min_duration: Option<Duration>,
    /// Traces with a failed span, or without one.
    #[arg(long, value_parser = choice::status())]
    pub status: Option<SpanStatus>,
    /// Traces with a span of this name.
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// Traces with this attribute on a span or its resource; repeatable, all on one span.
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_attribute)]
    pub attr: Vec<String>,
    /// Which come first.
    #[arg(long, value_parser = choice::sort())]
    pub sort: Option<Sort>,
    /// Whose spans count.
    #[arg(long, value_parser = choice::source(), default_value = "all")]
    pub source: Source,
    /// Move the spans of servers whose clocks disagree into the calls that they answer; each says by how much.
    #[arg(long, requires = "trace_id")]
    pub adjust_clocks: bool,
    /// How to print: a list as a table, a trace as a tree, unless told otherwise.
    #[arg(long, value_enum)]
    pub format: Option<TraceFormat>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}

/// How traces are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum TraceFormat {
    /// One line a trace; of one trace, one line a span.
    Table,
    /// Each trace as a tree.
    Tree,
    /// Of one trace, what it waited for from its start to its end.
    CriticalPath,
    /// Of one trace, an SVG: each hop as wide as it was at work itself.
    Flamegraph,
    /// Of one trace, what a flame graph is made of: a line a stack, and microseconds.
    Folded,
    /// For programs; fields are never renamed.
    Json,
    /// For spreadsheets.
    Csv,
}

/// A point in time, as people say it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum When {
    /// This long before now.
    Ago(Duration),
    /// Then: microseconds since the Unix epoch.
    At(i64),
}

fn parse_when(text: &str) -> Result<When, String> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(When::At(instant.as_microsecond()));
    }
    parse_duration(text).map(When::Ago).map_err(|_| {
        format!("`{text}` is neither a duration such as 1h nor a time such as 2026-11-23T09:00:00Z")
    })
}

fn parse_over(text: &str) -> Result<Over, String> {
    if text.eq_ignore_ascii_case("p95") {
        return Ok(Over::P95);
    }
    parse_duration(text)
        .map(Over::Latency)
        .map_err(|_| format!("`{text}` is neither a duration such as 500ms nor p95"))
}

/// How far back a question goes when nobody says.
impl Default for When {
    fn default() -> Self {
        Self::Ago(Duration::from_secs(3_600))
    }
}

fn parse_attribute(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.is_empty() && !text.contains('\n') => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not of the form KEY=VALUE")),
    }
}
