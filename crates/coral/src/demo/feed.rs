//! Sends the requests of a story to the receivers, as agents' programs would.

use std::collections::HashMap;
use std::time::Duration;

use coral_server::addresses::{Addresses, on_this_host};
use coral_server::clock;
use coral_trace::{Collector, Span, TraceId};
use coral_wire::otlp_out;
use serde_json::Value;

use super::story::{Requests, Showable, showcase};

/// Sends requests to a standalone Coral.
pub struct Feed<'a> {
    requests: Requests<'a>,
    otlp: String,
    colony: String,
}

/// How often requests that have ended are sent.
const SEND_INTERVAL: Duration = Duration::from_secs(1);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// About how many spans are sent together.
const BATCH: usize = 4_000;
/// From how many of the last requests one is chosen to be shown.
const RECENT: usize = 300;

/// For each kind of instrumentation: the last trace with spans of it, and how many spans the trace
/// has. A colony polls each kind with a cursor of its own, so that one kind may be there first.
#[derive(Default)]
struct LastTraces(HashMap<Collector, (TraceId, u64)>);

impl LastTraces {
    /// Adds the trace that consists of `spans`.
    fn add(&mut self, spans: &[Span]) {
        for span in spans {
            self.0.insert(span.origin.collector, (span.trace_id, spans.len() as u64));
        }
    }
}

impl<'a> Feed<'a> {
    /// Sends `requests` to the receivers and the colony at `addresses`.
    pub fn new(requests: Requests<'a>, addresses: &Addresses) -> Result<Self, String> {
        let (Some(otlp), Some(colony)) = (addresses.otlp_http, addresses.colony) else {
            return Err("this Coral is not a standalone".to_owned());
        };
        Ok(Self {
            requests,
            otlp: format!("http://{}", on_this_host(otlp)),
            colony: format!("http://{}", on_this_host(colony)),
        })
    }

    /// Sends everything that has ended, and waits until the colony has it. Returns a trace to show.
    pub async fn history(&mut self) -> Result<TraceId, String> {
        let now = clock::now();
        let (mut batch, mut shown): (Vec<Span>, Vec<Showable>) = (Vec::new(), Vec::new());
        let mut last = LastTraces::default();
        while let Some(request) = self.requests.next_by(now) {
            shown.extend(Showable::new(&request));
            last.add(&request.spans);
            batch.extend(request.spans);
            if batch.len() >= BATCH {
                self.send(&std::mem::take(&mut batch)).await?;
            }
        }
        self.send(&batch).await?;
        for (trace, spans) in last.0.into_values() {
            self.until_polled(trace, spans).await;
        }
        let recent = &shown[shown.len().saturating_sub(RECENT)..];
        showcase(recent).ok_or_else(|| "the history has no requests".to_owned())
    }

    /// Sends what ends from now on, for ever.
    pub async fn live(&mut self) -> Result<(), String> {
        loop {
            tokio::time::sleep(SEND_INTERVAL).await;
            let now = clock::now();
            let ended = std::iter::from_fn(|| self.requests.next_by(now));
            let spans: Vec<Span> = ended.flat_map(|request| request.spans).collect();
            self.send(&spans).await?;
        }
    }

    /// Waits until the colony has polled all `spans` of `trace`.
    async fn until_polled(&self, trace: TraceId, spans: u64) {
        loop {
            let url = format!("{}/api/v1/traces/{trace}", self.colony);
            let found = tokio::task::spawn_blocking(move || {
                let answer = ureq::get(&url).call().ok()?.body_mut().read_json::<Value>().ok()?;
                answer["span_count"].as_u64()
            });
            if matches!(found.await, Ok(Some(count)) if count >= spans) {
                return;
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    async fn send(&self, spans: &[Span]) -> Result<(), String> {
        if spans.is_empty() {
            return Ok(());
        }
        let (url, body) = (format!("{}/v1/traces", self.otlp), otlp_out::encode(spans));
        let sent = tokio::task::spawn_blocking(move || {
            ureq::post(&url).header("content-type", "application/x-protobuf").send(&body)
        });
        sent.await.map_err(|panic| panic.to_string())?.map_err(|error| error.to_string())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use coral_scenario::{Detail, Simulation, Topology};
    use coral_trace::UnixNanos;

    use super::*;

    #[test]
    fn the_last_trace_of_each_kind_of_instrumentation_is_waited_for() {
        let topology = Topology::checkout();
        let simulation = Simulation::new(&topology, &[], Detail::Full);
        let (mut last, mut found) = (LastTraces::default(), HashMap::new());
        for number in 0..40 {
            let start = UnixNanos::from_secs(1_790_000_000 + number);
            let spans = simulation.request(number.unsigned_abs(), start).spans;
            for collector in [Collector::Ebpf, Collector::Sdk] {
                if spans.iter().any(|span| span.origin.collector == collector) {
                    found.insert(collector, (spans[0].trace_id, spans.len() as u64));
                }
            }
            last.add(&spans);
        }
        assert_eq!(last.0, found);
        assert_eq!(found.len(), 2);
    }
}
