//! `coral query topology`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{ColonyArgs, When, parse_when};
use coral_query::Source;
use coral_trace::units::parse_duration;

/// `coral query topology`.
#[derive(Args, Debug)]
pub struct TopologyArgs {
    /// Traces that started at or after this: a duration back from now, or an RFC 3339 time [default: 1h].
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub since: Option<When>,
    /// Traces that started before this.
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    pub until: Option<When>,
    /// Say what changed since so long a time before.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub diff: Option<Duration>,
    /// Whose spans count.
    #[arg(long, value_parser = super::choice::source(), default_value = "all")]
    pub source: Source,
    /// How to print it.
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
