//! `coral-bench store`: measures the store alone, within this process.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use coral_store::{IndexedQuery, Order, SpanRetention, Store as Database, StoreConfig};
use coral_trace::{Collector, Recogniser, Span, TimeRange, TraceId, UnixNanos};
use coral_wire::otlp_in::{self, Encoding};

use crate::ask::ListAnswer;
use crate::both::SeenByBoth;
use crate::disk::Breakdown;
use crate::figures::Figures;
use crate::latency::Latencies;
use crate::process::Process;
use crate::traffic::Traffic;
use crate::traffic::encode::Encoder;
use crate::traffic::question::{ListQuery, Question};
use crate::traffic::truth::Facts;
use crate::{Failure, clock, large_trace, output, topology, waterfall};
use coral_scenario::mix;

/// Writes spans to a new store, and asks questions with known answers.
#[derive(Args)]
pub struct Store {
    #[command(flatten)]
    traffic: Traffic,
    #[command(flatten)]
    setup: Setup,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The settings of the store.
#[derive(Args, Clone, Debug)]
pub struct Setup {
    /// The smallest number of spans in one commit.
    #[arg(long, default_value_t = Setup::default().commit)]
    pub commit: u64,
    /// The number of hot rows at which they are sealed.
    #[arg(long, default_value_t = Setup::default().segment_rows)]
    pub segment_rows: u64,
    /// Part of the traces of which each span is stored once more, as an SDK's span; from 0 to 1.
    #[arg(long, default_value_t = 0.0)]
    pub seen_by_both: f64,
    /// Leave the segments as they were sealed, as on an agent: do not merge them as a colony does.
    #[arg(long)]
    pub unmerged: bool,
}

impl Setup {
    fn both(&self) -> SeenByBoth {
        SeenByBoth(self.seen_by_both)
    }
}

const KEEP: SpanRetention = SpanRetention { age: Duration::from_secs(3_600), bytes: u64::MAX };
/// How many trace ids are looked up; also, how many unknown trace ids.
const LOOKUPS: u64 = 400;
/// How many list queries of one kind are measured, if there is time; each runs at least once.
const SEARCHES: usize = 40;
/// The time after which no list query of a kind runs again, once each has run.
const MAX_QUESTION_TIME: Duration = Duration::from_secs(20);
/// The largest number of spans that are read of one trace.
const MAX_SPANS: u32 = 1_000;

impl Store {
    /// Runs the measurement and prints the results.
    pub fn run(self) -> Result<(), Failure> {
        let figures = measure(&self.traffic.ending(clock::now()), &self.setup)?;
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self { commit: 8_192, segment_rows: 262_144, seen_by_both: 0.0, unmerged: false }
    }
}

/// Writes `traffic` to a new store, seals it, asks questions, and reopens the store.
///
/// # Errors
/// A lost span, a wrong answer, or an error of the store.
pub fn measure(traffic: &Traffic, setup: &Setup) -> Result<Figures, Failure> {
    let dir = tempfile::tempdir()?;
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: setup.segment_rows };
    let mut figures = Figures::default();
    let store = Database::open(config.clone())?;
    write(&store, traffic, setup, &mut figures)?;
    store.seal()?;
    if !setup.unmerged {
        merge(&store, setup.both().total_spans(traffic), &mut figures)?;
    }
    let (extent, spans) = (store.extent(), setup.both().total_spans(traffic));
    if extent.spans != spans {
        return Err(format!("the store holds {} of {spans} spans", extent.spans).into());
    }
    let disk = Breakdown::of(&dir.path().join("segments"))?;
    figures.at_most("on disk, sealed", disk.total(), "B/span", 50.0);
    figures.add("segments", extent.segments as f64, "");
    for kind in disk.kinds() {
        figures.add(format!("of these bytes, {kind}"), disk.of_kind(kind), "B/span");
    }
    look_up(&store, traffic, setup.both(), &mut figures)?;
    search(&store, traffic, setup.both(), &mut figures);
    // The calls of the traffic are those of eBPF.
    let collector = (!setup.both().is_none()).then_some(Collector::Ebpf);
    topology::measure(&store, traffic, collector, &mut figures);
    large_trace::measure(&mut figures);
    waterfall::measure(&mut figures);
    drop(store);
    let begin = Instant::now();
    Database::open(config)?;
    figures.add("reopened in", begin.elapsed().as_secs_f64() * 1e3, "ms");
    Ok(figures)
}

/// Merges segments until there are no small neighbours, and adds what that costs.
fn merge(store: &Database, spans: u64, figures: &mut Figures) -> Result<(), Failure> {
    let (cpu, begin, segments) =
        (Process::this().cpu_seconds(), Instant::now(), store.extent().segments);
    let merged = store.merge_all_segments(KEEP)?;
    let seconds = Process::this().cpu_seconds() - cpu;
    figures.add("segments sealed", segments as f64, "");
    figures.add("segments merged", merged as f64, "");
    figures.add("merged, CPU", seconds * 1e6 / spans as f64, "µs/span");
    figures.add("merged in", begin.elapsed().as_secs_f64(), "s");
    Ok(())
}

/// Writes `traffic` to `store`, and adds what writing costs.
pub fn write(
    store: &Database,
    traffic: &Traffic,
    setup: &Setup,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let (mut encoder, recogniser) = (Encoder::new(traffic), Recogniser::default());
    let (mut append, mut seal, mut commits) = (0.0, 0.0, Latencies::default());
    let (process, now) = (Process::this(), UnixNanos(traffic.end));
    let mut group: Vec<Vec<Span>> = Vec::new();
    for number in 0..traffic.exports() {
        let bytes = encoder.export(number).0;
        let mut decoded = otlp_in::decode(&bytes, Encoding::Protobuf, &recogniser)?.spans;
        setup.both().add_to(&mut decoded)?;
        group.push(decoded);
        let spans: usize = group.iter().map(Vec::len).sum();
        if (spans as u64) < setup.commit && number + 1 < traffic.exports() {
            continue;
        }
        let (cpu, begin) = (process.cpu_seconds(), Instant::now());
        store.append(&group, now)?;
        commits.add(begin.elapsed());
        append += process.cpu_seconds() - cpu;
        let cpu = process.cpu_seconds();
        store.maintain(KEEP, now)?;
        seal += process.cpu_seconds() - cpu;
        group.clear();
    }
    let spans = setup.both().total_spans(traffic);
    let each = |seconds: f64| seconds * 1e6 / spans as f64;
    figures.add("appended, durable, CPU", each(append), "µs/span");
    figures.add("sealed, CPU", each(seal), "µs/span");
    figures.add("slowest commit", commits.percentiles().max_ms, "ms");
    figures.add("memory, peak, the generator's included", process.peak_mib(), "MiB");
    Ok(())
}

fn look_up(
    store: &Database,
    traffic: &Traffic,
    both: SeenByBoth,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let other = Traffic { seed: mix(traffic.seed), ..traffic.clone() };
    for (what, of) in [("trace by id", traffic), ("unknown trace id", &other)] {
        let is_known = of.seed == traffic.seed;
        let mut latencies = Latencies::default();
        for round in 0..LOOKUPS {
            let trace = of.trace(mix(round) % of.traces());
            let expected = is_known.then(|| both.facts(of.facts(&trace)));
            let begin = Instant::now();
            let found = store.trace(TraceId::try_from(trace.id)?, None, MAX_SPANS)?;
            latencies.add(begin.elapsed());
            let found = facts_of_spans(found.spans.iter().map(|stored| &stored.span));
            if found != expected {
                return Err(format!("a wrong trace: {found:?}, not {expected:?}").into());
            }
        }
        figures.latency(what, &latencies.percentiles(), [Some(3.0), Some(10.0)]);
    }
    Ok(())
}

/// Measures all kinds of list queries. A kind with an error or a wrong answer becomes a failed row.
fn search(store: &Database, traffic: &Traffic, both: SeenByBoth, figures: &mut Figures) {
    let mut questions = traffic.answer_all(ListQuery::for_bench(traffic));
    for facts in questions.iter_mut().flat_map(|question| &mut question.answer) {
        *facts = both.facts(facts.clone());
    }
    let (newest, others): (Vec<_>, Vec<_>) =
        questions.into_iter().partition(|q| matches!(q.query, ListQuery::Newest { .. }));
    let (slowest, paths): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|q| matches!(q.query, ListQuery::Slowest { .. }));
    let attribute_bar = 10.0 * traffic.total_spans() as f64 / 1e6;
    for (what, questions, bar) in [
        ("newest 20", &newest[..1], None),
        ("newest 20 of a window of the hour", &newest[1..], None),
        ("slowest 20 of a service, 1 h", &slowest[..], Some(25.0)),
        ("attribute equality", &paths[..], Some(attribute_bar)),
    ] {
        match ask_all(store, questions) {
            Ok(latencies) => figures.latency(what, &latencies.percentiles(), [bar, None]),
            Err(error) => figures.fail(what, &error),
        }
    }
    let what = "a service that no span has";
    match ask_for_nobody(store) {
        Ok(latencies) => figures.latency(what, &latencies.percentiles(), [Some(100.0), None]),
        Err(error) => figures.fail(what, &error),
    }
}

/// Asks for the traces of a service with a mistyped name.
fn ask_for_nobody(store: &Database) -> Result<Latencies, Failure> {
    let services = vec!["service-O1".to_owned()];
    let mut latencies = Latencies::default();
    for order in [Order::Newest, Order::Slowest].into_iter().cycle().take(SEARCHES) {
        let query = IndexedQuery { services: services.clone(), order, ..IndexedQuery::newest(20) };
        let begin = Instant::now();
        let found = store.search(&query)?;
        latencies.add(begin.elapsed());
        if !found.is_empty() {
            return Err(format!("{} traces of a service that no span has", found.len()).into());
        }
    }
    Ok(latencies)
}

/// Runs each query once, and again up to [`SEARCHES`] queries in total while there is time.
fn ask_all(store: &Database, questions: &[Question]) -> Result<Latencies, Failure> {
    let (mut latencies, all) = (Latencies::default(), Instant::now());
    let rounds = SEARCHES.max(questions.len());
    for (round, question) in questions.iter().cycle().take(rounds).enumerate() {
        if round >= questions.len() && all.elapsed() > MAX_QUESTION_TIME {
            break;
        }
        let begin = Instant::now();
        let found = store.search(&query(&question.query))?;
        latencies.add(begin.elapsed());
        let more = found.len() > question.query.limit();
        let traces = found.into_iter().take(question.query.limit()).map(|summary| Facts {
            trace_id: summary.trace_id.to_string(),
            start_us: summary.start.as_micros(),
            duration_us: summary.duration_us,
            spans: summary.spans,
            errors: summary.errors,
        });
        ListAnswer { traces: traces.collect(), more }.check(question)?;
    }
    Ok(latencies)
}

fn query(query: &ListQuery) -> IndexedQuery {
    // The query requests one trace more than the limit, to find out whether there are more.
    let newest = IndexedQuery::newest(query.limit() as u32 + 1);
    let started = |since_us, until_us| TimeRange {
        start: UnixNanos::from_micros(since_us),
        end: UnixNanos::from_micros(until_us),
    };
    match *query {
        ListQuery::Newest { since_us, until_us, .. } => {
            IndexedQuery { started: started(since_us, until_us), ..newest }
        }
        ListQuery::Slowest { since_us, until_us, min_duration_us, .. } => IndexedQuery {
            started: started(since_us, until_us),
            services: query.service().into_iter().collect(),
            min_duration_us: Some(min_duration_us),
            order: Order::Slowest,
            ..newest
        },
        ListQuery::Path { .. } => {
            let path = query.path().map(|path| ("url.path".to_owned(), path));
            IndexedQuery { attributes: path.into_iter().collect(), ..newest }
        }
    }
}

/// The facts of a trace from its spans; `None` when there are no spans.
fn facts_of_spans<'a>(spans: impl Iterator<Item = &'a Span> + Clone) -> Option<Facts> {
    let first = spans.clone().next()?;
    let start = spans.clone().map(|span| span.start).min()?;
    let end = spans.clone().map(|span| span.end).max()?;
    Some(Facts {
        trace_id: first.trace_id.to_string(),
        start_us: start.as_micros(),
        duration_us: end.as_micros() - start.as_micros(),
        spans: spans.clone().count() as u64,
        errors: spans.filter(|span| span.is_error()).count() as u64,
    })
}
