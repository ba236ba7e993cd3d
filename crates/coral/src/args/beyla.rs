//! `coral beyla …`, `coral connect` and `coral disconnect`.

use std::path::PathBuf;

use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{ServerArgs, StatusFormat};
use coral_beyla::release::Release;
use coral_beyla::version::Version;
use coral_trace::units::parse_duration;

/// What to do with the Beyla of this host.
#[derive(Subcommand, Debug)]
pub enum BeylaToolCommand {
    /// Check what this host allows Beyla to do, and what each restriction costs.
    #[command(after_help = include_str!("examples/beyla-doctor.txt"))]
    Doctor(DoctorArgs),
    /// Download a release of Beyla, verify it, and install it for the agent.
    #[command(after_help = include_str!("examples/beyla-install.txt"))]
    Install(InstallArgs),
    /// Print the configuration that the agent would give Beyla.
    #[command(after_help = include_str!("examples/beyla-config.txt"))]
    Config(BeylaConfigArgs),
}

/// `coral beyla doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub server: ServerArgs,
}

/// `coral beyla config`.
#[derive(Args, Debug)]
pub struct BeylaConfigArgs {
    /// For this version of Beyla, or of OBI as in `obi-0.12.1`, instead of the installed one.
    #[arg(long = "for", value_name = "VERSION", value_parser = Release::from_str)]
    pub release: Option<Release>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub server: ServerArgs,
}

/// `coral beyla install`.
#[derive(Args, Debug)]
pub struct InstallArgs {
    /// Install this release, instead of the one that coral is tested with.
    #[arg(long, value_name = "VERSION", value_parser = Version::from_str, conflicts_with = "from")]
    pub version: Option<Version>,
    /// Install this archive (a file, or an http or https URL) instead of the official one.
    #[arg(long, value_name = "FILE|URL")]
    pub from: Option<String>,
    /// The archive's SHA-256 in hex [default: the file `.sha256` beside the archive].
    #[arg(long, value_name = "HEX")]
    pub sha256: Option<String>,
    /// Install the archive even if there is nothing to verify it with.
    #[arg(long)]
    pub allow_unverified: bool,
    /// Download from this mirror of the GitHub releases.
    #[arg(long, value_name = "URL", conflicts_with = "from")]
    pub mirror: Option<String>,
    /// The agent's data directory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// `coral connect`.
#[derive(Args, Debug)]
pub struct ConnectArgs {
    /// A name for the service, and the port that it listens on. NAME alone is a name of the list that
    /// the command prints without a service.
    #[arg(value_name = "NAME:PORT", value_parser = parse_service)]
    pub service: Option<ServiceChoice>,
    /// Wait until spans of the service have come, at most for DURATION [default: 60s].
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = parse_duration,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "60s",
        requires = "service"
    )]
    pub wait: Option<Duration>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub agent: AgentArgs,
}

/// `coral disconnect`.
#[derive(Args, Debug)]
pub struct DisconnectArgs {
    /// The name of the service.
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub agent: AgentArgs,
}

/// The agent that receives the command. Only the agent's own user can send it, on the agent's host.
#[derive(Args, Debug)]
pub struct AgentArgs {
    /// The agent's data directory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// The service to connect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ServiceChoice {
    /// A service with this name and port.
    Given(Service),
    /// The service that is listed with this name.
    Listed(String),
}

/// A service that listens on a port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// The name of the service.
    pub name: String,
    /// The port that the service listens on, from 1 on.
    pub port: u16,
}

/// Parses `NAME:PORT`, or `NAME`. A name before a port may contain colons.
fn parse_service(text: &str) -> Result<ServiceChoice, String> {
    let Some((name, port)) = text.rsplit_once(':') else {
        return match text.is_empty() {
            true => Err("a name is needed, such as cart:8080".to_owned()),
            false => Ok(ServiceChoice::Listed(text.to_owned())),
        };
    };
    let port = port.parse().ok().filter(|port| *port > 0).filter(|_| !name.is_empty());
    port.map(|port| ServiceChoice::Given(Service { name: name.to_owned(), port }))
        .ok_or_else(|| format!("`{text}` is not of the form NAME:PORT, such as cart:8080"))
}
