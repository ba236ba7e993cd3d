//! How many traces started when and took how long.

pub(crate) mod answer;
mod durations;
pub(crate) mod question;

use coral_engine::filter::{Comparison, Field, Literal, SpanField};
use coral_engine::{Budget, Filter, Grid, Histogram, TraceQuery};

use self::durations::Durations;
pub use self::question::HeatmapQuestion;
use crate::ask::{Ask, QueryError, Sources};
use crate::coverage::TracesOf;
use crate::reader::Reader;
use crate::traces::{Conditions, listed_range, trace_query};

/// The largest number of traces that are counted if their spans have to be read.
const MAX_SEARCHED: u32 = 10_000;

impl Ask for HeatmapQuestion {
    const PATH: &'static str = "/api/v1/heatmap";
    const NAME: &'static str = "heatmap";
    const SUMMARY: &'static str = "How many traces started when, and how long they took.";
    const PERMISSION: &'static str = "traces.read";
    type Answer = answer::Heatmap;

    fn rows(answer: &Self::Answer) -> usize {
        answer.counts.iter().filter(|count| **count > 0).count()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).heatmap(self)
    }
}

/// Traces, counted by column and by the ranges of [`durations::bounds`].
struct Counted {
    histogram: Histogram,
    /// If more traces match than were counted, the start of the earliest one that was.
    since_unix_us: Option<i64>,
}

impl Reader<'_> {
    fn heatmap(&self, question: &HeatmapQuestion) -> Result<answer::Heatmap, QueryError> {
        let (most, usual) = (HeatmapQuestion::MAX_COLUMNS, HeatmapQuestion::DEFAULT_COLUMNS);
        let columns = checked("columns", question.columns, most, usual)?;
        let (most, usual) = (HeatmapQuestion::MAX_ROWS, HeatmapQuestion::DEFAULT_ROWS);
        let rows = checked("rows", question.rows, most, usual)?;
        let list = question.traces();
        let query = trace_query(&list, &Conditions::of(&list)?, MAX_SEARCHED + 1)?;
        let grid = Grid { range: question.window(), columns, bounds_us: durations::bounds() };
        let Counted { histogram, since_unix_us } =
            self.counted_traces(from_summaries(query), grid)?;
        let durations = Durations::of(&histogram, rows);
        let range = listed_range(None, question.window(), self.from.now);
        Ok(answer::Heatmap {
            since_unix_us: question.since_unix_us,
            until_unix_us: question.until_unix_us,
            columns,
            rows,
            bounds_us: durations.bounds_us(),
            counts: durations.cells(&histogram.counts),
            errors: durations.cells(&histogram.failed),
            traces: histogram.counts.iter().sum(),
            cut: since_unix_us.is_some(),
            counted_since_unix_us: since_unix_us,
            coverage: self.missing_in(TracesOf { range, traces: &[] })?,
        })
    }

    /// Counts the traces that match `query`: all of them if the engine tells from summaries, or the
    /// newest. The reader of a limited caller has no summaries.
    fn counted_traces(&self, query: TraceQuery, grid: Grid) -> Result<Counted, QueryError> {
        if query.filter.is_none() && self.from.traces.has_summaries() {
            let histogram = self.from.traces.histogram(&query, &grid, self.budget)?;
            return Ok(Counted { histogram, since_unix_us: None });
        }
        let mut found = self.search(&query)?;
        let is_cut = found.len() > MAX_SEARCHED as usize;
        found.truncate(MAX_SEARCHED as usize);
        let mut histogram = Histogram::new(grid);
        for trace in &found {
            histogram.add(trace.start, trace.duration_us, trace.errors > 0);
        }
        let earliest = found.last().filter(|_| is_cut).map(|trace| trace.start.as_micros());
        Ok(Counted { histogram, since_unix_us: earliest })
    }
}

/// `query`, with a filter of one condition that summaries of traces meet in place of that filter.
fn from_summaries(query: TraceQuery) -> TraceQuery {
    let mut conditions = Vec::new();
    query.filter.iter().for_each(|filter| conjuncts(filter, &mut conditions));
    let [Filter::Compare { field: Field::Span(field), op: Comparison::Equal, value }] = *conditions
    else {
        return query;
    };
    let Literal::Text(text) = value else { return query };
    match field {
        SpanField::Service => {
            TraceQuery { services: vec![text.clone()], filter: None, ..query.clone() }
        }
        SpanField::Status if text == "error" => {
            TraceQuery { failed: Some(true), filter: None, ..query.clone() }
        }
        _ => query,
    }
}

/// The conditions that `filter` joins with "and".
fn conjuncts<'a>(filter: &'a Filter, into: &mut Vec<&'a Filter>) {
    match filter {
        Filter::And(all) => all.iter().for_each(|one| conjuncts(one, into)),
        other => into.push(other),
    }
}

/// `number`, or `usual` for 0.
fn checked(field: &'static str, number: u32, most: u32, usual: u32) -> Result<u32, QueryError> {
    match number {
        0 => Ok(usual),
        number if number <= most => Ok(number),
        _ => {
            let reason = format!("{number} is not between 1 and {most}");
            Err(QueryError::Invalid { field, reason })
        }
    }
}
