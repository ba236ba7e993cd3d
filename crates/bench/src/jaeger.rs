//! `coral-bench jaeger`: compares a trace by its id in Jaeger's APIs with the same trace in Coral's own
//! API.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use crate::exporter::{Answer, Exporter, Protocol};
use crate::figures::Figures;
use crate::latency::Latencies;
use crate::program::Program;
use crate::server::Server;
use crate::traffic::Traffic;
use crate::traffic::encode::Encoder;
use crate::web::Web;
use crate::{Failure, clock, output};

/// Starts an agent and a colony, stores traces of two sizes, and asks for each trace in three APIs by
/// turns.
#[derive(Args)]
pub struct JaegerCommand {
    #[command(flatten)]
    program: Program,
    /// How many traces of each size are asked for in each round.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    traces: u64,
    /// Number of rounds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The numbers of spans of a trace.
const SIZES: [u64; 2] = [10, 2_000];
/// The APIs: a name, and the path before the id. The first one is what the others are compared with.
const APIS: [(&str, &str); 3] = [
    ("own API", "/api/v1/traces/"),
    ("Jaeger, older API", "/api/traces/"),
    ("Jaeger, api_v3", "/api/v3/traces/"),
];
/// The limit of CPU time and of time, as a multiple of those of the own API.
const LIMIT: f64 = 1.5;
/// The longest wait for a trace, and the pause between two lookups of a trace.
const FOUND_TIMEOUT: Duration = Duration::from_secs(60);
const LOOKUP_INTERVAL: Duration = Duration::from_millis(20);

/// What one API has cost.
#[derive(Default)]
struct Cost {
    latencies: Latencies,
    cpu_seconds: f64,
    bytes: usize,
}

impl JaegerCommand {
    /// Runs the measurement and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        let agent = self.program.agent(&[]).await?;
        let colony = self.program.colony(&agent, &[]).await?;
        let mut figures = Figures::default();
        for spans in SIZES {
            let ids = self.store(&agent, &colony, spans).await?;
            let costs = self.ask(&colony, &ids).await?;
            add(&mut figures, spans, &costs, self.rounds * self.traces);
        }
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }

    /// Sends traces of `spans` spans, and returns their ids when the colony finds the last one.
    async fn store(
        &self,
        agent: &Server,
        colony: &Server,
        spans: u64,
    ) -> Result<Vec<String>, Failure> {
        let traffic = Traffic::of_traces(self.traces, spans, clock::now());
        let exporter = Exporter::new(agent.target("otlp_grpc")?, Protocol::Grpc)?;
        let mut encoder = Encoder::new(&traffic);
        for number in 0..self.traces {
            let (body, _) = encoder.export(number);
            let answer = exporter.export(body.into()).await;
            if answer != (Answer::Acknowledged { rejected: 0 }) {
                return Err(format!("trace {number} was not acknowledged: {answer:?}").into());
            }
        }
        let ids: Vec<String> =
            (0..self.traces).map(|number| format!("{:032x}", traffic.trace(number).id)).collect();
        let (web, begin) = (colony.web("colony")?, Instant::now());
        for id in &ids {
            while !web.get(&format!("/api/traces/{id}")).await?.0.is_success() {
                if begin.elapsed() > FOUND_TIMEOUT {
                    return Err(format!("trace {id} is not found after {FOUND_TIMEOUT:?}").into());
                }
                tokio::time::sleep(LOOKUP_INTERVAL).await;
            }
        }
        Ok(ids)
    }

    /// Asks for every trace in every API, API by API in each round.
    async fn ask(&self, colony: &Server, ids: &[String]) -> Result<[Cost; 3], Failure> {
        let web = colony.web("colony")?;
        let mut costs: [Cost; 3] = Default::default();
        for round in 0..=self.rounds {
            for ((_, path), cost) in APIS.iter().zip(&mut costs) {
                // The first round only fills the caches.
                let mut unused = Cost::default();
                let cost = if round == 0 { &mut unused } else { cost };
                let before = colony.process().cpu_seconds();
                for id in ids {
                    ask_one(&web, &format!("{path}{id}"), cost).await?;
                }
                cost.cpu_seconds += colony.process().cpu_seconds() - before;
            }
        }
        Ok(costs)
    }
}

async fn ask_one(web: &Web, path: &str, cost: &mut Cost) -> Result<(), Failure> {
    let begin = Instant::now();
    let (status, body) = web.get(path).await?;
    cost.latencies.add(begin.elapsed());
    if !status.is_success() {
        return Err(format!("{path}: {status}").into());
    }
    cost.bytes = body.len();
    Ok(())
}

fn add(figures: &mut Figures, spans: u64, costs: &[Cost; 3], asked: u64) {
    let cpu = |cost: &Cost| cost.cpu_seconds * 1e3 / asked as f64;
    let median = |cost: &Cost| cost.latencies.percentiles().p50_ms;
    for ((name, _), cost) in APIS.iter().zip(costs) {
        let what = format!("{spans} spans, {name}");
        figures.latency(&what, &cost.latencies.percentiles(), [None, None]);
        figures.add(format!("{what}, CPU"), cpu(cost), "ms");
        figures.add(format!("{what}, answer"), cost.bytes as f64 / 1e3, "kB");
    }
    for ((name, _), cost) in APIS.iter().zip(costs).skip(1) {
        let what = format!("{spans} spans, {name}");
        figures.at_most(format!("{what}, CPU of own API"), cpu(cost) / cpu(&costs[0]), "x", LIMIT);
        let times = median(cost) / median(&costs[0]);
        figures.at_most(format!("{what}, median of own API"), times, "x", LIMIT);
    }
}
