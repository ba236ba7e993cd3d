//! `compare()`: the values of all attributes, in a selection of spans and in all others.

use std::collections::BTreeMap;

use coral_engine::Columns;
use coral_traceql::{Attribute, Expression, Intrinsic, Pipeline, Scope, Spans, Static, Trace as _};

use super::{Raw, Run, spans};
use crate::ask::QueryError;

/// Which spans are compared with all others.
pub(super) struct Selection<'a> {
    pub(super) filter: &'a Expression,
    /// Nanoseconds since the Unix epoch; 0 for none.
    pub(super) start: i64,
    pub(super) end: i64,
}

/// The most values of all attributes.
const MAX_VALUES: usize = 100_000;

/// The counts of the values of each attribute: attribute, value as text, value, counts.
type Counts = BTreeMap<String, BTreeMap<String, (Static, Vec<f64>)>>;

/// The series of `compare()`.
pub(super) fn series(
    run: &Run<'_>,
    pipeline: &Pipeline,
    selection: &Selection<'_>,
    top: usize,
    inspected: &mut u64,
) -> Result<Vec<Raw>, QueryError> {
    let mut sides: [Counts; 2] = Default::default();
    let mut values = 0;
    spans::each_match(run, pipeline, Columns::ALL, u32::MAX, inspected, &mut |spans, at| {
        let Some(step) = run.steps.of(spans.span(at).start) else { return Ok(()) };
        let counts = &mut sides[usize::from(selection.has(spans, at))];
        for (name, value) in attributes(spans, at) {
            let known = counts.entry(name).or_default();
            let (_, counts) = known.entry(format!("{value:?}")).or_insert_with(|| {
                values += 1;
                (value, vec![0.0; run.steps.count])
            });
            counts[step] += 1.0;
        }
        if values > MAX_VALUES {
            let reason = format!("the spans have more than {MAX_VALUES} values of attributes");
            return Err(QueryError::invalid("q", &reason));
        }
        Ok(())
    })?;
    let mut found = Vec::new();
    for (counts, kind) in sides.into_iter().zip(["baseline", "selection"]) {
        add(counts, kind, top, run.steps.count, &mut found);
    }
    Ok(found)
}

impl Selection<'_> {
    fn has(&self, spans: &Spans<'_>, at: usize) -> bool {
        let start = spans.span(at).start.0;
        let is_bounded = self.start > 0 && self.end > 0;
        let is_inside = start >= self.start as u64 && start < self.end as u64;
        (!is_bounded || is_inside) && spans.meets(at, self.filter)
    }
}

/// All attributes of a span, and the intrinsics that have few values.
fn attributes(spans: &Spans<'_>, at: usize) -> Vec<(String, Static)> {
    let span = spans.span(at);
    let of = |scope| move |key: &str| Attribute::Key { scope, key: key.to_owned() };
    let own = span.attributes.iter().map(|one| of(Scope::Span)(&one.key));
    let resource = span.origin.resource.attributes.iter().map(|one| of(Scope::Resource)(&one.key));
    let intrinsics = [
        Intrinsic::Name,
        Intrinsic::Kind,
        Intrinsic::Status,
        Intrinsic::StatusMessage,
        Intrinsic::RootName,
        Intrinsic::RootServiceName,
    ];
    let all = own.chain(resource).chain(intrinsics.map(Attribute::Intrinsic));
    let named = all.map(|one| (one.to_string(), spans.value(at, &one)));
    let mut found: Vec<(String, Static)> = named.filter(|(_, value)| !value.is_nil()).collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found.dedup_by(|one, other| one.0 == other.0);
    found
}

/// Adds the `top` most frequent values of each attribute, and the total of each attribute.
fn add(counts: Counts, kind: &str, top: usize, steps: usize, found: &mut Vec<Raw>) {
    let text = |text: &str| Static::String(text.to_owned());
    for (name, values) in counts {
        let mut total = vec![0.0; steps];
        let mut ranked: Vec<(Static, Vec<f64>)> = values.into_values().collect();
        for (_, counts) in &ranked {
            total.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
        }
        let sum = |counts: &[f64]| counts.iter().sum::<f64>();
        ranked.sort_by(|one, other| sum(&other.1).total_cmp(&sum(&one.1)));
        if ranked.len() > top {
            let labels = vec![
                ("__meta_error".to_owned(), text("__too_many_values__")),
                (name.clone(), Static::Nil),
            ];
            let is_new = !found.iter().any(|series| series.labels == labels);
            found.extend(is_new.then(|| Raw { labels, values: vec![f64::NAN; steps] }));
        }
        for (value, values) in ranked.into_iter().take(top) {
            let labels = vec![("__meta_type".to_owned(), text(kind)), (name.clone(), value)];
            found.push(Raw { labels, values });
        }
        let labels =
            vec![("__meta_type".to_owned(), text(&format!("{kind}_total"))), (name, Static::Nil)];
        found.push(Raw { labels, values: total });
    }
}
