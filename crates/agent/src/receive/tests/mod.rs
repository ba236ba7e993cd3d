//! The receivers over real sockets on port 0. The tests play the role of the writer: they take
//! exports from the queue and answer them.

mod clients;
mod grpc;
mod http;
mod lifecycle;
mod zipkin;

use std::net::SocketAddr;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::*;
use crate::ingest::inlet::{self, Export, ExportCounts, Refusal};

/// A running receiver.
struct Running {
    grpc: SocketAddr,
    http: SocketAddr,
    counters: Arc<IntakeCounters>,
    stop: CancellationToken,
    /// The receiver, and the writer unless the test plays its role.
    tasks: JoinSet<()>,
}

/// Small limits, so that tests can reach them quickly.
const LIMITS: Limits = Limits {
    body_bytes: 1 << 20,
    in_flight_bytes: 4 << 20,
    connections: 16,
    streams: 16,
    body_timeout: Duration::from_secs(10),
    headers_timeout: Duration::from_secs(10),
};

/// Runs a receiver with a queue of one export, which the test has to empty.
async fn receiver(limits: Limits) -> (Running, mpsc::Receiver<Export<coral_store::SpanRows>>) {
    receiver_with(limits, Access::default()).await
}

/// As [`receiver`], for exporters that show what `access` asks for.
async fn receiver_with(
    limits: Limits,
    access: Access,
) -> (Running, mpsc::Receiver<Export<coral_store::SpanRows>>) {
    let (inlet, outlet) = inlet::queue(1, 1 << 20);
    let bind = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listeners = Listeners { grpc: bind().await, http: bind().await };
    let (grpc, http) = (listeners.grpc.local_addr().unwrap(), listeners.http.local_addr().unwrap());
    let counters = Arc::new(IntakeCounters::default());
    let recogniser = Arc::new(Recogniser::everything_ebpf());
    let (metrics, _) = inlet::queue(1, 1 << 20);
    let privacy = Arc::new(crate::privacy::tests::default_privacy());
    let counters_too = counters.clone();
    let destination = Destination {
        inlet,
        metrics,
        recogniser,
        privacy,
        series: Arc::default(),
        arrivals: None,
        counters: counters_too,
    };
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(run(listeners, destination, limits, access, stop.clone()));
    (Running { grpc, http, counters, stop, tasks }, outlet)
}

/// Runs a receiver and a writer that gives every export the same outcome; `Ok` stores all items as
/// new.
async fn receiver_and_writer(limits: Limits, outcome: Result<(), Refusal>) -> Running {
    let (mut running, mut outlet) = receiver(limits).await;
    running.tasks.spawn(async move {
        while let Some(export) = outlet.recv().await {
            let new = export.items.len() as u64;
            export.exporter.answer(outcome.clone().map(|()| ExportCounts {
                new,
                duplicate: 0,
                grown: 0,
            }));
        }
    });
    running
}

impl Running {
    fn http_url(&self) -> String {
        format!("http://{}/v1/traces", self.http)
    }

    fn spans(&self, name: &str) -> u64 {
        self.counters.snapshot()[&format!("coral.agent.spans.{name}")]
    }

    fn requests(&self, name: &str) -> u64 {
        self.counters.snapshot()[&format!("coral.agent.requests.{name}")]
    }

    /// Stops the receiver, and waits until the receiver and the writer have ended.
    async fn ends(mut self) {
        self.stop.cancel();
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                ended.unwrap()
            }
        };
        in_time(all).await;
    }
}

/// Awaits `what`, and fails after ten seconds.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), what).await.expect("it takes too long")
}

/// Waits until `condition` holds, and fails after ten seconds. For effects that can only be
/// observed by polling.
async fn eventually(condition: impl Fn() -> bool) {
    in_time(async {
        while !condition() {
            tokio::task::yield_now().await
        }
    })
    .await;
}

/// An export of `valid` valid spans and `invalid` spans with trace ids that are too short.
fn export(valid: u64, invalid: u64) -> Vec<u8> {
    let id_lengths = (0..valid).map(|_| 16).chain((0..invalid).map(|_| 3));
    let spans = (1u64..).zip(id_lengths).map(|(n, id_length)| Span {
        trace_id: vec![7; id_length],
        span_id: n.to_be_bytes().to_vec(),
        name: format!("GET /{n}"),
        ..Span::default()
    });
    let scope_spans = vec![ScopeSpans { spans: spans.collect(), ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// An export of one valid span, as JSON.
fn json() -> Vec<u8> {
    let id = ("07".repeat(16), "01".repeat(8));
    format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{
            "traceId":"{}","spanId":"{}","name":"GET /","kind":2,
            "startTimeUnixNano":"1","endTimeUnixNano":"2"
        }}]}}]}}]}}"#,
        id.0, id.1
    )
    .into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut compressed = Vec::new();
    let level = flate2::Compression::default();
    flate2::read::GzEncoder::new(bytes, level).read_to_end(&mut compressed).unwrap();
    compressed
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// A compressed GiB of zeros: 1024 members or frames of one MiB.
fn bomb(compress: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    compress(&vec![0; 1 << 20]).repeat(1024)
}

fn busy() -> Refusal {
    Refusal::Busy { retry_after: Duration::from_millis(1500) }
}

fn disk_full() -> Refusal {
    let retry_after = Duration::from_secs(7);
    Refusal::CannotStore {
        source: Arc::new(std::io::Error::other("the disk is full")),
        retry_after,
    }
}
