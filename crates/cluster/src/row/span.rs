//! Rows of spans to insert.

use std::collections::HashMap;
use std::hash::Hasher as _;
use std::sync::Arc;

use clickhouse::Row;
use coral_record::promoted;
use coral_record::{write_attributes, write_extra, write_origin};
use coral_trace::{Collector, Origin, Span, SpanId, TraceId};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use super::attributes::{NO_STATUS, mask};
use crate::error::ClusterError;

/// A row to insert into `spans`.
#[derive(Row, Serialize, Deserialize)]
pub(crate) struct SpanRow {
    bucket: u32,
    trace_id: [u8; 16],
    span_id: u64,
    /// 0 for a root.
    parent_span_id: u64,
    ebpf: u8,
    agent_id: String,
    service: String,
    span_name: String,
    kind: u8,
    start_us: i64,
    duration_us: i64,
    /// The nanoseconds below the microsecond: of the start × 1,000 + of the duration.
    sub_us: u32,
    status: u8,
    /// See [`super::attributes`]; the columns after it are those of promoted attributes.
    promoted: u64,
    status_code: i32,
    http_request_method: String,
    http_route: String,
    url_path: String,
    url_full: String,
    url_scheme: String,
    client_address: String,
    server_address: String,
    service_peer_name: String,
    rpc_method: String,
    rpc_system: String,
    db_system: String,
    db_operation: String,
    db_collection: String,
    db_namespace: String,
    messaging_system: String,
    messaging_destination: String,
    server_port: i64,
    request_body_size: i64,
    response_body_size: i64,
    attributes: String,
    /// The id of a row of `origins`. A row of an earlier version has 0, and the text in `origin`.
    pub(crate) origin_id: u64,
    extra: String,
    store_id: String,
    /// The cursor after the page whose last row on this shard this is; 0 in every other row.
    pub(crate) page_end: u64,
}

/// An origin as it is stored: the id that stands for its text, and the text.
pub(crate) type StoredOrigin = (u64, String);

/// Makes rows of the spans of one page.
pub(crate) struct SpanWriter<'a> {
    pub(crate) bucket: u32,
    pub(crate) agent_id: &'a str,
    pub(crate) store_id: &'a str,
    /// Each origin by its address: spans of one export share an origin.
    pub(crate) origins: HashMap<*const Origin, StoredOrigin>,
}

impl SpanWriter<'_> {
    pub(crate) fn row(&mut self, span: &Span) -> SpanRow {
        let nanos = i128::from(span.end.0) - i128::from(span.start.0);
        let origin = self.origins.entry(Arc::as_ptr(&span.origin));
        let (origin_id, _) = origin.or_insert_with(|| stored_origin(&span.origin));
        let sorted = promoted::sort(span);
        let [
            http_request_method,
            http_route,
            url_path,
            url_full,
            url_scheme,
            client_address,
            server_address,
            service_peer_name,
            rpc_method,
            rpc_system,
            db_system,
            db_operation,
            db_collection,
            db_namespace,
            messaging_system,
            messaging_destination,
        ] = sorted.text.map(|text| text.unwrap_or_default().to_owned());
        let [server_port, request_body_size, response_body_size] =
            sorted.numbers.map(Option::unwrap_or_default);
        SpanRow {
            bucket: self.bucket,
            trace_id: span.trace_id.bytes(),
            span_id: span.span_id.as_u64(),
            parent_span_id: span.parent_span_id.map_or(0, SpanId::as_u64),
            ebpf: u8::from(span.origin.collector == Collector::Ebpf),
            agent_id: self.agent_id.to_owned(),
            service: span.origin.service_name().to_owned(),
            span_name: span.name.clone(),
            kind: span.kind as u8,
            start_us: span.start.as_micros(),
            // A u64 of nanoseconds is at most 2^64 / 1000 µs, which an i64 holds.
            duration_us: nanos.div_euclid(1_000) as i64,
            sub_us: (span.start.0 % 1_000) as u32 * 1_000 + nanos.rem_euclid(1_000) as u32,
            status: span.status.code as u8,
            promoted: mask(&sorted),
            status_code: sorted.status_code.map_or(NO_STATUS, i32::from),
            http_request_method,
            http_route,
            url_path,
            url_full,
            url_scheme,
            client_address,
            server_address,
            service_peer_name,
            rpc_method,
            rpc_system,
            db_system,
            db_operation,
            db_collection,
            db_namespace,
            messaging_system,
            messaging_destination,
            server_port,
            request_body_size,
            response_body_size,
            attributes: write_attributes(&sorted.rest).unwrap_or_default(),
            origin_id: *origin_id,
            extra: write_extra(span).unwrap_or_default(),
            store_id: self.store_id.to_owned(),
            page_end: 0,
        }
    }
}

/// The text of an origin with its hash, which must not change. The hash is never 0, which stands for
/// a row of an earlier version.
fn stored_origin(origin: &Origin) -> StoredOrigin {
    let text = write_origin(origin);
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    (hasher.finish().max(1), text)
}

/// A trace id from its column.
pub(crate) fn trace_id(bytes: [u8; 16]) -> Result<TraceId, ClusterError> {
    TraceId::try_from(&bytes[..]).map_err(|error| ClusterError::value("trace_id", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_every_promoted_column_in_its_order() {
        let columns = SpanRow::COLUMN_NAMES;
        let first = columns.iter().position(|name| *name == "status_code").unwrap() + 1;
        let promoted = promoted::TEXT.iter().chain(&promoted::NUMBERS).map(|column| column.column);
        let expected: Vec<&str> = promoted.collect();
        assert_eq!(columns[first..first + expected.len()], expected);
        assert_eq!(columns.last(), Some(&"page_end"), "the mark is the last column");
    }
}
