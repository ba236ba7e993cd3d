//! Streams of traces: messages of one trace each, small enough for every client.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;

use coral_query::span_search::FoundTraces;
use coral_trace::Span;
use coral_wire::jaeger_rpc::TracesData;
use coral_wire::otlp_out::{origin_len, span_len, to_request};
use tokio_stream::Stream;
use tonic::Status;

use crate::jaeger::envelope::Refused;
use crate::jaeger::search::spans;
use crate::jaeger::v3::too_much;

/// A stream of messages.
pub(super) type Messages<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The largest size of a message, in bytes, unless one span is larger. gRPC clients accept 4 MiB.
const MAX_MESSAGE_BYTES: usize = 2 << 20;

/// The messages of `traces`.
///
/// # Errors
/// [`Refused`] if some traces did not fit in the answer.
pub(super) fn messages(traces: FoundTraces) -> Result<Vec<TracesData>, Refused> {
    if !traces.left_out.is_empty() {
        return Err(too_much(traces.left_out.len()));
    }
    let mut messages = Vec::new();
    for trace in traces.traces {
        let mut rest = spans(trace);
        while !rest.is_empty() {
            let next = rest.split_off(fitting(&rest));
            messages.push(TracesData { resource_spans: to_request(&rest).resource_spans });
            rest = next;
        }
    }
    Ok(messages)
}

/// How many of the first spans fit in a message; at least one.
fn fitting(spans: &[Span]) -> usize {
    let (mut bytes, mut origins) = (0, HashSet::new());
    let fits = |span: &&Span| {
        bytes += span_len(span);
        if origins.insert(Arc::as_ptr(&span.origin)) {
            bytes += origin_len(&span.origin);
        }
        bytes <= MAX_MESSAGE_BYTES
    };
    spans.iter().take_while(fits).count().max(1)
}

/// A stream of `messages`.
pub(super) fn streamed<T: Send + 'static>(messages: Vec<T>) -> Messages<T> {
    Box::pin(tokio_stream::iter(messages.into_iter().map(Ok)))
}
