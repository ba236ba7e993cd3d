//! One whole trace, found by its id or by a prefix of the id.

pub(crate) mod answer;
mod json;
pub(crate) mod redacted;

use std::collections::HashSet;

use coral_engine::{Budget, Columns, StoredSpan, StoredTrace};
use coral_trace::tree::{Hop, Tree};
use coral_trace::{Span, TraceIdPrefix};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use self::answer::{Trace, TraceSpan};
use crate::ask::{Ask, QueryError, Sources, path_error};
use crate::cohort::compared_columns;
use crate::reader::Reader;
use crate::size::{fitting, span_bytes};
use crate::source::Source;
use crate::trace_health::TornTrace;
use crate::traces::answer::ServiceInstance;

/// Asks for one whole trace. The answer has no spans when no such trace is stored.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceQuestion {
    /// The trace id, or a prefix of the id that only one stored trace has: 1 to 32 hex digits.
    #[serde(serialize_with = "crate::json::text::serialize", deserialize_with = "from_digits")]
    #[schemars(with = "String")]
    pub id: TraceIdPrefix,
    /// Which spans count: `all`, `ebpf` or `sdk`.
    #[serde(default)]
    pub source: Source,
    /// Whether to look for problems and inferred links, for which up to 300 traces of about the same
    /// time are read too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub examine: bool,
}

/// The largest number of spans in an answer; further spans are only counted.
const MAX_SPANS: usize = 100_000;

impl Ask for TraceQuestion {
    const PATH: &'static str = "/api/v1/traces/{id}";
    const NAME: &'static str = "trace";
    const SUMMARY: &'static str = "One whole trace, by its id or a unique prefix of the id.";
    const PERMISSION: &'static str = "traces.read";
    type Answer = Trace;

    fn rows(answer: &Self::Answer) -> usize {
        answer.spans.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Trace, QueryError> {
        let reader = Reader::new(from, budget);
        let Some(id) = reader.resolve(self.id)? else {
            return Ok(trace_answer(self.id, StoredTrace::default(), None));
        };
        let collector = self.source.collector();
        let limit = MAX_SPANS as u32;
        let stored = from.traces.trace(id, collector, Columns::ALL, limit, budget)?;
        let torn = match (self.examine, collector) {
            (false, _) => None,
            (true, None) => Some(reader.torn_trace(spans(&stored.spans))?),
            // Spans of one collector may have parents of the other.
            (true, Some(_)) => {
                let all = reader.stored_spans(&[id], None, compared_columns(), limit)?;
                Some(reader.torn_trace(spans(&all))?)
            }
        };
        let redacted = from.traces.redacted(id, collector, limit, budget)?;
        Ok(Trace {
            redacted: redacted.count,
            redacted_hops: redacted::hops(&redacted),
            ..trace_answer(id.into(), stored, torn)
        })
    }
}

fn spans(stored: &[StoredSpan]) -> Vec<&Span> {
    stored.iter().map(|stored| &stored.span).collect()
}

fn trace_answer(trace_id: TraceIdPrefix, stored: StoredTrace, torn: Option<TornTrace>) -> Trace {
    let examined = torn.is_some();
    let torn = torn.unwrap_or_default();
    let spans = &stored.spans;
    let tree = tree(spans);
    let fitting = fitting(spans.iter().map(span_bytes), MAX_SPANS);
    let left_out = stored.span_count.saturating_sub(fitting as u64);
    let mut services = services(spans, &tree);
    for service in stored.services {
        if !services.contains(&service) {
            services.push(service);
        }
    }
    let instances = ServiceInstance::of_spans(spans.iter().take(fitting).map(|one| &one.span));
    Trace {
        trace_id,
        start: stored.start,
        duration_us: stored.end.as_micros() - stored.start.as_micros(),
        span_count: stored.span_count,
        error_count: stored.error_count,
        services,
        instances,
        complete: tree.completeness().is_complete() && left_out == 0,
        spans_left_out: left_out,
        spans: spans_of(stored.spans, fitting),
        examined,
        problems: torn.problems,
        inferred_links: torn.links,
        redacted: 0,
        redacted_hops: Vec::new(),
    }
}

fn spans_of(stored: Vec<StoredSpan>, fitting: usize) -> Vec<TraceSpan> {
    let spans = stored.into_iter().take(fitting);
    spans.map(|stored| TraceSpan { agent_id: stored.agent_id, span: stored.span }).collect()
}

fn tree(spans: &[StoredSpan]) -> Tree {
    let hops: Vec<Hop> = spans.iter().map(|stored| Hop::from(&stored.span)).collect();
    Tree::build(&hops)
}

/// All services of the trace, in depth-first order of the tree.
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

/// Reads a trace id, or the first digits of one.
pub(crate) fn from_digits<'de, D: Deserializer<'de>>(from: D) -> Result<TraceIdPrefix, D::Error> {
    let id = String::deserialize(from)?;
    id.parse().map_err(|reason| path_error("id", &format!("trace id `{id}`: {reason}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InvalidQuestion, path_and_query, question_from_url};

    #[test]
    fn the_url_has_the_digits_of_the_prefix_unchanged() {
        for digits in ["4", "4bf9", "00f", "4bf92f3577b34da6a3ce929d0e0e4736"] {
            let question =
                TraceQuestion { id: digits.parse().unwrap(), source: Source::Ebpf, examine: false };
            assert_eq!(path_and_query(&question), format!("/api/v1/traces/{digits}?source=ebpf"));
            let id = [("id".to_owned(), digits.to_owned())];
            assert_eq!(question_from_url(&id, "source=ebpf"), Ok(question));
        }
    }

    #[test]
    fn an_unknown_query_parameter_is_ignored() {
        let question = question_from_url(&[("id".into(), "4bf9".into())], "source=sdk&_=17");
        let expected =
            TraceQuestion { id: "4bf9".parse().unwrap(), source: Source::Sdk, examine: false };
        assert_eq!(question, Ok(expected));
    }

    #[test]
    fn a_malformed_id_is_an_error_of_the_path_and_not_of_the_query_string() {
        let id = [("id".to_owned(), "xyz".to_owned())];
        let error = question_from_url::<TraceQuestion>(&id, "").unwrap_err();
        assert!(matches!(&error, InvalidQuestion::Path { field, .. } if field == "id"));
        assert!(error.to_string().starts_with("trace id `xyz`: "), "{error}");
        let quoted =
            question_from_url::<TraceQuestion>(&[("id".into(), "4".into())], "source=path:id:x");
        assert!(matches!(quoted, Err(InvalidQuestion::Query(_))), "{quoted:?}");
        let twice = question_from_url::<TraceQuestion>(&[("id".into(), "4".into())], "id=5");
        assert!(matches!(twice, Err(InvalidQuestion::Query(_))));
    }
}
