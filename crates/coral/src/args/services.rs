//! `coral services`.

use clap::Args;
use coral_trace::units::When;

use super::{ColonyArgs, Earlier, LinkArgs, RedFormat, parse_earlier, parse_when};

/// `coral services`.
#[derive(Args, Debug)]
pub struct ServicesArgs {
    /// Show this service only, with its operations, callers, callees, statements, hosts and
    /// versions.
    #[arg(value_name = "NAME")]
    pub service: Option<String>,
    /// Only requests of traces that started at this time or later, or that metrics counted then:
    /// such as 1h, yesterday or 02:40 [default: 15m].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub since: Option<When>,
    /// Only requests of traces that started before this time [default: now].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub until: Option<When>,
    /// Compare with this much time before the window, or with the time from this time on. Without
    /// --since and --baseline, the baseline ends before the clearest change of the last 8 hours
    /// [default: 1h].
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = parse_earlier)]
    pub baseline: Option<Earlier>,
    /// Output format.
    #[arg(long, value_enum, default_value = "table")]
    pub format: RedFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub link: LinkArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}
