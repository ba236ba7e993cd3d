//! `coral config …`.

use clap::{Args, Subcommand, ValueEnum};

use super::{ServerArgs, StatusFormat};

/// What to do with the configuration.
#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Print the configuration keys, each with its value and where the value was set.
    ///
    /// A key that no source sets and that has no default is shown as `(unset)`. With a KEY, the
    /// description, default, form and unit of that key are printed too; with a section, such as
    /// `beyla`, the keys of that section and their descriptions.
    #[command(after_help = include_str!("examples/config-show.txt"))]
    Show(ConfigShowArgs),
    /// Check a configuration and list every problem.
    #[command(after_help = include_str!("examples/config-check.txt"))]
    Check(ConfigArgs),
    /// Print a configuration file to start from, with comments, to standard output.
    #[command(after_help = include_str!("examples/config-example.txt"))]
    Example(ConfigExampleArgs),
}

/// `coral config show`.
#[derive(Args, Debug)]
pub struct ConfigShowArgs {
    /// Show only this key, or the keys of this section.
    #[arg(value_name = "KEY")]
    pub key: Option<String>,
    /// Print the description of each key below its value.
    #[arg(long)]
    pub describe: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub config: ConfigArgs,
}

/// `coral config check`, and what `coral config show` has in common with it.
#[derive(Args, Debug)]
pub struct ConfigArgs {
    /// Role whose configuration to read.
    #[arg(long, value_enum, default_value = "standalone")]
    pub role: Role,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub server: ServerArgs,
}

/// `coral config example`.
#[derive(Args, Debug)]
pub struct ConfigExampleArgs {
    /// Role for which the file is.
    #[arg(value_enum)]
    pub role: Role,
    /// Print every key, the less important ones in comments.
    #[arg(long)]
    pub all: bool,
}

/// Role whose configuration is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Role {
    /// An agent.
    Agent,
    /// A colony.
    Colony,
    /// An agent and a colony in one process, with one file for both.
    Standalone,
}
