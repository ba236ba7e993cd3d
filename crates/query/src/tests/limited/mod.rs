//! A limited caller is answered as by a store that never held the spans and rows of others.

mod hops;
mod questions;
mod reads;
mod traceql;

use std::sync::Arc;

use coral_engine::{AgentMinute, MetricCheckpoint, Minute, PageWriter as _, PolledMinute};
use coral_store::{Store, StoreConfig};
use coral_trace::red::{Delta, Histogram, Protocol, Series, Side};
use coral_trace::{
    Attributes, Collector, Link, Origin, Resource, Scope, Span, SpanId, SpanKind, Status,
    StatusCode, TraceId, UnixNanos,
};
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use super::shop::{NOON, request};
use crate::answer::{AgentStatus, ColonyStatus, UntracedService};
use crate::{Ask, Budget, FleetState, QueryError, SharedSources};

const SECOND: u64 = 1_000_000_000;
/// The services that the caller may see, and others, with a word each that occurs nowhere else.
const OWN: [&str; 3] = ["payments-api", "payments-worker", "ledger"];
const OTHERS: [&str; 3] = ["payment-zorblax", "orders-quixnar", "ledgers-vumpety"];
/// What no answer may have: words of others, in names, attributes, messages and agents.
const SECRETS: [&str; 7] =
    ["zorblax", "quixnar", "vumpety", "snarfle", "grimbolt", "wexwood", "plonkish"];

#[derive(Clone, Debug)]
struct Made {
    trace: u128,
    id: u64,
    parent: Option<u64>,
    service: usize,
    kind: i32,
    /// Milliseconds from an hour before noon, and of the span.
    at: u64,
    ms: u64,
    fails: bool,
    ebpf: bool,
    route: usize,
    link: Option<u128>,
}

/// Few trace ids, which share their first digits, and few span ids.
const TRACES: [u128; 6] = [
    0xabc1_0000_0000_0000_0000_0000_0000_0001,
    0xabc1_0000_0000_0000_0000_0000_0000_0002,
    0xabc2_0000_0000_0000_0000_0000_0000_0003,
    0xabd3_0000_0000_0000_0000_0000_0000_0004,
    0x1114_0000_0000_0000_0000_0000_0000_0005,
    0x2225_0000_0000_0000_0000_0000_0000_0006,
];

fn made() -> impl Strategy<Value = Made> {
    let place = (prop::sample::select(&TRACES[..]), 1..12_u64, prop::option::of(1..12_u64));
    let time = (0..3_000_000_u64, prop_oneof![3 => 0..500_u64, 1 => 0..600_000_u64]);
    let link = prop::option::weighted(0.3, prop::sample::select(&TRACES[..]));
    (place, 0..6_usize, 0..6_i32, time, any::<[bool; 2]>(), 0..3_usize, link).prop_map(
        |((trace, id, parent), service, kind, (at, ms), [fails, ebpf], route, link)| Made {
            trace,
            id,
            parent,
            service,
            kind,
            at,
            ms,
            fails,
            ebpf,
            route,
            link,
        },
    )
}

impl Made {
    fn is_own(&self) -> bool {
        self.service < OWN.len()
    }

    fn service(&self) -> &'static str {
        [OWN, OTHERS].concat()[self.service]
    }

    fn span(&self) -> Span {
        let id = |id: u64| SpanId::try_from(id).unwrap();
        let is_own = self.is_own();
        let route = ["/pay", "/list", "/refund"][self.route];
        let secret = if is_own { "own" } else { "snarfle" };
        let collector = if self.ebpf { Collector::Ebpf } else { Collector::Sdk };
        let resource = Resource {
            attributes: [
                ("service.name", self.service()),
                ("host.name", if is_own { "vm" } else { "grimbolt" }),
            ]
            .into_iter()
            .collect(),
            ..Resource::default()
        };
        let start = UnixNanos(NOON - 3_600 * SECOND + self.at * 1_000_000 + self.id * 1_000);
        let message = if is_own { "declined" } else { "wexwood" };
        let status = if self.fails {
            Status { code: StatusCode::Error, message: message.to_owned() }
        } else {
            Status::default()
        };
        let links = self.link.into_iter().map(|linked| Link {
            trace_id: TraceId::try_from(linked).unwrap(),
            span_id: id(1),
            trace_state: String::new(),
            attributes: Attributes::default(),
            dropped_attributes: 0,
            flags: 0,
        });
        Span {
            trace_id: TraceId::try_from(self.trace).unwrap(),
            span_id: id(self.id),
            parent_span_id: self.parent.filter(|parent| *parent != self.id).map(id),
            name: if is_own { format!("GET {route}") } else { format!("GET {route}/plonkish") },
            kind: SpanKind::from(self.kind),
            start,
            end: UnixNanos(start.0 + self.ms * 1_000_000),
            attributes: [
                ("http.request.method", "GET"),
                ("http.route", route),
                ("http.response.status_code", if self.fails { "503" } else { "200" }),
                ("user.tier", secret),
            ]
            .into_iter()
            .collect(),
            status,
            links: links.collect(),
            origin: Arc::new(Origin { resource, scope: Scope::default(), collector }),
            ..request(1, "x", "/", 0, 0)
        }
    }
}

/// Agents whose state names services of others.
struct Agents;

impl FleetState for Agents {
    fn status(&self, now: UnixNanos) -> ColonyStatus {
        let untraced = vec![UntracedService {
            name: "quixnar".to_owned(),
            port: 80,
            program: "/bin/wexwood".to_owned(),
        }];
        let agent = |agent_id: &str| AgentStatus {
            agent_id: agent_id.to_owned(),
            address: "http://grimbolt:9001".to_owned(),
            known_by: "registered".to_owned(),
            state: "ok".to_owned(),
            version: None,
            answered_at: Some(now),
            spans_at: Some(now),
            spans_per_second: Some(5.0),
            reachable: true,
            lag_receipts: Some(7),
            lag_seconds: Some(0.0),
            last_error: Some("zorblax".to_owned()),
            spans_stored: 40,
            spans_missed: 0,
            spans_refused: 2,
            last_refusal: Some("a span of vumpety".to_owned()),
            beyla: Some("running (plonkish)".to_owned()),
            untraced: untraced.clone(),
        };
        let counters = [("coral.zorblax".to_owned(), 7)].into();
        ColonyStatus { agents: vec![agent("web-1")], counters, ..ColonyStatus::default() }
    }
}

/// Nothing of what [`Agents`] says of others.
struct OwnAgents;

impl FleetState for OwnAgents {
    fn status(&self, now: UnixNanos) -> ColonyStatus {
        let mut status = Agents.status(now);
        for agent in &mut status.agents {
            agent.untraced.clear();
        }
        status
    }
}

/// A store whose segments have so many rows. If they are few, most exports are sealed.
fn store(
    segment_rows: u64,
    spans: &[Span],
    minutes: Vec<AgentMinute>,
    deltas: Vec<Delta>,
) -> (TempDir, Arc<Store>) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig { dir: dir.path().to_owned(), segment_rows }).unwrap();
    for (at, export) in spans.chunks((spans.len() / 10).max(7)).enumerate() {
        store.append(&[export.to_vec()], UnixNanos(NOON)).unwrap();
        if segment_rows < 100 && at % 3 == 1 {
            store.seal().unwrap();
        }
    }
    store.append_agent_minutes(minutes).unwrap();
    let checkpoint = MetricCheckpoint {
        agent_id: "web-1".to_owned(),
        store_id: "web-1".to_owned(),
        next_receipt: 1,
        rows_stored: 0,
        rows_missed: 0,
    };
    let stored =
        coral_engine::PageWriter::append_metric_page(&store, deltas, UnixNanos(NOON), &checkpoint);
    stored.unwrap();
    (dir, Arc::new(store))
}

/// Rows of metrics of every ten seconds of the last half hour of each of `services`.
fn deltas(services: &[&str]) -> Vec<Delta> {
    let row = |service: &str, number: u64| {
        let series = Series {
            protocol: Protocol::Http,
            side: if number.is_multiple_of(3) { Side::Client } else { Side::Server },
            service: service.to_owned(),
            operation: "GET".to_owned(),
            target: if service.starts_with("ledger") { "/list" } else { "/pay" }.to_owned(),
            status: Some(if number < 9 { 503 } else { 200 }),
            error: String::new(),
            attributes: Attributes::default(),
        };
        let counts = vec![number % 5, number % 3, 0];
        Delta {
            series: Arc::new(series),
            since: UnixNanos(NOON - 10 * SECOND * (number + 1)),
            time: UnixNanos(NOON - 10 * SECOND * number),
            histogram: Histogram::new([5_000_000, 10_000_000], counts, None).unwrap(),
            exemplars: Vec::new(),
        }
    };
    let rows = services.iter().flat_map(|service| (1..180).map(move |number| row(service, number)));
    rows.collect()
}

/// The timeline of one agent, with the counts of `spans`.
fn minutes(spans: &[Span]) -> Vec<AgentMinute> {
    let mut found: Vec<AgentMinute> = Vec::new();
    for at in 0..60_u64 {
        let minute = Minute::at(UnixNanos(NOON - 3_600 * SECOND + at * 60 * SECOND));
        let polled = PolledMinute {
            reachable: true,
            complete: Some(coral_trace::TimeRange { start: minute.start(), end: minute.end() }),
            ..PolledMinute::default()
        };
        let mut record = AgentMinute {
            agent_id: "web-1".to_owned(),
            minute,
            polled: Some(polled),
            ..AgentMinute::default()
        };
        for span in spans.iter().filter(|span| Minute::at(span.start) == minute) {
            record.count(span.origin.service_name().to_owned(), span.origin.collector, 1);
        }
        found.push(record);
    }
    found
}

fn sources(store: Arc<Store>, fleet: Arc<dyn FleetState>) -> SharedSources {
    SharedSources { traces: store.clone(), metrics: store, fleet }
}

/// The spans that are stored: of spans with equal ids, the first.
fn stored(made: &[Made]) -> Vec<Made> {
    let mut kept: Vec<Made> = Vec::new();
    for one in made {
        if !kept.iter().any(|known| (known.trace, known.id) == (one.trace, one.id)) {
            kept.push(one.clone());
        }
    }
    kept
}

/// The limited view of everything, and the sources of a store that has the spans of the scope only.
fn views(
    made: &[Made],
    segment_rows: u64,
    metrics: bool,
) -> ([TempDir; 2], SharedSources, SharedSources) {
    let kept = stored(made);
    let rows = |services: &[&str]| if metrics { deltas(services) } else { Vec::new() };
    let all: Vec<Span> = kept.iter().map(Made::span).collect();
    let mut own: Vec<Span> = kept.iter().filter(|one| one.is_own()).map(Made::span).collect();
    let held: Vec<TraceId> = own.iter().map(|span| span.trace_id).collect();
    for span in &mut own {
        let of = span.trace_id;
        span.links.retain(|link| link.trace_id == of || held.contains(&link.trace_id));
    }
    let (one, everything) = store(segment_rows, &all, minutes(&all), rows(&[OWN, OTHERS].concat()));
    let (two, only) = store(segment_rows, &own, minutes(&own), rows(&OWN));
    let limited =
        sources(everything, Arc::new(Agents)).limited_to("payments-*,ledger".parse().unwrap());
    ([one, two], limited, sources(only, Arc::new(OwnAgents)))
}

fn answer<Q: Ask>(from: &SharedSources, question: &Q) -> Result<Value, String> {
    let answer = question.answer(&from.at(UnixNanos(NOON)), &Budget::unlimited());
    match answer {
        Ok(answer) => Ok(serde_json::to_value(&answer).unwrap()),
        Err(error) => Err(match &error {
            QueryError::Ambiguous { .. } => format!("ambiguous: {error}"),
            _ => error.to_string(),
        }),
    }
}

/// Asks both, and compares. `remove` are the fields that redacted hops are in, or change.
fn same<Q: Ask + Clone>(
    limited: &SharedSources,
    only: &SharedSources,
    question: &Q,
    remove: &[&str],
) -> Result<(), TestCaseError> {
    let asked = crate::path_and_query(question);
    let mut found = answer(limited, question);
    let text = match &found {
        Ok(json) => json.to_string(),
        Err(error) => error.clone(),
    };
    for secret in SECRETS.iter().filter(|secret| !asked.contains(**secret)) {
        prop_assert!(!text.contains(secret), "{} says {}: {}", asked, secret, text);
    }
    let mut expected = answer(only, question);
    for one in [&mut found, &mut expected] {
        if let Ok(Value::Object(fields)) = one {
            remove.iter().for_each(|field| drop(fields.remove(*field)));
        }
    }
    let [found, expected] =
        [found, expected].map(|one| one.map(|json| serde_json::to_string_pretty(&json).unwrap()));
    prop_assert_eq!(found, expected, "{}", asked);
    Ok(())
}
