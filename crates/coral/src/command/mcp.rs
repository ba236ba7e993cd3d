//! `coral mcp`: an assistant's way to a colony, on standard input and output, with the user's login.

mod assistant;
mod install;
mod jsonc;
mod relay;
mod toml;

use super::Failure;
use super::query::colony;
use crate::args::{McpArgs, McpCommand};

pub(super) fn mcp(args: &McpArgs) -> Result<(), Failure> {
    match &args.command {
        Some(McpCommand::Install(args)) => install::install(args),
        None => relay::run(&colony(&args.colony), std::io::stdin().lock(), std::io::stdout()),
    }
}
