//! Sends recordings to the receivers, as Beyla would.

use std::time::Duration;

use coral_trace::Span;
use coral_wire::otlp_out;
use serde_json::Value;

use super::recording::{REQUESTS, replayed, replayed_metrics, showcase};
use coral_server::addresses::Addresses;
use coral_server::addresses::on_this_host;
use coral_server::clock;

/// Replays recordings to a standalone Coral.
pub struct Replay {
    otlp: String,
    colony: String,
    played: usize,
}

/// Interval between two recordings. Beyla exports every 15 s; the demo sends more often.
const REPLAY_INTERVAL: Duration = Duration::from_secs(5);
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

impl Replay {
    /// A replay to the receivers and the colony at `addresses`.
    pub fn to(addresses: &Addresses) -> Result<Self, String> {
        let (Some(otlp), Some(colony)) = (addresses.otlp_http, addresses.colony) else {
            return Err("this Coral is not a standalone".to_owned());
        };
        Ok(Self {
            otlp: format!("http://{}", on_this_host(otlp)),
            colony: format!("http://{}", on_this_host(colony)),
            played: 0,
        })
    }

    /// Sends every recording once. Returns the id of a trace to show.
    pub async fn all(&mut self) -> Result<String, String> {
        let mut worth_looking_at = None;
        for _ in REQUESTS {
            let spans = self.play().await?;
            worth_looking_at = worth_looking_at.or_else(|| showcase(&spans));
        }
        worth_looking_at.map(|trace| trace.to_string()).ok_or_else(|| "no recordings".to_owned())
    }

    /// Waits for the interval, and sends the next recording.
    pub async fn next(&mut self) -> Result<(), String> {
        tokio::time::sleep(REPLAY_INTERVAL).await;
        self.play().await.map(drop)
    }

    /// Waits until the colony has polled `trace`.
    pub async fn until_polled(&self, trace: &str) {
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

    async fn play(&mut self) -> Result<Vec<Span>, String> {
        let request = REQUESTS[self.played % REQUESTS.len()];
        self.played += 1;
        let now = clock::now();
        // Differs in every replay, in all bits, like random ids.
        let fresh = u128::from(now.0).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let spans = replayed(request, now, fresh);
        self.send("traces", otlp_out::encode(&spans)).await?;
        if self.played.is_multiple_of(REQUESTS.len()) {
            for body in replayed_metrics(now) {
                self.send("metrics", body).await?;
            }
        }
        Ok(spans)
    }

    async fn send(&self, signal: &str, body: Vec<u8>) -> Result<(), String> {
        let url = format!("{}/v1/{signal}", self.otlp);
        let sent = tokio::task::spawn_blocking(move || {
            ureq::post(&url).header("content-type", "application/x-protobuf").send(&body)
        });
        sent.await.map_err(|panic| panic.to_string())?.map_err(|error| error.to_string())?;
        Ok(())
    }
}
