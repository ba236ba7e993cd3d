//! Every page of text, as it is printed.

mod causes;
mod english;
mod paths;
mod red;
mod tables;
mod topology;
mod trees;

use std::collections::BTreeMap;

use coral_query::answer::{Span, Trace};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A trace of one span a line: `id service kind start+duration name < parent | note key=value …`, times
/// in milliseconds. Notes: `error`, `status=503`, `sdk`, `virtual`; other pairs are attributes.
fn trace(text: &str) -> Trace {
    let spans: Vec<Span> = text.lines().map(span).collect();
    let start = spans.iter().map(|span| span.start_time_unix_us).min().unwrap_or(0);
    let ends = spans.iter().map(|span| span.start_time_unix_us + span.duration_us);
    let mut services: Vec<String> = Vec::new();
    for span in &spans {
        if !services.contains(&span.service_name) {
            services.push(span.service_name.clone());
        }
    }
    Trace {
        trace_id: TRACE_ID.to_owned(),
        start_time_unix_us: start,
        duration_us: ends.max().unwrap_or(0) - start,
        span_count: spans.len() as u64,
        error_count: spans.iter().filter(|span| span.span_status == "error").count() as u64,
        services,
        complete: true,
        spans,
        spans_left_out: 0,
    }
}

fn span(text: &str) -> Span {
    let (text, notes) = text.split_once(" | ").unwrap_or((text, ""));
    let (text, parent) = text.split_once(" < ").unwrap_or((text, ""));
    let words: Vec<&str> = text.trim().splitn(5, ' ').collect();
    let (start, duration) = words[3].split_once('+').unwrap();
    let notes: Vec<&str> = notes.split_whitespace().collect();
    let has = |note: &str| notes.contains(&note);
    let mut attributes: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in notes.iter().filter_map(|note| note.split_once('=')) {
        attributes.insert(key.to_owned(), value.to_owned());
    }
    let micros = |millis: &str| (millis.parse::<f64>().unwrap() * 1_000.0) as i64;
    Span {
        trace_id: TRACE_ID.to_owned(),
        span_id: id(words[0]),
        parent_span_id: (!parent.is_empty()).then(|| id(parent.trim())),
        agent_id: "web-1".to_owned(),
        service_name: words[1].to_owned(),
        span_name: words[4].to_owned(),
        span_kind: words[2].to_owned(),
        start_time_unix_us: 1_795_000_000_000_000 + micros(start),
        duration_us: micros(duration),
        status_code: attributes.remove("status").map(|code| code.parse().unwrap()),
        span_status: if has("error") { "error" } else { "unset" }.to_owned(),
        attributes,
        source: if has("sdk") { "sdk" } else { "ebpf" }.to_owned(),
        virtual_hop: has("virtual"),
    }
}

fn id(short: &str) -> String {
    format!("{short:0>16}")
}

/// Design §5: what the RFD's picture shows.
const REFERENCE: &str = "\
1 frontend-api server 0+1200 POST /checkout | status=200
2 payments-api server 50+450 POST /api/v1/payments < 1 | status=200
3 card-validator-svc server 60+380 POST /validate < 2 | status=200
4 postgres client 400+12 SELECT cards < 3 | db.system.name=postgresql db.collection.name=cards
5 fraud-detector server 445+35 Check < 2 | status=0
6 inventory-api server 50+180 POST /api/v1/reserve < 1 | status=200
7 redis client 200+2 SET < 6 | db.system.name=redis
8 email-svc producer 1180+15 notifications < 1 | messaging.system=kafka";
