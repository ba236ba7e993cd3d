//! The content of one commit of the coverage timeline.

use std::io;
use std::path::Path;

use coral_engine::{AgentMinute, Minute, PolledMinute};
use coral_trace::{Collector, TimeRange, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// Records of agents' minutes.
pub(super) struct Record {
    /// The name of a log whose records this one repeats, in the first commit of a log.
    pub(super) replaces: Option<String>,
    pub(super) minutes: Vec<AgentMinute>,
}

/// The version of the encoding.
const VERSION: u8 = 1;

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
    let minutes = minutes.iter().map(Into::into).collect();
    let stored = Stored { version: VERSION, replaces, minutes };
    let bytes = std::mem::take(payload);
    *payload = postcard::to_extend(&stored, bytes).expect("records are plain data");
}

/// Decodes the payload of a commit in `log`.
pub(super) fn decode(log: &Path, payload: &[u8]) -> Result<Record, StoreError> {
    let failed = |error: postcard::Error| StoreError::log(log)(io::Error::other(error));
    let stored: Stored<'_> = postcard::from_bytes(payload).map_err(failed)?;
    if stored.version != VERSION {
        let message = format!("records of version {}; this build reads {VERSION}", stored.version);
        return Err(StoreError::log(log)(io::Error::new(io::ErrorKind::InvalidData, message)));
    }
    let replaces = stored.replaces.map(str::to_owned);
    Ok(Record { replaces, minutes: stored.minutes.into_iter().map(Into::into).collect() })
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
        }
    }
}
