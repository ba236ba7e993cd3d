//! Requests by service, endpoint, host or version, and statements of databases, in words.

use coral_query::answer::{Group, GroupFindings, GroupTable, Intent, Understanding};
use coral_trace::sanitize::line;
use coral_trace::units::{count, counted};

use super::command;
use super::number::short;
use super::page::Page;
use super::requests::percentile_name;
use super::window::end;
use crate::beginning::coverage_line;
use crate::duration::duration;
use crate::percent::percent;
use crate::trace_table::unmatched;

/// Writes a section for each table: one line for each group.
pub(super) fn write(understanding: &Understanding, found: &GroupFindings, page: &mut Page) {
    for table in &found.tables {
        let query = page.query(command::traces(&table.query, &understanding.window));
        page.section(title(understanding, table, found.tables.len() > 1));
        if understanding.intent == Intent::Errors && table.errors > 0 {
            page.line(query, total(table));
        }
        let words = |group: &Group| match understanding.intent {
            Intent::Errors => failures(group),
            _ => latency(understanding, group),
        };
        table.groups.groups.iter().for_each(|group| page.line(query, words(group)));
        if table.more > 0 {
            page.line(query, format!("… {} more", count(table.more)));
        }
        page.or_nothing(query, nothing(understanding.intent));
        for one in &table.unmatched {
            page.line(query, unmatched(one).trim_end().trim_end_matches('.'));
        }
        if table.groups.more {
            let traces = counted(table.groups.traces, "trace");
            page.remark(format!("only the newest {traces} were read; more match"));
        }
        let missing = coverage_line(&table.coverage, end(&understanding.window));
        missing.into_iter().for_each(|missing| page.line(query, missing));
    }
}

fn title(understanding: &Understanding, table: &GroupTable, is_one_of_several: bool) -> String {
    let of = match &table.query.service {
        Some(service) if is_one_of_several => format!(" of {}", short(service)),
        _ => String::new(),
    };
    let by = match table.groups.by.as_str() {
        "name" => "endpoint",
        key => key,
    };
    match understanding.intent {
        Intent::Statements => format!("Statements, slowest first, by {}", percentile_name(None)),
        Intent::Errors => format!("Requests{of} by {by}, most failures first"),
        _ => {
            let percentile = percentile_name(understanding.quantile);
            format!("Requests{of} by {by}, slowest first, by {percentile}")
        }
    }
}

const fn nothing(intent: Intent) -> &'static str {
    match intent {
        Intent::Statements => "no calls to databases in this window",
        Intent::Errors => "no failed requests in this window",
        _ => "no requests in this window",
    }
}

/// `20 of 400 requests failed (5.0%); a request counts in each service that serves it`.
fn total(table: &GroupTable) -> String {
    let share = percent(table.errors as f64 / table.spans.max(1) as f64);
    let requests = counted(table.spans, "request");
    let each = match table.query.service {
        Some(_) => "",
        None => "; a request counts in each service that serves it",
    };
    format!("{} of {requests} failed ({share}){each}", count(table.errors))
}

/// `pay-2: 20 of 400 requests failed (5.0%)`.
fn failures(group: &Group) -> String {
    let (failed, share) = (count(group.errors), share(group));
    format!("{}: {failed} of {} failed ({share})", name(group), counted(group.spans, "request"))
}

/// `pay-2: P95 480ms, 400 spans, 5.0% failed`.
fn latency(understanding: &Understanding, group: &Group) -> String {
    let what = if understanding.intent == Intent::Statements { "call" } else { "request" };
    let percentile = match understanding.quantile {
        Some(50) => format!("P50 {}", duration(group.p50_us)),
        _ => format!("P95 {}", duration(group.p95_us)),
    };
    format!(
        "{}: {percentile}, {}, {} failed",
        name(group),
        counted(group.spans, what),
        share(group)
    )
}

fn share(group: &Group) -> String {
    percent(group.errors as f64 / group.spans.max(1) as f64)
}

fn name(group: &Group) -> String {
    group.value.as_deref().map_or_else(|| "(without)".to_owned(), |value| short(&line(value)))
}
