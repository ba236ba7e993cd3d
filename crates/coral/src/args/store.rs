//! `coral store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with the stores of this host.
#[derive(Subcommand, Debug)]
pub enum StoreCommand {
    /// Restore files that were set aside as damaged and turn out to be intact; agent and colony
    /// must be stopped.
    #[command(after_help = include_str!("examples/store-repair.txt"))]
    Repair(RepairArgs),
}

/// `coral store repair`.
#[derive(Args, Debug)]
pub struct RepairArgs {
    /// The data directory of agent and colony
    /// [default: `CORAL_DATA_DIR`, else /var/lib/coral or ~/.local/share/coral].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}
