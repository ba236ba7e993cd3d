//! `coral-bench soak`: bad days, many times over and in bounded time.

pub mod kill;
mod ledger;
pub mod mixed;
mod outcome;
mod readers;
mod verify;

use clap::{Args, Subcommand};

use crate::Failure;

/// Runs until something is wrong, or until time is up. Prints JSON, and fails when something was wrong.
#[derive(Args)]
pub struct SoakCommand {
    #[command(subcommand)]
    soak: Soak,
}

#[derive(Subcommand)]
enum Soak {
    /// `kill -9` at random moments under load: every acknowledged span is there afterwards, once.
    Kill(kill::Kill),
    /// Ingest, polling, sealing, expiry, eviction and queries, all together.
    Mixed(mixed::Mixed),
}

impl SoakCommand {
    /// Runs to the end and prints what was seen.
    pub async fn run(self) -> Result<(), Failure> {
        match self.soak {
            Soak::Kill(kill) => kill.run().await,
            Soak::Mixed(mixed) => mixed.run().await,
        }
    }
}
