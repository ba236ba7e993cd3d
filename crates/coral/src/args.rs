//! The command line.

mod anomalies;
mod ask;
mod audit;
mod beyla;
mod choice;
mod config;
mod demo;
mod doctor;
mod duckdb;
mod export;
mod generated;
mod help;
mod import;
mod json;
mod mcp;
mod parse;
mod query;
mod search;
mod services;
mod sql;
mod store;
#[cfg(test)]
mod tests;
mod topology;
mod trace;
mod trust;
mod when;
mod why;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::tz::TimeZone;

pub use self::anomalies::AnomaliesArgs;
pub use self::ask::AskArgs;
pub use self::audit::{
    AuditCommand, AuditExportArgs, AuditFormat, AuditListArgs, AuditPlace, AuditVerifyArgs,
};
pub use self::beyla::{
    BeylaConfigArgs, BeylaToolCommand, ConnectArgs, DisconnectArgs, DoctorArgs, InstallArgs,
    Service, ServiceChoice,
};
pub use self::config::{ConfigArgs, ConfigCommand, ConfigExampleArgs, ConfigShowArgs, Role};
pub use self::demo::{DemoArgs, DemoFormat};
pub use self::doctor::{DoctorCommand, DoctorTracesArgs};
pub use self::duckdb::{DuckdbCommand, InstallDuckdbArgs};
pub use self::export::{ExportArgs, ExportFormat};
pub use self::generated::{CompletionsArgs, ManArgs};
pub use self::import::ImportArgs;
pub use self::mcp::{McpArgs, McpClient, McpCommand, McpInstallArgs};
pub use self::parse::{Color, parse};
pub use self::query::{
    BeylaCommand, Over, QueryCommand, RedArgs, RedFormat, TraceFormat, TracesArgs,
    attribute_condition,
};
pub use self::services::ServicesArgs;
pub use self::sql::{Since, SqlArgs, SqlFormat};
pub use self::store::{RepairArgs, StoreCommand};
pub use self::topology::{TopologyArgs, TopologyFormat};
pub use self::trace::{CompareArgs, TraceCommand};
pub use self::trust::{
    AgentRevokeArgs, AgentsCommand, CaCommand, DataDirArgs, InitArgs, JoinArgs, LoginArgs,
    TokenCommand, TokenCreateArgs, TokenListArgs, TokenRevokeArgs,
};
pub use self::when::{DEFAULT_SINCE, Earlier};
use self::when::{parse_earlier, parse_when, parse_zone};
pub use self::why::WhyArgs;

/// See requests across services, from eBPF and OpenTelemetry, with no code change.
#[derive(Parser, Debug)]
#[command(
    name = "coral",
    version,
    arg_required_else_help = true,
    after_help = include_str!("args/examples/root.txt")
)]
pub struct Cli {
    /// Colours: auto (default: on a terminal), always, never.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true,
        display_order = 100
    )]
    pub color: Color,
    /// Zone of times: UTC (default), local, Europe/Berlin, …
    #[arg(
        long,
        global = true,
        value_name = "ZONE",
        default_value = "UTC",
        hide_default_value = true,
        value_parser = parse_zone,
        display_order = 101
    )]
    pub tz: TimeZone,
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Receive spans on a host, keep them for an hour, serve colonies.
    #[command(
        subcommand,
        after_help = include_str!("args/examples/agent.txt")
    )]
    Agent(AgentCommand),
    /// Collect spans from agents, keep them for a week, answer questions.
    #[command(
        subcommand,
        after_help = include_str!("args/examples/colony.txt")
    )]
    Colony(ColonyCommand),
    /// Run an agent and a colony in one process, for a single host.
    #[command(after_help = include_str!("args/examples/standalone.txt"))]
    Standalone(ServerArgs),
    /// Try Coral with an hour of simulated traffic, and a fault to find.
    #[command(after_help = include_str!("args/examples/demo.txt"))]
    Demo(DemoArgs),
    /// Show how well each service is: rate, failures and durations.
    #[command(after_help = include_str!("args/examples/services.txt"))]
    Services(ServicesArgs),
    /// Compare traces.
    #[command(
        subcommand,
        after_help = include_str!("args/examples/trace.txt")
    )]
    Trace(TraceCommand),
    /// List traces, requests, calls between services, and changes.
    #[command(
        subcommand,
        after_help = include_str!("args/examples/query.txt")
    )]
    Query(QueryCommand),
    /// Send the spans of a file to an agent: OTLP, Jaeger or Zipkin.
    #[command(after_help = include_str!("args/examples/import.txt"))]
    Import(ImportArgs),
    /// Answer a question in plain English, without a language model.
    #[command(after_help = include_str!("args/examples/ask.txt"))]
    Ask(AskArgs),
    /// Explain why a service, or one trace, is slow or fails.
    #[command(
        after_help = include_str!("args/examples/why.txt"),
        after_long_help = include_str!("args/examples/why-method.txt")
    )]
    Why(WhyArgs),
    /// Check whether the stored data is complete.
    #[command(
        subcommand,
        after_help = include_str!("args/examples/doctor.txt")
    )]
    Doctor(DoctorCommand),
    /// Install and check Beyla, which makes spans of programs by eBPF.
    #[command(
        subcommand,
        after_help = include_str!("args/examples/beyla.txt")
    )]
    Beyla(BeylaToolCommand),
    /// Query spans and RED metrics in SQL, like `coral query sql`.
    #[command(after_help = include_str!("args/examples/query-sql.txt"))]
    Sql(SqlArgs),
    /// Install DuckDB, which a colony needs to answer SQL.
    #[command(
        subcommand,
        after_help = include_str!("args/examples/duckdb.txt")
    )]
    Duckdb(DuckdbCommand),
    /// List the services of this host, or trace or name one.
    #[command(after_help = include_str!("args/examples/connect.txt"))]
    Connect(ConnectArgs),
    /// Undo `coral connect`.
    #[command(after_help = include_str!("args/examples/disconnect.txt"))]
    Disconnect(DisconnectArgs),
    /// Repair the stored data of this host.
    #[command(
        subcommand,
        after_help = include_str!("args/examples/store.txt")
    )]
    Store(StoreCommand),
    /// Send stored traces to another tool that receives OTLP.
    #[command(after_help = include_str!("args/examples/export.txt"))]
    Export(ExportArgs),
    /// Show, check and export who asked a colony of this host what.
    #[command(
        subcommand,
        after_help = include_str!("args/examples/audit.txt")
    )]
    Audit(AuditCommand),
    /// Store the token with which to ask a colony, or show who you are.
    #[command(after_help = include_str!("args/examples/login.txt"))]
    Login(LoginArgs),
    /// Answer an assistant (MCP), or write Coral into its configuration.
    #[command(after_help = include_str!("args/examples/mcp.txt"))]
    Mcp(McpArgs),
    /// Show and check configuration.
    #[command(
        subcommand,
        after_help = include_str!("args/examples/config.txt")
    )]
    Config(ConfigCommand),
    /// Print a completion script for bash, zsh or fish.
    #[command(after_help = include_str!("args/examples/completions.txt"))]
    Completions(CompletionsArgs),
    /// Print a manual page.
    #[command(after_help = include_str!("args/examples/man.txt"))]
    Man(ManArgs),
}

/// What to do with an agent.
#[derive(Subcommand, Debug)]
pub enum AgentCommand {
    /// Run an agent until it is interrupted.
    #[command(after_help = include_str!("args/examples/agent-start.txt"))]
    Start(ServerArgs),
    /// Get a certificate from a colony, and write the configuration of this agent.
    #[command(after_help = include_str!("args/examples/agent-join.txt"))]
    Join(JoinArgs),
    /// Show what an agent received, stored and refused.
    #[command(after_help = include_str!("args/examples/agent-status.txt"))]
    Status(AgentStatusArgs),
}

/// What to do with a colony.
#[derive(Subcommand, Debug)]
pub enum ColonyCommand {
    /// Run a colony until it is interrupted.
    #[command(after_help = include_str!("args/examples/colony-start.txt"))]
    Start(ServerArgs),
    /// Show what is wrong with a colony and each of its agents, and what is stored.
    #[command(after_help = include_str!("args/examples/colony-status.txt"))]
    Status(ColonyStatusArgs),
    /// Make a certificate authority and a configuration, so that other hosts may come in.
    #[command(after_help = include_str!("args/examples/colony-init.txt"))]
    Init(InitArgs),
    /// Make, list and revoke tokens of people and tools, and join tokens of agents.
    #[command(subcommand, after_help = include_str!("args/examples/token.txt"))]
    Token(TokenCommand),
    /// List and revoke the agents that joined.
    #[command(subcommand, after_help = include_str!("args/examples/agents.txt"))]
    Agents(AgentsCommand),
    /// Show and rotate the certificate authority.
    #[command(subcommand, after_help = include_str!("args/examples/ca.txt"))]
    Ca(CaCommand),
    /// Forget an agent that is gone: it is polled and listed no more. Its stored spans stay.
    #[command(after_help = include_str!("args/examples/colony-forget.txt"))]
    Forget(ForgetArgs),
}

/// Settings that every server takes.
#[derive(Args, Clone, Debug, Default)]
pub struct ServerArgs {
    /// Read settings from this YAML file.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set one key; repeatable. Wins over the file and the environment.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Keep all data under this directory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Use addresses other than loopback without TLS: everybody on the network can read along.
    #[arg(long)]
    pub insecure_plaintext: bool,
    /// Use this shared library of DuckDB for SQL, instead of the installed one.
    #[arg(long, value_name = "FILE")]
    pub duckdb_library: Option<PathBuf>,
    /// Log this level and above: error, warn, info, debug, trace, or a filter such as coral=debug.
    #[arg(long, value_name = "LEVEL")]
    pub log: Option<String>,
}

/// Whether to print a link instead of an answer.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct LinkArgs {
    /// Print the link of the web page that shows the same, instead of the answer.
    #[arg(long)]
    pub link: bool,
}

/// Which colony to ask.
#[derive(Args, Clone, Debug, Default)]
pub struct ColonyArgs {
    /// Ask this colony, instead of the one that runs on this host.
    #[arg(long, env = "CORAL_COLONY", value_name = "URL", hide_env_values = true)]
    pub colony: Option<String>,
    /// Find the running colony by this data directory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// `coral colony status`.
#[derive(Args, Debug)]
pub struct ColonyStatusArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub link: LinkArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
    /// Print the colony's counters too.
    #[arg(long)]
    pub counters: bool,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
}

/// `coral colony forget`.
#[derive(Args, Debug)]
pub struct ForgetArgs {
    /// The id of the agent.
    #[arg(value_name = "AGENT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub agent: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}

/// `coral agent status`.
#[derive(Args, Debug)]
pub struct AgentStatusArgs {
    /// Ask this agent, instead of the one that runs on this host.
    #[arg(long, value_name = "URL")]
    pub agent: Option<String>,
    /// Find the running agent by this data directory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Output format.
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
