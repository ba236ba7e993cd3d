//! `coral query beyla http|grpc|sql`.

use super::asked_at::{AskedAt, micros};
use super::query::colony;
use super::{Failure, print, print_json};
use crate::args::{Over, RedArgs, RedFormat};
use crate::terminal::screen;
use coral_query::answer::RedTable;
use coral_query::{RedProtocol, RedQuestion};
use coral_text::{csv, red_table};

pub(super) fn red(protocol: RedProtocol, args: &RedArgs, asked: &AskedAt) -> Result<(), Failure> {
    let window = asked.window(args.since, args.until)?;
    let compare = args.compare.map(|earlier| asked.length_before(&window, earlier)).transpose()?;
    let question = RedQuestion {
        protocol,
        service: args.service.clone(),
        side: args.side,
        source: args.source,
        since_unix_us: window.since_us,
        until_unix_us: window.until_us,
        compare_us: compare.map(micros),
        slow: args.slow,
        over_us: args.over.and_then(|over| match over {
            Over::P95 => None,
            Over::Latency(line) => Some(line.as_micros() as i64),
        }),
    };
    let answer: RedTable = colony(&args.colony).ask(&question)?;
    match args.format {
        RedFormat::Json => print_json(&answer),
        RedFormat::Csv => print(&csv::red(&answer)),
        RedFormat::Table => print(&red_table::red_table(&answer, &window.words, screen())),
    }
}
