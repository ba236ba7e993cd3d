//! `coral-bench rca`: how good `explain` is, on recorded faults, on windows without one, and on the
//! simulator's.

mod accuracy;
mod recording;
mod simulator;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use coral_trace::Span;
use coral_trace::explain::{Entry, Explanation, Verdict, explain};

use self::accuracy::Places;
use self::recording::{Case, Recording};
use self::simulator::{Scenario, Weather};
use crate::Failure;
use crate::table::Table;
use crate::traffic::trace::mix;

/// Explains recorded faults, whose culprits are known, and prints how often the culprit is found.
#[derive(Args)]
pub struct Rca {
    /// Where `cases.json` and `spans.parquet` are.
    #[arg(long, default_value = "../shared/rca/nezha")]
    data: PathBuf,
    /// Simulated scenarios for each topology and kind of fault.
    #[arg(long, default_value_t = 5)]
    seeds: u64,
    /// Prints a line a case.
    #[arg(long)]
    cases: bool,
}

/// A trace's spans.
type Trace = Vec<Span>;

impl Rca {
    /// Runs to the end and prints a table.
    pub fn run(self) -> Result<(), Failure> {
        let recording = Recording::read(&self.data)?;
        let mut table = Table::new(&[
            "set",
            "cases",
            "AS@1",
            "95%",
            "AS@3",
            "Avg@5",
            "95%",
            "named",
            "of those right",
            "slowest",
        ]);
        let mut systems: Vec<&str> =
            recording.cases.iter().map(|case| case.system.as_str()).collect();
        systems.sort_unstable();
        systems.dedup();
        for system in systems {
            let cases: Vec<&Case> =
                recording.cases.iter().filter(|case| case.system == system).collect();
            let scored: Vec<(&Case, &str)> =
                cases.iter().map(|case| (*case, case.scored_window.as_str())).collect();
            let others: Vec<(&Case, &str)> = cases
                .iter()
                .flat_map(|case| {
                    case.abnormal_windows.iter().map(|window| (*case, window.as_str()))
                })
                .filter(|(case, window)| *window != case.scored_window)
                .collect();
            self.measure(&recording, system, &scored).row(&mut table);
            self.measure(&recording, &format!("{system}, other windows"), &others).row(&mut table);
        }
        self.simulate("simulator, clean", Weather::Good).row(&mut table);
        self.simulate("simulator, degraded", Weather::Bad).row(&mut table);
        print!("{table}");
        println!();
        let mut table = no_fault(&recording);
        simulated_calm(self.seeds, &mut table);
        print!("{table}");
        Ok(())
    }

    fn simulate(&self, set: &str, weather: Weather) -> Measured {
        let mut measured = Measured { set: set.to_owned(), ..Measured::default() };
        for scenario in simulator::faults(self.seeds, weather) {
            let begin = Instant::now();
            let answer = answer(&scenario.baseline, &scenario.window);
            measured.slowest = measured.slowest.max(begin.elapsed().as_secs_f64());
            measured.add(&answer, |service| scenario.culprits.iter().any(|name| name == service));
            if self.cases {
                let place = measured.places.0.last().copied().flatten();
                let Scenario { kind, topology, culprits, .. } = &scenario;
                println!("{kind}, {topology}, {culprits:?}: {place:?} {}", line(&answer));
            }
        }
        measured
    }

    fn measure(&self, recording: &Recording, set: &str, cases: &[(&Case, &str)]) -> Measured {
        let mut measured = Measured { set: set.to_owned(), ..Measured::default() };
        for (case, window) in cases {
            let (baseline, window_traces) =
                (recording.traces(&case.normal_window), recording.traces(window));
            let begin = Instant::now();
            let answer = answer(&baseline, &window_traces);
            measured.slowest = measured.slowest.max(begin.elapsed().as_secs_f64());
            measured.add(&answer, |service| service == case.culprit_service);
            if self.cases {
                let place = measured.places.0.last().copied().flatten();
                println!(
                    "{} {} {window}: {place:?} {}",
                    case.fault,
                    case.culprit_service,
                    line(&answer)
                );
            }
        }
        measured
    }
}

#[derive(Default)]
struct Measured {
    set: String,
    places: Places,
    named: usize,
    right: usize,
    slowest: f64,
}

impl Measured {
    fn add(&mut self, answer: &Explanation, is_culprit: impl Fn(&str) -> bool) {
        let place = answer.ranking.iter().position(|suspect| is_culprit(&suspect.service));
        self.places.0.push(place.map(|at| at + 1));
        if answer.verdict == Verdict::Cause {
            self.named += 1;
            self.right += usize::from(place == Some(0));
        }
    }

    fn row(&self, table: &mut Table) {
        let interval = |(low, high): (f64, f64)| format!("{low:.2}-{high:.2}");
        table.row(&[
            self.set.clone(),
            self.places.0.len().to_string(),
            format!("{:.1}%", self.places.at(1) * 100.0),
            interval(self.places.interval(|places| places.at(1))),
            format!("{:.1}%", self.places.at(3) * 100.0),
            format!("{:.3}", self.places.average()),
            interval(self.places.interval(Places::average)),
            self.named.to_string(),
            self.right.to_string(),
            format!("{:.0} ms", self.slowest * 1e3),
        ]);
    }
}

fn answer(baseline: &[Trace], window: &[Trace]) -> Explanation {
    explain(Entry::default(), baseline.iter().map(Vec::as_slice), window.iter().map(Vec::as_slice))
}

fn line(answer: &Explanation) -> String {
    let suspects: Vec<String> = answer
        .ranking
        .iter()
        .take(4)
        .map(|suspect| {
            format!(
                "{} {:.2} {} {:.0}%",
                suspect.service,
                suspect.score,
                suspect.kind.as_str(),
                suspect.share * 100.0
            )
        })
        .collect();
    format!("{} [{}]", answer.verdict.as_str(), suspects.join(", "))
}

/// Windows against themselves: no cause is right.
fn no_fault(recording: &Recording) -> Table {
    let mut table = Table::new(&["no fault", "windows", "named a cause", "highest score"]);
    for (name, part, normal, seeds) in [
        ("a day's normal window, halves", 0.5, true, 20),
        ("a day's normal window, load times three", 0.25, true, 20),
        ("any window, halves", 0.5, false, 1),
        ("any window, load times three", 0.25, false, 1),
        ("any window, load a third", 0.75, false, 1),
    ] {
        let (mut windows, mut named, mut highest) = (0, 0, 0.0f64);
        for window in recording.windows() {
            if normal && !window.ends_with("/normal") {
                continue;
            }
            let traces = recording.traces(window);
            for seed in 0..seeds {
                let (mut baseline, mut rest) = (Vec::new(), Vec::new());
                for (at, trace) in (0u64..).zip(&traces) {
                    let is_usual = (mix(mix(seed) ^ at) as f64) < part * u64::MAX as f64;
                    let cohort = if is_usual { &mut baseline } else { &mut rest };
                    cohort.push(trace.clone());
                }
                let answer = answer(&baseline, &rest);
                windows += 1;
                named += usize::from(answer.verdict == Verdict::Cause);
                highest = highest.max(answer.ranking.first().map_or(0.0, |first| first.score));
            }
        }
        let percent = named as f64 * 100.0 / f64::from(windows).max(1.0);
        table.row(&[
            name.to_owned(),
            windows.to_string(),
            format!("{named} ({percent:.1}%)"),
            format!("{highest:.2}"),
        ]);
    }
    table
}

/// Simulated windows without a fault and with a load step.
fn simulated_calm(seeds: u64, table: &mut Table) {
    for (name, weather) in
        [("simulator, clean", Weather::Good), ("simulator, degraded", Weather::Bad)]
    {
        let (mut windows, mut named, mut highest) = (0u32, 0u32, 0.0f64);
        for scenario in simulator::calm(4 * seeds, weather) {
            let answer = answer(&scenario.baseline, &scenario.window);
            windows += 1;
            named += u32::from(answer.verdict == Verdict::Cause);
            highest = highest.max(answer.ranking.first().map_or(0.0, |first| first.score));
        }
        let percent = f64::from(named) * 100.0 / f64::from(windows).max(1.0);
        let named = format!("{named} ({percent:.1}%)");
        table.row(&[name.to_owned(), windows.to_string(), named, format!("{highest:.2}")]);
    }
}
