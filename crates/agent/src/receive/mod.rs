//! Takes spans in over OTLP, gRPC and HTTP.
//!
//! The way of one request: a [`connection`] hands it to [`grpc`] or [`http`], which read its body
//! ([`body`]) within the limits; [`export`] decompresses ([`coding`]), decodes, queues and waits
//! for the commit. Only then does the exporter hear of success. Everything else that can happen
//! is a [`rejection::Rejection`], which knows its status in both protocols.
//!
//! Source: OTLP specification 1.x, "OTLP/gRPC" and "OTLP/HTTP".

mod body;
mod coding;
mod connection;
mod export;
mod grpc;
mod http;
mod rejection;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use coral_trace::red::Point;
use coral_trace::{Recogniser, Span};
use coral_wire::otlp_metrics_in::KnownSeries;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::counters::IntakeCounters;
use crate::ingest::inlet::Inlet;
use crate::privacy::Privacy;

/// The bound sockets of one receiver. Each answers both protocols, told apart by content type, so
/// an exporter that mixes the two ports up is served all the same.
pub struct Listeners {
    /// Where OTLP/gRPC is announced.
    pub grpc: TcpListener,
    /// Where OTLP/HTTP is announced.
    pub http: TcpListener,
}

/// Where the spans and metrics of one receiver go.
#[derive(Clone)]
pub struct Destination {
    /// The spans' ingest queue. The receiver gives it up when it has ended.
    pub inlet: Inlet<Span>,
    /// The metrics' ingest queue, likewise.
    pub metrics: Inlet<Point>,
    /// Decides which collector made a span or point.
    pub recogniser: Arc<Recogniser>,
    /// What is taken out of spans and metrics before they are stored.
    pub privacy: Arc<Privacy>,
    /// Series of metrics that were read before.
    pub series: Arc<KnownSeries>,
    /// Counts what became of spans and requests.
    pub counters: Arc<IntakeCounters>,
}

/// What one receiver allows. Hitting a limit is answered, and counted by [`IntakeCounters`].
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one body, as sent and again after decompression. 16 MiB is usual.
    pub body_bytes: usize,
    /// Bytes of memory for all bodies that are being read, decompressed or decoded. More than
    /// `body_bytes` twice, or a compressed body at the limit can never be taken.
    pub in_flight_bytes: usize,
    /// Open connections of each listener; one more ends one that is idle, or waits for one to be.
    pub connections: usize,
    /// Requests that one HTTP/2 connection may have open.
    pub streams: u32,
    /// How long a whole body may take to come, and how long a client may leave its answer unread.
    pub body_timeout: Duration,
    /// How long an HTTP/1.1 connection may be silent or in the middle of headers, and how long
    /// any connection may take to send its first byte. Longer than an exporter's interval, which
    /// is 60 s for metrics, or every export opens a connection.
    pub headers_timeout: Duration,
}

/// Serves OTLP on `listeners` until `stop`, then answers the requests in flight and returns.
///
/// A success is sent only after the commit of everything that it covers. Dropping the future
/// closes all connections at once; exports that were already queued are still stored and counted.
pub async fn run(
    listeners: Listeners,
    destination: Destination,
    limits: Limits,
    stop: CancellationToken,
) {
    let bodies = Arc::new(Semaphore::new(limits.in_flight_bytes));
    let decoders = Semaphore::new(DECODERS);
    let tasks = TaskTracker::new();
    let receiver = Arc::new(Receiver { destination, limits, bodies, decoders, tasks });
    tokio::join!(
        connection::serve(listeners.grpc, receiver.clone(), stop.clone()),
        connection::serve(listeners.http, receiver.clone(), stop),
    );
    receiver.tasks.close();
    receiver.tasks.wait().await;
}

/// How many large or compressed bodies are decoded at a time: more would only share the cores of
/// a small host, and spread memory over more threads.
const DECODERS: usize = 2;

/// What all requests of one receiver share.
struct Receiver {
    destination: Destination,
    limits: Limits,
    /// One permit for each byte of `limits.in_flight_bytes`.
    bodies: Arc<Semaphore>,
    /// One permit for each body that may be decoded off the runtime.
    decoders: Semaphore,
    /// HTTP/2 streams and exports, all of them awaited by [`run`].
    tasks: TaskTracker,
}

impl Receiver {
    fn counters(&self) -> &IntakeCounters {
        &self.destination.counters
    }
}
