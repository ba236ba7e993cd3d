//! Measures RED metrics of one service on a store with known metrics of many.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use coral_engine::{MetricCheckpoint, MetricRetention, PageWriter};
use coral_query::answer::ColonyStatus;
use coral_query::{
    Ask, Budget, FleetState, RedProtocol, RedQuestion, RedSide, SeriesQuestion, SharedSources,
    Sources,
};
use coral_scenario::mix;
use coral_store::{DeltaQuery, Store, StoreConfig};
use coral_trace::red::{Delta, Histogram, Protocol, Series, Side};
use coral_trace::{TimeRange, UnixNanos};

use crate::figures::Figures;
use crate::latency::Latencies;
use crate::process::Process;
use crate::{Failure, output};

/// Measures RED metrics of one service on a store with the metrics of many services.
#[derive(Args)]
pub struct RedCommand {
    /// Number of agents.
    #[arg(long, default_value_t = 50)]
    agents: u64,
    /// Number of series of each agent, each with one row a minute.
    #[arg(long, default_value_t = 1_000)]
    series: u64,
    /// Number of series of each service at one agent.
    #[arg(long, default_value_t = 50)]
    series_of_service: u64,
    /// Number of services; each runs at several agents.
    #[arg(long, default_value_t = 250)]
    services: u64,
    /// Hours of metrics.
    #[arg(long, default_value_t = 24)]
    hours: u64,
    /// Use the store in this directory, and fill it if it does not exist, instead of a temporary
    /// one.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Also writes the figures to this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

const MINUTE: u64 = 60_000_000_000;
/// The end of the metrics: a whole hour.
const END: u64 = 1_795_608_000_000_000_000;
/// Each question is asked about so many services.
const ASKED: u64 = 12;
/// The limit of the median time of a table over all metrics, in milliseconds.
const TABLE_LIMIT: f64 = 300.0;
const KEEP: MetricRetention = MetricRetention::all(Duration::from_secs(365 * 24 * 3_600), u64::MAX);

/// The bounds of the buckets, in milliseconds: those of Beyla.
const BOUNDS: [u64; 15] =
    [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

struct NoAgents;

impl FleetState for NoAgents {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

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
        let agents: Vec<Vec<Arc<Series>>> =
            (0..self.agents).map(|agent| self.series_of(agent)).collect();
        let bounds: Arc<[u64]> = BOUNDS.map(|millis| millis * 1_000_000).into();
        for minute in 0..self.minutes() {
            let time = self.time(minute);
            for (agent, series) in agents.iter().enumerate() {
                let row = |(at, series): (usize, &Arc<Series>)| {
                    let histogram = requests(agent as u64, at as u64, minute).histogram(&bounds)?;
                    let (series, since) = (series.clone(), UnixNanos(time.0 - MINUTE));
                    Ok(Delta { series, since, time, histogram, exemplars: Vec::new() })
                };
                let deltas: Result<Vec<Delta>, Failure> =
                    series.iter().enumerate().map(row).collect();
                let agent_id = format!("agent-{agent:02}");
                let place = MetricCheckpoint { agent_id, ..MetricCheckpoint::default() };
                PageWriter::append_metric_page(store, deltas?, time, &place)?;
            }
            store.maintain_metrics(KEEP, time)?;
        }
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

    /// Asks about services of which some run at each agent, and compares each answer with the sums
    /// of the rows that were written.
    fn ask(&self, store: Arc<Store>, figures: &mut Figures) -> Result<(), Failure> {
        let shared = SharedSources {
            traces: store.clone(),
            metrics: store.clone(),
            fleet: Arc::new(NoAgents),
        };
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
    fn table(
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

    fn minutes(&self) -> u64 {
        self.hours * 60
    }

    /// The time of the rows of a minute: within the minute, as exporters have no common clock.
    fn time(&self, minute: u64) -> UnixNanos {
        UnixNanos(END - (self.minutes() - minute) * MINUTE + MINUTE / 2)
    }

    /// The service of series `at` of `agent`.
    fn service(&self, agent: u64, at: u64) -> u64 {
        let services_of_agent = self.series.div_ceil(self.series_of_service);
        (agent * services_of_agent + at / self.series_of_service) % self.services
    }

    /// The agents and series of `service`.
    fn places(&self, service: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let all = (0..self.agents).flat_map(|agent| (0..self.series).map(move |at| (agent, at)));
        all.filter(move |(agent, at)| self.service(*agent, *at) == service)
    }

    fn series_of(&self, agent: u64) -> Vec<Arc<Series>> {
        let series = |at| {
            let server = format!("host-{agent}");
            let attributes = [("server.address", &*server), ("url.scheme", "http")];
            Arc::new(Series {
                protocol: Protocol::Http,
                side: Side::Server,
                service: service_name(self.service(agent, at)),
                operation: "GET".to_owned(),
                target: route(at % self.series_of_service),
                status: Some(if is_error(at) { 500 } else { 200 }),
                error: String::new(),
                attributes: attributes.into_iter().collect(),
            })
        };
        (0..self.series).map(series).collect()
    }
}

/// How many requests took up to 5 ms, and up to 25 ms.
struct Requests([u64; 2]);

impl Requests {
    fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    fn histogram(&self, bounds: &Arc<[u64]>) -> Result<Histogram, Failure> {
        let mut counts = vec![0; bounds.len() + 1];
        [counts[1], counts[3]] = self.0;
        let sum = (self.0[0] * 4 + self.0[1] * 20) as f64 * 1e6;
        Histogram::new(bounds.clone(), counts, Some(sum)).map_err(|error| error.to_string().into())
    }
}

/// The requests of series `at` of `agent` in a minute.
fn requests(agent: u64, at: u64, minute: u64) -> Requests {
    let number = mix(mix(agent * 1_000_003 + at) ^ minute);
    Requests([number % 500, (number >> 32) % 50])
}

fn service_name(service: u64) -> String {
    format!("service-{service:03}")
}

fn route(number: u64) -> String {
    format!("/api/v1/things-{number}/{{id}}")
}

fn is_error(at: u64) -> bool {
    at.is_multiple_of(10)
}
