//! Measures TraceQL on a store with known traffic: a search by attribute beside Coral's own search, a
//! rate by service, and a structural query.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use coral_engine::{MetricReader, TraceReader};
use coral_query::answer::ColonyStatus;
use coral_query::traceql::{MetricsQuestion, SearchQuestion};
use coral_query::{Ask, Budget, FleetState, SharedSources, Sources, TracesQuestion};
use coral_store::{Store, StoreConfig};
use coral_trace::UnixNanos;

use crate::figures::Figures;
use crate::latency::Latencies;
use crate::store::{Setup, write};
use crate::traffic::Traffic;
use crate::traffic::encode::{path, service_name};
use crate::{Failure, clock, output};

/// Measures TraceQL on a store with known traffic.
#[derive(Args)]
pub struct TraceQl {
    #[command(flatten)]
    traffic: Traffic,
    #[command(flatten)]
    setup: Setup,
    /// Also writes the figures to this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// How often each question is asked.
const ROUNDS: usize = 10;
/// How many values of the attribute are searched for in turn.
const VALUES: u64 = 10;
/// The limit of a search by attribute, as a multiple of Coral's own search.
const SEARCH_LIMIT: f64 = 1.3;
/// The limits of the median times, in milliseconds per million spans.
const RATE_LIMIT: f64 = 150.0;
const STRUCTURE_LIMIT: f64 = 500.0;
/// The steps of a series over an hour, as Grafana asks for them.
const STEP: Duration = Duration::from_secs(15);

/// A colony without agents.
pub struct NoAgents;

impl FleetState for NoAgents {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

impl NoAgents {
    /// The sources of questions: everything in `engine`, of no agents.
    pub fn beside<E: TraceReader + MetricReader + 'static>(engine: Arc<E>) -> SharedSources {
        SharedSources { traces: engine.clone(), metrics: engine, fleet: Arc::new(Self) }
    }
}

impl TraceQl {
    /// Runs the measurement and prints the results.
    pub fn run(self) -> Result<(), Failure> {
        let figures = measure(&self.traffic.ending(clock::now()), &self.setup)?;
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }
}

/// Writes `traffic` to a new store, seals it, and asks questions.
fn measure(traffic: &Traffic, setup: &Setup) -> Result<Figures, Failure> {
    let dir = tempfile::tempdir()?;
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: setup.segment_rows };
    let store = Store::open(config)?;
    let mut figures = Figures::default();
    write(&store, traffic, setup, &mut Figures::default())?;
    store.seal()?;
    let store = Arc::new(store);
    let from = NoAgents::beside(store);
    let from = from.at(UnixNanos(traffic.end));
    let millions = traffic.total_spans() as f64 / 1e6;
    attribute(&from, &mut figures)?;
    rate(&from, traffic, RATE_LIMIT * millions, &mut figures)?;
    let service = service_name(1);
    let failed = format!("{{ resource.service.name = \"{service}\" }} >> {{ status = error }}");
    let bar = STRUCTURE_LIMIT * millions;
    structure(&from, "structural query, newest 20", &failed, bar, &mut figures)?;
    // No span has the status `ok`, so that every candidate is tested.
    let none = format!("{{ resource.service.name = \"{service}\" }} >> {{ status = ok }}");
    structure(&from, "structural query, none matches", &none, bar, &mut figures)?;
    let all = format!("{{ resource.service.name = \"{service}\" }} !>> {{ status = error }}");
    structure(&from, "structural query, negated", &all, bar, &mut figures)?;
    Ok(figures)
}

fn attribute(from: &Sources<'_>, figures: &mut Figures) -> Result<(), Failure> {
    let (mut own, mut traceql) = (Latencies::default(), Latencies::default());
    for value in 0..VALUES {
        let path = path(value % 3, value);
        let coral =
            TracesQuestion { q: format!("url.path=\"{path}\""), ..TracesQuestion::default() };
        let begin = Instant::now();
        let expected = TracesQuestion::rows(&coral.answer(from, &Budget::unlimited())?);
        own.add(begin.elapsed());
        let question = search(&format!("{{ .url.path = \"{path}\" }}"));
        let begin = Instant::now();
        let found = question.answer(from, &Budget::unlimited())?.traces.len();
        traceql.add(begin.elapsed());
        if found != expected.min(question.limit as usize) {
            return Err(format!("{path}: {found} traces, not {expected}").into());
        }
    }
    let (own, traceql) = (own.percentiles(), traceql.percentiles());
    figures.latency("attribute, Coral's own search", &own, [None, None]);
    figures.latency("attribute, TraceQL", &traceql, [None, None]);
    let ratio = traceql.p50_ms / own.p50_ms;
    figures.at_most("attribute, TraceQL / own", ratio, "", SEARCH_LIMIT);
    Ok(())
}

fn rate(
    from: &Sources<'_>,
    traffic: &Traffic,
    bar: f64,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let question = MetricsQuestion {
        q: "{ } | rate() by (resource.service.name)".to_owned(),
        since: UnixNanos(traffic.end - traffic.spread),
        until: UnixNanos(traffic.end + 60_000_000_000),
        step: STEP,
        exemplars: 0,
    };
    let mut latencies = Latencies::default();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let answer = question.range(from, &Budget::unlimited())?;
        latencies.add(begin.elapsed());
        if answer.series.is_empty() {
            return Err("no series".into());
        }
    }
    figures.latency("rate by service", &latencies.percentiles(), [Some(bar), None]);
    Ok(())
}

fn structure(
    from: &Sources<'_>,
    what: &str,
    q: &str,
    bar: f64,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let mut latencies = Latencies::default();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        search(q).answer(from, &Budget::unlimited())?;
        latencies.add(begin.elapsed());
    }
    figures.latency(what, &latencies.percentiles(), [Some(bar), None]);
    Ok(())
}

fn search(q: &str) -> SearchQuestion {
    SearchQuestion { q: q.to_owned(), since: None, until: None, limit: 20, spans_per_set: 3 }
}
