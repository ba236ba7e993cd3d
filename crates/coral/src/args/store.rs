//! `coral store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with the stores of this host.
#[derive(Subcommand, Debug)]
pub enum StoreCommand {
    /// Bring back files that were put aside as damaged and turn out to be whole. Agent and colony must be stopped.
    #[command(after_help = "\
Example:
  coral store repair --data-dir /var/lib/coral")]
    Repair(RepairArgs),
}

/// `coral store repair`.
#[derive(Args, Debug)]
pub struct RepairArgs {
    /// Where agent and colony keep their data [default: `CORAL_DATA_DIR`, else /var/lib/coral or ~/.local/share/coral].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}
