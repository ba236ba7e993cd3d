//! `coral-bench incidents`: asks the default question at several ages of simulated faults, and at
//! times without a fault.

mod history;
mod metrics;
mod outcome;
mod plan;
mod score;
mod timeline;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use clap::Args;
use coral_query::answer::Why;
use coral_query::{Ask as _, Budget, WhyQuestion};
use coral_scenario::MINUTE;
use coral_trace::UnixNanos;

use self::history::{Fleet, History};
use self::outcome::Outcome;
use self::plan::Case;
use self::score::Scores;
use crate::{Failure, output};

/// Asks `coral why` without options at several ages of simulated faults, and at times without a
/// fault. Prints how often the right cause is named, how exact the beginning is, and how long the
/// answers take.
#[derive(Args)]
pub struct Incidents {
    /// Each number is another set of requests, services and hosts.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many sets, from --seed on.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Requests per second; several, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "0.2,0.7,4,50")]
    rate: Vec<f64>,
    /// Only topologies with this text in their name.
    #[arg(long, default_value = "")]
    topology: String,
    /// Only incidents with this text in their name.
    #[arg(long, default_value = "")]
    only: String,
    /// The ages of a fault at which the question is asked, in minutes, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "2,4,8,15,25,45,90,240,360")]
    ages: Vec<u64>,
    /// How many spans a history has, at most: a high rate leaves out the greatest ages.
    #[arg(long, default_value_t = 700_000)]
    spans: u64,
    /// How many incidents are simulated at the same time. An answer takes longer beside others.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// The part of the traces that are sampled, by their ids: above 0, at most 1. Metrics count all
    /// requests.
    #[arg(long, default_value_t = 1.0)]
    sampled: f64,
    /// Leave out the RED metrics.
    #[arg(long)]
    no_metrics: bool,
    /// Print each answer.
    #[arg(long)]
    cases: bool,
    /// Write all figures and all answers to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The window and the baseline of the question, in minutes, where no beginning is found.
const WINDOW: u64 = 15;
const BASELINE: u64 = 60;

impl Incidents {
    /// Runs the measurement and prints its tables.
    ///
    /// # Errors
    /// An error of the store, or of a question.
    pub fn run(self) -> Result<(), Failure> {
        let cases = Case::all(&self);
        let (begin, next) = (Instant::now(), AtomicUsize::new(0));
        let work = || {
            let mut found = Vec::new();
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (outcomes, spans) = self.ask_about(case)?;
                let seconds = begin.elapsed().as_secs_f64();
                let what = format!(
                    "{}, {}, {}/s",
                    case.incident.kind, case.incident.topology.name, case.rate
                );
                eprintln!("{seconds:>5.0} s  {what}: {} answers, {spans} spans", outcomes.len());
                found.extend(outcomes);
            }
            Ok::<_, Failure>(found)
        };
        let found = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.jobs.max(1)).map(|_| scope.spawn(work)).collect();
            let joined = threads.into_iter().map(|thread| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            joined.collect::<Result<Vec<_>, Failure>>()
        })?;
        let scores = Scores::new(found.into_iter().flatten().collect());
        println!("{scores}");
        let figures = scores.figures();
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &scores.report(figures))
    }

    /// Asks the question at each age of an incident. Returns the number of stored spans too.
    fn ask_about(&self, case: &Case) -> Result<(Vec<Outcome>, u64), Failure> {
        let mut outcomes = Vec::new();
        let incident = &case.incident;
        let fleet = Fleet(incident);
        let traffic = incident.traffic(case.rate, case.since);
        let mut history =
            History::open(incident, traffic, case.since, self.sampled, !self.no_metrics)?;
        for age in &case.ages {
            let now = UnixNanos(incident.began.0.saturating_add_signed(age * MINUTE as i64));
            history.advance(now)?;
            let begin = Instant::now();
            let why = ask(&history, &fleet, now)?;
            let seconds = begin.elapsed().as_secs_f64();
            let outcome = Outcome::new(case, *age, now, history.affected(), &why, seconds);
            if self.cases {
                print_case(case, &outcome, &why);
            }
            outcomes.push(outcome);
        }
        Ok((outcomes, history.spans()))
    }
}

/// Asks what `coral why` asks without options.
fn ask(history: &History<'_>, fleet: &Fleet<'_>, now: UnixNanos) -> Result<Why, Failure> {
    let until = now.as_micros();
    let question = WhyQuestion {
        since_unix_us: until - (WINDOW * MINUTE / 1_000) as i64,
        until_unix_us: until + 1,
        baseline_us: (BASELINE * MINUTE / 1_000) as i64,
        find_beginning: true,
        ..WhyQuestion::default()
    };
    Ok(question.answer(&history.sources(fleet, now), &Budget::unlimited())?)
}

fn print_case(case: &Case, outcome: &Outcome, why: &Why) {
    let topology = &case.incident.topology;
    let truth: Vec<String> = case
        .incident
        .faults()
        .iter()
        .map(|(fault, _)| format!("{:?} of {:?}", fault.culprits(topology), fault))
        .collect();
    println!(
        "{:?}: {}, {}, {}/s, seed {}, {} min, {} affected, {:.2} s: {} began {:?} off {:?}, value {:?}, {}+{} traces, \
         {:?}\n  truth: {}\n  {}\n",
        outcome.naming,
        case.incident.kind,
        outcome.topology,
        case.rate,
        case.seed,
        outcome.age,
        outcome.affected,
        outcome.seconds,
        why.verdict.as_str(),
        why.began.map(|began| began.as_micros() / 1_000_000),
        outcome.began_error,
        outcome.value_named,
        why.traces,
        why.baseline_traces,
        why.because,
        truth.join("; "),
        outcome.text.replace('\n', "\n  "),
    );
}
