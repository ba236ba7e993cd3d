//! Commands about who may come in: `coral colony init`, `token`, `agents`, `ca`, `coral agent join`,
//! `coral login`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use coral_query::ServiceScope;
use coral_trace::units::parse_duration;
use coral_trust::role::Role;
use coral_trust::workload::AgentName;

use super::{ColonyArgs, StatusFormat};

/// The data directory of a colony or agent of this host.
#[derive(Args, Clone, Debug, Default)]
pub struct DataDirArgs {
    /// Use this data directory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// `coral colony init`.
#[derive(Args, Debug)]
pub struct InitArgs {
    /// The address where the colony listens.
    #[arg(long, value_name = "IP:PORT", default_value = "0.0.0.0:9000")]
    pub listen: std::net::SocketAddr,
    /// A name by which people and agents reach the colony, besides this host's own; repeatable.
    #[arg(long = "name", value_name = "NAME")]
    pub names: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: DataDirArgs,
}

/// What to do with tokens.
#[derive(Subcommand, Debug)]
pub enum TokenCommand {
    /// Make a token for a person or tool, or a join token for an agent, and print it once.
    #[command(after_help = include_str!("examples/token-create.txt"))]
    Create(TokenCreateArgs),
    /// List tokens: whose they are, what they may do, when they were used, and from where.
    #[command(after_help = include_str!("examples/token-list.txt"))]
    List(TokenListArgs),
    /// Revoke a token; it opens nothing within a second.
    #[command(after_help = include_str!("examples/token-revoke.txt"))]
    Revoke(TokenRevokeArgs),
}

/// `coral colony token create`.
#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("whose").required(true).args(["user", "agent"])))]
pub struct TokenCreateArgs {
    /// Make a token for this person or tool.
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub user: Option<String>,
    /// What the person may do: viewer, analyst or admin.
    #[arg(long, requires = "user", default_value = "viewer")]
    pub role: Role,
    /// Show only services whose names match, such as 'payments-*'; several are separated by commas.
    #[arg(long, requires = "user", value_name = "GLOBS")]
    pub services: Option<ServiceScope>,
    /// Let an analyst ask in SQL.
    #[arg(long, requires = "user")]
    pub sql: bool,
    /// The token expires after this time.
    #[arg(long, requires = "user", value_name = "DURATION", default_value = "90d", value_parser = parse_duration)]
    pub expires: Duration,
    /// Make a join token for the agent with this id.
    #[arg(long, value_name = "NAME")]
    pub agent: Option<AgentName>,
    /// The join token expires after this time.
    #[arg(long, requires = "agent", value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    pub ttl: Duration,
    /// The URL at which the other host reaches the colony, if it is not this host's name.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: DataDirArgs,
}

/// `coral colony token list`.
#[derive(Args, Debug)]
pub struct TokenListArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: DataDirArgs,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
}

/// `coral colony token revoke`.
#[derive(Args, Debug)]
pub struct TokenRevokeArgs {
    /// The id of the token, as `coral colony token list` shows it.
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: DataDirArgs,
}

/// What to do with the certificates of agents.
#[derive(Subcommand, Debug)]
pub enum AgentsCommand {
    /// List the agents that have a certificate, or a join token that waits for them.
    #[command(after_help = include_str!("examples/agents-list.txt"))]
    List(TokenListArgs),
    /// Revoke an agent: its certificates and join tokens open nothing, and it is not polled.
    #[command(after_help = include_str!("examples/agents-revoke.txt"))]
    Revoke(AgentRevokeArgs),
}

/// `coral colony agents revoke`.
#[derive(Args, Debug)]
pub struct AgentRevokeArgs {
    /// The id of the agent.
    #[arg(value_name = "AGENT")]
    pub agent: AgentName,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: DataDirArgs,
}

/// What to do with the certificate authority.
#[derive(Subcommand, Debug)]
pub enum CaCommand {
    /// Show the fingerprint of the certificate authority.
    #[command(after_help = include_str!("examples/ca-show.txt"))]
    Show(DataDirArgs),
    /// Replace the certificate authority; agents and logins keep working.
    #[command(after_help = include_str!("examples/ca-rotate.txt"))]
    Rotate(DataDirArgs),
}

/// `coral agent join`.
#[derive(Args, Debug)]
pub struct JoinArgs {
    /// The URL of the colony, such as https://colony:9000.
    #[arg(value_name = "URL")]
    pub url: String,
    /// The join token that `coral colony token create --agent NAME` printed; `-` reads it from input.
    #[arg(long, env = "CORAL_JOIN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub token: String,
    /// The address where the colony polls this agent.
    #[arg(long, value_name = "IP:PORT", default_value = "0.0.0.0:9001")]
    pub listen: std::net::SocketAddr,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: DataDirArgs,
}

/// `coral login`.
#[derive(Args, Debug)]
pub struct LoginArgs {
    /// The URL of the colony, such as https://colony:9000. Without it: shows who you are.
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// The token that an admin made with `coral colony token create`; `-` reads it from input.
    #[arg(long, requires = "url", value_name = "TOKEN", conflicts_with = "forget")]
    pub token: Option<String>,
    /// The fingerprint of the colony's certificate authority, as `token create` printed it.
    #[arg(long, requires = "token", value_name = "sha256:HEX")]
    pub pin: Option<String>,
    /// Forget the token of the colony at URL.
    #[arg(long, requires = "url")]
    pub forget: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
}
