//! What a frame of the metrics' log says, as JSON.

use std::sync::Arc;

use coral_trace::red::{
    Delta, Exemplar, Histogram, Key, Protocol, Series, Side, StateChange, Tracked,
};
use coral_trace::{SpanId, TraceId, UnixNanos};
use serde::{Deserialize, Serialize};

use super::checkpoint::MetricCheckpoint;
use super::query::StoredDelta;
use crate::error::StoreError;
use crate::record::{read_attributes, write_attributes};

/// One commit.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Frame {
    /// `state` is all that exporters said so far, and not what changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) snapshot: bool,
    /// The receipt of the first of `rows`; the others follow on it.
    pub(super) first_receipt: u64,
    pub(super) agent_id: String,
    pub(super) received: u64,
    pub(super) rows: Vec<DeltaRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) state: Vec<StateRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) checkpoints: Vec<MetricCheckpoint>,
}

/// One row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeltaRecord {
    protocol: u8,
    client: bool,
    service: String,
    operation: String,
    target: String,
    status: Option<u16>,
    error: String,
    attributes: Option<String>,
    since: u64,
    time: u64,
    bounds: Vec<u64>,
    counts: Vec<u64>,
    sum: Option<f64>,
    exemplars: Vec<ExemplarRecord>,
}

/// Trace, span, nanoseconds, time.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ExemplarRecord(String, String, u64, u64);

/// What is known of one series.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StateRecord {
    stream: String,
    start: u64,
    series: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<TotalRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    intervals: Vec<(u64, u64)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct TotalRecord {
    time: u64,
    bounds: Vec<u64>,
    counts: Vec<u64>,
    sum: Option<f64>,
}

impl Frame {
    /// A commit of `rows`.
    pub(super) fn of(rows: &[StoredDelta]) -> Self {
        let first = rows.first();
        Self {
            first_receipt: first.map_or(0, |row| row.receipt),
            agent_id: first.map(|row| row.agent_id.to_string()).unwrap_or_default(),
            received: first.map_or(0, |row| row.received.0),
            rows: rows.iter().map(|row| DeltaRecord::from(&row.delta)).collect(),
            ..Self::default()
        }
    }

    /// The rows again.
    pub(super) fn stored(
        rows: Vec<DeltaRecord>,
        head: (u64, &str, u64),
    ) -> Result<Vec<StoredDelta>, StoreError> {
        let (first_receipt, agent_id, received) = head;
        let agent_id: Arc<str> = agent_id.into();
        let rows = (first_receipt..).zip(rows).map(|(receipt, row)| {
            let (agent_id, received) = (agent_id.clone(), UnixNanos(received));
            Ok(StoredDelta { receipt, agent_id, received, delta: row.try_into()? })
        });
        rows.collect()
    }
}

impl From<&Delta> for DeltaRecord {
    fn from(delta: &Delta) -> Self {
        let Series { protocol, side, service, operation, target, status, error, attributes } =
            &*delta.series;
        let attributes: Vec<_> = attributes.iter().collect();
        Self {
            protocol: *protocol as u8,
            client: *side == Side::Client,
            service: service.clone(),
            operation: operation.clone(),
            target: target.clone(),
            status: *status,
            error: error.clone(),
            attributes: write_attributes(&attributes),
            since: delta.since.0,
            time: delta.time.0,
            bounds: delta.histogram.bounds().to_vec(),
            counts: delta.histogram.counts().to_vec(),
            sum: delta.histogram.sum,
            exemplars: delta.exemplars.iter().map(ExemplarRecord::from).collect(),
        }
    }
}

impl TryFrom<DeltaRecord> for Delta {
    type Error = StoreError;

    fn try_from(record: DeltaRecord) -> Result<Self, StoreError> {
        let protocol = Protocol::ALL.get(usize::from(record.protocol));
        let attributes = record.attributes.as_deref().map(read_attributes).transpose();
        let series = Series {
            protocol: *protocol.ok_or_else(|| damaged("protocol", record.protocol))?,
            side: if record.client { Side::Client } else { Side::Server },
            service: record.service,
            operation: record.operation,
            target: record.target,
            status: record.status,
            error: record.error,
            attributes: attributes
                .map_err(|error| damaged("attributes", error))?
                .unwrap_or_default(),
        };
        let exemplars = record.exemplars.into_iter().map(Exemplar::try_from);
        Ok(Self {
            series: Arc::new(series),
            since: UnixNanos(record.since),
            time: UnixNanos(record.time),
            histogram: histogram(record.bounds, record.counts, record.sum)?,
            exemplars: exemplars.collect::<Result<_, _>>()?,
        })
    }
}

impl From<&Exemplar> for ExemplarRecord {
    fn from(exemplar: &Exemplar) -> Self {
        let (trace, span) = (exemplar.trace_id.to_string(), exemplar.span_id.to_string());
        Self(trace, span, exemplar.nanos, exemplar.time.0)
    }
}

impl TryFrom<ExemplarRecord> for Exemplar {
    type Error = StoreError;

    fn try_from(record: ExemplarRecord) -> Result<Self, StoreError> {
        let ExemplarRecord(trace, span, nanos, time) = record;
        let trace_id: TraceId = trace.parse().map_err(|_| damaged("exemplars", &trace))?;
        let span_id: SpanId = span.parse().map_err(|_| damaged("exemplars", &span))?;
        Ok(Self { trace_id, span_id, nanos, time: UnixNanos(time) })
    }
}

impl From<StateChange> for StateRecord {
    fn from(change: StateChange) -> Self {
        let (total, intervals) = match change.tracked {
            Tracked::Total { time, histogram } => {
                let (bounds, counts) = (histogram.bounds().to_vec(), histogram.counts().to_vec());
                let total = TotalRecord { time: time.0, bounds, counts, sum: histogram.sum };
                (Some(total), Vec::new())
            }
            Tracked::Intervals(known) => {
                (None, known.into_iter().map(|(start, time)| (start.0, time.0)).collect())
            }
        };
        Self {
            stream: format!("{:x}", change.stream.0),
            start: change.start.0,
            series: format!("{:x}", change.series.0),
            total,
            intervals,
        }
    }
}

impl TryFrom<StateRecord> for StateChange {
    type Error = StoreError;

    fn try_from(record: StateRecord) -> Result<Self, StoreError> {
        let key = |text: &str| {
            let key = u128::from_str_radix(text, 16);
            key.map(Key).map_err(|_| damaged("state", text))
        };
        let tracked = match record.total {
            Some(TotalRecord { time, bounds, counts, sum }) => {
                Tracked::Total { time: UnixNanos(time), histogram: histogram(bounds, counts, sum)? }
            }
            None => {
                let known = record.intervals.into_iter();
                Tracked::Intervals(known.map(|(a, b)| (UnixNanos(a), UnixNanos(b))).collect())
            }
        };
        Ok(Self {
            stream: key(&record.stream)?,
            start: UnixNanos(record.start),
            series: key(&record.series)?,
            tracked,
        })
    }
}

fn histogram(
    bounds: Vec<u64>,
    counts: Vec<u64>,
    sum: Option<f64>,
) -> Result<Histogram, StoreError> {
    Histogram::new(bounds, counts, sum).map_err(|error| damaged("counts", error))
}

pub(super) fn damaged(column: &'static str, found: impl ToString) -> StoreError {
    StoreError::Damaged { column, found: found.to_string() }
}

/// The JSON of exemplars; `None` when there are none.
pub(super) fn write_exemplars(exemplars: &[Exemplar]) -> Option<String> {
    let records: Vec<_> = exemplars.iter().map(ExemplarRecord::from).collect();
    let json = || serde_json::to_string(&records).expect("texts and numbers have a JSON form");
    (!records.is_empty()).then(json)
}

/// The exemplars of that JSON.
pub(super) fn read_exemplars(json: &str) -> Result<Vec<Exemplar>, StoreError> {
    let records: Vec<ExemplarRecord> =
        serde_json::from_str(json).map_err(|error| damaged("exemplars", error))?;
    records.into_iter().map(Exemplar::try_from).collect()
}
