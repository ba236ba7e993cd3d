//! `coral-bench incidents`: asks the default question some minutes after simulated faults began, and
//! at times without a fault.

mod history;
mod score;

use std::time::Instant;

use clap::Args;
use coral_query::answer::Why;
use coral_query::{Ask as _, Budget, WhyQuestion};
use coral_trace::UnixNanos;

use self::history::{History, Incident, MINUTE};
use self::score::{Scores, Verdict};
use crate::Failure;

/// Asks why everything is slow, with no time range, at several ages of simulated faults, and at
/// times without a fault. Prints how often the cause is right, and how exact the beginning is.
#[derive(Args)]
pub struct Incidents {
    /// Requests per second.
    #[arg(long, default_value_t = 0.7)]
    rate: f64,
    /// Minutes of requests before each fault.
    #[arg(long, default_value_t = 120)]
    history: u64,
    /// Each number is another set of requests and of faulty services.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only incidents with this text in their name.
    #[arg(long, default_value = "")]
    only: String,
    /// Print one line for each question.
    #[arg(long)]
    cases: bool,
}

/// The ages of a fault at which the question is asked, in minutes.
const AGES: [u64; 7] = [2, 4, 8, 15, 25, 45, 90];
/// How many minutes before the fault the question is asked too.
const CALM: [u64; 2] = [3, 20];
/// The window and the baseline of the question, in minutes, where no beginning is found.
const WINDOW: u64 = 15;
const BASELINE: u64 = 60;

/// How the question is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// With a window of 15 minutes and a baseline of an hour.
    Fixed,
    /// As `coral why` asks without options.
    Default,
}

impl Incidents {
    /// Runs the measurement and prints two tables.
    ///
    /// # Errors
    /// An error of the store, or of a question.
    pub fn run(self) -> Result<(), Failure> {
        let mut scores = Scores::default();
        let incidents = Incident::all(self.seed).into_iter();
        for incident in incidents.filter(|incident| incident.name.contains(&self.only)) {
            let history = History::store(&incident, self.rate, self.history)?;
            for way in [Way::Fixed, Way::Default] {
                for before in CALM {
                    let asked = history.began.0 - before * MINUTE;
                    let answer = self.ask(&history, UnixNanos(asked), way)?;
                    self.note("calm", -(before as i64), way, &answer);
                    scores.add_calm("calm", way, answer.names_cause);
                }
                for age in AGES {
                    let asked = UnixNanos(history.began.0 + age * MINUTE);
                    let answer = self.ask(&history, asked, way)?;
                    self.note(incident.name, age as i64, way, &answer);
                    match incident.culprits() {
                        culprits if culprits.is_empty() => {
                            scores.add_calm(incident.name, way, answer.names_cause);
                        }
                        culprits => scores.add(age, way, answer.verdict(&culprits, &history)),
                    }
                    scores.add_time(way, answer.seconds);
                }
            }
        }
        println!("{}", scores.faults(&AGES));
        println!("{}", scores.calm());
        print!("{}", scores.times());
        Ok(())
    }

    fn ask(&self, history: &History, at: UnixNanos, way: Way) -> Result<Answer, Failure> {
        let until = at.as_micros();
        let question = WhyQuestion {
            since_unix_us: until - (WINDOW * MINUTE / 1_000) as i64,
            until_unix_us: until,
            baseline_us: (BASELINE * MINUTE / 1_000) as i64,
            find_beginning: way == Way::Default,
            ..WhyQuestion::default()
        };
        let begin = Instant::now();
        let why =
            question.answer(&history.sources(at, way == Way::Default), &Budget::unlimited())?;
        let seconds = begin.elapsed().as_secs_f64();
        let names_cause = why.verdict == coral_query::answer::Verdict::Cause;
        Ok(Answer { why, names_cause, seconds })
    }

    fn note(&self, name: &str, age: i64, way: Way, answer: &Answer) {
        if !self.cases {
            return;
        }
        let why = &answer.why;
        let first = why.ranking.first();
        let first = first.map(|first| {
            format!(
                "{} {} {:.2} {:.0}%",
                first.service,
                first.kind.as_str(),
                first.score,
                first.share * 100.0
            )
        });
        let way = if way == Way::Fixed { "fixed" } else { "default" };
        let began = why.began.map(|began| began.as_micros() / 60_000_000);
        println!(
            "{name} {age:>3} min, {way:7}: {} {} {:?} began {began:?} {}+{} traces, {} agents, {:.2}s",
            why.verdict.as_str(),
            first.unwrap_or_default(),
            why.because,
            why.traces,
            why.baseline_traces,
            why.coverage.len(),
            answer.seconds,
        );
    }
}

/// An answer to the question.
struct Answer {
    why: Why,
    names_cause: bool,
    seconds: f64,
}

impl Answer {
    /// Whether the answer names one of `culprits`, and how far off its beginning is.
    fn verdict(&self, culprits: &[String], history: &History) -> Verdict {
        let first = self.why.ranking.first().filter(|_| self.names_cause);
        let error = |began: UnixNanos| began.0.abs_diff(history.began.0) as f64 / MINUTE as f64;
        Verdict {
            is_right: first.map(|first| culprits.contains(&first.service)),
            began_error: self.why.began.map(error),
        }
    }
}
