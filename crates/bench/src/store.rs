//! `coral-bench store`.

use std::time::{Duration, Instant};

use clap::Args;
use coral_store::{Keep, Order, Resources, Store as Database, StoreConfig, TraceQuery};
use coral_trace::Span;

use crate::Failure;
use crate::process::Process;
use crate::spans::{BEGIN, Generator, PER_TRACE, trace_id};

/// Writes spans into a new store and asks it questions whose answers are known.
#[derive(Args)]
pub struct Store {
    /// Spans to write.
    #[arg(long, default_value_t = 1_000_000)]
    spans: u64,
    /// Spans in one commit.
    #[arg(long, default_value_t = 8_192)]
    commit: u64,
    /// DuckDB's memory limit, in MiB.
    #[arg(long, default_value_t = 256)]
    memory: u64,
}

const KEEP: Keep = Keep { age: Duration::from_secs(3_600), bytes: u64::MAX };
const LOOKUPS: u64 = 60;
const SEARCHES: u64 = 5;

impl Store {
    /// Prints one line a measurement.
    pub fn run(&self) -> Result<(), Failure> {
        let dir = tempfile::tempdir()?;
        let config = StoreConfig {
            dir: dir.path().to_owned(),
            resources: Resources { memory_limit: self.memory << 20, threads: 2 },
            segment_rows: 262_144,
        };
        let store = Database::open(config.clone())?;
        self.write(&store)?;
        store.seal()?;
        let extent = store.extent();
        assert_eq!(extent.spans, self.spans, "the store lost or repeated spans");
        let per_span = extent.bytes as f64 / self.spans as f64;
        println!("on disk, sealed        {per_span:.1} B/span, {} segments", extent.segments);
        self.look_up(&store)?;
        search(&store)?;
        drop(store);
        let begin = Instant::now();
        Database::open(config)?;
        println!("reopened in            {} ms", begin.elapsed().as_millis());
        Ok(())
    }

    fn write(&self, store: &Database) -> Result<(), Failure> {
        let generator = Generator::new();
        let (mut append, mut seal, mut worst) = (0.0, 0.0, Duration::ZERO);
        let mut next = 0;
        while next < self.spans {
            let until = (next + self.commit).min(self.spans);
            let spans: Vec<Span> = (next..until).map(|number| generator.span(number)).collect();
            let (cpu, begin) = (Process::this().cpu_seconds(), Instant::now());
            store.append(&[spans], BEGIN)?;
            append += Process::this().cpu_seconds() - cpu;
            worst = worst.max(begin.elapsed());
            let cpu = Process::this().cpu_seconds();
            store.maintain(KEEP, BEGIN)?;
            seal += Process::this().cpu_seconds() - cpu;
            next = until;
        }
        let each = |seconds: f64| seconds * 1e6 / self.spans as f64;
        println!("appended, durable      {:.1} CPU µs/span", each(append));
        println!("sealed                 {:.1} CPU µs/span", each(seal));
        println!("slowest commit         {} ms", worst.as_millis());
        println!("peak memory            {:.0} MiB", Process::this().peak_mib());
        Ok(())
    }

    fn look_up(&self, store: &Database) -> Result<(), Failure> {
        let traces = self.spans / PER_TRACE;
        for (what, offset, spans) in [("known", 0, PER_TRACE), ("unknown", traces, 0)] {
            let times = timed(LOOKUPS, |round| {
                let number = offset + round * 977 % traces;
                let found = store.trace(trace_id(number), None, 1_000)?;
                assert_eq!(found.span_count, spans, "trace {number}");
                Ok(())
            })?;
            println!("{what:7} trace by id    {times}");
        }
        Ok(())
    }
}

fn search(store: &Database) -> Result<(), Failure> {
    let query = TraceQuery {
        services: vec!["service-3".to_owned()],
        min_duration_us: Some(900_000),
        order: Order::Slowest,
        ..TraceQuery::newest(20)
    };
    let times = timed(SEARCHES, |_| {
        assert_eq!(store.search(&query)?.len(), 20);
        Ok(())
    })?;
    println!("slowest 20 of all time {times}");
    Ok(())
}

/// Median and 95th percentile of `rounds` calls.
fn timed(rounds: u64, mut call: impl FnMut(u64) -> Result<(), Failure>) -> Result<String, Failure> {
    let mut times = Vec::new();
    for round in 0..rounds {
        let begin = Instant::now();
        call(round)?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    Ok(format!("p50 {:.1} ms, p95 {:.1} ms", at(0.5), at(0.95)))
}
