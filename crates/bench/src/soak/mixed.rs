//! Runs everything at once: ingest, polling, sealing, expiry, eviction and queries.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::task::JoinSet;

use super::ledger::{Ages, Ledger};
use super::readers::{Reader, ReaderResult};
use crate::ask::Ask;
use crate::ask::agent::AgentRpc;
use crate::ask::colony::ColonyApi;
use crate::figures::Figures;
use crate::load::Sending;
use crate::process::Process;
use crate::program::Program;
use crate::server::Server;
use crate::traffic::Traffic;
use crate::{Failure, clock, output};
use coral_scenario::mix;

/// Runs an agent that evicts by size and a colony that expires by age, under load and continuous
/// queries.
#[derive(Args)]
pub struct Mixed {
    #[command(flatten)]
    pub program: Program,
    #[command(flatten)]
    pub traffic: Traffic,
    #[command(flatten)]
    pub sending: Sending,
    /// Duration in minutes.
    #[arg(long, default_value_t = 10)]
    pub minutes: u64,
    /// Write the results to this file as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// The default number of spans per second.
const RATE: u64 = 4_000;
/// The duration of one round of load; each round has its own seed.
const ROUND: Duration = Duration::from_secs(4);
/// Settings of the agent. At the default rate, the size limit holds about half a minute of spans.
const AGENT: [&str; 3] = ["storage.segment_rows=20000", "storage.max_size=10MB", "log=warn"];
/// Settings of the colony, with a short retention.
const COLONY: [&str; 4] = [
    "storage.segment_rows=20000",
    "storage.beyla.retention.traces=30s",
    "colony.poll_interval=200ms",
    "log=warn",
];
/// How long ago a trace was acknowledged if the agent must have it: before it may be evicted.
const AT_AGENT: Ages = Ages { at_least: Duration::ZERO, at_most: Duration::from_secs(10) };
/// How long ago a trace was acknowledged if the colony must have it: after it was polled, and
/// before it expires.
const AT_COLONY: Ages = Ages { at_least: Duration::from_secs(5), at_most: Duration::from_secs(20) };

/// Seconds during which memory may still grow. A run of at most four times this long does not check
/// memory.
const WARM_UP: usize = 60;

/// The result of one of the tasks.
enum TaskResult {
    Load { spans: u64, retries: u64 },
    Read(&'static str, ReaderResult),
    Memory(&'static str, Vec<f64>),
}

impl Mixed {
    /// Runs the test and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        let json = self.json.clone();
        let figures = self.measure().await?;
        println!("{}", serde_json::to_string_pretty(&figures)?);
        output::write_json_if(json.as_deref(), &figures)?;
        match figures.unmet() {
            None => Ok(()),
            Some(figure) => Err(format!("{} is {:.0}", figure.what, figure.value).into()),
        }
    }

    /// Runs the test.
    ///
    /// # Errors
    /// A wrong answer, or a process that does not run.
    pub async fn measure(mut self) -> Result<Figures, Failure> {
        if self.sending.rate == 0 {
            self.sending.rate = RATE;
        }
        let agent = self.program.agent(&AGENT).await?;
        let colony = self.program.colony(&agent, &COLONY).await?;
        let mut figures = Figures::default();
        self.all_at_once(&agent, &colony, &mut figures).await?;
        counters(&agent, &colony, self.program.faults.is_some(), &mut figures).await?;
        for (name, server) in [("agent", &agent), ("colony", &colony)] {
            let mut lines = [server.log_lines("WARN"), server.log_lines("ERROR")].concat();
            // Evictions are expected: the size limit was set to cause them.
            lines.retain(|line| !line.contains("the size cap evicted spans"));
            lines.iter().take(3).for_each(|line| eprintln!("  {name}: {line}"));
            let what = format!("{name}: warnings and errors in the log");
            match self.program.faults {
                // Each injected fault is logged with its file.
                Some(_) => figures.at_least(what, lines.len() as f64, "", 1.0),
                None => figures.at_most(what, lines.len() as f64, "", 0.0),
            }
        }
        Ok(figures)
    }

    /// Runs all tasks until the time is up or one of them fails.
    async fn all_at_once(
        &self,
        agent: &Server,
        colony: &Server,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_secs(60 * self.minutes);
        let ledger: Arc<Ledger> = Arc::default();
        let mut tasks: JoinSet<Result<TaskResult, Failure>> = JoinSet::new();
        let endpoint = agent.url("otlp_grpc")?;
        tasks.spawn(send(
            self.sending.clone(),
            endpoint,
            self.traffic.clone(),
            ledger.clone(),
            deadline,
        ));
        let now = (clock::now() / 1_000_000_000) as i64;
        let spread = (self.traffic.spread / 1_000_000_000) as i64;
        let seconds = (now - spread, now - 30);
        let at_agent = Ask::Agent(AgentRpc::new(&agent.url("agent_rpc")?)?);
        let at_colony = Ask::Colony(ColonyApi::new(colony)?);
        for (name, ask, certain, seed) in
            [("agent", at_agent, AT_AGENT, 1), ("colony", at_colony, AT_COLONY, 2)]
        {
            let with_faults = self.program.faults.is_some();
            let ledger = ledger.clone();
            let reader = Reader { ask, ledger, certain, seconds, seed, with_faults };
            tasks.spawn(async move {
                Ok(TaskResult::Read(
                    name,
                    reader.run(deadline).await.map_err(|e| format!("{name}: {e}"))?,
                ))
            });
        }
        for (name, process) in [("agent", agent.process()), ("colony", colony.process())] {
            tasks
                .spawn(async move { Ok(TaskResult::Memory(name, watch(process, deadline).await)) });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??.add_to(figures);
        }
        Ok(())
    }
}

/// Sends one round of load after another.
async fn send(
    sending: Sending,
    endpoint: String,
    traffic: Traffic,
    ledger: Arc<Ledger>,
    deadline: Instant,
) -> Result<TaskResult, Failure> {
    let (mut spans, mut retries, mut round) = (0, 0, 0);
    while Instant::now() < deadline {
        round += 1;
        let traffic = Traffic {
            spans: sending.rate * ROUND.as_secs(),
            seed: mix(traffic.seed) ^ round,
            end: clock::now(),
            ..traffic.clone()
        };
        ledger.begin(traffic.clone());
        let note = ledger.clone();
        let exports = 0..traffic.exports();
        let noted = move |number| note.acknowledge(number);
        let sent = sending.send(endpoint.as_str(), &traffic, exports, noted).await?;
        sent.complete(&traffic)?;
        spans += sent.spans;
        retries += sent.retries;
    }
    Ok(TaskResult::Load { spans, retries })
}

/// The resident memory of a process in MiB, once a second until `deadline`.
async fn watch(process: Process, deadline: Instant) -> Vec<f64> {
    let mut samples = Vec::new();
    while Instant::now() < deadline {
        tokio::time::sleep(Duration::from_secs(1)).await;
        samples.push(process.resident_mib());
    }
    samples
}

impl TaskResult {
    fn add_to(self, figures: &mut Figures) {
        match self {
            Self::Load { spans, retries } => {
                figures.add("spans acknowledged", spans as f64, "");
                figures.add("retries", retries as f64, "");
            }
            Self::Read(name, read) => {
                let found = read.latencies.percentiles();
                figures.add(format!("{name}: questions"), found.count as f64, "");
                figures.add(format!("{name}: traces compared"), read.checked as f64, "");
                figures.add(format!("{name}: answered with an error"), read.errors as f64, "");
                figures.latency(&format!("{name}: answers"), &found, [None, None]);
                figures.at_most(format!("{name}: slowest answer"), found.max_ms, "ms", 1_000.0);
            }
            Self::Memory(name, samples) => {
                let is_long = samples.len() > 4 * WARM_UP;
                let samples = &samples[if is_long { WARM_UP } else { 0 }..];
                let quarter = (samples.len() / 4).max(1);
                let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len().max(1) as f64;
                let first = mean(&samples[..quarter.min(samples.len())]);
                let last = mean(&samples[samples.len().saturating_sub(quarter)..]);
                figures.add(format!("{name}: memory, first quarter"), first, "MiB");
                let what = format!("{name}: memory, last quarter");
                match is_long {
                    true => figures.at_most(what, last, "MiB", 1.25 * first),
                    false => figures.add(what, last, "MiB"),
                }
            }
        }
    }
}

/// Adds counters of both processes. A counter of events that must not happen has a limit of 0.
async fn counters(
    agent: &Server,
    colony: &Server,
    with_faults: bool,
    figures: &mut Figures,
) -> Result<(), Failure> {
    for (server, name) in [
        (agent, "coral.agent.store.segments"),
        (agent, "coral.agent.store.bytes"),
        (colony, "coral.colony.store.segments"),
        (colony, "coral.colony.store.bytes"),
    ] {
        figures.add(name, server.counter(name).await? as f64, "");
    }
    // The test must have caused evictions at the agent and expiry at the colony.
    for (server, name) in
        [(agent, "coral.agent.spans.evicted"), (colony, "coral.colony.spans.expired")]
    {
        figures.at_least(name, server.counter(name).await? as f64, "", 1.0);
    }
    for (server, name) in [
        (agent, "coral.agent.spans.dropped"),
        (colony, "coral.colony.spans.missed"),
        (agent, "coral.agent.store.damaged"),
        (colony, "coral.colony.store.damaged"),
    ] {
        figures.at_most(name, server.counter(name).await? as f64, "", 0.0);
    }
    let repeated = "coral.agent.spans.duplicate";
    match (agent.counter(repeated).await? as f64, with_faults) {
        // With faults, an exporter may repeat an export that was committed, because its answer was
        // an error.
        (repeats, true) => figures.add(repeated, repeats, ""),
        (repeats, false) => figures.at_most(repeated, repeats, "", 0.0),
    }
    Ok(())
}
