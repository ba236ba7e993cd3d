//! The content of a frame in the metrics log, encoded with postcard: 2 µs per point faster than
//! JSON, and a third of the size.

use std::borrow::Cow;
use std::sync::Arc;

use coral_trace::red::{
    Delta, Exemplar, Histogram, Key, Protocol, Series, SeriesState, Side, StateChange,
};
use coral_trace::{SpanId, TraceId, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use coral_engine::MetricCheckpoint;
use coral_engine::StoredDelta;
use coral_record::{read_attributes, write_attributes};

/// One commit.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Frame<'a> {
    /// Whether `state` holds all counters, and not only the changed ones.
    pub(super) snapshot: bool,
    /// The receipt of the first of `rows`; the others have consecutive receipts.
    pub(super) first_receipt: u64,
    pub(super) agent_id: Cow<'a, str>,
    pub(super) received: u64,
    /// The number of the first of `series`.
    pub(super) first_series: u32,
    /// Series, to which rows refer by number. Numbers continue from earlier frames of the same log.
    pub(super) series: Vec<SeriesRecord<'a>>,
    pub(super) rows: Vec<DeltaRecord<'a>>,
    pub(super) state: Vec<StateRecord<'a>>,
    pub(super) checkpoints: Cow<'a, [MetricCheckpoint]>,
}

/// One series.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SeriesRecord<'a> {
    protocol: u8,
    client: bool,
    service: Cow<'a, str>,
    operation: Cow<'a, str>,
    target: Cow<'a, str>,
    status: Option<u16>,
    error: Cow<'a, str>,
    attributes: Option<String>,
}

/// One row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeltaRecord<'a> {
    series: u32,
    since: u64,
    time: u64,
    histogram: HistogramRecord<'a>,
    exemplars: Vec<ExemplarRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct HistogramRecord<'a> {
    bounds: Cow<'a, [u64]>,
    counts: Cow<'a, [u64]>,
    sum: Option<f64>,
}

/// Trace id, span id, duration in nanoseconds, time in nanoseconds since the Unix epoch.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ExemplarRecord(String, String, u64, u64);

/// The counters of one series.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StateRecord<'a> {
    stream: u128,
    start: u64,
    series: u128,
    tracked: TrackedRecord<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
enum TrackedRecord<'a> {
    Total { time: u64, histogram: HistogramRecord<'a> },
    Intervals(Vec<(u64, u64)>),
}

impl<'a> Frame<'a> {
    /// A frame with `rows`. `numbers` has the number of each row's series.
    pub(super) fn of(rows: &'a [StoredDelta], numbers: &[u32]) -> Self {
        let first = rows.first();
        let record = |(row, number): (&'a StoredDelta, &u32)| DeltaRecord::of(&row.delta, *number);
        Self {
            first_receipt: first.map_or(0, |row| row.receipt),
            agent_id: first.map_or("", |row| &row.agent_id).into(),
            received: first.map_or(0, |row| row.received.0),
            rows: rows.iter().zip(numbers).map(record).collect(),
            ..Self::default()
        }
    }

    /// Decodes the rows. `series` are all series of the log so far, with `None` for each series of
    /// a lost frame. Returns `None` if a row refers to a lost series.
    pub(super) fn stored(
        self,
        series: &[Option<Arc<Series>>],
    ) -> Result<Option<Vec<StoredDelta>>, StoreError> {
        let (agent_id, received): (Arc<str>, _) = (self.agent_id.into(), UnixNanos(self.received));
        let rows = (self.first_receipt..).zip(self.rows).map(|(receipt, row)| {
            let agent_id = agent_id.clone();
            let Some(delta) = row.delta(series)? else { return Ok(None) };
            Ok(Some(StoredDelta { receipt, agent_id, received, delta }))
        });
        rows.collect()
    }
}

impl<'a> From<&'a Series> for SeriesRecord<'a> {
    fn from(series: &'a Series) -> Self {
        let Series { protocol, side, service, operation, target, status, error, attributes } =
            series;
        let attributes: Vec<_> = attributes.iter().collect();
        Self {
            protocol: *protocol as u8,
            client: *side == Side::Client,
            service: service.into(),
            operation: operation.into(),
            target: target.into(),
            status: *status,
            error: error.into(),
            attributes: write_attributes(&attributes),
        }
    }
}

impl TryFrom<SeriesRecord<'_>> for Series {
    type Error = StoreError;

    fn try_from(record: SeriesRecord<'_>) -> Result<Self, StoreError> {
        let protocol = Protocol::ALL.get(usize::from(record.protocol));
        let attributes = record.attributes.as_deref().map(read_attributes).transpose();
        Ok(Self {
            protocol: *protocol.ok_or_else(|| damaged("protocol", record.protocol))?,
            side: if record.client { Side::Client } else { Side::Server },
            service: record.service.into_owned(),
            operation: record.operation.into_owned(),
            target: record.target.into_owned(),
            status: record.status,
            error: record.error.into_owned(),
            attributes: attributes
                .map_err(|error| damaged("attributes", error))?
                .unwrap_or_default(),
        })
    }
}

impl<'a> DeltaRecord<'a> {
    fn of(delta: &'a Delta, series: u32) -> Self {
        Self {
            series,
            since: delta.since.0,
            time: delta.time.0,
            histogram: HistogramRecord::from(&delta.histogram),
            exemplars: delta.exemplars.iter().map(ExemplarRecord::from).collect(),
        }
    }

    fn delta(self, series: &[Option<Arc<Series>>]) -> Result<Option<Delta>, StoreError> {
        let Some(Some(series)) = series.get(self.series as usize) else { return Ok(None) };
        let exemplars = self.exemplars.into_iter().map(Exemplar::try_from);
        Ok(Some(Delta {
            series: series.clone(),
            since: UnixNanos(self.since),
            time: UnixNanos(self.time),
            histogram: self.histogram.try_into()?,
            exemplars: exemplars.collect::<Result<_, _>>()?,
        }))
    }
}

impl<'a> From<&'a Histogram> for HistogramRecord<'a> {
    fn from(histogram: &'a Histogram) -> Self {
        let (bounds, counts) = ((&**histogram.bounds()).into(), histogram.counts().into());
        Self { bounds, counts, sum: histogram.sum }
    }
}

impl TryFrom<HistogramRecord<'_>> for Histogram {
    type Error = StoreError;

    fn try_from(record: HistogramRecord<'_>) -> Result<Self, StoreError> {
        let HistogramRecord { bounds, counts, sum } = record;
        let histogram = Self::new(bounds.into_owned(), counts.into_owned(), sum);
        histogram.map_err(|error| damaged("counts", error))
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

impl<'a> From<&'a StateChange<'a>> for StateRecord<'a> {
    fn from(change: &'a StateChange<'a>) -> Self {
        let tracked = match &*change.state {
            SeriesState::Total { time, histogram } => {
                TrackedRecord::Total { time: time.0, histogram: histogram.into() }
            }
            SeriesState::Intervals(known) => {
                TrackedRecord::Intervals(known.iter().map(|(a, b)| (a.0, b.0)).collect())
            }
        };
        let (stream, series) = (change.stream.0, change.series.0);
        Self { stream, start: change.start.0, series, tracked }
    }
}

impl TryFrom<StateRecord<'_>> for StateChange<'static> {
    type Error = StoreError;

    fn try_from(record: StateRecord<'_>) -> Result<Self, StoreError> {
        let tracked = match record.tracked {
            TrackedRecord::Total { time, histogram } => {
                SeriesState::Total { time: UnixNanos(time), histogram: histogram.try_into()? }
            }
            TrackedRecord::Intervals(known) => {
                let known = known.into_iter();
                SeriesState::Intervals(known.map(|(a, b)| (UnixNanos(a), UnixNanos(b))).collect())
            }
        };
        Ok(Self {
            stream: Key(record.stream),
            start: UnixNanos(record.start),
            series: Key(record.series),
            state: Cow::Owned(tracked),
        })
    }
}

pub(super) fn damaged(column: &'static str, found: impl ToString) -> StoreError {
    StoreError::Damaged { column, found: found.to_string() }
}

/// Exemplars as JSON; `None` when there are none.
pub(super) fn write_exemplars(exemplars: &[Exemplar]) -> Option<String> {
    let records: Vec<_> = exemplars.iter().map(ExemplarRecord::from).collect();
    let json = || serde_json::to_string(&records).expect("texts and numbers have a JSON form");
    (!records.is_empty()).then(json)
}

/// Parses exemplars from JSON.
pub(super) fn read_exemplars(json: &str) -> Result<Vec<Exemplar>, StoreError> {
    let records: Vec<ExemplarRecord> =
        serde_json::from_str(json).map_err(|error| damaged("exemplars", error))?;
    records.into_iter().map(Exemplar::try_from).collect()
}
