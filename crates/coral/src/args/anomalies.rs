//! `coral query anomalies`.

use std::time::Duration;

use clap::Args;

use super::{ColonyArgs, StatusFormat, When, parse_when};
use coral_trace::units::parse_duration;

/// `coral query anomalies`.
#[derive(Args, Debug)]
pub struct AnomaliesArgs {
    /// Traces that started at or after this: a duration back from now, or an RFC 3339 time [default: 1h].
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub since: Option<When>,
    /// Traces that started before this.
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub until: Option<When>,
    /// Compare with what started so long before [default: as long as the window, at least 1h].
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub baseline: Option<Duration>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}
