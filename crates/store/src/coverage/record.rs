//! The content of one commit of the coverage timeline.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use coral_engine::{AgentMinute, Minute, PolledMinute, RequestCounts};
use coral_trace::red::Protocol;
use coral_trace::{Collector, TimeRange, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// Records of agents' minutes.
pub(super) struct Record {
    /// The name of a log whose records this one repeats, in the first commit of a log.
    pub(super) replaces: Option<String>,
    pub(super) minutes: Vec<AgentMinute>,
}

/// The version of the encoding of [`Stored`].
const VERSION: u8 = 1;

/// The requests of the minutes of a [`Stored`], which follow it. They are absent in records of
/// older builds, and older builds do not read them.
#[derive(Serialize, Deserialize)]
struct StoredRequests<'a> {
    /// For each minute: service, whether the protocol is gRPC, server spans, and counted requests.
    #[serde(borrow)]
    minutes: Vec<Vec<(&'a str, bool, u64, u64)>>,
}

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    version: u8,
    replaces: Option<&'a str>,
    #[serde(borrow)]
    minutes: Vec<StoredMinute<'a>>,
}

#[derive(Serialize, Deserialize)]
struct StoredMinute<'a> {
    agent_id: &'a str,
    minute: u32,
    polled: Option<StoredPolled>,
    /// Service, whether the spans are from eBPF, and their number.
    #[serde(borrow)]
    services: Vec<(&'a str, bool, u64)>,
    services_cut: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredPolled {
    reachable: bool,
    /// Start and end in nanoseconds since the Unix epoch.
    complete: Option<(u64, u64)>,
    instrumenting: Option<bool>,
    sampling_ratio: Option<f64>,
}

/// Appends an encoded record to `payload`. `replaces` as in [`Record`].
pub(super) fn encode(replaces: Option<&str>, minutes: &[AgentMinute], payload: &mut Vec<u8>) {
    let requests = StoredRequests { minutes: minutes.iter().map(requests_of).collect() };
    let minutes = minutes.iter().map(Into::into).collect();
    let stored = Stored { version: VERSION, replaces, minutes };
    let bytes = std::mem::take(payload);
    let bytes = postcard::to_extend(&stored, bytes).expect("records are plain data");
    *payload = postcard::to_extend(&requests, bytes).expect("records are plain data");
}

fn requests_of(record: &AgentMinute) -> Vec<(&str, bool, u64, u64)> {
    let requests = record.requests.iter().filter(|((_, protocol), _)| *protocol != Protocol::Sql);
    requests
        .map(|((service, protocol), counts)| {
            (service.as_str(), *protocol == Protocol::Grpc, counts.spans, counts.counted)
        })
        .collect()
}

/// Decodes the payload of a commit in `log`.
pub(super) fn decode(log: &Path, payload: &[u8]) -> Result<Record, StoreError> {
    let failed = |error: postcard::Error| StoreError::log(log)(io::Error::other(error));
    let (stored, rest) = postcard::take_from_bytes::<Stored<'_>>(payload).map_err(failed)?;
    if stored.version != VERSION {
        let message = format!("records of version {}; this build reads {VERSION}", stored.version);
        return Err(StoreError::log(log)(io::Error::new(io::ErrorKind::InvalidData, message)));
    }
    let replaces = stored.replaces.map(str::to_owned);
    let mut minutes: Vec<AgentMinute> = stored.minutes.into_iter().map(Into::into).collect();
    if !rest.is_empty() {
        let requests: StoredRequests<'_> = postcard::from_bytes(rest).map_err(failed)?;
        for (record, requests) in minutes.iter_mut().zip(requests.minutes) {
            record.requests = requests.into_iter().map(decode_requests).collect();
        }
    }
    Ok(Record { replaces, minutes })
}

fn decode_requests(
    (service, is_grpc, spans, counted): (&str, bool, u64, u64),
) -> ((String, Protocol), RequestCounts) {
    let protocol = if is_grpc { Protocol::Grpc } else { Protocol::Http };
    ((service.to_owned(), protocol), RequestCounts { spans, counted })
}

impl<'a> From<&'a AgentMinute> for StoredMinute<'a> {
    fn from(record: &'a AgentMinute) -> Self {
        let services = record.services.iter().map(|((service, collector), spans)| {
            (service.as_str(), *collector == Collector::Ebpf, *spans)
        });
        Self {
            agent_id: &record.agent_id,
            minute: record.minute.0,
            polled: record.polled.map(|polled| StoredPolled {
                reachable: polled.reachable,
                complete: polled.complete.map(|range| (range.start.0, range.end.0)),
                instrumenting: polled.instrumenting,
                sampling_ratio: polled.sampling_ratio,
            }),
            services: services.collect(),
            services_cut: record.services_cut,
        }
    }
}

impl From<StoredMinute<'_>> for AgentMinute {
    fn from(stored: StoredMinute<'_>) -> Self {
        let services = stored.services.into_iter().map(|(service, is_ebpf, spans)| {
            let collector = if is_ebpf { Collector::Ebpf } else { Collector::Sdk };
            ((service.to_owned(), collector), spans)
        });
        let range = |(start, end)| TimeRange { start: UnixNanos(start), end: UnixNanos(end) };
        Self {
            agent_id: stored.agent_id.to_owned(),
            minute: Minute(stored.minute),
            polled: stored.polled.map(|polled| PolledMinute {
                reachable: polled.reachable,
                complete: polled.complete.map(range),
                instrumenting: polled.instrumenting,
                sampling_ratio: polled.sampling_ratio,
            }),
            services: services.collect(),
            services_cut: stored.services_cut,
            requests: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_requests_is_read_by_this_build_and_one_with_them_by_older_builds() {
        let counts = RequestCounts { spans: 1, counted: 20 };
        let record = AgentMinute {
            agent_id: "web-1".to_owned(),
            minute: Minute(7),
            services: [(("shop".to_owned(), Collector::Sdk), 3)].into(),
            requests: [(("shop".to_owned(), Protocol::Grpc), counts)].into(),
            ..AgentMinute::default()
        };
        let mut payload = Vec::new();
        encode(None, std::slice::from_ref(&record), &mut payload);
        let read = decode(Path::new("log"), &payload).unwrap().minutes;
        assert_eq!(read, std::slice::from_ref(&record));
        // An older build writes the first part only, and reads the first part only.
        let minutes = vec![StoredMinute::from(&record)];
        let old = postcard::to_allocvec(&Stored { version: VERSION, replaces: None, minutes });
        let old = old.unwrap();
        assert_eq!(payload[..old.len()], old);
        assert!(postcard::from_bytes::<Stored<'_>>(&payload).is_ok());
        let read = decode(Path::new("log"), &old).unwrap().minutes;
        assert_eq!(read, [AgentMinute { requests: BTreeMap::new(), ..record }]);
    }
}
