//! Rows of the coverage timeline.

use clickhouse::Row;
use coral_engine::{AgentMinute, Minute, PolledMinute, RequestCounts};
use coral_trace::red::Protocol;
use coral_trace::{Collector, TimeRange, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::error::ClusterError;

/// A row of `agent_minutes`.
#[derive(Row, Serialize, Deserialize)]
pub(crate) struct MinuteRow {
    /// The second at which the minute begins.
    pub(crate) bucket: u32,
    pub(crate) agent_id: String,
    /// The number of the record.
    pub(crate) at: u64,
    record: String,
}

/// The JSON of the column `record`.
#[derive(Serialize, Deserialize)]
struct Record {
    minute: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    polled: Option<Polled>,
    /// Service, whether the spans are from eBPF, and their number.
    services: Vec<(String, bool, u64)>,
    services_cut: bool,
    /// Service, whether the protocol is gRPC, server spans, and counted requests.
    requests: Vec<(String, bool, u64, u64)>,
}

#[derive(Serialize, Deserialize)]
struct Polled {
    reachable: bool,
    /// Start and end in nanoseconds since the Unix epoch.
    complete: Option<(u64, u64)>,
    instrumenting: Option<bool>,
    sampling_ratio: Option<f64>,
}

impl MinuteRow {
    pub(crate) fn of(minute: &AgentMinute, at: u64) -> Self {
        let requests = minute.requests.iter().filter(|((_, kind), _)| *kind != Protocol::Sql);
        let record = Record {
            minute: minute.minute.0,
            polled: minute.polled.map(Polled::from),
            services: minute
                .services
                .iter()
                .map(|((name, by), spans)| (name.clone(), *by == Collector::Ebpf, *spans))
                .collect(),
            services_cut: minute.services_cut,
            requests: requests
                .map(|((name, protocol), counts)| {
                    (name.clone(), *protocol == Protocol::Grpc, counts.spans, counts.counted)
                })
                .collect(),
        };
        Self {
            bucket: second(minute.minute),
            agent_id: minute.agent_id.clone(),
            at,
            record: serde_json::to_string(&record).expect("the record has a JSON form"),
        }
    }

    /// The record that was appended.
    pub(crate) fn minute(self) -> Result<AgentMinute, ClusterError> {
        let record: Record = serde_json::from_str(&self.record)
            .map_err(|error| ClusterError::value("record", error))?;
        let collector = |ebpf| if ebpf { Collector::Ebpf } else { Collector::Sdk };
        let protocol = |grpc| if grpc { Protocol::Grpc } else { Protocol::Http };
        Ok(AgentMinute {
            agent_id: self.agent_id,
            minute: Minute(record.minute),
            polled: record.polled.map(PolledMinute::from),
            services: record
                .services
                .into_iter()
                .map(|(name, ebpf, spans)| ((name, collector(ebpf)), spans))
                .collect(),
            services_cut: record.services_cut,
            requests: record
                .requests
                .into_iter()
                .map(|(name, grpc, spans, counted)| {
                    ((name, protocol(grpc)), RequestCounts { spans, counted })
                })
                .collect(),
        })
    }
}

/// The second at which `minute` begins.
pub(crate) fn second(minute: Minute) -> u32 {
    minute.0.saturating_mul(60)
}

impl From<PolledMinute> for Polled {
    fn from(polled: PolledMinute) -> Self {
        let PolledMinute { reachable, complete, instrumenting, sampling_ratio } = polled;
        let complete = complete.map(|range| (range.start.0, range.end.0));
        Self { reachable, complete, instrumenting, sampling_ratio }
    }
}

impl From<Polled> for PolledMinute {
    fn from(polled: Polled) -> Self {
        let Polled { reachable, complete, instrumenting, sampling_ratio } = polled;
        let range = |(start, end)| TimeRange { start: UnixNanos(start), end: UnixNanos(end) };
        Self { reachable, complete: complete.map(range), instrumenting, sampling_ratio }
    }
}
