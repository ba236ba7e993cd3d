//! Sends the requests of a story to the receivers, as agents' programs would.

use std::time::Duration;

use coral_server::addresses::{Addresses, on_this_host};
use coral_server::clock;
use coral_trace::{Span, TraceId};
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
        let (mut batch, mut shown, mut last): (Vec<Span>, Vec<Showable>, _) =
            (Vec::new(), Vec::new(), None);
        while let Some(request) = self.requests.next_by(now) {
            shown.extend(Showable::new(&request));
            last = request.spans.first().map(|span| span.trace_id).or(last);
            batch.extend(request.spans);
            if batch.len() >= BATCH {
                self.send(&std::mem::take(&mut batch)).await?;
            }
        }
        self.send(&batch).await?;
        let last = last.ok_or("the history has no requests")?;
        self.until_polled(last).await;
        let recent = &shown[shown.len().saturating_sub(RECENT)..];
        Ok(showcase(recent).unwrap_or(last))
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

    /// Waits until the colony has polled `trace`.
    async fn until_polled(&self, trace: TraceId) {
        loop {
            let url = format!("{}/api/v1/traces/{trace}", self.colony);
            let found = tokio::task::spawn_blocking(move || {
                let answer = ureq::get(&url).call().ok()?.body_mut().read_json::<Value>().ok()?;
                answer["span_count"].as_u64()
            });
            if matches!(found.await, Ok(Some(1..))) {
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
