//! Every span is stored once, whatever ends when: the writer, its connections, the servers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use coral_engine::conformance::NOON;
use coral_engine::{
    Budget, Checkpoint, Columns, Fleet, Page, PageContent, PageWriter, TraceQuery, TraceReader,
};
use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, TraceId,
};

use super::proxy::{Fault, Proxy, What};
use super::server::{TestServer, config, program};
use crate::{Cluster, ClusterConfig};

/// Random numbers from a seed: xorshift.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// The spans of an agent: the span at index `i` has the receipt `i + 1`.
pub(super) fn spans(count: u64, traces: u64) -> Vec<Span> {
    let attributes = Attributes::from_iter([("service.name", "shop")]);
    let resource = Resource { attributes, ..Resource::default() };
    let origin = Arc::new(Origin { resource, scope: Scope::default(), collector: Collector::Ebpf });
    let span = |number: u64| Span {
        trace_id: TraceId::try_from(u128::from(1 + number % traces)).unwrap(),
        span_id: SpanId::try_from(1 + number).unwrap(),
        parent_span_id: (number >= traces).then(|| SpanId::try_from(1 + number % traces).unwrap()),
        trace_state: String::new(),
        flags: 0,
        name: format!("GET /{}", number % 10),
        kind: SpanKind::Server,
        start: NOON.later(Duration::from_millis(number)),
        end: NOON.later(Duration::from_millis(number + 5)),
        attributes: Attributes::from_iter([("url.path", "/a/path/of/some/length")]),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        origin: origin.clone(),
    };
    (0..count).map(span).collect()
}

fn beginning() -> Checkpoint {
    Checkpoint {
        agent_id: "web-1".to_owned(),
        collector: Collector::Ebpf,
        store_id: "store".to_owned(),
        next_receipt: 0,
        spans_stored: 0,
        spans_missed: 0,
    }
}

/// The page of the spans from `place` to the receipt `end`, received in minute `minute`.
fn page(all: &[Span], place: &Checkpoint, end: u64, minute: u64) -> Page {
    let spans = all[place.next_receipt as usize..end as usize].to_vec();
    Page {
        content: PageContent::Spans(spans),
        received: NOON.later(Duration::from_secs(60 * minute)),
        checkpoint: Checkpoint { next_receipt: end, ..place.clone() },
    }
}

/// Where a colony that starts on the cluster goes on.
fn place(cluster: &Cluster) -> Checkpoint {
    cluster.checkpoints().unwrap().pop().unwrap_or_else(beginning)
}

/// Spans of `all` that are not stored, and spans that are stored once more.
pub(super) fn lost_and_doubled(cluster: &Cluster, all: &[Span]) -> (usize, usize) {
    let mut ids: Vec<TraceId> = all.iter().map(|span| span.trace_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = cluster.spans_of(&ids, None, Columns::ALL, u32::MAX, &Budget::unlimited()).unwrap();
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for stored in &found {
        *counts.entry((stored.span.trace_id, stored.span.span_id)).or_default() += 1;
    }
    let lost = all.iter().filter(|span| !counts.contains_key(&(span.trace_id, span.span_id)));
    (lost.count(), found.len() - counts.len())
}

#[test]
fn no_span_is_lost_or_doubled_when_writers_and_shards_end_at_any_step() {
    let Some(program) = program() else { return };
    const COUNT: u64 = 7_500;
    const TRACES: u64 = 1_500;
    let mut servers = [(); 2].map(|()| TestServer::start(&program).unwrap());
    let proxies: Vec<Proxy> = servers.iter().map(|server| Proxy::start(&server.url())).collect();
    let urls: Vec<String> = proxies.iter().map(|proxy| proxy.url.clone()).collect();
    let (all, mut ends) = (spans(COUNT, TRACES), BTreeMap::<&str, u32>::new());
    for seed in 1..=2_u64 {
        let config = config(&urls, 2);
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (mut cluster, mut at, mut minute) = (Cluster::open(&config).unwrap(), beginning(), 0);
        while at.next_receipt < COUNT {
            minute += 1;
            let end = (at.next_receipt + 1 + random.below(500)).min(COUNT);
            let shard = random.below(2) as usize;
            let table = ["places", "traces", "spans", "checkpoints"][random.below(4) as usize];
            let kind = random.below(12);
            let what = match kind {
                0..=2 => Some(What::CutAfterBytes(random.below(20) as usize)),
                3..=4 => Some(What::CutAfterChunks(random.below(2) as usize)),
                5..=6 => Some(What::LoseAnswer),
                _ => None,
            };
            if let Some(what) = what {
                proxies[shard].arm(Some(Fault { table, what }));
            } else if kind == 7 {
                servers[shard].kill().unwrap();
            }
            let stored = cluster.append_pages(vec![page(&all, &at, end, minute)]).remove(0);
            proxies.iter().for_each(|proxy| proxy.arm(None));
            match stored {
                Ok(appended) => at = appended.checkpoint,
                Err(_) => {
                    *ends.entry(if kind == 7 { "server" } else { "connection" }).or_default() += 1;
                    if kind == 7 {
                        servers[shard].run(&program).unwrap();
                    }
                    cluster = Cluster::open(&config).unwrap();
                    at = place(&cluster);
                }
            }
        }
        assert_eq!(lost_and_doubled(&cluster, &all), (0, 0), "seed {seed}");
        let listed = cluster.search(&TraceQuery::newest(u32::MAX), &Budget::unlimited()).unwrap();
        assert_eq!(listed.len() as u64, TRACES);
        for trace in listed {
            let number = trace.trace_id.as_u128() as u64 - 1;
            let ms = 5 + COUNT - TRACES;
            let expected = (COUNT / TRACES, NOON.later(Duration::from_millis(number)), ms * 1_000);
            assert_eq!((trace.spans, trace.start, trace.duration_us as u64), expected);
        }
    }
    eprintln!("ended early: {ends:?}");
    assert!(ends.len() == 2 && ends["connection"] > 10, "too little was tried: {ends:?}");
}

/// Stores a page, then begins to store a large one whose body is cut between two chunks. Returns
/// how many spans are missing before the place at which the next colony goes on.
fn lost_after_a_cut(program: &std::path::Path, marks_every_row: bool) -> usize {
    let server = TestServer::start(program).unwrap();
    let proxy = Proxy::start(&server.url());
    let config: ClusterConfig = config(std::slice::from_ref(&proxy.url), 1);
    let mut cluster = Cluster::open(&config).unwrap();
    cluster.marks_every_row = marks_every_row;
    let all = spans(10_000, 100);
    let first = cluster.append_pages(vec![page(&all, &beginning(), 10, 1)]).remove(0).unwrap();
    proxy.arm(Some(Fault { table: "spans", what: What::CutAfterChunks(1) }));
    let large = page(&all, &first.checkpoint, 10_000, 2);
    assert!(cluster.append_pages(vec![large]).remove(0).is_err());
    // The server may still be at it: the rows that it got are there when it is done.
    let begun = Instant::now();
    while cluster.extent().unwrap().spans <= 10 {
        assert!(begun.elapsed() < Duration::from_secs(60), "no row of the cut body was stored");
        std::thread::yield_now();
    }
    let successor = Cluster::open(&config).unwrap();
    let known = place(&successor).next_receipt as usize;
    lost_and_doubled(&successor, &all[..known]).0
}

#[test]
fn a_body_that_was_cut_off_has_no_mark() {
    let Some(program) = program() else { return };
    assert_eq!(lost_after_a_cut(&program, false), 0);
}

/// The server stores what it got of a body, so that a mark in every row would lose the rest.
#[test]
fn a_mark_in_every_row_would_lose_spans() {
    let Some(program) = program() else { return };
    let lost = lost_after_a_cut(&program, true);
    assert!(lost > 1_000, "only {lost} spans were lost");
}
