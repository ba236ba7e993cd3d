//! The root cause of each trace of a list, from spans to the terminal.

use std::collections::BTreeMap;
use std::sync::Arc;

use coral_trace::{Attributes, Span, SpanId, SpanKind, StatusCode, UnixNanos, Value};
use expect_test::expect;

use super::path::reference_trace;
use super::process::Coral;

const MS: u64 = 1_000_000;
/// 2026-11-25T12:00:00Z.
const NOON: u64 = 1_795_608_000_000 * MS;
const WINDOW: &str = "--since 2026-11-25T12:00:00Z --until 2026-11-25T12:15:00Z";

/// A trace that is built span by span.
struct Request {
    number: u64,
    start: u64,
    spans: Vec<Span>,
}

impl Request {
    /// Adds a span below the span with the number `parent` (0: a root), with start and end in
    /// milliseconds after the start of the trace.
    fn span(
        &mut self,
        parent: u64,
        (service, kind, name): (&str, SpanKind, &str),
        (from, until): (u64, u64),
    ) -> &mut Span {
        let mut span = reference_trace(UnixNanos(self.start)).remove(0);
        span.trace_id = u128::from(NOON + self.number).try_into().unwrap();
        span.span_id = SpanId::try_from(self.spans.len() as u64 + 1).unwrap();
        span.parent_span_id = SpanId::try_from(parent).ok();
        (span.name, span.kind) = (name.to_owned(), kind);
        span.start = UnixNanos(self.start + from * MS);
        span.end = UnixNanos(self.start + until * MS);
        span.attributes = Attributes::default();
        Arc::make_mut(&mut span.origin).resource.attributes =
            [("service.name", service), ("telemetry.sdk.name", "beyla")].into_iter().collect();
        self.spans.push(span);
        self.spans.last_mut().unwrap()
    }

    /// A list request with `queries` SQL queries one after the other, each of `millis`
    /// milliseconds.
    fn shop(&mut self, queries: u64, millis: u64) {
        self.span(0, ("shop", SpanKind::Server, "GET /list"), (0, 10 + queries * millis));
        for query in 0..queries {
            let time = (5 + query * millis, 5 + (query + 1) * millis);
            let span = self.span(1, ("shop", SpanKind::Client, "SELECT items"), time);
            span.attributes = [("db.system.name", "postgresql")].into_iter().collect();
        }
    }

    /// A payment whose check fails `failures` times before it succeeds.
    fn pay(&mut self, failures: u64) {
        let millis = |attempt: u64| 30 + (self.number + attempt) % 5;
        let ends: Vec<u64> = (0..=failures)
            .scan(10, |at, attempt| {
                *at += millis(attempt);
                Some(*at)
            })
            .collect();
        self.span(0, ("pay", SpanKind::Server, "POST /pay"), (0, ends[ends.len() - 1] + 5));
        let mut at = 10;
        for (attempt, end) in (0..).zip(ends) {
            let client = self.span(1, ("pay", SpanKind::Client, "Check"), (at, end));
            let id = client.span_id.as_u64();
            if attempt < failures {
                client.status.code = StatusCode::Error;
                client.attributes =
                    [("rpc.grpc.status_code", Value::Int(14))].into_iter().collect();
            }
            self.span(id, ("fraud", SpanKind::Server, "Check"), (at + 1, end - 1));
            at = end;
        }
    }

    fn cron(&mut self, millis: u64) {
        self.span(0, ("cron", SpanKind::Client, "POST"), (0, millis + 2));
        self.span(1, ("billing", SpanKind::Server, "POST /run"), (1, millis + 1));
    }

    /// A stock update of `millis` milliseconds, which with `deadlock` fails with the deadlock error
    /// of MySQL.
    fn stock(&mut self, millis: u64, deadlock: bool) {
        self.span(0, ("stock", SpanKind::Server, "PUT /stock"), (0, millis + 9));
        let update = self.span(1, ("stock", SpanKind::Client, "UPDATE stock"), (1, millis));
        update.attributes = [("db.system.name", "mysql")].into_iter().collect();
        if deadlock {
            update.status.code = StatusCode::Error;
            let said = [("db.system.name", "mysql"), ("db.response.status_code", "1213")];
            update.attributes = said.into_iter().collect();
        }
    }
}

/// Ninety requests of each kind: 60 healthy ones in the hour before noon, and 30 in the quarter of
/// an hour after noon, of which four in five are slow or fail.
fn requests() -> Vec<Span> {
    let mut spans = Vec::new();
    for number in 0..90 {
        let before = NOON - 3_500_000 * MS + number * 50_000 * MS;
        let after = NOON + number.saturating_sub(60) * 20_000 * MS;
        let odd = number >= 60 && number % 5 != 0;
        for kind in 0..4 {
            let start = if number < 60 { before } else { after } + kind * MS;
            let mut request = Request { number: number * 4 + kind, start, spans: Vec::new() };
            match kind {
                0 => request.shop(if odd { 20 } else { 1 }, 5),
                1 => request.pay(if odd { 3 } else { 0 }),
                2 => request.cron(if odd { 400 } else { 50 } + number % 3),
                _ => request.stock(if odd { 1_300 } else { 10 } + number % 3, odd),
            }
            spans.append(&mut request.spans);
        }
    }
    spans
}

/// The root cause of each trace in the window that took at least 60 ms, by trace id. `of` are
/// further arguments.
fn causes(coral: &Coral, of: &str) -> BTreeMap<String, String> {
    let list = coral.json(&format!("query beyla traces {WINDOW} --min-duration 60ms {of}"));
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("unknown").to_owned();
    let traces = list["traces"].as_array().unwrap().iter();
    traces.map(|trace| (text(&trace["trace_id"]), text(&trace["root_cause"]))).collect()
}

#[test]
fn a_trace_has_the_same_root_cause_in_every_list() {
    let coral = Coral::standalone(&[]);
    let spans = requests();
    assert_eq!(coral.export(&spans), 200);
    coral.until_stored(spans.len() as u64);
    let all = causes(&coral, "--limit 200");
    assert_eq!(all.len(), 4 * 24, "{all:?}");
    let mut told = BTreeMap::new();
    all.values().for_each(|cause| *told.entry(cause.as_str()).or_insert(0) += 1);
    expect![[r#"
        {
            "N+1: 20 × SELECT items": 24,
            "Retry storm to fraud (3 retries)": 24,
            "billing slow (400ms)": 8,
            "billing slow (401ms)": 8,
            "billing slow (402ms)": 8,
            "mysql failed with 1213 (1.3s)": 24,
        }
    "#]]
    .assert_debug_eq(&told);
    for service in ["shop", "pay", "cron", "stock"] {
        for limit in [1, 3, 30] {
            for sort in ["newest", "slowest"] {
                let of = format!("--service {service} --limit {limit} --sort {sort}");
                let some = causes(&coral, &of);
                assert_eq!(some.len(), limit.min(24));
                some.iter().for_each(|(id, cause)| assert_eq!(cause, &all[id], "{of}"));
            }
        }
    }
}
