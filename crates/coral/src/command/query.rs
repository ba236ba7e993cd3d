//! `coral query …`: asks the colony and prints its answer.

use std::time::Duration;

use super::{Failure, print, print_json, usual_data_dir};
use crate::args::{ColonyArgs, TraceFormat, TracesArgs, When};
use crate::client::Server;
use crate::terminal::screen;
use coral_query::answer::{Trace, TraceList};
use coral_query::{Sort, TraceQuestion, TracesQuestion};
use coral_server::clock;
use coral_text::duration::duration;
use coral_text::{csv, trace as trace_text, trace_table};
use coral_trace::{UnixNanos, units};

/// Largest number of traces of a list that are printed as trees.
const MAX_TREES: u32 = 50;

pub(super) fn traces(args: &TracesArgs) -> Result<(), Failure> {
    let colony = colony(&args.colony);
    match args.trace_id {
        Some(id) => {
            let question = TraceQuestion { id, source: args.source, examine: true };
            let found = trace(&colony, &question, args)?;
            let found =
                if args.adjust_clocks { trace_text::with_clocks_adjusted(&found) } else { found };
            one(&found, args.format)
        }
        None => several(&colony, args),
    }
}

/// The colony to ask.
pub(super) fn colony(args: &ColonyArgs) -> Server {
    let (data_dir, _) = usual_data_dir(args.data_dir.clone());
    Server::colony(args.colony.clone(), Some(&data_dir))
}

/// The trace, without inferred links if `args` leaves them out.
fn trace(colony: &Server, question: &TraceQuestion, args: &TracesArgs) -> Result<Trace, Failure> {
    let mut found: Trace = colony.ask(question)?;
    if args.no_inferred {
        found.inferred_links.clear();
    }
    Ok(found)
}

fn one(trace: &Trace, format: Option<TraceFormat>) -> Result<(), Failure> {
    match format.unwrap_or(TraceFormat::Tree) {
        TraceFormat::Json => print_json(trace),
        TraceFormat::Csv => print(&csv::spans(trace)),
        _ if trace.span_count == 0 => print(&trace_text::no_trace(&trace.trace_id.to_string())),
        TraceFormat::Table => print(&trace_table::span_table(trace, screen())),
        TraceFormat::Tree => print(&trace_text::trace_tree(trace, screen())),
        TraceFormat::CriticalPath => print(&trace_text::critical_path(trace, screen())),
        TraceFormat::Folded => print(&trace_text::folded(trace)),
        TraceFormat::Flamegraph => match trace_text::flamegraph(trace) {
            Ok(svg) => print(&svg),
            Err(error) => {
                Err(Failure::new(format!("cannot draw a flame graph of this trace: {error}")))
            }
        },
    }
}

fn several(colony: &Server, args: &TracesArgs) -> Result<(), Failure> {
    let now = clock::now().as_micros();
    let filter = filter(args, now);
    let list: TraceList = colony.ask(&filter)?;
    match args.format.unwrap_or(TraceFormat::Table) {
        TraceFormat::Json => print_json(&list),
        TraceFormat::Csv => print(&csv::traces(&list)),
        TraceFormat::Tree if !list.traces.is_empty() => trees(colony, &list, args),
        TraceFormat::CriticalPath | TraceFormat::Flamegraph | TraceFormat::Folded => {
            Err(Failure::with_hint("this format shows one trace", "name the trace with --trace-id"))
        }
        _ => {
            let heading = trace_table::Heading {
                until: filter
                    .until_unix_us
                    .map_or(UnixNanos::from_micros(now), UnixNanos::from_micros),
                filter,
                window: window(args.since.unwrap_or_default(), args.until),
            };
            print(&trace_table::trace_table(&list, &heading, screen()))
        }
    }
}

/// Prints each trace of the list as a tree, separated by blank lines.
fn trees(colony: &Server, list: &TraceList, args: &TracesArgs) -> Result<(), Failure> {
    for (at, summary) in list.traces.iter().take(MAX_TREES as usize).enumerate() {
        let question =
            TraceQuestion { id: summary.trace_id.into(), source: args.source, examine: true };
        let trace = trace(colony, &question, args)?;
        let blank = if at == 0 { "" } else { "\n" };
        print(&format!("{blank}{}", trace_text::trace_tree(&trace, screen())))?;
    }
    let rest = list.traces.len().saturating_sub(MAX_TREES as usize);
    if rest > 0 || list.more {
        print(&format!(
            "\n… more traces match; --format table lists up to {}.\n",
            TracesQuestion::MAX
        ))?;
    }
    Ok(())
}

fn filter(args: &TracesArgs, now: i64) -> TracesQuestion {
    TracesQuestion {
        service: args.service.clone(),
        since_unix_us: Some(instant(args.since.unwrap_or_default(), now)),
        until_unix_us: Some(args.until.map_or(now.saturating_add(1), |until| instant(until, now))),
        min_duration_us: args.min_duration.map(|least| least.as_micros() as i64),
        status: args.status,
        name: args.name.clone(),
        attributes: args.attr.join("\n"),
        source: args.source,
        sort: args.sort.unwrap_or(Sort::Newest),
        limit: args.limit,
        causes: args.min_duration.is_some(),
    }
}

/// Microseconds since the Unix epoch of `when`, relative to `now`.
pub(super) fn instant(when: When, now: i64) -> i64 {
    match when {
        When::Ago(ago) => now.saturating_sub(i64::try_from(ago.as_micros()).unwrap_or(i64::MAX)),
        When::At(instant) => instant,
    }
}

/// The window of a question, as text.
pub(super) fn window(since: When, until: Option<When>) -> String {
    let since = match since {
        When::Ago(ago) => format!("last {}", ago_text(ago)),
        When::At(instant) => format!("since {}", units::instant(instant)),
    };
    match until {
        None => since,
        Some(When::Ago(ago)) => format!("{since}, until {} ago", ago_text(ago)),
        Some(When::At(instant)) => format!("{since}, until {}", units::instant(instant)),
    }
}

/// `1 hour`, `15 minutes`; other durations in the form of [`duration`].
pub(super) fn ago_text(ago: Duration) -> String {
    let seconds = ago.as_secs();
    let whole = |unit: u64| ago.subsec_nanos() == 0 && seconds > 0 && seconds.is_multiple_of(unit);
    match seconds {
        _ if whole(86_400) => units::counted(seconds / 86_400, "day"),
        _ if whole(3_600) => units::counted(seconds / 3_600, "hour"),
        _ if whole(60) => units::counted(seconds / 60, "minute"),
        _ => duration(ago.as_micros() as i64),
    }
}
