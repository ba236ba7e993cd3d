//! `coral-bench load`: sends traffic to an OTLP receiver, and measures the acknowledgements.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use prost::bytes::Bytes;
use serde::Serialize;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::exporter::{Answer, Exporter, Protocol};
use crate::load_result::LoadResult;
use crate::process::Process;
use crate::target::Target;
use crate::traffic::Traffic;
use crate::traffic::encode::Encoder;
use crate::{Failure, clock, output};

/// Sends Beyla-like spans over OTLP, and counts acknowledged spans.
#[derive(Args)]
pub struct LoadCommand {
    /// The URL of the receiver.
    #[arg(long, default_value = "http://127.0.0.1:4317")]
    endpoint: String,
    #[command(flatten)]
    traffic: Traffic,
    #[command(flatten)]
    sending: Sending,
    /// Write a description of the traffic, and questions with their exact answers, to this file as
    /// JSON.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// How exports are sent.
#[derive(Args, Clone, Debug, Serialize)]
pub struct Sending {
    /// The protocol: OTLP over gRPC or HTTP.
    #[arg(long, value_enum, default_value = "grpc")]
    pub protocol: Protocol,
    /// Number of connections.
    #[arg(long, default_value_t = 4)]
    pub connections: usize,
    /// Number of exports in flight on each connection.
    #[arg(long, default_value_t = 8)]
    pub in_flight: usize,
    /// The largest number of spans per second; 0 means as many as possible.
    #[arg(long, default_value_t = 0)]
    pub rate: u64,
}

/// How many exports are encoded ahead of sending.
const MAX_ENCODED_AHEAD: usize = 64;
/// The delay before the second attempt, unless the receiver names one; doubled with each attempt.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// An encoded export.
struct Export {
    number: u64,
    body: Bytes,
    spans: u64,
}

impl LoadCommand {
    /// Runs the load and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        let traffic = self.traffic.ending(clock::now());
        if let Some(file) = &self.manifest {
            output::write_json(file, &traffic.manifest())?;
        }
        let sent = self.sending.send_all(self.endpoint.as_str(), &traffic).await?;
        print!("{}", sent.table());
        output::write_json_if(self.json.as_deref(), &sent)?;
        sent.complete(&traffic)
    }
}

impl Sending {
    /// Sends all of `traffic` to `target`.
    ///
    /// # Errors
    /// The URL is not one.
    pub async fn send_all(
        &self,
        target: impl Into<Target>,
        traffic: &Traffic,
    ) -> Result<LoadResult, Failure> {
        self.send(target, traffic, 0..traffic.exports(), |_| {}).await
    }

    /// Sends the given exports of `traffic`, and calls `acknowledged` with the number of each
    /// acknowledged export. Exports that cannot be delivered are repeated without limit; drop the
    /// future to stop.
    ///
    /// # Errors
    /// The URL is not one.
    pub async fn send(
        &self,
        target: impl Into<Target>,
        traffic: &Traffic,
        exports: Range<u64>,
        acknowledged: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<LoadResult, Failure> {
        let target = target.into();
        let (ahead, queue) = mpsc::channel(MAX_ENCODED_AHEAD);
        let mut tasks = JoinSet::new();
        let (of, rate) = (traffic.clone(), self.rate);
        tasks.spawn_blocking(move || {
            encode(&of, exports, rate, &ahead);
            LoadResult::default()
        });
        let queue = Arc::new(Mutex::new(queue));
        let acknowledged = Arc::new(acknowledged);
        let (begin, cpu) = (Instant::now(), Process::this().cpu_seconds());
        for _ in 0..self.connections {
            let exporter = Exporter::new(target.clone(), self.protocol)?;
            for _ in 0..self.in_flight {
                let sender = Sender { exporter: exporter.clone(), queue: queue.clone() };
                tasks.spawn(sender.run(acknowledged.clone()));
            }
        }
        let mut sent = LoadResult::default();
        while let Some(ended) = tasks.join_next().await {
            sent.add(ended?);
        }
        sent.seconds = begin.elapsed().as_secs_f64();
        sent.generator_cpu_seconds = Process::this().cpu_seconds() - cpu;
        sent.acknowledged_after = sent.latencies.percentiles();
        Ok(sent)
    }
}

/// Encodes `exports` as fast as they are sent, but at most `rate` spans per second; 0 is no limit.
fn encode(traffic: &Traffic, exports: Range<u64>, rate: u64, ahead: &mpsc::Sender<Export>) {
    let mut encoder = Encoder::new(traffic);
    let begin = Instant::now();
    let mut total = 0;
    for number in exports {
        let (body, spans) = encoder.export(number);
        total += spans;
        if ahead.blocking_send(Export { number, body: body.into(), spans }).is_err() {
            return;
        }
        if rate > 0 {
            let due = begin + Duration::from_secs_f64(total as f64 / rate as f64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
}

/// One of several tasks that take exports from the same queue and send them.
struct Sender {
    exporter: Exporter,
    queue: Arc<Mutex<mpsc::Receiver<Export>>>,
}

impl Sender {
    async fn run(self, acknowledged: Arc<impl Fn(u64)>) -> LoadResult {
        let mut sent = LoadResult::default();
        loop {
            let next = self.queue.lock().await.recv().await;
            let Some(export) = next else { return sent };
            let number = export.number;
            if self.deliver(export, &mut sent).await {
                acknowledged(number);
            }
        }
    }

    /// Sends one export until it is acknowledged or refused permanently. Returns whether it was
    /// acknowledged.
    async fn deliver(&self, export: Export, sent: &mut LoadResult) -> bool {
        let (begin, mut backoff) = (Instant::now(), FIRST_BACKOFF);
        loop {
            match self.exporter.export(export.body.clone()).await {
                Answer::Acknowledged { rejected } => {
                    sent.latencies.add(begin.elapsed());
                    sent.exports += 1;
                    sent.rejected += rejected;
                    sent.spans += export.spans - rejected;
                    sent.wire_bytes += export.body.len() as u64;
                    return true;
                }
                Answer::Again { after, why } => {
                    sent.retries += 1;
                    sent.last_reason = Some(why);
                    tokio::time::sleep(after.unwrap_or(backoff)).await;
                    backoff = (backoff * 2).min(MAX_BACKOFF);
                }
                Answer::Refused(why) => {
                    sent.refused += export.spans;
                    sent.last_reason = Some(why);
                    return false;
                }
            }
        }
    }
}
