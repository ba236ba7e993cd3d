//! Receives spans and metrics over OTLP/gRPC and OTLP/HTTP, and spans in Zipkin's JSON.
//!
//! A [`connection`] passes each request to [`grpc`] or [`http`], which read the body ([`body`])
//! within the limits. [`export`] decompresses ([`coding`]), decodes, queues, and waits for the
//! commit. The exporter is answered with success only after the commit. All other outcomes are a
//! [`rejection::Rejection`], which has a status in each protocol.
//!
//! Source: OTLP specification 1.x, "OTLP/gRPC" and "OTLP/HTTP".

mod access;
mod body;
mod coding;
mod connection;
mod export;
mod grpc;
mod http;
mod rejection;
#[cfg(test)]
mod tests;
mod zipkin;

use std::sync::Arc;
use std::time::Duration;

use coral_beyla::arrivals::Arrivals;
use coral_store::SpanRows;
use coral_trace::Recogniser;
use coral_trace::red::Point;
use coral_wire::otlp_metrics_in::KnownSeries;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::access::Access;
use crate::counters::IntakeCounters;
use crate::ingest::inlet::Inlet;
use crate::privacy::Privacy;

/// The listening sockets of one receiver. Each socket serves both protocols, which are
/// distinguished by content type, so that exporters with the wrong port work too.
pub struct Listeners {
    /// The documented socket for OTLP/gRPC.
    pub grpc: TcpListener,
    /// The documented socket for OTLP/HTTP.
    pub http: TcpListener,
}

/// Where the spans and metrics of one receiver are sent.
#[derive(Clone)]
pub struct Destination {
    /// The ingest queue for spans. The receiver drops its inlet when it ends.
    pub inlet: Inlet<SpanRows>,
    /// The ingest queue for metrics. The receiver drops its inlet when it ends.
    pub metrics: Inlet<Vec<Point>>,
    /// Decides which collector made a span or a point.
    pub recogniser: Arc<Recogniser>,
    /// Removes sensitive data before spans and metrics are stored.
    pub privacy: Arc<Privacy>,
    /// A cache of the metric series that were decoded before.
    pub series: Arc<KnownSeries>,
    /// Counts stored spans by service; `None` for a receiver of spans from any exporter.
    pub arrivals: Option<Arc<Arrivals>>,
    /// Counts spans, points and requests by outcome.
    pub counters: Arc<IntakeCounters>,
}

/// The limits of one receiver. A request whose body exceeds a limit is answered with an error, and
/// counted in [`IntakeCounters`].
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest size of one body in bytes, as sent and again after decompression. The default is
    /// 16 MiB.
    pub body_bytes: usize,
    /// Bytes of memory for all bodies that are being received, decompressed or decoded. Must be
    /// more than twice `body_bytes`, so that a compressed body of the largest size fits.
    pub in_flight_bytes: usize,
    /// Open connections of each listener. A further connection replaces an idle one, or waits while
    /// no connection is idle.
    pub connections: usize,
    /// Concurrent requests of one HTTP/2 connection.
    pub streams: u32,
    /// How long a body may take to arrive, and how long a client may leave its answer unread.
    pub body_timeout: Duration,
    /// How long an HTTP/1.1 connection may be idle or in the middle of headers, and how long any
    /// connection may take to send its first byte. Should be longer than the export interval, which
    /// is 60 s for metrics; otherwise every export opens a connection.
    pub headers_timeout: Duration,
}

/// Serves OTLP on `listeners` until `stop` is cancelled, then answers the requests in flight and
/// returns.
///
/// An export is acknowledged only after everything in it is committed. Dropping the future closes
/// all connections at once; exports that are already queued are still stored and counted.
pub async fn run(
    listeners: Listeners,
    destination: Destination,
    limits: Limits,
    access: Access,
    stop: CancellationToken,
) {
    let bodies = Arc::new(Semaphore::new(limits.in_flight_bytes));
    let decoders = Semaphore::new(DECODERS);
    let tasks = TaskTracker::new();
    let receiver = Arc::new(Receiver { destination, limits, access, bodies, decoders, tasks });
    tokio::join!(
        connection::serve(listeners.grpc, receiver.clone(), stop.clone()),
        connection::serve(listeners.http, receiver.clone(), stop),
    );
    receiver.tasks.close();
    receiver.tasks.wait().await;
}

/// How many large or compressed bodies are decoded at a time. More would compete for the cores of a
/// small host, and spread memory over more threads.
const DECODERS: usize = 2;

/// What all requests of one receiver share.
struct Receiver {
    destination: Destination,
    limits: Limits,
    access: Access,
    /// One permit for each byte of `limits.in_flight_bytes`.
    bodies: Arc<Semaphore>,
    /// One permit for each body that may be decoded on other threads than the runtime's.
    decoders: Semaphore,
    /// HTTP/2 streams and exports, all of which [`run`] waits for.
    tasks: TaskTracker,
}

impl Receiver {
    fn counters(&self) -> &IntakeCounters {
        &self.destination.counters
    }
}
