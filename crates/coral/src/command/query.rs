//! `coral query …`: asks the colony and prints its answer.

mod file;
mod span;

use super::asked_at::{AskedAt, Window};
use super::{Failure, print, print_json, usual_data_dir};
use crate::args::{ColonyArgs, TraceFormat, TracesArgs, attribute_condition};
use crate::client::Server;
use crate::terminal::screen;
use coral_query::answer::{Groups, Trace, TraceList};
use coral_query::{Sort, TraceQuestion, TracesQuestion};
use coral_text::{csv, group_table, trace as trace_text, trace_table};
use coral_trace::UnixNanos;
use coral_trace::units::TimeZone;

/// Largest number of traces of a list that are printed as trees.
const MAX_TREES: u32 = 50;

pub(super) fn traces(args: &TracesArgs, asked: &AskedAt) -> Result<(), Failure> {
    let colony = colony(&args.colony);
    match args.trace_id {
        Some(id) => {
            let examine = !args.format.is_some_and(TraceFormat::is_file);
            let question = TraceQuestion { id, source: args.source, examine };
            let found = trace(&colony, &question, args)?;
            let found =
                if args.adjust_clocks { trace_text::with_clocks_adjusted(&found) } else { found };
            match &args.span {
                Some(prefix) if found.span_count > 0 => {
                    span::one(found, prefix, args.format, asked.zone())
                }
                _ => one(&found, args.format, asked.zone()),
            }
        }
        None => several(&colony, args, asked),
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

fn one(trace: &Trace, format: Option<TraceFormat>, zone: &TimeZone) -> Result<(), Failure> {
    let format = format.unwrap_or(TraceFormat::Tree);
    match format {
        TraceFormat::Json => print_json(trace),
        TraceFormat::Csv => print(&csv::spans(trace)),
        TraceFormat::Otlp | TraceFormat::Jaeger | TraceFormat::Zipkin => file::one(trace, format),
        _ if trace.span_count == 0 => print(&trace_text::no_trace(&trace.trace_id.to_string())),
        TraceFormat::Table => print(&trace_table::span_table(trace, zone, screen())),
        TraceFormat::Tree => print(&trace_text::trace_tree(trace, zone, screen())),
        TraceFormat::CriticalPath => print(&trace_text::critical_path(trace, zone, screen())),
        TraceFormat::Spans => print(&trace_text::spans(trace, zone, screen())),
        TraceFormat::Folded => print(&trace_text::folded(trace)),
        TraceFormat::Flamegraph => match trace_text::flamegraph(trace) {
            Ok(svg) => print(&svg),
            Err(error) => {
                Err(Failure::new(format!("cannot draw a flame graph of this trace: {error}")))
            }
        },
    }
}

fn several(colony: &Server, args: &TracesArgs, asked: &AskedAt) -> Result<(), Failure> {
    let window = asked.window(args.since, args.until)?;
    let filter = filter(args, &window);
    let list: TraceList = colony.ask(&filter)?;
    if let Some(groups) = &list.groups {
        let about = [filter.service.as_deref().unwrap_or_default(), filter.q.as_str()];
        let about: Vec<&str> = about.into_iter().filter(|text| !text.is_empty()).collect();
        return grouped(groups, &list, args.format, (&window.words, &about.join(", ")));
    }
    match args.format.unwrap_or(TraceFormat::Table) {
        TraceFormat::Json => print_json(&list),
        TraceFormat::Csv => print(&csv::traces(&list)),
        TraceFormat::Tree if !list.traces.is_empty() => trees(colony, &list, args, asked.zone()),
        TraceFormat::CriticalPath
        | TraceFormat::Flamegraph
        | TraceFormat::Folded
        | TraceFormat::Otlp
        | TraceFormat::Jaeger
        | TraceFormat::Zipkin
        | TraceFormat::Spans => {
            Err(Failure::with_hint("this format shows one trace", "name the trace with --trace-id"))
        }
        _ => {
            let heading = trace_table::Heading {
                until: UnixNanos::from_micros(window.until_us),
                filter,
                window: window.words,
                zone: asked.zone().clone(),
            };
            print(&trace_table::trace_table(&list, &heading, screen()))
        }
    }
}

/// Prints the groups of a list. The window and the conditions are the heading.
fn grouped(
    groups: &Groups,
    list: &TraceList,
    format: Option<TraceFormat>,
    (window, conditions): (&str, &str),
) -> Result<(), Failure> {
    match format.unwrap_or(TraceFormat::Table) {
        TraceFormat::Json => print_json(list),
        TraceFormat::Csv => print(&group_table::group_csv(groups)),
        TraceFormat::Table => print(&group_table::group_table(
            groups,
            &list.unmatched,
            (window, conditions),
            screen(),
        )),
        _ => Err(Failure::with_hint(
            "groups of spans have no such format",
            "--format is table, csv or json",
        )),
    }
}

/// Prints each trace of the list as a tree, separated by blank lines.
fn trees(
    colony: &Server,
    list: &TraceList,
    args: &TracesArgs,
    zone: &TimeZone,
) -> Result<(), Failure> {
    for (at, summary) in list.traces.iter().take(MAX_TREES as usize).enumerate() {
        let question =
            TraceQuestion { id: summary.trace_id.into(), source: args.source, examine: true };
        let trace = trace(colony, &question, args)?;
        let blank = if at == 0 { "" } else { "\n" };
        print(&format!("{blank}{}", trace_text::trace_tree(&trace, zone, screen())))?;
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

fn filter(args: &TracesArgs, window: &Window) -> TracesQuestion {
    // An attribute with another operator than `=` is a condition of the search.
    let conditions = args.attr.iter().filter_map(|attribute| attribute_condition(attribute));
    let equal = args.attr.iter().filter(|attribute| attribute_condition(attribute).is_none());
    let search = args.search.join(" ");
    // The search may have alternatives, so that it is a group of its own.
    let search = (!search.trim().is_empty()).then_some(search);
    let grouped =
        search.map(|search| if args.attr.is_empty() { search } else { format!("({search})") });
    TracesQuestion {
        by: args.by.clone().unwrap_or_default(),
        q: grouped.into_iter().chain(conditions).collect::<Vec<_>>().join(" "),
        service: args.service.clone(),
        since_unix_us: Some(window.since_us),
        until_unix_us: Some(window.until_us),
        min_duration_us: args.min_duration.map(|least| least.as_micros() as i64),
        max_duration_us: args.max_duration.map(|most| most.as_micros() as i64),
        status: args.status,
        name: args.name.clone(),
        attributes: equal.cloned().collect::<Vec<_>>().join("\n"),
        source: args.source,
        sort: args.sort.unwrap_or(Sort::Newest),
        limit: args.limit,
        after: args.after.clone().unwrap_or_default(),
        causes: args.min_duration.is_some() || args.sort == Some(Sort::Slowest),
    }
}
