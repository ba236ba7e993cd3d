//! `coral why`.

use clap::Args;
use coral_trace::units::When;

use super::{ColonyArgs, Earlier, LinkArgs, StatusFormat, parse_earlier, parse_when};

/// `coral why`.
#[derive(Args, Debug)]
pub struct WhyArgs {
    /// The service; without one, all. With --trace-id, explain the part of this service only.
    #[arg(value_name = "SERVICE")]
    pub service: Option<String>,
    /// Only requests of this route, or with a span of this name.
    #[arg(long, value_name = "ROUTE", conflicts_with = "trace_id")]
    pub route: Option<String>,
    /// Explain this trace; the first digits of its id are enough where they are unique.
    #[arg(long, value_name = "ID", conflicts_with_all = ["since", "until"])]
    pub trace_id: Option<String>,
    /// Explain traces that started at this time or later: such as 15m, yesterday or 02:40. Without
    /// --since and --baseline, the window begins when a change began in the last 8 hours, if one
    /// did [default: 15m].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub since: Option<When>,
    /// Explain traces that started before this time [default: now].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub until: Option<When>,
    /// Compare with this much time before the window, or with the time from this time on [default: 1h].
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
