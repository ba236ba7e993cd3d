//! `coral`: one program, two roles, and the commands that ask them.
//!
//! The path of one span through the crates: `agent` receives, stores and serves it, `colony` polls
//! and stores it, `query` answers with it, `text` shows it. See ARCHITECTURE.md.

mod args;
mod client;
mod command;
mod credentials;
mod demo;
mod error_json;
mod greeting;
mod roles;
mod show;
mod terminal;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

/// Exit codes: 0 for success, 1 for a failed question or server, 2 for an invalid command line, 3 for a
/// question in plain English that is not understood.
fn main() -> ExitCode {
    // This process may be a child of Coral: the shim that becomes Beyla, or one statement in SQL.
    if let Some(failed) = coral_beyla::shim::run(std::env::args_os()) {
        return failed;
    }
    if let Some(answered) = coral_sql::child::run(std::env::args_os()) {
        return answered;
    }
    // What this process writes is for its user alone: spans, keys, settings.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let cli = match args::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(wrong) => return wrong.report(),
    };
    cli.color.write_global();
    command::run(cli.command, cli.tz)
}
