//! `coral mcp`.

use clap::{Args, Subcommand, ValueEnum};

use super::ColonyArgs;

/// `coral mcp`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct McpArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub command: Option<McpCommand>,
}

/// What else to do for assistants.
#[derive(Subcommand, Debug)]
pub enum McpCommand {
    /// Write Coral into the configuration of an assistant, after asking.
    #[command(after_help = include_str!("examples/mcp-install.txt"))]
    Install(McpInstallArgs),
}

/// `coral mcp install`.
#[derive(Args, Debug)]
pub struct McpInstallArgs {
    /// The program whose configuration is changed.
    #[arg(long, value_enum, value_name = "NAME")]
    pub client: McpClient,
    /// Write without asking.
    #[arg(long, conflicts_with = "print")]
    pub yes: bool,
    /// Print what would be written, and where, and write nothing.
    #[arg(long)]
    pub print: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}

/// A program that assistants run in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum McpClient {
    /// Claude Code.
    Claude,
    /// Claude Desktop.
    ClaudeDesktop,
    /// Codex.
    Codex,
    /// Cursor.
    Cursor,
    /// Visual Studio Code.
    Vscode,
    /// Gemini CLI.
    Gemini,
}
