//! `coral doctor …`.

use clap::{Args, Subcommand};
use coral_trace::units::When;

use super::{ColonyArgs, StatusFormat, parse_when};

/// What to check.
#[derive(Subcommand, Debug)]
pub enum DoctorCommand {
    /// Check whether traces are whole: which spans are missing or not linked, why, and what to do.
    #[command(after_help = include_str!("examples/doctor-traces.txt"))]
    Traces(DoctorTracesArgs),
}

/// `coral doctor traces`.
#[derive(Args, Debug)]
pub struct DoctorTracesArgs {
    /// The service; without one, all.
    #[arg(value_name = "SERVICE")]
    pub service: Option<String>,
    /// Only traces that started at this time or later: such as 15m, yesterday or 02:40
    /// [default: 1h].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub since: Option<When>,
    /// Only traces that started before this time [default: now].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub until: Option<When>,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}
