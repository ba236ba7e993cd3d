//! `coral-bench`: measurements, each with the command that repeats it.

mod process;
mod spans;
mod store;

use clap::{Parser, Subcommand};

/// Measures Coral. Quote CPU time and ratios: wall time on a shared machine says little.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    measure: Measure,
}

#[derive(Subcommand)]
enum Measure {
    /// The store alone: CPU per span appended and sealed, bytes per span, lookups, a search, a reopening.
    Store(store::Store),
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Cli::parse().measure {
        Measure::Store(store) => store.run(),
    }
}
