//! `coral-bench soak`: tests for lost spans and wrong answers, for a limited time.

pub mod kill;
mod ledger;
pub mod mixed;
mod outcome;
mod readers;
mod verify;

use clap::{Args, Subcommand};

use crate::Failure;

/// Runs until a check fails or the time is up. Prints JSON; the exit code is 1 when a check failed.
#[derive(Args)]
pub struct SoakCommand {
    #[command(subcommand)]
    soak: Soak,
}

#[derive(Subcommand)]
enum Soak {
    /// Kills processes at random moments under load, and checks that every acknowledged span is
    /// there once.
    Kill(kill::Kill),
    /// Runs ingest, polling, sealing, expiry, eviction and queries at the same time.
    Mixed(mixed::Mixed),
}

impl SoakCommand {
    /// Runs the test and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        match self.soak {
            Soak::Kill(kill) => kill.run().await,
            Soak::Mixed(mixed) => mixed.run().await,
        }
    }
}
