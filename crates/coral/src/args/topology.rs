//! `coral query topology`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{ColonyArgs, When, parse_when};
use coral_query::Source;
use coral_trace::units::parse_duration;

/// `coral query topology`.
#[derive(Args, Debug)]
pub struct TopologyArgs {
    /// Only traces that started at this time or later: a duration before now, or a time
    /// [default: 1h].
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub since: Option<When>,
    /// Only traces that started before this time [default: now].
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub until: Option<When>,
    /// Show what changed since this much time before the window: new and removed calls, calls that
    /// became slower, and calls that fail more often.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub diff: Option<Duration>,
    /// Whose spans count.
    #[arg(long, value_parser = super::choice::source(), default_value = "all")]
    pub source: Source,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: TopologyFormat,
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
