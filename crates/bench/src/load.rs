//! `coral-bench load`: sends traffic to anything that speaks OTLP, and says how that went.

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
use crate::process::Process;
use crate::sent::Sent;
use crate::traffic::Traffic;
use crate::traffic::encode::Encoder;
use crate::{Failure, clock, output};

/// Sends Beyla-like spans over OTLP and counts what is acknowledged.
#[derive(Args)]
pub struct LoadCommand {
    /// Where the receiver listens.
    #[arg(long, default_value = "http://127.0.0.1:4317")]
    endpoint: String,
    #[command(flatten)]
    traffic: Traffic,
    #[command(flatten)]
    sending: Sending,
    /// Writes what was sent, and questions with their exact answers, to this file as JSON.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// Writes the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// How exports are sent.
#[derive(Args, Clone, Debug, Serialize)]
pub struct Sending {
    /// OTLP over gRPC or HTTP.
    #[arg(long, value_enum, default_value = "grpc")]
    pub protocol: Protocol,
    /// Connections.
    #[arg(long, default_value_t = 4)]
    pub connections: usize,
    /// Exports that each connection has open at a time.
    #[arg(long, default_value_t = 8)]
    pub in_flight: usize,
    /// Spans a second at most; 0 is as many as are taken.
    #[arg(long, default_value_t = 0)]
    pub rate: u64,
}

/// Exports that are encoded ahead of those that are sent.
const AHEAD: usize = 64;
/// How long to wait before the second attempt, unless the receiver says; doubled each time.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// An export, ready to be sent.
struct Export {
    number: u64,
    body: Bytes,
    spans: u64,
}

impl LoadCommand {
    /// Runs to the end and prints what was measured.
    pub async fn run(self) -> Result<(), Failure> {
        let traffic = self.traffic.ending(clock::now());
        if let Some(file) = &self.manifest {
            output::write_json(file, &traffic.manifest())?;
        }
        let sent = self.sending.send_all(&self.endpoint, &traffic).await?;
        print!("{}", sent.table());
        output::write_json_if(self.json.as_deref(), &sent)?;
        sent.complete(&traffic)
    }
}

impl Sending {
    /// Sends all of `traffic` to `endpoint`.
    ///
    /// # Errors
    /// When `endpoint` is no URL.
    pub async fn send_all(&self, endpoint: &str, traffic: &Traffic) -> Result<Sent, Failure> {
        self.send(endpoint, traffic, 0..traffic.exports(), |_| {}).await
    }

    /// Sends some exports of `traffic`, and calls `acknowledged` with the number of each that was.
    /// Exports that find nobody are tried again, without an end: drop the future to stop.
    ///
    /// # Errors
    /// When `endpoint` is no URL.
    pub async fn send(
        &self,
        endpoint: &str,
        traffic: &Traffic,
        exports: Range<u64>,
        acknowledged: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<Sent, Failure> {
        let (ahead, queue) = mpsc::channel(AHEAD);
        let mut tasks = JoinSet::new();
        let (of, rate) = (traffic.clone(), self.rate);
        tasks.spawn_blocking(move || {
            encode(&of, exports, rate, &ahead);
            Sent::default()
        });
        let queue = Arc::new(Mutex::new(queue));
        let acknowledged = Arc::new(acknowledged);
        let (begin, cpu) = (Instant::now(), Process::this().cpu_seconds());
        for _ in 0..self.connections {
            let exporter = Exporter::new(endpoint, self.protocol)?;
            for _ in 0..self.in_flight {
                let sender = Sender { exporter: exporter.clone(), queue: queue.clone() };
                tasks.spawn(sender.run(acknowledged.clone()));
            }
        }
        let mut sent = Sent::default();
        while let Some(ended) = tasks.join_next().await {
            sent.add(ended?);
        }
        sent.seconds = begin.elapsed().as_secs_f64();
        sent.generator_cpu_seconds = Process::this().cpu_seconds() - cpu;
        sent.acknowledged_after = sent.latencies.percentiles();
        Ok(sent)
    }
}

/// Encodes `exports` as fast as they are taken, but no faster than `rate` spans a second.
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

/// One of those that send at the same time.
struct Sender {
    exporter: Exporter,
    queue: Arc<Mutex<mpsc::Receiver<Export>>>,
}

impl Sender {
    async fn run(self, acknowledged: Arc<impl Fn(u64)>) -> Sent {
        let mut sent = Sent::default();
        loop {
            let next = self.queue.lock().await.recv().await;
            let Some(export) = next else { return sent };
            let number = export.number;
            if self.deliver(export, &mut sent).await {
                acknowledged(number);
            }
        }
    }

    /// Sends one export until it is acknowledged or refused for good. Returns whether it was the first.
    async fn deliver(&self, export: Export, sent: &mut Sent) -> bool {
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
