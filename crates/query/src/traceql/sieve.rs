//! The traces that match a query, by columns of all spans: for queries that few of the newest traces match.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::ops::ControlFlow;

use coral_engine::{SpanColumns, TracePosition};
use coral_trace::{SpanId, TimeRange, TraceId, UnixNanos};
use coral_traceql::{
    Attribute, Element, Expression, Form, Intrinsic, Pipeline, Spanset, SpansetOperator, Static,
    Trace, evaluate,
};

use super::candidates::Candidates;
use super::fields::{Fields, combined};
use crate::ask::QueryError;

/// The most spans that are held by column: 64 bytes each, and the values that a batch has.
const MAX_SPANS: usize = 2_000_000;
/// The most filters of a query: a bit each.
const MAX_FILTERS: usize = 64;

/// A query whose fields all have columns.
pub(super) struct Sieve<'a> {
    pipeline: &'a Pipeline,
    fields: Fields,
    attributes: Vec<Attribute>,
    filters: Vec<Condition<'a>>,
}

/// The condition of one pair of braces.
struct Condition<'a> {
    expression: &'a Expression,
    /// Whether each trace that matches has a span that meets the condition.
    is_needed: bool,
    /// Whether the condition is about durations, which differ between spans with equal fields.
    is_of_duration: bool,
}

/// A trace that matches.
pub(super) struct FoundStart {
    pub(super) trace: TraceId,
    /// The start of the earliest span, in microseconds since the epoch.
    pub(super) start_us: i64,
}

/// What a sieve found.
pub(super) struct Sieved {
    /// The traces that match, latest start first.
    pub(super) found: Vec<FoundStart>,
    /// The number of traces that were evaluated.
    pub(super) traces: u64,
}

/// The columns of one span.
struct Row {
    trace: TraceId,
    start: UnixNanos,
    span: SpanId,
    parent: Option<SpanId>,
    duration: u64,
    /// The index of its fields.
    profile: u32,
}

/// The fields that spans have in common.
struct Profile {
    /// The value of each attribute of the query.
    values: Vec<Static>,
    /// The conditions that the fields meet, a bit each.
    met: u64,
}

#[derive(Default)]
struct Table {
    rows: Vec<Row>,
    profiles: Vec<Profile>,
}

impl<'a> Sieve<'a> {
    /// The sieve of `pipeline`; `None` if a field of it has no column.
    pub(super) fn of(pipeline: &'a Pipeline) -> Option<Self> {
        let mut fields = Fields::default();
        fields.wanted.ids = true;
        let mut attributes: Vec<Attribute> = Vec::new();
        // What is selected for the answer decides nothing.
        let mut deciding = pipeline.clone();
        deciding.elements.retain(|element| !matches!(element, Element::Select(_)));
        deciding.each_attribute(&mut |one| {
            if !attributes.contains(one) {
                attributes.push(one.clone());
            }
        });
        let mut filters = Vec::new();
        add_filters(pipeline, true, &mut filters);
        let has_columns = attributes.iter().all(|attribute| fields.add(attribute));
        (has_columns && filters.len() <= MAX_FILTERS).then_some(Self {
            pipeline,
            fields,
            attributes,
            filters,
        })
    }

    /// The traces that match and come after the position of `candidates`; `None` if the engine does not
    /// read these columns, or there are too many spans.
    pub(super) fn search(&self, candidates: &Candidates<'_>) -> Result<Option<Sieved>, QueryError> {
        let Candidates { from, budget, started, after, .. } = candidates;
        let mut table = Table::default();
        // The spans of a trace start when the trace starts, or later.
        let ever = TimeRange { start: started.start, end: UnixNanos::MAX };
        let is_read =
            from.traces.visit_columns(ever, &self.fields.wanted, budget, &mut |spans| {
                if table.rows.len() + spans.starts.len() > MAX_SPANS {
                    table.rows.clear();
                    return ControlFlow::Break(());
                }
                self.add(spans, &mut table);
                ControlFlow::Continue(())
            })?;
        if !is_read || table.rows.is_empty() {
            return Ok(None);
        }
        budget.check().map_err(QueryError::OverBudget)?;
        let Table { mut rows, profiles } = table;
        rows.sort_unstable_by_key(|row| (row.trace, row.start, row.span));
        let rank = |start_us: i64, trace: TraceId| (Reverse(start_us), trace);
        let last =
            after.map(|TracePosition { start, trace_id, .. }| rank(start.as_micros(), trace_id));
        let inside = started.start.as_micros()..started.end.as_micros();
        let mut sieved = Sieved { found: Vec::new(), traces: 0 };
        let mut pace = budget.pace();
        for rows in rows.chunk_by(|one, other| one.trace == other.trace) {
            pace.step().map_err(QueryError::OverBudget)?;
            let (trace, start_us) = (rows[0].trace, rows[0].start.as_micros());
            let is_after = last.is_none_or(|last| rank(start_us, trace) > last);
            if inside.contains(&start_us) && is_after {
                sieved.traces += 1;
                if self.matches(rows, &profiles) {
                    sieved.found.push(FoundStart { trace, start_us });
                }
            }
        }
        sieved.found.sort_unstable_by_key(|found| rank(found.start_us, found.trace));
        Ok(Some(sieved))
    }

    fn add(&self, spans: &SpanColumns, table: &mut Table) {
        let (codes, count) = combined(spans);
        let mut known: Vec<Option<u32>> = vec![None; count];
        for (row, (start, ids)) in spans.starts.iter().zip(&spans.ids).enumerate() {
            let profile = *known[codes[row] as usize].get_or_insert_with(|| {
                table.profiles.push(self.profile(spans, row));
                table.profiles.len() as u32 - 1
            });
            table.rows.push(Row {
                trace: ids.trace,
                start: *start,
                span: ids.span,
                parent: ids.parent,
                duration: spans.durations[row],
                profile,
            });
        }
    }

    fn profile(&self, spans: &SpanColumns, row: usize) -> Profile {
        let value = |attribute: &Attribute| self.fields.value(spans, row, attribute);
        let mut met = 0;
        for (at, condition) in self.filters.iter().enumerate() {
            let is_met = !condition.is_of_duration
                && condition.expression.evaluate(&value) == Static::Bool(true);
            met |= u64::from(is_met) << at;
        }
        Profile { values: self.attributes.iter().map(value).collect(), met }
    }

    /// Whether the trace of `rows` matches, or cannot be evaluated.
    fn matches(&self, rows: &[Row], profiles: &[Profile]) -> bool {
        let met = rows.iter().fold(0, |met, row| met | profiles[row.profile as usize].met);
        let may_match = self.filters.iter().enumerate().all(|(at, condition)| {
            !condition.is_needed || condition.is_of_duration || met >> at & 1 == 1
        });
        let trace = Columnar { sieve: self, rows, profiles, places: OnceCell::new() };
        may_match && evaluate(self.pipeline, &trace).map_or(true, |groups| !groups.is_empty())
    }
}

/// Adds the conditions of `pipeline`. `is_needed`: whether each trace that matches meets the pipeline.
fn add_filters<'a>(pipeline: &'a Pipeline, is_needed: bool, all: &mut Vec<Condition<'a>>) {
    for element in &pipeline.elements {
        if let Element::Spanset(spanset) = element {
            add_filters_of(spanset, is_needed, all);
        }
    }
}

fn add_filters_of<'a>(spanset: &'a Spanset, is_needed: bool, all: &mut Vec<Condition<'a>>) {
    match spanset {
        Spanset::Filter(expression) => {
            let mut is_of_duration = false;
            expression.each_attribute(&mut |one| is_of_duration |= is_duration(one));
            all.push(Condition { expression, is_needed, is_of_duration });
        }
        Spanset::Pipeline(pipeline) => add_filters(pipeline, is_needed, all),
        Spanset::Operation { op, left, right } => {
            let is_either = *op == SpansetOperator::Or;
            let is_not = matches!(op, SpansetOperator::Structural { form: Form::Not, .. });
            add_filters_of(left, is_needed && !is_either && !is_not, all);
            add_filters_of(right, is_needed && !is_either, all);
        }
    }
}

fn is_duration(attribute: &Attribute) -> bool {
    *attribute == Attribute::Intrinsic(Intrinsic::Duration)
}

/// One trace by column.
struct Columnar<'a> {
    sieve: &'a Sieve<'a>,
    rows: &'a [Row],
    profiles: &'a [Profile],
    /// The place of each span, by its id.
    places: OnceCell<Vec<(SpanId, usize)>>,
}

impl Columnar<'_> {
    fn profile(&self, span: usize) -> &Profile {
        &self.profiles[self.rows[span].profile as usize]
    }
}

impl Trace for Columnar<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn parent(&self, span: usize) -> Option<usize> {
        let parent = self.rows[span].parent?;
        let places = self.places.get_or_init(|| {
            let ids = self.rows.iter().enumerate().map(|(at, row)| (row.span, at));
            let mut places: Vec<_> = ids.collect();
            places.sort_unstable();
            places
        });
        let at = places.binary_search_by_key(&parent, |(id, _)| *id).ok()?;
        Some(places[at].1)
    }

    fn value(&self, span: usize, attribute: &Attribute) -> Static {
        if is_duration(attribute) {
            let nanos = self.rows[span].duration;
            return Static::Duration(i64::try_from(nanos).unwrap_or(i64::MAX));
        }
        let at = self.sieve.attributes.iter().position(|known| known == attribute);
        at.map_or(Static::Nil, |at| self.profile(span).values[at].clone())
    }

    fn meets(&self, span: usize, filter: &Expression) -> bool {
        let known = |one: &Condition<'_>| std::ptr::eq(one.expression, filter);
        match self.sieve.filters.iter().position(known) {
            Some(at) if !self.sieve.filters[at].is_of_duration => {
                self.profile(span).met >> at & 1 == 1
            }
            _ => filter.evaluate(&|attribute| self.value(span, attribute)) == Static::Bool(true),
        }
    }
}
