//! Spans that were read from the store and not yet acknowledged, in batches of a request each.

use std::collections::HashSet;
use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use coral_config::ExportProtocol;
use coral_trace::Span;
use coral_wire::otlp_out;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::selection::Selected;

/// The largest request, in bytes before compression. Receivers over gRPC accept 4 MiB by default.
pub(super) const MAX_REQUEST_BYTES: usize = 3_500_000;

/// Spans that are being exported. What the target has acknowledged is behind `at`.
#[derive(Default)]
pub(super) struct Window {
    spans: Arc<Vec<Span>>,
    receipts: Vec<u64>,
    at: usize,
    /// The cursor when all spans are acknowledged.
    next_receipt: u64,
}

impl Window {
    pub(super) fn new(selected: Selected, next_receipt: u64) -> Self {
        let Selected { spans, receipts, .. } = selected;
        Self { spans: Arc::new(spans), receipts, at: 0, next_receipt }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.receipts.len()
    }

    /// The spans of the next request: as many as fit into `bytes`, and at least one.
    pub(super) fn batch(&self, bytes: usize) -> Batch {
        let mut origins = HashSet::new();
        let mut size = 0;
        let fitting = self.spans[self.at..].iter().take_while(|span| {
            if origins.insert(Arc::as_ptr(&span.origin)) {
                size += otlp_out::origin_len(&span.origin);
            }
            size += otlp_out::span_len(span);
            size <= bytes
        });
        let n_spans = fitting.count().max(1);
        Batch { spans: self.spans.clone(), range: self.at..self.at + n_spans }
    }

    /// Moves behind the next `n_spans` spans, which the target has dealt with, and returns the
    /// cursor from then on.
    pub(super) fn pass(&mut self, n_spans: usize) -> u64 {
        self.at += n_spans;
        match self.is_done() {
            true => self.next_receipt,
            // What was filtered out before the next span is passed too.
            false => self.receipts[self.at] - 1,
        }
    }
}

/// The spans of one request.
#[derive(Clone)]
pub(super) struct Batch {
    spans: Arc<Vec<Span>>,
    range: Range<usize>,
}

impl Batch {
    pub(super) fn n_spans(&self) -> usize {
        self.range.len()
    }

    /// The body of a request.
    pub(super) fn encode(&self, protocol: ExportProtocol, gzip: bool) -> Bytes {
        encode(&self.spans[self.range.clone()], protocol, gzip)
    }
}

/// The body of a request with `spans`. Over gRPC, it has the five bytes before a message.
pub fn encode(spans: &[Span], protocol: ExportProtocol, gzip: bool) -> Bytes {
    let message = otlp_out::encode(spans);
    let message = if gzip { zipped(&message) } else { message };
    match protocol {
        ExportProtocol::Http => message.into(),
        ExportProtocol::Grpc => {
            let mut framed = BytesMut::with_capacity(5 + message.len());
            framed.put_u8(u8::from(gzip));
            framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
            framed.put_slice(&message);
            framed.freeze()
        }
    }
}

/// `bytes`, compressed at the fastest level: a request is sent once.
fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes every byte")
}
