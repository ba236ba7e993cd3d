//! Observes columns of spans, without their other fields.

use std::collections::HashMap;

use coral_engine::{SpanColumn, SpanColumns};
use coral_trace::{SpanKind, StatusCode, TimeRange};
use coral_traceql::{Attribute, Element, Expression, Intrinsic, Pipeline, Scope, Spanset, Static};

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
    let mut read = Read::default();
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
            if failed.is_none() {
                failed = batch(spans, &filters, &read, table).err();
            }
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

/// The columns that are read.
#[derive(Default)]
struct Read {
    wanted: Vec<SpanColumn>,
}

impl Read {
    /// Adds the columns of `attribute`; `false` if it has none.
    fn add(&mut self, attribute: &Attribute) -> bool {
        let columns = match attribute {
            Attribute::Intrinsic(Intrinsic::Duration) => return true,
            Attribute::Intrinsic(Intrinsic::Name) => vec![SpanColumn::Name],
            Attribute::Intrinsic(Intrinsic::Kind) => vec![SpanColumn::Kind],
            Attribute::Intrinsic(Intrinsic::Status) => vec![SpanColumn::Status],
            Attribute::Key { scope: Scope::Span, key } => {
                vec![SpanColumn::SpanAttribute(key.clone())]
            }
            Attribute::Key { scope: Scope::Resource, key } => vec![resource(key)],
            Attribute::Key { scope: Scope::None, key } => {
                vec![SpanColumn::SpanAttribute(key.clone()), resource(key)]
            }
            _ => return false,
        };
        for column in columns {
            if !self.wanted.contains(&column) {
                self.wanted.push(column);
            }
        }
        true
    }

    /// The value of `attribute` in row `row`.
    fn value(&self, spans: &SpanColumns, row: usize, attribute: &Attribute) -> Static {
        let of = |column: &SpanColumn| {
            let found = self.wanted.iter().zip(&spans.columns).find(|(one, _)| *one == column);
            let value = found
                .and_then(|(_, coded)| coded.values.get(*coded.codes.get(row)? as usize)?.as_ref());
            value.map_or(Static::Nil, Static::of_attribute)
        };
        match attribute {
            Attribute::Intrinsic(Intrinsic::Duration) => {
                Static::Duration(i64::try_from(spans.durations[row]).unwrap_or(i64::MAX))
            }
            Attribute::Intrinsic(Intrinsic::Name) => of(&SpanColumn::Name),
            Attribute::Intrinsic(Intrinsic::Kind) => match of(&SpanColumn::Kind) {
                Static::Int(kind) => Static::Kind(SpanKind::from(kind as i32)),
                _ => Static::Nil,
            },
            Attribute::Intrinsic(Intrinsic::Status) => match of(&SpanColumn::Status) {
                Static::Int(status) => Static::Status(StatusCode::from(status as i32)),
                _ => Static::Nil,
            },
            Attribute::Key { scope: Scope::None, key } => {
                match of(&SpanColumn::SpanAttribute(key.clone())) {
                    Static::Nil => of(&resource(key)),
                    found => found,
                }
            }
            Attribute::Key { scope: Scope::Span, key } => {
                of(&SpanColumn::SpanAttribute(key.clone()))
            }
            Attribute::Key { key, .. } => of(&resource(key)),
            _ => Static::Nil,
        }
    }
}

fn resource(key: &str) -> SpanColumn {
    match key {
        "service.name" => SpanColumn::Service,
        key => SpanColumn::ResourceAttribute(key.to_owned()),
    }
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
    read: &Read,
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

/// One code of all columns of each row, and the number of codes.
fn combined(spans: &SpanColumns) -> (Vec<u32>, usize) {
    let mut columns = spans.columns.iter();
    let Some(first) = columns.next() else { return (vec![0; spans.starts.len()], 1) };
    let (mut codes, mut count) = (first.codes.clone(), first.values.len());
    for column in columns {
        let mut known: HashMap<(u32, u32), u32> = HashMap::new();
        for (code, other) in codes.iter_mut().zip(&column.codes) {
            let next = known.len() as u32;
            *code = *known.entry((*code, *other)).or_insert(next);
        }
        count = known.len();
    }
    (codes, count.max(1))
}
