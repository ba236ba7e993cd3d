//! `coral-bench`: measurements, each with the command that repeats it.

mod agent;
mod ask;
mod clock;
mod exporter;
mod figures;
mod latency;
mod load;
mod output;
mod process;
mod queries;
mod server;
mod sink;
mod spans;
mod store;
mod table;
mod traffic;
mod units;

use clap::{Parser, Subcommand};

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
    /// The store alone: CPU per span appended and sealed, bytes per span, lookups, a search, a reopening.
    Store(store::Store),
}

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match Cli::parse().measure {
        Measure::Load(load) => runtime.block_on(load.run()),
        Measure::Sink(sink) => runtime.block_on(sink.run()),
        Measure::Agent(agent) => runtime.block_on(agent.run()),
        Measure::Store(store) => store.run(),
    }
}
