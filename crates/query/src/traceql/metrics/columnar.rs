//! Observes columns of spans, without their other fields.

use std::ops::ControlFlow;

use coral_engine::SpanColumns;
use coral_trace::TimeRange;
use coral_traceql::{Attribute, Element, Expression, Intrinsic, Pipeline, Spanset, Static};

use super::super::fields::{Fields, combined};
use super::Run;
use super::table::{Table, number};
use crate::ask::QueryError;

/// Adds the spans of `pipeline` to `table`; `false` if columns do not answer the query: it is about more
/// than one span at a time, or about fields without a column.
pub(super) fn observe(
    run: &Run<'_>,
    pipeline: &Pipeline,
    table: &mut Table,
    inspected: &mut u64,
) -> Result<bool, QueryError> {
    let Some(filters) = filters(pipeline) else { return Ok(false) };
    let mut read = Fields::default();
    let mut named: Vec<&Attribute> = table.by.iter().chain(&table.of).collect();
    filters.iter().for_each(|filter| filter.each_attribute(&mut |one| named.push(one)));
    if !named.into_iter().all(|attribute| read.add(attribute)) {
        return Ok(false);
    }
    let started = TimeRange { start: run.steps.since, end: run.steps.until };
    let mut failed = None;
    let is_read =
        run.from.traces.visit_columns(started, &read.wanted, run.budget, &mut |spans| {
            *inspected += spans.starts.len() as u64;
            failed = batch(spans, &filters, &read, table).err();
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
    match failed {
        Some(error) => Err(error),
        None => Ok(is_read),
    }
}

/// The filters of a pipeline of filters alone; a span meets all of them.
fn filters(pipeline: &Pipeline) -> Option<Vec<&Expression>> {
    let filter = |element| match element {
        &Element::Spanset(Spanset::Filter(ref filter)) => Some(filter),
        _ => None,
    };
    pipeline.elements.iter().map(filter).collect()
}

/// What is known of all spans with the same codes.
#[derive(Clone, Copy)]
enum Known {
    Nothing,
    NotMet,
    Series(usize),
}

fn batch(
    spans: &SpanColumns,
    filters: &[&Expression],
    read: &Fields,
    table: &mut Table,
) -> Result<(), QueryError> {
    let (combined, count) = combined(spans);
    let mut known = vec![Known::Nothing; count];
    let is_duration = |one: &Attribute| *one == Attribute::Intrinsic(Intrinsic::Duration);
    let mut depends = table.by.iter().any(is_duration);
    filters.iter().for_each(|filter| {
        filter.each_attribute(&mut |attribute| depends |= is_duration(attribute));
    });
    let of = table.of.clone();
    for (row, start) in spans.starts.iter().enumerate() {
        let same = &mut known[combined[row] as usize];
        if matches!(same, Known::NotMet) || table.steps.of(*start).is_none() {
            continue;
        }
        let value_of = |attribute: &Attribute| read.value(spans, row, attribute);
        let value = of.as_ref().map_or(Static::Nil, value_of);
        if table.needs_value() && number(&value).is_none() {
            continue;
        }
        let series = match *same {
            Known::Series(series) if !depends => series,
            _ => {
                let is_met =
                    |filter: &&Expression| filter.evaluate(&value_of) == Static::Bool(true);
                if !filters.iter().all(is_met) {
                    if !depends {
                        *same = Known::NotMet;
                    }
                    continue;
                }
                let group = table.by.iter().map(value_of).collect();
                let series = table.series_of(group)?;
                *same = Known::Series(series);
                series
            }
        };
        table.add(series, *start, &value);
    }
    Ok(())
}
