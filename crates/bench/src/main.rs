//! `coral-bench`: measurements, each with the command that repeats it.

mod agent;
mod ask;
mod clock;
mod colony;
mod exporter;
mod figures;
mod large_trace;
mod latency;
mod load;
mod metrics;
mod output;
mod process;
mod program;
mod queries;
mod rca;
mod report;
mod sent;
mod server;
mod sink;
mod soak;
mod store;
mod table;
mod topology;
mod traffic;
mod units;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Why a measurement did not come about, or what was found wrong by it.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures Coral, or anything that speaks OTLP. Quote CPU time and ratios: wall time on a shared
/// machine says little.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    measure: Measure,
}

#[derive(Subcommand)]
enum Measure {
    /// Sends Beyla-like spans to an OTLP receiver.
    Load(load::LoadCommand),
    /// Receives OTLP, decodes it and forgets it: the floor for ratios.
    Sink(sink::Sink),
    /// A coral agent under load: its CPU, memory, disk and answers.
    Agent(agent::AgentCommand),
    /// A colony draining an agent: spans a second, CPU, and the colony's answers.
    Colony(colony::ColonyCommand),
    /// An agent under Beyla-like metrics: CPU and bytes a point.
    Metrics(metrics::MetricsCommand),
    /// Bad days: kills at random moments, and everything at once for a long time.
    Soak(soak::SoakCommand),
    /// Everything, as one table with its bars.
    Report(report::Report),
    /// Root causes: recorded and simulated faults whose culprits are known.
    Rca(rca::Rca),
    /// The store alone: CPU per span appended and sealed, bytes per span, lookups, a search, a reopening.
    Store(store::Store),
}

fn main() -> ExitCode {
    match run(Cli::parse().measure) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {}", output::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(measure: Measure) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = measure.run() => outcome,
            // What was being run is dropped, and with it every process that was started for it.
            () = signalled() => Err("interrupted".into()),
        }
    });
    // A store that is still being filled does not keep an interrupted bench alive.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    outcome
}

impl Measure {
    async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Load(load) => load.run().await,
            Self::Sink(sink) => sink.run().await,
            Self::Agent(agent) => agent.run().await,
            Self::Colony(colony) => colony.run().await,
            Self::Metrics(metrics) => metrics.run().await,
            Self::Soak(soak) => soak.run().await,
            Self::Report(report) => report.run().await,
            Self::Rca(rca) => tokio::task::spawn_blocking(move || rca.run()).await?,
            Self::Store(store) => tokio::task::spawn_blocking(move || store.run()).await?,
        }
    }
}

async fn signalled() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
