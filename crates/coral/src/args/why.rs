//! `coral why`.

use std::time::Duration;

use clap::Args;

use super::{ColonyArgs, StatusFormat, When, parse_when};
use coral_trace::units::parse_duration;

/// `coral why`.
#[derive(Args, Debug)]
pub struct WhyArgs {
    /// The service; without one, everything. With --trace-id, the one whose part of the trace is meant.
    #[arg(value_name = "SERVICE")]
    pub service: Option<String>,
    /// Only requests of this route, or whose span has this name.
    #[arg(long, value_name = "ROUTE", conflicts_with = "trace_id")]
    pub route: Option<String>,
    /// Explain this trace alone; the beginning of its id is enough when no other begins so.
    #[arg(long, value_name = "ID", conflicts_with_all = ["since", "until"])]
    pub trace_id: Option<String>,
    /// Traces that started at or after this: a duration back from now, or an RFC 3339 time [default: 15m].
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub since: Option<When>,
    /// Traces that started before this.
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub until: Option<When>,
    /// Compare with what started so long before.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    pub baseline: Duration,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}
