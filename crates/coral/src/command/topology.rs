//! `coral query topology`.

use super::asked_at::{AskedAt, ago_text, micros};
use super::query::colony;
use super::{Failure, print, print_json};
use crate::args::{TopologyArgs, TopologyFormat};
use crate::terminal::screen;
use coral_query::TopologyQuestion;
use coral_query::answer::Topology;
use coral_text::topology;

pub(super) fn topology(args: &TopologyArgs, asked: &AskedAt) -> Result<(), Failure> {
    let window = asked.window(args.since, args.until)?;
    let diff = args.diff.map(|earlier| asked.length_before(&window, earlier)).transpose()?;
    let filter = TopologyQuestion {
        since_unix_us: window.since_us,
        until_unix_us: window.until_us,
        source: args.source,
        diff_us: diff.map(micros),
        focus: args.focus.clone(),
        depth: args.depth,
        ..TopologyQuestion::default()
    };
    let answer: Topology = colony(&args.colony).ask(&filter)?;
    match args.format {
        TopologyFormat::Json => print_json(&answer),
        TopologyFormat::Dot => print(&topology::dot(&answer)),
        TopologyFormat::Mermaid => print(&topology::mermaid(&answer)),
        TopologyFormat::Text => {
            let before = diff.map(ago_text).unwrap_or_default();
            print(&topology::text(&answer, &window.words, &before, screen()))
        }
    }
}
