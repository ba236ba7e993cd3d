//! `coral config …`.

use clap::{Args, Subcommand, ValueEnum};

use super::{ServerArgs, StatusFormat};

/// What to do with the configuration.
#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Print every setting with its value and where that comes from.
    #[command(after_help = "\
Example:
  coral config show --role agent -c agent-config.yaml")]
    Show(ConfigArgs),
    /// Say whether a configuration is right, and list every problem if not.
    #[command(after_help = "\
Example:
  coral config check --role colony -c colony-config.yaml")]
    Check(ConfigArgs),
}

/// `coral config …`.
#[derive(Args, Debug)]
pub struct ConfigArgs {
    /// For this role.
    #[arg(long, value_enum, default_value = "standalone")]
    pub role: Role,
    /// How to print it.
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
