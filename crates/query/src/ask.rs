//! Answers questions from the colony's store.

mod anomalies;
mod cause;
mod plain;
mod red;
mod size;
#[cfg(test)]
mod tests;
mod topology;
mod usual;
mod why;

use std::collections::{BTreeMap, HashSet};

use coral_store::{Order, Store, StoreError, StoredSpan, StoredTrace, TraceQuery, TraceSummary};
use coral_trace::tree::{Hop, Tree};
use coral_trace::{TraceId, TraceIdPrefix};

use self::size::{fitting, span_bytes, summary_bytes};
use super::answer;
use super::question::{Sort, Source, SpanStatus, TraceFilter};

/// Where answers come from.
#[derive(Clone)]
pub struct Sources {
    /// The colony's spans.
    pub store: Store,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// More than one trace begins like this.
    #[error("`{prefix}` is the beginning of {} traces: {}", count(.traces), list(.traces))]
    Ambiguous {
        /// What was typed, in full digits.
        prefix: String,
        /// Some of them; [`MOST_CANDIDATES`] means that there may be more.
        traces: Vec<TraceId>,
    },
    /// A part of the question makes no sense.
    #[error("{field}: {reason}")]
    Invalid {
        /// The parameter.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Spans of one trace that are answered; more are counted.
const MOST_SPANS: usize = 100_000;
/// Traces that an ambiguous prefix is explained with.
const MOST_CANDIDATES: u32 = 5;

impl Sources {
    /// The trace whose id begins with `prefix`, with its spans of `source`. Without any spans when no
    /// such trace is stored.
    ///
    /// # Errors
    /// [`QueryError::Ambiguous`] when several traces begin so; [`QueryError::Store`].
    pub fn trace(
        &self,
        prefix: TraceIdPrefix,
        source: Source,
    ) -> Result<answer::Trace, QueryError> {
        let Some(id) = self.resolve(prefix)? else {
            return Ok(trace_answer(digits(&prefix), StoredTrace::default()));
        };
        let stored = self.store.trace(id, source.collector(), MOST_SPANS as u32)?;
        Ok(trace_answer(id.to_string(), stored))
    }

    /// The traces that `filter` asks for.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the parameter that makes no sense; [`QueryError::Store`].
    pub fn traces(&self, filter: &TraceFilter) -> Result<answer::TraceList, QueryError> {
        let limit = checked_limit(filter.limit)?;
        let query = trace_query(filter, limit + 1)?;
        let mut found = self.store.search(&query)?;
        let matching = found.len();
        found.truncate(fitting(found.iter().map(summary_bytes), limit as usize));
        let more = found.len() < matching;
        let mut causes = match filter.causes {
            true => self.root_causes(&found, filter)?,
            false => BTreeMap::new(),
        };
        let traces = found.into_iter().map(|summary| {
            let root_cause = causes.remove(&summary.trace_id);
            answer::TraceSummary { root_cause, ..summary_answer(summary) }
        });
        Ok(answer::TraceList { traces: traces.collect(), more })
    }

    fn resolve(&self, prefix: TraceIdPrefix) -> Result<Option<TraceId>, QueryError> {
        if let Some(id) = prefix.exact() {
            return Ok(Some(id));
        }
        let mut found = self.store.traces_with_prefix(prefix, MOST_CANDIDATES)?;
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(QueryError::Ambiguous { prefix: digits(&prefix), traces: found }),
        }
    }
}

fn trace_query(filter: &TraceFilter, limit: u32) -> Result<TraceQuery, QueryError> {
    let started = filter.started();
    if started.end <= started.start {
        let reason = "the range is empty: its end is not after its start".to_owned();
        return Err(QueryError::Invalid { field: "until", reason });
    }
    let attributes = filter.attribute_pairs().map_err(|line| QueryError::Invalid {
        field: "attributes",
        reason: format!("`{line}` is not of the form key=value"),
    })?;
    if attributes.len() > TraceQuery::MAX_ATTRIBUTES {
        let reason = format!("at most {} can be asked for", TraceQuery::MAX_ATTRIBUTES);
        return Err(QueryError::Invalid { field: "attributes", reason });
    }
    Ok(TraceQuery {
        started,
        services: filter.service.iter().cloned().collect(),
        collector: filter.source.collector(),
        min_duration_us: filter.min_duration_us,
        failed: filter.status.map(|status| status == SpanStatus::Error),
        name: filter.name.clone(),
        attributes,
        order: match filter.sort {
            Sort::Newest => Order::Newest,
            Sort::Slowest => Order::Slowest,
        },
        limit,
    })
}

fn checked_limit(limit: u32) -> Result<u32, QueryError> {
    match limit {
        0 => Ok(TraceFilter::USUAL),
        1..=TraceFilter::MOST => Ok(limit),
        _ => {
            let reason = format!("{limit} is not between 1 and {}", TraceFilter::MOST);
            Err(QueryError::Invalid { field: "limit", reason })
        }
    }
}

fn summary_answer(summary: TraceSummary) -> answer::TraceSummary {
    answer::TraceSummary {
        trace_id: summary.trace_id.to_string(),
        start_time_unix_us: summary.start.as_micros(),
        duration_us: summary.duration_us,
        span_count: summary.spans,
        error_count: summary.errors,
        services: summary.services,
        root_service: summary.root_service,
        root_operation: summary.root_name,
        status_code: summary.status_code,
        root_cause: None,
    }
}

fn trace_answer(trace_id: String, stored: StoredTrace) -> answer::Trace {
    let spans = &stored.spans;
    let tree = tree(spans);
    let fitting = fitting(spans.iter().map(span_bytes), MOST_SPANS);
    let left_out = stored.span_count.saturating_sub(fitting as u64);
    let mut services = services(spans, &tree);
    for service in stored.services {
        if !services.contains(&service) {
            services.push(service);
        }
    }
    answer::Trace {
        trace_id,
        start_time_unix_us: stored.start.as_micros(),
        duration_us: stored.end.as_micros() - stored.start.as_micros(),
        span_count: stored.span_count,
        error_count: stored.error_count,
        services,
        complete: tree.completeness().is_complete() && left_out == 0,
        spans_left_out: left_out,
        spans: stored.spans.into_iter().take(fitting).map(span_answer).collect(),
    }
}

fn tree(spans: &[StoredSpan]) -> Tree {
    let hops = spans.iter().map(|stored| {
        let span = &stored.span;
        Hop {
            span_id: span.span_id,
            parent: span.parent_span_id,
            start: span.start,
            end: span.end,
            kind: span.kind,
            virtual_hop: span.is_virtual_hop(),
        }
    });
    Tree::build(&hops.collect::<Vec<_>>())
}

/// Every service, in the order in which the tree is read.
fn services(spans: &[StoredSpan], tree: &Tree) -> Vec<String> {
    let in_tree = tree.preorder().flat_map(|(node, _)| {
        let node = &tree.nodes[node];
        node.client.into_iter().chain([node.span]).chain(node.inside.iter().copied())
    });
    let (mut seen, mut services) = (HashSet::new(), Vec::new());
    for span in in_tree.chain(tree.duplicates.iter().copied()) {
        let service = spans[span].span.origin.service_name();
        if seen.insert(service) {
            services.push(service.to_owned());
        }
    }
    services
}

fn span_answer(stored: StoredSpan) -> answer::Span {
    let span = &stored.span;
    let attributes = span.attributes.iter().rev();
    answer::Span {
        trace_id: span.trace_id.to_string(),
        span_id: span.span_id.to_string(),
        parent_span_id: span.parent_span_id.map(|id| id.to_string()),
        agent_id: stored.agent_id.to_string(),
        service_name: span.origin.service_name().to_owned(),
        span_name: span.name.clone(),
        span_kind: span.kind.as_str().to_owned(),
        start_time_unix_us: span.start.as_micros(),
        duration_us: span.duration().as_micros() as i64,
        status_code: span.response_status(),
        span_status: span.status.code.as_str().to_owned(),
        // Reversed, so that the first of a repeated key is the one that stays.
        attributes: attributes.map(|pair| (pair.key.clone(), pair.value.to_string())).collect(),
        source: span.origin.collector.as_str().to_owned(),
        virtual_hop: span.is_virtual_hop(),
    }
}

fn digits(prefix: &TraceIdPrefix) -> String {
    let (first, last) = (format!("{:032x}", prefix.first()), format!("{:032x}", prefix.last()));
    first.chars().zip(last.chars()).take_while(|(a, b)| a == b).map(|(digit, _)| digit).collect()
}

fn count(traces: &[TraceId]) -> String {
    let some = if traces.len() >= MOST_CANDIDATES as usize { "at least " } else { "" };
    format!("{some}{}", traces.len())
}

fn list(traces: &[TraceId]) -> String {
    traces.iter().map(TraceId::to_string).collect::<Vec<_>>().join(", ")
}
