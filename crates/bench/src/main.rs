//! `coral-bench`: measures Coral. Each measurement is one command that can be repeated.

mod agent;
mod ask;
mod audit;
mod authority;
mod beyla;
mod both;
mod clock;
mod cluster;
mod colony;
mod connections;
mod demo;
mod disk;
mod encryption;
mod export;
mod exporter;
mod figures;
mod freshness;
mod incidents;
mod jaeger;
mod large_trace;
mod latency;
mod live;
mod load;
mod load_result;
mod metrics;
mod output;
mod process;
mod program;
mod queries;
mod rca;
mod red;
mod report;
mod revocation;
mod server;
mod sink;
mod soak;
mod store;
mod table;
mod target;
mod text;
mod topology;
mod traceql;
mod traffic;
mod trust;
mod ui;
mod units;
mod waterfall;
mod web;
mod why;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Why a measurement failed, or which wrong answer it found.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures Coral, or any receiver of OTLP. Compare CPU time and ratios: elapsed time depends on
/// what else runs on the machine.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    measure: Measure,
}

#[derive(Subcommand)]
enum Measure {
    /// Sends Beyla-like spans to an OTLP receiver.
    Load(load::LoadCommand),
    /// Receives OTLP, decodes it and discards it: the lower limit that other receivers are compared
    /// with.
    Sink(sink::Sink),
    /// Measures an agent under load: CPU, memory, disk space, and answers.
    Agent(agent::AgentCommand),
    /// Measures a colony that drains an agent: spans per second, CPU, and answers.
    Colony(colony::ColonyCommand),
    /// Measures an agent and a colony that polls it while spans arrive: CPU of both together.
    Live(live::LiveCommand),
    /// Measures the time from the acknowledgement of a span by one of many agents until the colony
    /// finds it, and the CPU of an idle colony.
    Freshness(freshness::Freshness),
    /// Compares a trace by its id in Jaeger's APIs with Coral's own API: CPU and time.
    Jaeger(jaeger::JaegerCommand),
    /// Measures an agent under Beyla-like metrics: CPU and bytes per point.
    Metrics(metrics::MetricsCommand),
    /// Measures RED metrics of one service on a store with a day of metrics of 50 agents.
    Red(red::RedCommand),
    /// Tests for lost spans and wrong answers: kills at random moments, and long runs of everything
    /// at once.
    Soak(soak::SoakCommand),
    /// Runs all measurements and prints one table with their limits.
    Report(report::Report),
    /// Measures root causes on recorded and simulated faults with known culprits.
    Rca(rca::Rca),
    /// Measures the default question about faults of several ages, and where nothing is at fault.
    Incidents(incidents::Incidents),
    /// Starts the demo with each fault, and checks that its commands show the fault.
    Demo(demo::DemoCommand),
    /// Measures a real Beyla, or OBI, under a Coral: when requests are found, what a restart and a kill
    /// cost, and its CPU.
    Beyla(beyla::BeylaCommand),
    /// Serves HTTP, for `beyla` to trace.
    #[command(hide = true)]
    BeylaService(beyla::ServiceCommand),
    /// Measures the store alone: CPU per span appended and sealed, bytes per span, lookups, a
    /// search, the page of a large trace, and reopening.
    Store(store::Store),
    /// Measures the engine on ClickHouse on real servers, with the embedded engine beside it on the
    /// same spans: ingest, bytes, and a row for each question.
    Cluster(cluster::ClusterCommand),
    /// Shows what each file and column of a store costs, in bytes per span.
    Disk(disk::Disk),
    /// Measures a colony that exports stored spans: spans per second of a core, and memory.
    Export(export::ExportCommand),
    /// Measures TraceQL: a search by attribute, a rate by service, and structural queries.
    Traceql(traceql::TraceQl),
    /// Measures why requests are slow: 2,000 traces of a window and 2,000 of a baseline.
    Why(why::Why),
    /// Measures the audit log alone: CPU per recorded question, bytes per line, and verification.
    Audit(audit::Audit),
    /// Measures connections over TLS, and how soon a revocation works.
    Trust(trust::Trust),
    /// Measures the web page in Chromium: until Home answers, a large trace, frames and heap.
    Ui(ui::Ui),
}

/// Why a measurement was not begun on this host, which is no failure of what it measures.
#[derive(Debug)]
struct NotRun(String);

/// The exit code of a measurement that was not begun.
const NOT_RUN: u8 = 3;

impl std::fmt::Display for NotRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "not run here: {}", self.0)
    }
}

impl std::error::Error for NotRun {}

fn main() -> ExitCode {
    if let Some(ended) = beyla::stand_in() {
        return ended;
    }
    match run(Cli::parse().measure) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<NotRun>() => {
            println!("{error}");
            ExitCode::from(NOT_RUN)
        }
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
            // Dropping the measurement ends every process that it started.
            () = signalled() => Err("interrupted".into()),
        }
    });
    // An interrupted measurement may still fill a store on another thread; the process waits for
    // that thread for at most one second.
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
            Self::Live(live) => live.run().await,
            Self::Freshness(freshness) => freshness.run().await,
            Self::Jaeger(jaeger) => jaeger.run().await,
            Self::Metrics(metrics) => metrics.run().await,
            Self::Red(red) => tokio::task::spawn_blocking(move || red.run()).await?,
            Self::Soak(soak) => soak.run().await,
            Self::Report(report) => report.run().await,
            Self::Rca(rca) => tokio::task::spawn_blocking(move || rca.run()).await?,
            Self::Incidents(incidents) => {
                tokio::task::spawn_blocking(move || incidents.run()).await?
            }
            Self::Demo(demo) => demo.run().await,
            Self::Beyla(beyla) => beyla.run().await,
            Self::BeylaService(service) => {
                tokio::task::spawn_blocking(move || service.run()).await?
            }
            Self::Store(store) => tokio::task::spawn_blocking(move || store.run()).await?,
            Self::Cluster(cluster) => cluster.run().await,
            Self::Disk(disk) => tokio::task::spawn_blocking(move || disk.run()).await?,
            Self::Export(export) => export.run().await,
            Self::Traceql(traceql) => tokio::task::spawn_blocking(move || traceql.run()).await?,
            Self::Why(why) => tokio::task::spawn_blocking(move || why.run()).await?,
            Self::Trust(trust) => trust.run().await,
            Self::Ui(ui) => ui.run().await,
            Self::Audit(audit) => tokio::task::spawn_blocking(move || audit.run()).await?,
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
