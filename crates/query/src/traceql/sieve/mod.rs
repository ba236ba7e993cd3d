//! The traces that match a query, by columns of all spans: for queries that few of the newest traces match.

mod columnar;

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::ControlFlow;

use coral_engine::{SpanColumns, WantedColumns};
use coral_trace::{TimeRange, TraceId, UnixNanos};
use coral_traceql::{
    Attribute, Element, Expression, Form, Intrinsic, Pipeline, Spanset, SpansetOperator, Static,
    evaluate,
};

use self::columnar::{Columnar, Profile, Row};
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
    /// The conditions that a trace needs and that the fields alone decide, a bit each.
    needed: u64,
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
#[derive(Default)]
pub(super) struct Sieved {
    /// The traces that match, latest start first.
    pub(super) found: Vec<FoundStart>,
    /// The number of traces that were evaluated.
    pub(super) traces: u64,
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
        if !has_columns || filters.len() > MAX_FILTERS {
            return None;
        }
        let bit = |(at, one): (usize, &Condition<'_>)| {
            u64::from(one.is_needed && !one.is_of_duration) << at
        };
        let needed = filters.iter().enumerate().map(bit).sum();
        Some(Self { pipeline, fields, attributes, filters, needed })
    }

    /// The traces that match and come after the position of `candidates`; `None` if the engine does not
    /// read these columns, or there are too many spans.
    pub(super) fn search(&self, candidates: &Candidates<'_>) -> Result<Option<Sieved>, QueryError> {
        // The ids are most of what is read, and not needed if no span meets a condition.
        match self.may_match(candidates)? {
            None => return Ok(None),
            Some(false) => return Ok(Some(Sieved::default())),
            Some(true) => {}
        }
        let mut table = Table::default();
        let is_read =
            self.visit(candidates, &self.fields.wanted, &mut |spans| self.add(spans, &mut table))?;
        let Table { mut rows, profiles } = table;
        if !is_read {
            return Ok(None);
        }
        self.drop_others(&mut rows, &profiles);
        rows.sort_unstable_by_key(|row| (row.trace, row.start, row.span));
        let Candidates { budget, started, after, .. } = candidates;
        let rank = |start_us: i64, trace: TraceId| (Reverse(start_us), trace);
        let last = after.map(|after| rank(after.start.as_micros(), after.trace_id));
        let inside = started.start.as_micros()..started.end.as_micros();
        let mut sieved = Sieved::default();
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

    /// Whether each condition that a trace needs is met by some span; `None` as in
    /// [`search`](Self::search).
    fn may_match(&self, candidates: &Candidates<'_>) -> Result<Option<bool>, QueryError> {
        let wanted = WantedColumns { ids: false, ..self.fields.wanted.clone() };
        let mut met = 0;
        let is_read = self.visit(candidates, &wanted, &mut |spans| {
            let (codes, count) = combined(spans);
            let mut known = vec![false; count];
            for (row, code) in codes.into_iter().enumerate() {
                if !std::mem::replace(&mut known[code as usize], true) {
                    met |= self.met(spans, row);
                }
            }
        })?;
        Ok(is_read.then_some(met & self.needed == self.needed))
    }

    /// Calls `visit` with the columns of all spans that may belong to a candidate; `false` if the engine
    /// does not read them, or if there are too many spans.
    fn visit(
        &self,
        candidates: &Candidates<'_>,
        wanted: &WantedColumns,
        visit: &mut dyn FnMut(&SpanColumns),
    ) -> Result<bool, QueryError> {
        let Candidates { from, budget, started, .. } = candidates;
        // The spans of a trace start when the trace starts, or later.
        let ever = TimeRange { start: started.start, end: UnixNanos::MAX };
        let mut count = 0;
        let is_read = from.traces.visit_columns(ever, wanted, budget, &mut |spans| {
            count += spans.starts.len();
            if count > MAX_SPANS {
                return ControlFlow::Break(());
            }
            visit(spans);
            ControlFlow::Continue(())
        })?;
        budget.check().map_err(QueryError::OverBudget)?;
        Ok(is_read && count <= MAX_SPANS)
    }

    /// Drops the spans of traces that lack a condition which they need.
    fn drop_others(&self, rows: &mut Vec<Row>, profiles: &[Profile]) {
        if self.needed == 0 {
            return;
        }
        let mut met: HashMap<TraceId, u64> = HashMap::new();
        for row in &*rows {
            let needed = profiles[row.profile as usize].met & self.needed;
            if needed > 0 {
                *met.entry(row.trace).or_default() |= needed;
            }
        }
        rows.retain(|row| met.get(&row.trace) == Some(&self.needed));
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
        Profile { values: self.attributes.iter().map(value).collect(), met: self.met(spans, row) }
    }

    /// The conditions that the fields of a span meet, a bit each.
    fn met(&self, spans: &SpanColumns, row: usize) -> u64 {
        let value = |attribute: &Attribute| self.fields.value(spans, row, attribute);
        let mut met = 0;
        for (at, condition) in self.filters.iter().enumerate() {
            let is_met = !condition.is_of_duration
                && condition.expression.evaluate(&value) == Static::Bool(true);
            met |= u64::from(is_met) << at;
        }
        met
    }

    /// Whether the trace of `rows` matches, or cannot be evaluated.
    fn matches(&self, rows: &[Row], profiles: &[Profile]) -> bool {
        let trace = Columnar { sieve: self, rows, profiles, places: OnceCell::new() };
        evaluate(self.pipeline, &trace).map_or(true, |groups| !groups.is_empty())
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
