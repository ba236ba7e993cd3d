//! Observes whole spans, for queries that the columns alone do not answer.

use std::time::Duration;

use coral_engine::{Columns, StoredSpan, TraceSummary};
use coral_trace::TimeRange;
use coral_traceql::{Attribute, Pipeline, Spans, Static, Trace as _, evaluate};

use super::super::candidates::{Candidates, More, columns};
use super::super::necessary;
use super::super::search::unusable;
use super::Run;
use super::table::Table;
use crate::ask::QueryError;

/// Adds the spans of `pipeline` to `table`.
pub(super) fn observe(
    run: &Run<'_>,
    pipeline: &Pipeline,
    table: &mut Table,
    inspected: &mut u64,
) -> Result<(), QueryError> {
    let mut attributes = Vec::new();
    pipeline.each_attribute(&mut |attribute| attributes.push(attribute.clone()));
    attributes.extend(table.by.iter().chain(&table.of).cloned());
    let read = columns(&attributes);
    let (by, of) = (table.by.clone(), table.of.clone());
    each_match(run, pipeline, read, u32::MAX, inspected, &mut |spans, at| {
        let start = spans.span(at).start;
        if run.steps.of(start).is_none() {
            return Ok(());
        }
        let value = |attribute: &Attribute| spans.value(at, attribute);
        let group: Vec<Static> = by.iter().map(value).collect();
        let value = of.as_ref().map_or(Static::Nil, value);
        if table.needs_value() && super::table::number(&value).is_none() {
            return Ok(());
        }
        let series = table.series_of(group)?;
        table.add(series, start, &value);
        Ok(())
    })
}

/// What is done with a span that matches, by its place in its trace.
type Visit<'a> = dyn FnMut(&Spans<'_>, usize) -> Result<(), QueryError> + 'a;

/// Calls `visit` with each span of `pipeline` in the traces that reach into the range, until `limit`
/// traces matched.
pub(super) fn each_match(
    run: &Run<'_>,
    pipeline: &Pipeline,
    columns: Columns,
    limit: u32,
    inspected: &mut u64,
    visit: &mut Visit<'_>,
) -> Result<(), QueryError> {
    let mut found = 0;
    let mut each = |_: &TraceSummary, stored: &[StoredSpan]| {
        *inspected += stored.len() as u64;
        let spans = Spans::new(stored.iter().map(|stored| &stored.span));
        let mut is_inside = false;
        for group in evaluate(pipeline, &spans).map_err(unusable)? {
            for at in group.spans {
                is_inside |= run.steps.of(spans.span(at).start).is_some();
                visit(&spans, at)?;
            }
        }
        found += u32::from(is_inside);
        Ok::<_, QueryError>(if found >= limit { More::Enough } else { More::Wanted })
    };
    let (since, until) = (run.steps.since, run.steps.until);
    let candidates = |started, min_duration_us| Candidates {
        from: run.from,
        budget: run.budget,
        started,
        after: None,
        min_duration_us,
        filter: necessary::of_pipeline(pipeline),
        columns,
    };
    let inside = TimeRange { start: since, end: until };
    let mut more = More::Wanted;
    candidates(inside, None).each(limit.min(2_048), &mut |summary, spans| {
        more = each(summary, spans)?;
        Ok(more)
    })?;
    // Traces that started before the range, and are long enough to reach into it. The further they are
    // back, the longer they must be.
    let mut end = since;
    let mut reach = Duration::from_secs(60);
    while end.0 > 0 && more == More::Wanted {
        let start = end.earlier(reach);
        // Durations are rounded down to microseconds.
        let behind = since.since(end).as_micros().saturating_sub(1);
        let least = (end != since).then(|| i64::try_from(behind).unwrap_or(i64::MAX));
        candidates(TimeRange { start, end }, least.or(Some(1))).each(
            2_048,
            &mut |summary, spans| {
                more = each(summary, spans)?;
                Ok(more)
            },
        )?;
        // The range grows, so that the number of searches is small.
        (end, reach) = (start, reach.saturating_mul(16));
    }
    Ok(())
}
