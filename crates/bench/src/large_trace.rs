//! Measures how long it takes to read one very large trace: its core columns, as for a timeline;
//! with attributes; and whole, as for an export.

use std::sync::Arc;
use std::time::Instant;

use coral_engine::{Budget, Columns, TraceReader};
use coral_store::{Store, StoreConfig};
use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, TraceId,
    UnixNanos, Value,
};
use tempfile::TempDir;

use crate::Failure;
use crate::figures::Figures;
use crate::latency::Latencies;

/// The number of spans in the trace.
pub const SPANS: u64 = 100_000;
/// How often the trace is read.
const ROUNDS: usize = 10;
/// The limit of the median time to read the trace without attributes, in milliseconds.
const LIMIT: f64 = 200.0;
const SERVICES: [&str; 4] = ["frontend", "cart", "payment", "shipping"];

/// For each set of columns: stores the trace, seals it, and measures reading it. A wrong trace
/// becomes a failed row.
pub fn measure(figures: &mut Figures) {
    for (what, columns, bar) in [
        ("trace of 100,000 spans, core columns", Columns::CORE, Some(LIMIT)),
        ("trace of 100,000 spans, with attributes", Columns::CORE | Columns::ATTRIBUTES, None),
        ("trace of 100,000 spans, whole", Columns::ALL, None),
    ] {
        match read(columns) {
            Ok(latencies) => figures.latency(what, &latencies.percentiles(), [bar, None]),
            Err(error) => figures.fail(what, &error),
        }
    }
}

fn read(columns: Columns) -> Result<Latencies, Failure> {
    let (_dir, store, trace) = stored()?;
    let mut latencies = Latencies::default();
    for _ in 0..ROUNDS {
        let budget = Budget::unlimited();
        let begin = Instant::now();
        let found = TraceReader::trace(&store, trace, None, columns, SPANS as u32, &budget)?;
        latencies.add(begin.elapsed());
        let right = found.spans.len() as u64 == SPANS
            && found.spans.iter().all(|stored| {
                stored.span.attributes.is_empty() != columns.contains(Columns::ATTRIBUTES)
            });
        if !right {
            return Err(format!("{} spans, or of other columns", found.spans.len()).into());
        }
    }
    Ok(latencies)
}

/// A sealed store with the trace, its temporary directory, and the id of the trace.
///
/// # Errors
/// An error of the store.
pub fn stored() -> Result<(TempDir, Store, TraceId), Failure> {
    let dir = tempfile::tempdir()?;
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 262_144 };
    let store = Store::open(config)?;
    let trace = TraceId::try_from(7)?;
    let origins = SERVICES.map(origin);
    let spans: Vec<Span> = (1..=SPANS)
        .map(|id| span(trace, id, &origins[id as usize % origins.len()]))
        .collect::<Result<_, Failure>>()?;
    store.append(&[spans], UnixNanos(START))?;
    store.seal()?;
    Ok((dir, store, trace))
}

/// The start time of the trace, in Unix nanoseconds.
const START: u64 = 1_795_608_000_000_000_000;

fn origin(service: &str) -> Arc<Origin> {
    let attributes = [("service.name", service), ("host.name", "vm")].into_iter().collect();
    let resource = Resource { attributes, ..Resource::default() };
    Arc::new(Origin { resource, scope: Scope::default(), collector: Collector::Ebpf })
}

/// A server span as eBPF reports it: six attributes with a column of their own, and two without.
fn span(trace: TraceId, id: u64, origin: &Arc<Origin>) -> Result<Span, Failure> {
    let path = format!("/orders/{id}");
    let attributes: [(&str, Value); 8] = [
        ("http.request.method", "GET".into()),
        ("url.path", path.as_str().into()),
        ("http.route", "/orders/{id}".into()),
        ("http.response.status_code", 200.into()),
        ("server.address", "10.0.0.7".into()),
        ("server.port", 8_080.into()),
        ("tenant.id", (id as i64 % 1_000).into()),
        ("cache.hit", id.is_multiple_of(3).into()),
    ];
    let start = UnixNanos(START + id * 10_000);
    Ok(Span {
        trace_id: trace,
        span_id: SpanId::try_from(id)?,
        parent_span_id: (id > 1).then(|| SpanId::try_from(id / 2)).transpose()?,
        trace_state: String::new(),
        flags: 0,
        name: format!("GET /orders/{}", id % 50),
        kind: SpanKind::Server,
        start,
        end: UnixNanos(start.0 + 5_000_000),
        attributes: attributes.into_iter().collect::<Attributes>(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        origin: origin.clone(),
    })
}
