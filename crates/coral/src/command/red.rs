//! `coral query beyla http|grpc|sql`.

use super::query::{colony, instant, window};
use super::{Failure, print, print_json};
use crate::args::{Over, RedArgs, RedFormat};
use crate::terminal::screen;
use coral_query::answer::RedTable;
use coral_query::{RedProtocol, RedQuestion};
use coral_server::clock;
use coral_text::{csv, red_table};

pub(super) fn red(protocol: RedProtocol, args: &RedArgs) -> Result<(), Failure> {
    let now = clock::now().as_micros();
    let since = args.since.unwrap_or_default();
    let question = RedQuestion {
        protocol,
        service: args.service.clone(),
        side: args.side,
        source: args.source,
        since_unix_us: instant(since, now),
        // The window excludes its end, so add a microsecond to include the current one.
        until_unix_us: args.until.map_or(now.saturating_add(1), |until| instant(until, now)),
        compare_us: args.compare.map(|earlier| earlier.as_micros() as i64),
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
        RedFormat::Table => {
            print(&red_table::red_table(&answer, &window(since, args.until), screen()))
        }
    }
}
