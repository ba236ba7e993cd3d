//! Every page of text, as it is printed.

mod causes;
mod comparison;
mod english;
mod paths;
mod red;
mod services;
mod tables;
mod topology;
mod trace_health;
mod trees;
mod waterfall;
mod widths;

#[path = "../tests/shop/mod.rs"]
#[allow(dead_code, reason = "each crate uses a part of the module")]
mod shop;

use std::sync::Arc;

use coral_query::answer::{Coverage, CoverageGap, LeftOut, ServiceInstance, Trace, TraceSpan};
use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanKind, Status, StatusCode, UnixNanos,
};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The agent `web-2`, which cannot be reached.
fn unreachable() -> Coverage {
    Coverage {
        agent_id: "web-2".to_owned(),
        gap: CoverageGap::Unreachable,
        since: Some(UnixNanos(1_795_608_000_000_000_000)),
        until: None,
        services: vec!["stock".to_owned()],
        services_cut: false,
        left_out: LeftOut::Nothing,
        traces_affected: 0,
        sampling: None,
    }
}

/// The trace that `text` describes, one span on each line:
/// `id service kind start+duration name < parent | note key=value …`. Times are in milliseconds.
/// Notes: `error`, `status=503`, `grpc=5`, `sdk`; other pairs are attributes.
fn trace(text: &str) -> Trace {
    let spans: Vec<TraceSpan> = text.lines().map(span).collect();
    let start = spans.iter().map(|span| span.span.start).min().unwrap_or(UnixNanos(0));
    let end = spans.iter().map(|span| span.span.end).max().unwrap_or(start);
    let mut services: Vec<String> = Vec::new();
    for service in spans.iter().map(|span| span.span.origin.service_name()) {
        if !services.iter().any(|known| known == service) {
            services.push(service.to_owned());
        }
    }
    Trace {
        trace_id: TRACE_ID.parse().unwrap(),
        start,
        duration_us: end.as_micros() - start.as_micros(),
        span_count: spans.len() as u64,
        error_count: spans.iter().filter(|span| span.span.is_error()).count() as u64,
        services,
        instances: ServiceInstance::of_spans(spans.iter().map(|one| &one.span)),
        complete: true,
        spans,
        spans_left_out: 0,
        examined: true,
        problems: Vec::new(),
        inferred_links: Vec::new(),
        redacted: 0,
        redacted_hops: Vec::new(),
    }
}

fn span(text: &str) -> TraceSpan {
    let (text, notes) = text.split_once(" | ").unwrap_or((text, ""));
    let (text, parent) = text.split_once(" < ").unwrap_or((text, ""));
    let words: Vec<&str> = text.trim().splitn(5, ' ').collect();
    let (start, duration) = words[3].split_once('+').unwrap();
    let notes: Vec<&str> = notes.split_whitespace().collect();
    let has = |note: &str| notes.contains(&note);
    let attributes: Attributes = notes
        .iter()
        .filter_map(|note| note.split_once('='))
        .map(|(key, value)| match key {
            "status" => ("http.response.status_code", value),
            "grpc" => ("rpc.grpc.status_code", value),
            key => (key, value),
        })
        .collect();
    let nanos = |millis: &str| (millis.parse::<f64>().unwrap() * 1_000.0) as i128 * 1_000;
    let at = |nanos: i128| UnixNanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX));
    let begin = 1_795_000_000_000_000_000 + nanos(start);
    let (start, end) = (at(begin), at(begin + nanos(duration)));
    let resource = Resource {
        attributes: [("service.name", words[1])].into_iter().collect(),
        ..Resource::default()
    };
    let collector = if has("sdk") { Collector::Sdk } else { Collector::Ebpf };
    let span = Span {
        trace_id: TRACE_ID.parse().unwrap(),
        span_id: id(words[0]).parse().unwrap(),
        parent_span_id: (!parent.is_empty()).then(|| id(parent.trim()).parse().unwrap()),
        trace_state: String::new(),
        flags: 0,
        name: words[4].to_owned(),
        kind: match words[2] {
            "server" => SpanKind::Server,
            "client" => SpanKind::Client,
            "producer" => SpanKind::Producer,
            "consumer" => SpanKind::Consumer,
            _ => SpanKind::Internal,
        },
        start,
        end,
        attributes,
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status {
            code: if has("error") { StatusCode::Error } else { StatusCode::Unset },
            message: String::new(),
        },
        origin: Arc::new(Origin { resource, scope: Scope::default(), collector }),
    };
    TraceSpan { agent_id: "web-1".into(), span }
}

fn id(short: &str) -> String {
    format!("{short:0>16}")
}

/// A trace with a slow call to a database.
const REFERENCE: &str = "\
1 frontend-api server 0+1200 POST /checkout | status=200
2 payments-api server 50+450 POST /api/v1/payments < 1 | status=200
3 card-validator-svc server 60+380 POST /validate < 2 | status=200
4 postgres client 400+12 SELECT cards < 3 | db.system.name=postgresql db.collection.name=cards
5 fraud-detector server 445+35 Check < 2 | grpc=0
6 inventory-api server 50+180 POST /api/v1/reserve < 1 | status=200
7 redis client 200+2 SET < 6 | db.system.name=redis
8 email-svc producer 1180+15 notifications < 1 | messaging.system=kafka";
