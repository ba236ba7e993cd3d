//! `coral-bench why`: measures `coral why` over a window and a baseline of 2,000 traces each.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use coral_query::answer::Why as Answer;
use coral_query::{Ask as _, Budget, Sources, WhyQuestion};
use coral_store::{Store, StoreConfig};
use coral_trace::UnixNanos;

use crate::figures::Figures;
use crate::latency::Latencies;
use crate::process::Process;
use crate::store::{Setup, write};
use crate::traceql::NoAgents;
use crate::traffic::Traffic;
use crate::{Failure, clock, output};

/// Measures why requests are slow: the question of `coral why` without options, about a change that
/// began 14 minutes ago, on a store with two hours of traces.
#[derive(Args)]
pub struct Why {
    /// Spans per trace.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=50))]
    spans_per_trace: u64,
    /// How often the question is asked.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Also writes the figures to this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// How many traces of the window and of the baseline are compared: the limit of the question.
const COMPARED: u64 = 2_000;
/// An interval of the window with few traces leaves a part of the limit.
const LEAST_COMPARED: u64 = COMPARED * 95 / 100;
/// The traces before the change, and after it.
const CALM: u64 = 8_000;
const SLOW: u64 = 3_000;
const MINUTE: u64 = 60_000_000_000;
/// How long the traces before the change are, and those after it.
const CALM_FOR: u64 = 120 * MINUTE;
const SLOW_FOR: u64 = 14 * MINUTE;
/// The window and the baseline of the question, where no beginning is found.
const WINDOW: u64 = 15 * MINUTE;
const BASELINE: u64 = 60 * MINUTE;
/// The part of the traces after the change that take seconds.
const SLOW_SHARE: f64 = 0.8;
/// The limit of the median time, in milliseconds.
const LIMIT: f64 = 600.0;

impl Why {
    /// Runs the measurement and prints the results.
    pub fn run(self) -> Result<(), Failure> {
        let figures = self.measure(clock::now())?;
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }

    fn measure(&self, now: u64) -> Result<Figures, Failure> {
        let dir = tempfile::tempdir()?;
        let setup = Setup::default();
        let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: setup.segment_rows };
        let store = Store::open(config)?;
        for traffic in traffic(self.spans_per_trace, now) {
            write(&store, &traffic, &setup, &mut Figures::default())?;
        }
        let from = NoAgents::beside(Arc::new(store));
        let from = from.at(UnixNanos(now));
        let mut figures = Figures::default();
        for (what, find_beginning, bar) in [
            ("why, with its beginning", true, Some(LIMIT)),
            ("why, of the given window", false, None),
        ] {
            self.ask(&from, what, find_beginning, bar, &mut figures)?;
        }
        Ok(figures)
    }

    /// Asks the question of `coral why`, and adds wall time and CPU time of an answer.
    fn ask(
        &self,
        from: &Sources<'_>,
        what: &str,
        find_beginning: bool,
        bar: Option<f64>,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        let question = question(from.now, find_beginning);
        let process = Process::this();
        let mut latencies = Latencies::default();
        let cpu = process.cpu_seconds();
        for _ in 0..self.rounds {
            let begin = Instant::now();
            let answer = question.answer(from, &Budget::unlimited())?;
            latencies.add(begin.elapsed());
            check(&answer)?;
        }
        let cpu = (process.cpu_seconds() - cpu) * 1e3 / self.rounds as f64;
        figures.latency(what, &latencies.percentiles(), [bar, None]);
        figures.add(format!("{what}, CPU"), cpu, "ms");
        Ok(())
    }
}

/// The traces before the change and those after it, until `now`.
pub fn traffic(spans_per_trace: u64, now: u64) -> [Traffic; 2] {
    let calm = Traffic {
        slow: 0.0,
        errors: 0.0,
        spread: CALM_FOR,
        spans_per_export: 500,
        ..Traffic::of_traces(CALM, spans_per_trace, now - SLOW_FOR)
    };
    let slow = Traffic {
        spans: SLOW * spans_per_trace,
        slow: SLOW_SHARE,
        seed: 2,
        spread: SLOW_FOR,
        end: now,
        ..calm.clone()
    };
    [calm, slow]
}

/// The question of `coral why` at `now`.
pub fn question(now: UnixNanos, find_beginning: bool) -> WhyQuestion {
    let until = now.as_micros();
    WhyQuestion {
        since_unix_us: until - (WINDOW / 1_000) as i64,
        until_unix_us: until + 1,
        baseline_us: (BASELINE / 1_000) as i64,
        find_beginning,
        ..WhyQuestion::default()
    }
}

/// Checks that nearly as many traces as possible were compared, and that a cause was found.
pub fn check(answer: &Answer) -> Result<(), Failure> {
    let is_cause = answer.verdict == coral_trace::explain::Verdict::Cause;
    if !is_cause {
        return Err(format!("no cause: {:?}", answer.because).into());
    }
    let compared = [answer.traces, answer.baseline_traces];
    match compared.iter().all(|traces| (LEAST_COMPARED..=COMPARED).contains(traces)) {
        true => Ok(()),
        false => Err(format!("{compared:?} traces were compared").into()),
    }
}
