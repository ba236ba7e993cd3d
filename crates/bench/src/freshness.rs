//! `coral-bench freshness`: measures how soon a colony finds what its agents acknowledged.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use prost::bytes::Bytes;
use tokio::task::JoinSet;

use crate::ask::colony::ColonyApi;
use crate::authority::BenchAuthority;
use crate::exporter::{Answer, Exporter, Protocol};
use crate::figures::Figures;
use crate::latency::Latencies;
use crate::program::{Program, agent_id};
use crate::server::Server;
use crate::traffic::Traffic;
use crate::traffic::encode::Encoder;
use crate::{Failure, clock, output};

/// Starts many agents and a colony that polls them, measures the CPU of both without any span, and
/// then sends traces to the agents in turn. Up to 20 traces per second are looked up at the colony until
/// they are found.
#[derive(Args)]
pub struct Freshness {
    #[command(flatten)]
    program: Program,
    /// Number of agents.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    agents: u64,
    /// Number of traces.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    traces: u64,
    /// Traces per second, of all agents together.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    rate: u64,
    /// Give every agent a certificate of its own, and the colony one: all polls are over TLS.
    #[arg(long)]
    tls: bool,
    /// Seconds without any span; 0 skips the measurement of CPU.
    #[arg(long, default_value_t = 30)]
    idle: u64,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The longest wait for a trace, and the pause between two lookups of a trace.
const FOUND_TIMEOUT: Duration = Duration::from_secs(60);
const LOOKUP_INTERVAL: Duration = Duration::from_millis(10);
/// The most traces per second that are looked up, so that lookups do not delay what they measure.
const MAX_LOOKUPS: u64 = 20;
/// The first polls of all agents are spread over a second.
const FIRST_POLLS: Duration = Duration::from_secs(3);
/// One hop, so that a trace is in one export.
const SPANS_PER_TRACE: u64 = 5;

impl Freshness {
    /// Runs the measurement and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        let (agents, colony) = self.start().await?;
        tokio::time::sleep(FIRST_POLLS).await;
        let mut figures = Figures::default();
        if self.idle > 0 {
            let idle = tokio::time::sleep(Duration::from_secs(self.idle));
            let ([of_colony, of_agents], ()) = cpu(&colony, &agents, idle).await;
            figures.add("colony CPU, idle", of_colony * 1e3, "ms/s");
            figures.add("CPU of all agents, idle", of_agents * 1e3, "ms/s");
        }
        let sending = self.send(&agents, &colony);
        let ([of_colony, of_agents], found) = cpu(&colony, &agents, sending).await;
        let found = found?;
        figures.latency("found after", &found.percentiles(), [None, Some(500.0)]);
        figures.add("colony CPU, with lookups", of_colony * 1e3, "ms/s");
        figures.add("CPU of all agents", of_agents * 1e3, "ms/s");
        figures.add("colony memory", colony.process().resident_mib(), "MiB");
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }

    /// Starts the agents, and a colony that polls them.
    async fn start(&self) -> Result<(Vec<Server>, Server), Failure> {
        let authority = BenchAuthority::create()?;
        let mut agents = Vec::new();
        for number in 0..self.agents as usize {
            agents.push(match self.tls {
                true => self.program.certified_agent(&authority, &agent_id(number), &[]).await?,
                false => self.program.agent(&[]).await?,
            });
        }
        let colony = match self.tls {
            true => self.program.certified_colony(&authority, &agents, &[]).await?,
            false => self.program.colony_of(&agents, &[]).await?,
        };
        Ok((agents, colony))
    }

    /// Sends every trace at its time, and returns how long after its acknowledgement each was found.
    async fn send(&self, agents: &[Server], colony: &Server) -> Result<Latencies, Failure> {
        let traffic = Traffic::of_traces(self.traces, SPANS_PER_TRACE, clock::now());
        let exporters: Vec<Exporter> = agents
            .iter()
            .map(|agent| Exporter::new(agent.target("otlp_grpc")?, Protocol::Grpc))
            .collect::<Result<_, Failure>>()?;
        let api = ColonyApi::new(colony)?;
        let mut encoder = Encoder::new(&traffic);
        let mut pace = tokio::time::interval(Duration::from_secs(1) / self.rate as u32);
        let (mut tasks, mut found) = (JoinSet::new(), Latencies::default());
        for (number, exporter) in (0..self.traces).zip(exporters.iter().cycle()) {
            pace.tick().await;
            let (body, _) = encoder.export(number);
            let is_looked_up = number.is_multiple_of(self.rate.div_ceil(MAX_LOOKUPS));
            let colony = is_looked_up.then(|| api.clone());
            let id = format!("{:032x}", traffic.trace(number).id);
            tasks.spawn(found_after(exporter.clone(), body.into(), colony, id));
        }
        while let Some(after) = tasks.join_next().await {
            if let Some(after) = after?? {
                found.add(after);
            }
        }
        Ok(found)
    }
}

/// Exports a trace, and returns how long after the acknowledgement `colony` found the trace. Without
/// `colony`, the trace is not looked up.
async fn found_after(
    exporter: Exporter,
    body: Bytes,
    colony: Option<ColonyApi>,
    id: String,
) -> Result<Option<Duration>, Failure> {
    let answer = exporter.export(body).await;
    let acknowledged = Instant::now();
    if answer != (Answer::Acknowledged { rejected: 0 }) {
        return Err(format!("trace {id} was not acknowledged: {answer:?}").into());
    }
    let Some(colony) = colony else { return Ok(None) };
    while colony.trace(&id).await?.is_none() {
        if acknowledged.elapsed() > FOUND_TIMEOUT {
            return Err(format!("trace {id} is not found after {FOUND_TIMEOUT:?}").into());
        }
        tokio::time::sleep(LOOKUP_INTERVAL).await;
    }
    Ok(Some(acknowledged.elapsed()))
}

/// The CPU seconds per second of the colony, and of all agents together, during `work`.
async fn cpu<T>(
    colony: &Server,
    agents: &[Server],
    work: impl Future<Output = T>,
) -> ([f64; 2], T) {
    let used = || {
        let of_agents = agents.iter().map(|agent| agent.process().cpu_seconds());
        [colony.process().cpu_seconds(), of_agents.sum()]
    };
    let (before, begin) = (used(), Instant::now());
    let done = work.await;
    let (after, seconds) = (used(), begin.elapsed().as_secs_f64());
    ([0, 1].map(|role| (after[role] - before[role]) / seconds), done)
}
