//! `coral-bench colony`: measures a colony that drains an agent, and its answers.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use crate::ask::Ask;
use crate::ask::colony::ColonyApi;
use crate::figures::Figures;
use crate::load::Sending;
use crate::program::Program;
use crate::server::Server;
use crate::traffic::Traffic;
use crate::traffic::question::ListQuery;
use crate::{Failure, clock, encryption, output, queries};

/// Fills an agent, starts a colony that polls it, and measures until the colony has all spans.
#[derive(Args)]
pub struct ColonyCommand {
    #[command(flatten)]
    program: Program,
    #[command(flatten)]
    traffic: Traffic,
    #[command(flatten)]
    sending: Sending,
    /// Compare polls over TLS with polls without TLS, and measure nothing else.
    #[arg(long)]
    tls: bool,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

const IDLE_TIMEOUT: Duration = Duration::from_secs(600);
/// The counter of the spans that a colony has stored.
pub const SPANS: &str = "coral.colony.store.spans";

impl ColonyCommand {
    /// Runs the measurement and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        let traffic = self.traffic.ending(clock::now());
        let figures = match self.tls {
            true => encryption::polls(&self.program, &traffic, &self.sending).await?,
            false => measure(&self.program, &traffic, &self.sending).await?,
        };
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }
}

/// Fills an agent, and runs all measurements of a colony that polls the agent.
///
/// # Errors
/// A lost span, a wrong answer, or a process that does not run.
pub async fn measure(
    program: &Program,
    traffic: &Traffic,
    sending: &Sending,
) -> Result<Figures, Failure> {
    let agent = program.agent(&[]).await?;
    sending.send_all(agent.target("otlp_grpc")?, traffic).await?.complete(traffic)?;
    agent.process().until_idle(IDLE_TIMEOUT).await.ok_or("the agent does not become idle")?;
    let mut figures = Figures::default();
    let colony = drain(program, traffic, &agent, &mut figures).await?;
    let questions = traffic.answer_all(ListQuery::for_bench(traffic));
    let mut ask = Ask::Colony(ColonyApi::new(&colony)?);
    figures.extend("colony", queries::measure(&mut ask, traffic, &questions).await?);
    Ok(figures)
}

/// Measures from the start of a new colony until it has all spans of the agent.
async fn drain(
    program: &Program,
    traffic: &Traffic,
    agent: &Server,
    figures: &mut Figures,
) -> Result<Server, Failure> {
    let total = traffic.total_spans();
    let agent_before = agent.process().cpu_seconds();
    let begin = Instant::now();
    let colony = program.colony(agent, &["colony.poll_interval=100ms"]).await?;
    colony.until_counter(SPANS, |spans| spans >= total).await?;
    let seconds = begin.elapsed().as_secs_f64();
    let each = |seconds: f64| seconds * 1e6 / total as f64;
    let colony_cpu = each(colony.process().cpu_seconds());
    let agent_cpu = each(agent.process().cpu_seconds() - agent_before);
    figures.add("drained by a colony", total as f64 / seconds, "spans/s");
    figures.at_least("drained per core of the colony", 1e6 / colony_cpu, "spans/s", 100_000.0);
    figures.at_most("colony CPU, draining", colony_cpu, "µs/span", 3.0);
    figures.at_most("agent CPU, being drained", agent_cpu, "µs/span", 0.8);
    let rested: Option<f64> = colony.process().until_idle(IDLE_TIMEOUT).await;
    figures.add(
        "colony CPU, until idle",
        each(rested.ok_or("the colony does not become idle")?),
        "µs/span",
    );
    figures.add("colony memory, peak", colony.process().peak_mib(), "MiB");
    let stored = colony.counter(SPANS).await?;
    match stored == total {
        true => Ok(colony),
        false => Err(format!("the colony holds {stored} spans, and the agent {total}").into()),
    }
}
