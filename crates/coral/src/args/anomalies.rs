//! `coral query anomalies`.

use clap::Args;
use coral_trace::units::When;

use super::{ColonyArgs, Earlier, LinkArgs, StatusFormat, parse_earlier, parse_when};

/// `coral query anomalies`.
#[derive(Args, Debug)]
pub struct AnomaliesArgs {
    /// Only traces that started at this time or later: such as 15m, yesterday or 02:40. Without
    /// --since and --baseline, the window begins when a change began in the last 8 hours, if one
    /// did [default: 1h].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub since: Option<When>,
    /// Only traces that started before this time [default: now].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub until: Option<When>,
    /// Compare with this much time before the window, or with the time from this time on
    /// [default: the length of the window, at least 1h].
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = parse_earlier)]
    pub baseline: Option<Earlier>,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub link: LinkArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}
