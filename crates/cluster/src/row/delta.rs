//! Rows of metrics.

use std::collections::HashMap;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use clickhouse::Row;
use coral_engine::StoredDelta;
use coral_trace::red::{Delta, Exemplar, Histogram, Protocol, Series, Side};
use coral_trace::{SpanId, TraceId, UnixNanos};
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::{read_attributes, write_attributes};
use crate::error::ClusterError;

/// A row of `deltas`.
#[derive(Row, Serialize, Deserialize)]
pub(crate) struct DeltaRow {
    bucket: u32,
    received: u64,
    protocol: u8,
    client: u8,
    service: String,
    operation: String,
    target: String,
    /// -1 without a status.
    status: i32,
    error: String,
    attributes: String,
    since: u64,
    time: u64,
    bounds: Vec<u64>,
    counts: Vec<u64>,
    sum: f64,
    has_sum: u8,
    exemplars: String,
    agent_id: String,
    store_id: String,
    identity: [u8; 16],
}

/// Trace id, span id, duration in nanoseconds, time in nanoseconds since the Unix epoch.
#[derive(Serialize, Deserialize)]
struct ExemplarRecord(String, String, u64, u64);

/// The columns of [`DeltaRow`], in its order.
pub(crate) const SELECT: &str = "bucket, received, protocol, client, service, operation, target, \
    status, error, attributes, since, time, bounds, counts, sum, has_sum, exemplars, agent_id, \
    store_id, identity";

/// Makes rows of a page of one agent's metrics. Equal rows of a page are numbered, so that each is
/// stored, and none twice if the page is sent again.
pub(crate) struct DeltaWriter<'a> {
    pub(crate) bucket: u32,
    pub(crate) received: UnixNanos,
    pub(crate) agent_id: &'a str,
    pub(crate) store_id: &'a str,
    pub(crate) seen: HashMap<[u8; 16], u64>,
}

impl DeltaWriter<'_> {
    pub(crate) fn row(&mut self, delta: &Delta) -> DeltaRow {
        let Series { protocol, side, service, operation, target, status, error, attributes } =
            &*delta.series;
        let exemplars: Vec<_> = delta.exemplars.iter().map(ExemplarRecord::from).collect();
        let json =
            || serde_json::to_string(&exemplars).expect("texts and numbers have a JSON form");
        let mut row = DeltaRow {
            bucket: self.bucket,
            received: self.received.0,
            protocol: protocol_number(*protocol),
            client: u8::from(*side == Side::Client),
            service: service.clone(),
            operation: operation.clone(),
            target: target.clone(),
            status: status.map_or(-1, i32::from),
            error: error.clone(),
            attributes: write_attributes(attributes),
            since: delta.since.0,
            time: delta.time.0,
            bounds: delta.histogram.bounds().to_vec(),
            counts: delta.histogram.counts().to_vec(),
            sum: delta.histogram.sum.unwrap_or_default(),
            has_sum: u8::from(delta.histogram.sum.is_some()),
            exemplars: if exemplars.is_empty() { String::new() } else { json() },
            agent_id: self.agent_id.to_owned(),
            store_id: self.store_id.to_owned(),
            identity: [0; 16],
        };
        let number = self.seen.entry(row.hash(0)).or_default();
        row.identity = row.hash(*number);
        *number += 1;
        row
    }
}

impl DeltaRow {
    /// The hash of everything that the agent sent of the row, which must not change.
    fn hash(&self, number: u64) -> [u8; 16] {
        let mut hasher = SipHasher13::new();
        for text in [
            &self.service,
            &self.operation,
            &self.target,
            &self.error,
            &self.attributes,
            &self.exemplars,
        ] {
            text.len().hash(&mut hasher);
            hasher.write(text.as_bytes());
        }
        for list in [&self.bounds, &self.counts] {
            list.len().hash(&mut hasher);
            list.iter().for_each(|number| hasher.write_u64(*number));
        }
        hasher.write(&[self.protocol, self.client, self.has_sum]);
        hasher.write_i32(self.status);
        for number in [self.since, self.time, self.sum.to_bits(), number] {
            hasher.write_u64(number);
        }
        hasher.finish128().as_bytes()
    }

    /// The row as it was sent.
    pub(crate) fn stored(self) -> Result<StoredDelta, ClusterError> {
        let protocol = Protocol::ALL.into_iter().find(|one| protocol_number(*one) == self.protocol);
        let series = Series {
            protocol: protocol.ok_or_else(|| ClusterError::value("protocol", self.protocol))?,
            side: if self.client == 1 { Side::Client } else { Side::Server },
            service: self.service,
            operation: self.operation,
            target: self.target,
            status: u16::try_from(self.status).ok(),
            error: self.error,
            attributes: read_attributes(&self.attributes)?,
        };
        let sum = (self.has_sum == 1).then_some(self.sum);
        let histogram = Histogram::new(self.bounds, self.counts, sum)
            .map_err(|error| ClusterError::value("counts", error))?;
        let exemplars: Vec<ExemplarRecord> = if self.exemplars.is_empty() {
            Vec::new()
        } else {
            serde_json::from_str(&self.exemplars)
                .map_err(|error| ClusterError::value("exemplars", error))?
        };
        let exemplars = exemplars.into_iter().map(Exemplar::try_from);
        Ok(StoredDelta {
            receipt: 0,
            agent_id: self.agent_id.into(),
            received: UnixNanos(self.received),
            delta: Delta {
                series: Arc::new(series),
                since: UnixNanos(self.since),
                time: UnixNanos(self.time),
                histogram,
                exemplars: exemplars.collect::<Result<_, _>>()?,
            },
        })
    }
}

/// The number of a protocol in the column `protocol`.
pub(crate) const fn protocol_number(protocol: Protocol) -> u8 {
    match protocol {
        Protocol::Http => 0,
        Protocol::Grpc => 1,
        Protocol::Sql => 2,
    }
}

impl From<&Exemplar> for ExemplarRecord {
    fn from(exemplar: &Exemplar) -> Self {
        let (trace, span) = (exemplar.trace_id.to_string(), exemplar.span_id.to_string());
        Self(trace, span, exemplar.nanos, exemplar.time.0)
    }
}

impl TryFrom<ExemplarRecord> for Exemplar {
    type Error = ClusterError;

    fn try_from(record: ExemplarRecord) -> Result<Self, ClusterError> {
        let ExemplarRecord(trace, span, nanos, time) = record;
        let trace_id: TraceId =
            trace.parse().map_err(|_| ClusterError::value("exemplars", &trace))?;
        let span_id: SpanId = span.parse().map_err(|_| ClusterError::value("exemplars", &span))?;
        Ok(Self { trace_id, span_id, nanos, time: UnixNanos(time) })
    }
}
