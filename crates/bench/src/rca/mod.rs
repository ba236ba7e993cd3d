//! `coral-bench rca`: how good `coral why` is, on recorded faults, on windows without one, and on the
//! simulator's.

mod accuracy;
mod product;
mod recording;
mod simulator;
mod told;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use coral_trace::Span;
use coral_trace::explain::{Entry, explain};

use self::accuracy::Places;
use self::product::{Product, ProductArgs};
use self::recording::{Case, Recording};
use self::simulator::{Scenario, Weather};
use self::told::Told;
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
    /// Asks the library itself, and no process: the answers are the same.
    #[arg(long)]
    direct: bool,
    #[command(flatten)]
    product: ProductArgs,
}

/// Who is asked.
enum Asked {
    Library,
    Product(Box<Product>),
}

/// A trace's spans.
type Trace = Vec<Span>;

impl Rca {
    /// Runs to the end and prints a table.
    pub fn run(self) -> Result<(), Failure> {
        let mut asked = match self.direct {
            true => Asked::Library,
            false => Asked::Product(Box::new(Product::start(&self.product)?)),
        };
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
            self.measure(&mut asked, &recording, system, &scored)?.row(&mut table);
            let set = format!("{system}, other windows");
            self.measure(&mut asked, &recording, &set, &others)?.row(&mut table);
        }
        self.simulate(&mut asked, "simulator, clean", Weather::Good)?.row(&mut table);
        self.simulate(&mut asked, "simulator, degraded", Weather::Bad)?.row(&mut table);
        print!("{table}");
        println!();
        let mut table = no_fault(&mut asked, &recording)?;
        simulated_calm(&mut asked, self.seeds, &mut table)?;
        print!("{table}");
        Ok(())
    }

    fn simulate(
        &self,
        asked: &mut Asked,
        set: &str,
        weather: Weather,
    ) -> Result<Measured, Failure> {
        let mut measured = Measured { set: set.to_owned(), ..Measured::default() };
        for scenario in simulator::faults(self.seeds, weather) {
            let answer = asked.why(&scenario.baseline, &scenario.window)?;
            measured.add(&answer, |service| scenario.culprits.iter().any(|name| name == service));
            if self.cases {
                let place = measured.places.0.last().copied().flatten();
                let Scenario { kind, topology, culprits, .. } = &scenario;
                println!("{kind}, {topology}, {culprits:?}: {place:?} {answer}");
            }
        }
        Ok(measured)
    }

    fn measure(
        &self,
        asked: &mut Asked,
        recording: &Recording,
        set: &str,
        cases: &[(&Case, &str)],
    ) -> Result<Measured, Failure> {
        let mut measured = Measured { set: set.to_owned(), ..Measured::default() };
        for (case, window) in cases {
            let (baseline, window_traces) =
                (recording.traces(&case.normal_window), recording.traces(window));
            let answer = asked.why(&baseline, &window_traces)?;
            measured.add(&answer, |service| service == case.culprit_service);
            if self.cases {
                let place = measured.places.0.last().copied().flatten();
                println!("{} {} {window}: {place:?} {answer}", case.fault, case.culprit_service);
            }
        }
        Ok(measured)
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
    fn add(&mut self, answer: &Told, is_culprit: impl Fn(&str) -> bool) {
        let place = answer.ranking.iter().position(|suspect| is_culprit(&suspect.service));
        self.places.0.push(place.map(|at| at + 1));
        self.slowest = self.slowest.max(answer.took.as_secs_f64());
        if answer.names() {
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

impl Asked {
    fn why(&mut self, baseline: &[Trace], window: &[Trace]) -> Result<Told, Failure> {
        match self {
            Self::Product(product) => product.ask(baseline, window),
            Self::Library => {
                let begin = Instant::now();
                let (baseline, window) =
                    (baseline.iter().map(Vec::as_slice), window.iter().map(Vec::as_slice));
                let answer = explain(Entry::default(), baseline, window);
                Ok(Told::of(answer, begin.elapsed()))
            }
        }
    }
}

/// Windows against themselves: no cause is right.
fn no_fault(asked: &mut Asked, recording: &Recording) -> Result<Table, Failure> {
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
                let answer = asked.why(&baseline, &rest)?;
                windows += 1;
                named += usize::from(answer.names());
                highest = highest.max(answer.highest());
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
    Ok(table)
}

/// Simulated windows without a fault and with a load step.
fn simulated_calm(asked: &mut Asked, seeds: u64, table: &mut Table) -> Result<(), Failure> {
    for (name, weather) in
        [("simulator, clean", Weather::Good), ("simulator, degraded", Weather::Bad)]
    {
        let (mut windows, mut named, mut highest) = (0u32, 0u32, 0.0f64);
        for scenario in simulator::calm(4 * seeds, weather) {
            let answer = asked.why(&scenario.baseline, &scenario.window)?;
            windows += 1;
            named += u32::from(answer.names());
            highest = highest.max(answer.highest());
        }
        let percent = f64::from(named) * 100.0 / f64::from(windows).max(1.0);
        let named = format!("{named} ({percent:.1}%)");
        table.row(&[name.to_owned(), windows.to_string(), named, format!("{highest:.2}")]);
    }
    Ok(())
}
