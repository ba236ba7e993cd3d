//! `coral trace`.

use clap::{Args, Subcommand};
use coral_query::Source;
use coral_trace::units::When;

use super::{ColonyArgs, LinkArgs, StatusFormat, parse_when};

/// What to do with traces.
#[derive(Subcommand, Debug)]
pub enum TraceCommand {
    /// Show how two traces, or two sets of traces, differ: by operation, and by attribute values.
    #[command(after_help = include_str!("examples/trace-compare.txt"))]
    Compare(CompareArgs),
}

/// `coral trace compare`.
#[derive(Args, Debug)]
pub struct CompareArgs {
    /// A trace, by the first digits of its id, at least four; or a search after `q:`.
    #[arg(value_name = "A")]
    pub a: String,
    /// What to compare A with, in the same form [default: healthy traces of the same operation].
    #[arg(value_name = "B")]
    pub b: Option<String>,
    /// For searches: traces that started at this time or later: such as 15m, yesterday or 02:40
    /// [default: 1h].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub since: Option<When>,
    /// For searches: traces that started before this time [default: now].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub until: Option<When>,
    /// Whose spans count.
    #[arg(long, value_parser = super::choice::source(), default_value = "all")]
    pub source: Source,
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
