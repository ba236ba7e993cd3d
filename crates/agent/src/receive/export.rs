//! Decodes and stores one request.

use std::sync::Arc;

use axum::body::Body;
use coral_store::{OriginRows, SpanRows};
use coral_trace::Span;
use coral_wire::otlp_in::{self, DecodeError, Encoding, RefusedSpans};
use coral_wire::otlp_metrics_in::{self, DecodedMetrics, RefusedPoints};
use coral_wire::{status, zipkin_in};
use tracing::{debug, error};

use super::body::{self, HeldBody};
use super::coding::Coding;
use super::rejection::Rejection;
use super::{Destination, Receiver};
use crate::counters::{End, OpenRequest};
use crate::ingest::inlet::{Admission, Inlet, Items};

/// The largest body, in bytes, that is decoded on the runtime's threads, in about 0.1 ms. Larger
/// bodies are decoded, and compressed bodies are decompressed, on threads for blocking calls.
const DECODED_IN_PLACE: usize = 32 * 1024;

/// The room for rows is made for spans of this many bytes in protobuf. A usual span has 300.
const USUAL_SPAN_BYTES: usize = 256;

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
            let mut cleaning = privacy.cleaning();
            let mut rows = SpanRows::builder(body.len() / USUAL_SPAN_BYTES + 1);
            // Each span becomes a row at once, so that one span at a time is in memory.
            let mut take = |mut span: Span| {
                cleaning.span(&mut span);
                rows.push(&span);
                Some(span)
            };
            let refused = match signal {
                Signal::ZipkinTraces => {
                    let decoded = zipkin_in::decode(body, &recogniser)?;
                    decoded.spans.into_iter().for_each(|span| drop(take(span)));
                    decoded.refused
                }
                _ => otlp_in::decode_each(body, encoding, &recogniser, &mut take)?,
            };
            Ok((rows.finish(), refused, cleaning.removed))
        };
        let inlet = &self.destination.inlet;
        let ((rows, refused, removed), admission) = self.decode(message, inlet, decode).await?;
        self.counters().count_removed(removed);
        let offered = rows.len() as u64;
        self.counters().count_decoded(offered, refused.spans, refused.links);
        let arrivals = self.destination.arrivals.as_deref();
        let origins = arrivals.map(|_| rows.origins().to_vec()).unwrap_or_default();
        let outcome = inlet.export(rows, admission).await;
        let dropped = self.counters().count_exported(offered, &outcome);
        if dropped > 0 {
            error!(n_spans = dropped, "ingest did not account for all spans");
        }
        outcome?;
        for OriginRows { origin, rows } in origins {
            arrivals.inspect(|arrivals| arrivals.add(origin.service_name(), rows));
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
        let inlet = &self.destination.metrics;
        let ((decoded, removed), admission) = self.decode(message, inlet, decode).await?;
        self.counters().count_removed(removed);
        let DecodedMetrics { points, refused, ignored } = decoded;
        let offered = points.len() as u64;
        self.counters().count_decoded_points(offered, refused.points, ignored);
        let outcome = inlet.export(points, admission).await;
        self.counters().count_exported_points(offered, &outcome);
        outcome?;
        Ok(refused)
    }

    /// Decompresses `message`, waits until `inlet` admits the decompressed body, and decodes the body
    /// with `read`. Also returns the admission.
    async fn decode<I: Items, T: Send + 'static>(
        &self,
        message: Message,
        inlet: &Inlet<I>,
        read: impl FnOnce(&[u8], Encoding) -> Result<T, DecodeError> + Send + 'static,
    ) -> Result<(T, Admission), Rejection> {
        let Message { held, coding, encoding, signal } = message;
        let at_most = self.limits.body_bytes;
        let held = match coding {
            Coding::Identity => held,
            _ => self.in_turn(move || coding.decompress(held, at_most)).await?,
        };
        let admission = inlet.admit(held.bytes.len()).await?;
        let in_place = held.bytes.len() <= DECODED_IN_PLACE;
        let decode = move || {
            // An empty body is not JSON, but OTLP/HTTP exporters send it when they have nothing to
            // export.
            let is_empty = held.bytes.is_empty();
            let encoding = if is_empty { Encoding::Protobuf } else { encoding };
            read(&held.bytes, encoding).map_err(|error| match signal {
                Signal::ZipkinTraces => Rejection::NotZipkin(error),
                _ => Rejection::Undecodable(error),
            })
        };
        let decoded = if in_place { decode()? } else { self.in_turn(decode).await? };
        Ok((decoded, admission))
    }

    /// Runs `work` on a thread for blocking calls, when one of [`DECODERS`](super::DECODERS) is free.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Rejection> + Send + 'static,
    ) -> Result<T, Rejection> {
        let _turn = self.decoders.acquire().await;
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
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
