//! The "Root Cause" of each trace of a list: RFD 036 "CLI Commands".

use std::collections::BTreeMap;
use std::time::Duration;

use coral_store::{Order, StoreError, TraceQuery, TraceSummary};
use coral_trace::explain::{Loss, RootCause, Usual};
use coral_trace::{Span, TimeRange, TraceId, UnixNanos};

use super::Sources;
use crate::query::Source;
use crate::units::duration;

/// Operations whose traces are explained: those that the first traces of the list begin with.
const MOST_OPERATIONS: usize = 5;
/// Traces of one operation that say what is usual, and their spans together.
const MOST_USUAL: u32 = 200;
const MOST_USUAL_SPANS: u64 = 20_000;
/// With fewer from before the listed ones, those between them say what is usual.
const FEWEST_USUAL: usize = 10;
/// Longer traces are not explained.
const MOST_SPANS: u64 = 10_000;
/// How long before the first of the listed ones what is usual may lie.
const BEFORE: Duration = Duration::from_secs(3_600);
/// The widest that a name is told.
const WIDEST: usize = 60;

impl Sources {
    /// The cause of each trace that is known: of those that take longer than others of their root's operation did.
    pub(super) fn root_causes(
        &self,
        listed: &[TraceSummary],
        source: Source,
    ) -> Result<BTreeMap<TraceId, String>, StoreError> {
        let mut causes = BTreeMap::new();
        for (operation, listed) in by_operation(listed) {
            let mut usual = self.usual(operation, &listed, source)?;
            for summary in listed.iter().filter(|summary| summary.spans <= MOST_SPANS) {
                let spans = self.spans_of_source(&[summary.trace_id], source)?;
                if let Some(cause) = usual.root_cause(&spans) {
                    causes.insert(summary.trace_id, words(&cause));
                }
            }
        }
        Ok(causes)
    }

    /// What traces of `operation` usually are: those of the hour before the `listed` ones, or those between them.
    fn usual(
        &self,
        (service, name): (&str, &str),
        listed: &[&TraceSummary],
        source: Source,
    ) -> Result<Usual, StoreError> {
        let starts = || listed.iter().map(|summary| summary.start);
        let earliest = starts().min().unwrap_or_default();
        let latest = starts().max().unwrap_or_default().later(Duration::from_micros(1));
        let search = |started| {
            self.store.search(&TraceQuery {
                started,
                services: vec![service.to_owned()],
                name: Some(name.to_owned()),
                collector: source.collector(),
                order: Order::Newest,
                ..TraceQuery::newest(MOST_USUAL)
            })
        };
        let before = UnixNanos(earliest.0.saturating_sub(BEFORE.as_nanos() as u64));
        let mut found = search(TimeRange { start: before, end: earliest })?;
        if found.len() < FEWEST_USUAL {
            found = search(TimeRange { start: earliest, end: latest })?;
            found.retain(|summary| !starts_listed(listed, summary));
        }
        found.retain(|summary| {
            summary.root_service.as_deref() == Some(service) && summary.root_name == name
        });
        let mut spans = 0;
        let chosen = found.iter().take_while(|summary| {
            spans += summary.spans;
            spans <= MOST_USUAL_SPANS
        });
        let ids: Vec<TraceId> = chosen.map(|summary| summary.trace_id).collect();
        let spans = self.spans_of_source(&ids, source)?;
        Ok(Usual::of(spans.chunk_by(|one, next| one.trace_id == next.trace_id)))
    }

    fn spans_of_source(&self, ids: &[TraceId], source: Source) -> Result<Vec<Span>, StoreError> {
        let stored = self.store.spans_of(ids, source.collector(), None, u32::MAX)?;
        Ok(stored.into_iter().map(|stored| stored.span).collect())
    }
}

/// Traces with a root, by its service and name.
fn by_operation(listed: &[TraceSummary]) -> BTreeMap<(&str, &str), Vec<&TraceSummary>> {
    let mut operations: BTreeMap<(&str, &str), Vec<&TraceSummary>> = BTreeMap::new();
    for summary in listed {
        let Some(service) = summary.root_service.as_deref() else { continue };
        let operation = (service, summary.root_name.as_str());
        if operations.len() < MOST_OPERATIONS || operations.contains_key(&operation) {
            operations.entry(operation).or_default().push(summary);
        }
    }
    operations
}

fn starts_listed(listed: &[&TraceSummary], summary: &TraceSummary) -> bool {
    listed.iter().any(|known| known.trace_id == summary.trace_id)
}

/// `card-validator-svc timeout (4.8s)`
fn words(cause: &RootCause) -> String {
    let (who, what) = (short(&cause.service), short(&cause.operation));
    let took = duration(i64::try_from(cause.took.as_micros()).unwrap_or(i64::MAX));
    match cause.how {
        Loss::Timeout => format!("{who} timeout ({took})"),
        Loss::Failure(0) => format!("{who} failed ({took})"),
        Loss::Failure(status) => format!("{who} failed with {status} ({took})"),
        Loss::Retries(retries) => format!("Retry storm to {who} ({retries} retries)"),
        Loss::Repeated(times) => format!("N+1: {times} × {what}"),
        Loss::Own => format!("{who} slow ({took})"),
        Loss::Edge => format!("{who} slow to reach ({took})"),
        Loss::Leaf => format!("{who} slow: {what} ({took})"),
        Loss::Queue => format!("{who} queue ({took})"),
    }
}

fn short(name: &str) -> String {
    match name.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
