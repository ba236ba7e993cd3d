//! `coral query anomalies`.

use std::time::Duration;

use clap::Args;

use super::{ColonyArgs, StatusFormat, When, parse_when};
use coral_trace::units::parse_duration;

/// `coral query anomalies`.
#[derive(Args, Debug)]
pub struct AnomaliesArgs {
    /// Only traces that started at this time or later: a duration before now, or a time. Without
    /// --since and --baseline, the window begins when a change began in the last 8 hours, if one
    /// did [default: 1h].
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub since: Option<When>,
    /// Only traces that started before this time [default: now].
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub until: Option<When>,
    /// Compare with this much time before the window
    /// [default: the length of the window, at least 1h].
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub baseline: Option<Duration>,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}
