//! Decodes and stores one request.

use std::sync::Arc;

use axum::body::Body;
use coral_trace::{Origin, Span};
use coral_wire::otlp_in::{self, DecodeError, DecodedSpans, Encoding, RefusedSpans};
use coral_wire::otlp_metrics_in::{self, DecodedMetrics, RefusedPoints};
use coral_wire::{status, zipkin_in};
use tracing::{debug, error};

use super::body::{self, HeldBody};
use super::coding::Coding;
use super::rejection::Rejection;
use super::{Destination, Receiver};
use crate::counters::{End, OpenRequest};

/// The largest body, in bytes, that is decoded on the runtime's threads, in about 0.1 ms. Larger
/// and compressed bodies are decoded on threads for blocking calls.
const DECODED_IN_PLACE: usize = 32 * 1024;

/// The bytes of a request, and how to decode them.
pub(super) struct Message {
    pub held: HeldBody,
    pub coding: Coding,
    pub encoding: Encoding,
    pub signal: Signal,
}

/// The signal that a request exports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Signal {
    Traces,
    Metrics,
    /// Spans in the JSON of Zipkin's v2 API.
    ZipkinTraces,
}

/// The items of a request that were refused. All others are durable, except points beyond the limit
/// of series, which are counted as dropped.
#[derive(Debug)]
pub(super) enum RefusedItems {
    Spans(RefusedSpans),
    Points(RefusedPoints),
}

impl Receiver {
    /// Reads `body` within the limits of this receiver. The body may be longer by `framing` bytes,
    /// for the framing of gRPC.
    pub async fn read(&self, body: &mut Body, framing: usize) -> Result<HeldBody, Rejection> {
        let at_most = self.limits.body_bytes.saturating_add(framing);
        body::read(body, at_most, &self.limits, &self.bodies).await
    }

    /// Decodes and stores `message`. Returns the items that were refused individually; all others
    /// are durable, as [`RefusedItems`] says.
    ///
    /// The export is completed and counted even if the caller stops waiting.
    pub async fn export(self: &Arc<Self>, message: Message) -> Result<RefusedItems, Rejection> {
        let receiver = self.clone();
        let task = self.tasks.spawn(async move {
            match message.signal {
                Signal::Traces | Signal::ZipkinTraces => {
                    receiver.take_spans(message).await.map(RefusedItems::Spans)
                }
                Signal::Metrics => receiver.take_points(message).await.map(RefusedItems::Points),
            }
        });
        task.await.unwrap_or_else(|error| {
            error!(%error, "an export panicked");
            Err(Rejection::Internal)
        })
    }

    async fn take_spans(&self, message: Message) -> Result<RefusedSpans, Rejection> {
        let Destination { recogniser, privacy, .. } = self.destination.clone();
        let signal = message.signal;
        let decode = move |body: &[u8], encoding| {
            let mut decoded = match signal {
                Signal::ZipkinTraces => zipkin_in::decode(body, &recogniser),
                _ => otlp_in::decode(body, encoding, &recogniser),
            }?;
            let removed = privacy.spans(&mut decoded.spans);
            Ok((decoded, removed))
        };
        let ((DecodedSpans { spans, refused }, removed), bytes) =
            self.decode(message, decode).await?;
        self.counters().count_removed(removed);
        let offered = spans.len() as u64;
        self.counters().count_decoded(offered, refused.spans, refused.links);
        let arrivals = self.destination.arrivals.as_deref();
        let services = arrivals.map(|_| spans_by_service(&spans)).unwrap_or_default();
        let outcome = self.destination.inlet.export(spans, bytes).await;
        let dropped = self.counters().count_exported(offered, &outcome);
        if dropped > 0 {
            error!(n_spans = dropped, "ingest did not account for all spans");
        }
        outcome?;
        for (origin, spans) in services {
            arrivals.inspect(|arrivals| arrivals.add(origin.service_name(), spans));
        }
        Ok(refused)
    }

    async fn take_points(&self, message: Message) -> Result<RefusedPoints, Rejection> {
        let Destination { recogniser, privacy, series, .. } = self.destination.clone();
        let decode = move |body: &[u8], encoding| {
            let mut decoded = otlp_metrics_in::decode(body, encoding, &recogniser, &series)?;
            let removed = privacy.points(&mut decoded.points);
            Ok((decoded, removed))
        };
        let ((decoded, removed), bytes) = self.decode(message, decode).await?;
        self.counters().count_removed(removed);
        let DecodedMetrics { points, refused, ignored } = decoded;
        let offered = points.len() as u64;
        self.counters().count_decoded_points(offered, refused.points, ignored);
        let outcome = self.destination.metrics.export(points, bytes).await;
        self.counters().count_exported_points(offered, &outcome);
        outcome?;
        Ok(refused)
    }

    /// Decompresses `message`, and decodes it with `read`. Also returns the length of the
    /// decompressed body.
    async fn decode<T: Send + 'static>(
        &self,
        message: Message,
        read: impl FnOnce(&[u8], Encoding) -> Result<T, DecodeError> + Send + 'static,
    ) -> Result<(T, usize), Rejection> {
        let small = message.held.bytes.len() <= DECODED_IN_PLACE;
        let in_place = small && message.coding == Coding::Identity;
        let at_most = self.limits.body_bytes;
        let decode = move || {
            let held = message.coding.decompress(message.held, at_most)?;
            // An empty body is not JSON, but OTLP/HTTP exporters send it when they have nothing to
            // export.
            let is_empty = held.bytes.is_empty();
            let encoding = if is_empty { Encoding::Protobuf } else { message.encoding };
            let decoded = read(&held.bytes, encoding).map_err(|error| match message.signal {
                Signal::ZipkinTraces => Rejection::NotZipkin(error),
                _ => Rejection::Undecodable(error),
            });
            Ok((decoded?, held.bytes.len()))
        };
        if in_place {
            return decode();
        }
        let _turn = self.decoders.acquire().await;
        tokio::task::spawn_blocking(decode).await.unwrap_or_else(|error| {
            error!(%error, "decoding panicked");
            Err(Rejection::Internal)
        })
    }
}

impl RefusedItems {
    /// The response to the exporter.
    pub fn response(&self, encoding: Encoding) -> Vec<u8> {
        match self {
            Self::Spans(refused) => status::export_response(refused, encoding),
            Self::Points(refused) => status::metrics_response(refused, encoding),
        }
    }
}

/// Counts the outcome of a request.
pub(super) fn end(request: OpenRequest<'_>, outcome: &Result<RefusedItems, Rejection>) {
    let Err(rejection) = outcome else { return request.end(End::Accepted) };
    debug!(reason = rejection.message(), "refused an export");
    request.end(rejection.end());
}

/// The number of `spans` of each origin. An origin occurs once for each run of its spans.
fn spans_by_service(spans: &[Span]) -> Vec<(Arc<Origin>, u64)> {
    let runs = spans.chunk_by(|one, next| Arc::ptr_eq(&one.origin, &next.origin));
    runs.filter_map(|run| Some((run.first()?.origin.clone(), run.len() as u64))).collect()
}
