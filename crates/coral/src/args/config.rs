//! `coral config …`.

use clap::{Args, Subcommand, ValueEnum};

use super::{ServerArgs, StatusFormat};

/// What to do with the configuration.
#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Print every setting with its value and the source of the value.
    #[command(after_help = include_str!("examples/config-show.txt"))]
    Show(ConfigArgs),
    /// Check a configuration, and list every problem.
    #[command(after_help = include_str!("examples/config-check.txt"))]
    Check(ConfigArgs),
}

/// `coral config …`.
#[derive(Args, Debug)]
pub struct ConfigArgs {
    /// The role whose settings are meant.
    #[arg(long, value_enum, default_value = "standalone")]
    pub role: Role,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub server: ServerArgs,
}

/// Whose configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Role {
    /// An agent's.
    Agent,
    /// A colony's.
    Colony,
    /// One file with the sections of both.
    Standalone,
}
