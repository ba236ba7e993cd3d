//! `coral-bench cluster`: measures the engine on ClickHouse on real servers, with the embedded engine
//! beside it on the same spans.

mod both;
mod fill;
mod questions;

use std::path::PathBuf;

use clap::Args;
use tokio::runtime::Handle;

use self::both::{Both, Servers};
use crate::figures::Figures;
use crate::red::RedCommand;
use crate::traffic::Traffic;
use crate::units::grouped;
use crate::{Failure, NotRun, clock, output, red, why};

/// Measures the engine on ClickHouse and the embedded engine with the same pages and the same
/// questions. Starts its own servers, by the program in `CORAL_TEST_CLICKHOUSE_SERVER`, which
/// `tools/fetch-clickhouse` prints.
#[derive(Args)]
pub struct ClusterCommand {
    #[command(flatten)]
    traffic: Traffic,
    /// Number of shards, each a server of its own.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=8))]
    shards: u64,
    /// Spans of a page, at least.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    page: u64,
    /// Hours of metrics of one service; 0 leaves metrics out.
    #[arg(long, default_value_t = 24)]
    hours: u64,
    /// Leave `why` out.
    #[arg(long)]
    no_why: bool,
    /// Also writes the figures to this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Spans per trace of the traffic of `why`, as in its own measurement.
const WHY_SPANS: u64 = 50;
/// How many minutes of an agent's metrics are in a page.
const METRIC_MINUTES: u64 = 10;

impl ClusterCommand {
    /// Runs the measurement and prints the results. The servers end with this future.
    pub async fn run(self) -> Result<(), Failure> {
        let Some(program) = coral_cluster::testing::program() else {
            return Err(Box::new(NotRun("CORAL_TEST_CLICKHOUSE_SERVER is not set".to_owned())));
        };
        let shards = self.shards;
        let servers = tokio::task::spawn_blocking(move || both::start(&program, shards)).await??;
        let on = Servers::of(&servers);
        tokio::task::spawn_blocking(move || self.measure(&on)).await?
    }

    fn measure(&self, servers: &Servers) -> Result<(), Failure> {
        let traffic = self.traffic.clone().ending(clock::now());
        let mut figures = Figures::default();
        let both = Both::open(servers, "spans")?;
        fill::measure(&both, &traffic, self.page, &Handle::current(), &mut figures)?;
        questions::spans(&both, &traffic, &mut figures)?;
        drop(both);
        if !self.no_why {
            let (both, now) = (Both::open(servers, "why")?, traffic.end);
            for traffic in why::traffic(WHY_SPANS, now) {
                fill::both(&both, &traffic, self.page)?;
            }
            questions::why(&both, now, &mut figures);
        }
        if self.hours > 0 {
            let both = Both::open(servers, "metrics")?;
            let metrics = self.metrics();
            both.each(|engine, _| metrics.store_rows(engine, METRIC_MINUTES))?;
            both.embedded.seal_metrics()?;
            questions::metrics(&both, &metrics, red::END, &mut figures);
        }
        println!("{} spans, {} shards", grouped(traffic.total_spans()), self.shards);
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }

    /// Two agents with eight services, each at both agents with 50 series: 144,000 rows of a
    /// service in 24 hours.
    fn metrics(&self) -> RedCommand {
        RedCommand {
            agents: 2,
            series: 400,
            series_of_service: 50,
            services: 8,
            hours: self.hours,
            dir: None,
            json: None,
        }
    }
}
