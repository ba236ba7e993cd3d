//! `coral query topology`.

use super::query::{ago_text, colony, instant, window};
use super::{Failure, print, print_json};
use crate::args::{TopologyArgs, TopologyFormat};
use crate::terminal::screen;
use coral_query::TopologyQuestion;
use coral_query::answer::Topology;
use coral_server::clock;
use coral_text::topology;

pub(super) fn topology(args: &TopologyArgs) -> Result<(), Failure> {
    let now = clock::now().as_micros();
    let since = args.since.unwrap_or_default();
    let micros =
        |length: std::time::Duration| i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    let filter = TopologyQuestion {
        since_unix_us: instant(since, now),
        until_unix_us: args.until.map_or(now.saturating_add(1), |until| instant(until, now)),
        source: args.source,
        diff_us: args.diff.map(micros),
    };
    let answer: Topology = colony(&args.colony).ask(&filter)?;
    match args.format {
        TopologyFormat::Json => print_json(&answer),
        TopologyFormat::Dot => print(&topology::dot(&answer)),
        TopologyFormat::Mermaid => print(&topology::mermaid(&answer)),
        TopologyFormat::Text => {
            let before = args.diff.map(ago_text).unwrap_or_default();
            print(&topology::text(&answer, &window(since, args.until), &before, screen()))
        }
    }
}
