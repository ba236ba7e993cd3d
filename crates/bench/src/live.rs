//! `coral-bench live`: an agent and a colony that polls it while spans arrive.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::agent::AgentBench;
use crate::colony::SPANS;
use crate::figures::Figures;
use crate::load::Sending;
use crate::program::Program;
use crate::traffic::Traffic;
use crate::{Failure, clock, output};

/// Sends an agent traffic while a colony polls it, and measures the CPU time of both together.
#[derive(Args)]
pub struct LiveCommand {
    #[command(flatten)]
    program: Program,
    #[command(flatten)]
    traffic: Traffic,
    #[command(flatten)]
    sending: Sending,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

const IDLE_TIMEOUT: Duration = Duration::from_secs(600);
/// The most CPU time of both, as a multiple of the sink's.
const MAX_RATIO: f64 = 4.5;

impl LiveCommand {
    /// Runs the measurement and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        let traffic = self.traffic.ending(clock::now());
        let figures = measure(&self.program, &traffic, &self.sending).await?;
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }
}

/// Measures the sink, then an agent and a colony until the colony has all spans and both are idle.
///
/// # Errors
/// A lost span, or a process that does not run.
pub async fn measure(
    program: &Program,
    traffic: &Traffic,
    sending: &Sending,
) -> Result<Figures, Failure> {
    let mut figures = Figures::default();
    let floor = AgentBench { program, traffic, sending }.floor().await?;
    figures.add("decode and forget (sink), CPU", floor, "µs/span");
    let agent = program.agent(&[]).await?;
    let colony = program.colony(&agent, &["colony.poll_interval=100ms"]).await?;
    let before = [&agent, &colony].map(|server| server.process().cpu_seconds());
    let sent = sending.send_all(agent.target("otlp_grpc")?, traffic).await?;
    sent.complete(traffic)?;
    let total = traffic.total_spans();
    colony.until_counter(SPANS, |spans| spans >= total).await?;
    let used = |server: &crate::server::Server, before: f64| {
        (server.process().cpu_seconds() - before) * 1e6 / total as f64
    };
    let both = [used(&agent, before[0]), used(&colony, before[1])];
    figures.add("durable at the agent", sent.rate(), "spans/s");
    figures.add("agent CPU, until the colony has all", both[0], "µs/span");
    figures.add("colony CPU, until it has all", both[1], "µs/span");
    figures.at_most("both, of the sink's", (both[0] + both[1]) / floor, "×", MAX_RATIO);
    for (server, name) in [(&agent, "agent"), (&colony, "colony")] {
        let rested = server.process().until_idle(IDLE_TIMEOUT).await;
        rested.ok_or_else(|| format!("the {name} does not become idle"))?;
        figures.add(format!("{name} memory, peak"), server.process().peak_mib(), "MiB");
    }
    match colony.counter(SPANS).await? {
        stored if stored == total => Ok(figures),
        stored => Err(format!("the colony holds {stored} spans of {total}").into()),
    }
}
