//! From the bytes of one request to its commit.

use std::sync::Arc;

use axum::body::Body;
use coral_wire::otlp_in::{self, Decoded, Encoding, Refused};
use tracing::{debug, error};

use super::Receiver;
use super::body::{self, Held};
use super::coding::Coding;
use super::rejection::Rejection;
use crate::agent::counters::{End, OpenRequest};

/// Bodies that take less than about 0.1 ms to decode are decoded where they are; the others, and
/// compressed ones, off the threads that serve everybody.
const DECODED_IN_PLACE: usize = 32 * 1024;

/// A request's bytes, and how to read them.
pub(super) struct Message {
    pub held: Held,
    pub coding: Coding,
    pub encoding: Encoding,
}

impl Receiver {
    /// Reads `body` within this receiver's limits; `framing` bytes may come on top.
    pub async fn read(&self, body: &mut Body, framing: usize) -> Result<Held, Rejection> {
        let at_most = self.limits.body_bytes.saturating_add(framing);
        body::read(body, at_most, &self.limits, &self.bodies).await
    }

    /// Decodes and stores `message`. What is returned was refused span by span; all other spans
    /// are durable.
    ///
    /// It runs to its end, and is counted, even if the caller stops waiting.
    pub async fn export(self: &Arc<Self>, message: Message) -> Result<Refused, Rejection> {
        let receiver = self.clone();
        let task = self.tasks.spawn(async move { receiver.decode_and_store(message).await });
        task.await.unwrap_or_else(|error| {
            error!(%error, "an export panicked");
            Err(Rejection::Internal)
        })
    }

    async fn decode_and_store(&self, message: Message) -> Result<Refused, Rejection> {
        let (Decoded { spans, refused }, bytes) = self.decode(message).await?;
        let offered = spans.len() as u64;
        self.counters().decoded(offered, refused.spans, refused.links);
        let outcome = self.destination.inlet.export(spans, bytes).await;
        let dropped = self.counters().exported(offered, &outcome);
        if dropped > 0 {
            error!(n_spans = dropped, "the writer did not account for all spans");
        }
        outcome?;
        Ok(refused)
    }

    async fn decode(&self, message: Message) -> Result<(Decoded, usize), Rejection> {
        let small = message.held.bytes.len() <= DECODED_IN_PLACE;
        let in_place = small && message.coding == Coding::Identity;
        let recogniser = self.destination.recogniser.clone();
        let at_most = self.limits.body_bytes;
        let decode = move || {
            let held = message.coding.decompress(message.held, at_most)?;
            let decoded = if held.bytes.is_empty() {
                // No JSON, but OTLP/HTTP exporters do send it when they have nothing to say.
                otlp_in::decode(&[], Encoding::Protobuf, &recogniser)
            } else {
                otlp_in::decode(&held.bytes, message.encoding, &recogniser)
            };
            Ok((decoded.map_err(Rejection::Undecodable)?, held.bytes.len()))
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

/// Counts how a request ended.
pub(super) fn end(request: OpenRequest<'_>, outcome: &Result<Refused, Rejection>) {
    let Err(rejection) = outcome else { return request.end(End::Accepted) };
    debug!(reason = rejection.message(), "refused an export");
    request.end(rejection.end());
}
