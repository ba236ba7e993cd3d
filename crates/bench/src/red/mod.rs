//! Measures RED metrics of one service on a store with known metrics of many.

mod rows;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use coral_engine::{Engine, MetricCheckpoint, MetricRetention};
use coral_query::{Ask, Budget, RedProtocol, RedQuestion, RedSide, SeriesQuestion, Sources};
use coral_store::{DeltaQuery, Store, StoreConfig};
use coral_trace::red::Protocol;
use coral_trace::{TimeRange, UnixNanos};

use self::rows::{is_error, requests, route, service_name};
use crate::figures::Figures;
use crate::latency::Latencies;
use crate::process::Process;
use crate::traceql::NoAgents;
use crate::{Failure, output};

/// Measures RED metrics of one service on a store with the metrics of many services.
#[derive(Args)]
pub struct RedCommand {
    /// Number of agents.
    #[arg(long, default_value_t = 50)]
    pub agents: u64,
    /// Number of series of each agent, each with one row a minute.
    #[arg(long, default_value_t = 1_000)]
    pub series: u64,
    /// Number of series of each service at one agent.
    #[arg(long, default_value_t = 50)]
    pub series_of_service: u64,
    /// Number of services; each runs at several agents.
    #[arg(long, default_value_t = 250)]
    pub services: u64,
    /// Hours of metrics.
    #[arg(long, default_value_t = 24)]
    pub hours: u64,
    /// Use the store in this directory, and fill it if it does not exist, instead of a temporary
    /// one.
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Also writes the figures to this file, as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

const MINUTE: u64 = 60_000_000_000;
/// The end of the metrics: a whole hour.
pub const END: u64 = 1_795_608_000_000_000_000;
/// Each question is asked about so many services.
const ASKED: u64 = 12;
/// The limit of the median time of a table over all metrics, in milliseconds.
const TABLE_LIMIT: f64 = 300.0;
const KEEP: MetricRetention = MetricRetention::all(Duration::from_secs(365 * 24 * 3_600), u64::MAX);

impl RedCommand {
    /// Runs the measurement and prints the results.
    pub fn run(self) -> Result<(), Failure> {
        let temporary = tempfile::tempdir()?;
        let dir = self.dir.clone().unwrap_or_else(|| temporary.path().join("store"));
        let is_new = !dir.join("store.json").exists();
        let store = Store::open(StoreConfig { dir, segment_rows: 262_144 })?;
        let mut figures = Figures::default();
        if is_new {
            self.fill(&store, &mut figures)?;
        }
        store.merge_all_metrics(KEEP)?;
        self.ask(Arc::new(store), &mut figures)?;
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }

    fn fill(&self, store: &Store, figures: &mut Figures) -> Result<(), Failure> {
        let process = Process::this();
        let before = process.cpu_seconds();
        self.store_rows(store, 1)?;
        store.seal_metrics()?;
        let rows = (self.minutes() * self.agents * self.series) as f64;
        let stored = process.cpu_seconds() - before;
        let before = process.cpu_seconds();
        let merged = store.merge_all_metrics(KEEP)?;
        let each = |seconds: f64| seconds * 1e6 / rows;
        figures.add("rows", rows, "");
        figures.add("appended and sealed, CPU", each(stored), "µs/row");
        figures.add("merged, CPU", each(process.cpu_seconds() - before), "µs/row");
        figures.add("merged rows for each row", merged.merged as f64 / rows, "");
        figures.add("rows after merges", store.metric_extent().rows as f64, "");
        figures.add("on disk", store.metric_extent().bytes as f64 / rows, "B/row");
        figures.add("memory, peak", process.peak_mib(), "MiB");
        Ok(())
    }

    /// Stores all rows, in pages of an agent's rows of `minutes_a_page` minutes.
    ///
    /// # Errors
    /// An error of the engine.
    pub fn store_rows(&self, engine: &dyn Engine, minutes_a_page: u64) -> Result<(), Failure> {
        let agents = self.all_agents();
        for first in (0..self.minutes()).step_by(minutes_a_page as usize) {
            let minutes = first..(first + minutes_a_page).min(self.minutes());
            let received = self.time(minutes.end - 1);
            for agent in 0..self.agents as usize {
                let mut page = Vec::new();
                for minute in minutes.clone() {
                    page.extend(self.rows(&agents, agent, minute)?);
                }
                let agent_id = format!("agent-{agent:02}");
                let place = MetricCheckpoint { agent_id, ..MetricCheckpoint::default() };
                engine.append_metric_page(page, received, &place)?;
            }
            engine.maintain_metrics(KEEP, received)?;
        }
        Ok(())
    }

    /// Asks about services of which some run at each agent, and compares each answer with the sums
    /// of the rows that were written.
    fn ask(&self, store: Arc<Store>, figures: &mut Figures) -> Result<(), Failure> {
        let shared = NoAgents::beside(store.clone());
        let from = shared.at(UnixNanos(END));
        let (mut day, mut hour, mut graph) =
            (Latencies::default(), Latencies::default(), Latencies::default());
        let (mut read, mut wanted) = (0, 0);
        for asked in 0..ASKED.min(self.services) {
            let service = asked * self.services / ASKED.min(self.services);
            wanted += self.table(&from, service, self.minutes(), &mut day, &mut read)?;
            self.table(&from, service, 60.min(self.minutes()), &mut hour, &mut 0)?;
            self.graph(&from, service, &mut graph)?;
        }
        let hours = self.hours;
        let (day, hour) = (day.percentiles(), hour.percentiles());
        figures.add("rows of a service", (wanted / day.count as u64) as f64, "");
        figures.at_most(format!("table of {hours} h, p50"), day.p50_ms, "ms", TABLE_LIMIT);
        figures.add(format!("table of {hours} h, slowest"), day.max_ms, "ms");
        figures.add("table of the last hour, p50", hour.p50_ms, "ms");
        figures.add(format!("graph of {hours} h, p50"), graph.percentiles().p50_ms, "ms");
        figures.add("rows read for each wanted row", read as f64 / wanted as f64, "");
        let range = TimeRange { start: UnixNanos(END - 60 * MINUTE), end: UnixNanos(END) };
        let (begin, mut rows) = (Instant::now(), 0_u64);
        store.deltas(&DeltaQuery::all(Protocol::Http, range), |_| rows += 1)?;
        let all = begin.elapsed().as_secs_f64() * 1e3;
        figures.add(format!("{rows} rows of one hour, each decoded"), all, "ms");
        figures.add("memory with questions, peak", Process::this().peak_mib(), "MiB");
        Ok(())
    }

    /// Asks for a table of the last `minutes`. Returns the number of rows that it sums.
    pub fn table(
        &self,
        from: &Sources<'_>,
        service: u64,
        minutes: u64,
        latencies: &mut Latencies,
        read: &mut u64,
    ) -> Result<u64, Failure> {
        let since = END - minutes * MINUTE;
        let question = RedQuestion {
            protocol: RedProtocol::Http,
            service: service_name(service),
            side: RedSide::Server,
            source: None,
            since_unix_us: UnixNanos(since).as_micros(),
            until_unix_us: UnixNanos(END).as_micros(),
            compare_us: None,
            slow: false,
            over_us: None,
        };
        let budget = Budget::unlimited();
        let begin = Instant::now();
        let answer = question.answer(from, &budget)?;
        latencies.add(begin.elapsed());
        *read += budget.rows();
        let (mut expected, mut rows) = (BTreeMap::<String, [u64; 2]>::new(), 0);
        for (agent, at) in self.places(service) {
            for minute in self.minutes() - minutes..self.minutes() {
                let counted = requests(agent, at, minute);
                let route = expected.entry(route(at % self.series_of_service)).or_default();
                route[0] += counted.count();
                route[1] += if is_error(at) { counted.count() } else { 0 };
                rows += 1;
            }
        }
        let found: BTreeMap<String, [u64; 2]> = answer
            .rows
            .into_iter()
            .map(|row| (row.route.unwrap_or_default(), [row.numbers.requests, row.numbers.errors]))
            .collect();
        if found != expected {
            return Err(format!("a wrong table of {}", service_name(service)).into());
        }
        Ok(rows)
    }

    fn graph(
        &self,
        from: &Sources<'_>,
        service: u64,
        latencies: &mut Latencies,
    ) -> Result<(), Failure> {
        let question = SeriesQuestion {
            protocol: RedProtocol::Http,
            service: service_name(service),
            route: None,
            side: RedSide::Server,
            source: None,
            since_unix_us: UnixNanos(self.time(0).0 - MINUTE).as_micros(),
            until_unix_us: UnixNanos(END).as_micros(),
            points: SeriesQuestion::DEFAULT_POINTS,
        };
        let begin = Instant::now();
        question.answer(from, &Budget::unlimited())?;
        latencies.add(begin.elapsed());
        Ok(())
    }
}
