//! `coral query topology`.

use clap::{Args, ValueEnum};
use coral_trace::units::When;

use super::{ColonyArgs, Earlier, LinkArgs, parse_earlier, parse_when};
use coral_query::Source;

/// `coral query topology`.
#[derive(Args, Debug)]
pub struct TopologyArgs {
    /// Only traces that started at this time or later: such as 15m, yesterday or 02:40
    /// [default: 1h].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub since: Option<When>,
    /// Only traces that started before this time [default: now].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub until: Option<When>,
    /// Show what changed since this much time before the window, or since this time: new and removed calls, calls that
    /// became slower, and calls that fail more often.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = parse_earlier)]
    pub diff: Option<Earlier>,
    /// Only this service, database, queue or external host, what it calls, and what calls it.
    #[arg(long, value_name = "NAME")]
    pub focus: Option<String>,
    /// How many calls away from the focus others may be, at most 20 [default: 1].
    #[arg(long, value_name = "CALLS", requires = "focus")]
    pub depth: Option<u32>,
    /// Whose spans count.
    #[arg(long, value_parser = super::choice::source(), default_value = "all")]
    pub source: Source,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: TopologyFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub link: LinkArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}

/// How a service map is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum TopologyFormat {
    /// For people.
    Text,
    /// For programs; fields are never renamed.
    Json,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
}
