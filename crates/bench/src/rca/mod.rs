//! `coral-bench rca`: measures the accuracy of `coral why` on recorded faults, on recorded windows
//! without a fault, and on simulated faults.

mod accuracy;
mod answer;
mod product;
mod recording;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use coral_scenario::{self as simulator, DataQuality, Scenario, mix};
use coral_trace::Span;
use coral_trace::explain::{Entry, explain};

use self::accuracy::Places;
use self::answer::WhyAnswer;
use self::product::{Product, ProductArgs};
use self::recording::{Case, Recording};
use crate::Failure;
use crate::table::Table;

/// Explains recorded and simulated faults with known culprits, and prints how often the culprit is
/// found.
#[derive(Args)]
pub struct Rca {
    /// The directory with `cases.json` and `spans.parquet`.
    #[arg(long, default_value = "../shared/rca/nezha")]
    data: PathBuf,
    /// Number of simulated scenarios for each topology and kind of fault.
    #[arg(long, default_value_t = 5)]
    seeds: u64,
    /// Print one line per case.
    #[arg(long)]
    cases: bool,
    /// Call the library directly, without processes; the answers are the same.
    #[arg(long)]
    direct: bool,
    #[command(flatten)]
    product: ProductArgs,
}

/// What explains windows: the library in this process, or running processes of Coral.
enum Explainer {
    Library,
    Product(Box<Product>),
}

/// The spans of a trace.
type Trace = Vec<Span>;

impl Rca {
    /// Runs the measurement and prints a table.
    pub fn run(self) -> Result<(), Failure> {
        let mut explainer = match self.direct {
            true => Explainer::Library,
            false => Explainer::Product(Box::new(Product::start(&self.product)?)),
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
            self.measure(&mut explainer, &recording, system, &scored)?.row(&mut table);
            let set = format!("{system}, other windows");
            self.measure(&mut explainer, &recording, &set, &others)?.row(&mut table);
        }
        self.simulate(&mut explainer, "simulator, clean", DataQuality::Clean)?.row(&mut table);
        self.simulate(&mut explainer, "simulator, degraded", DataQuality::Degraded)?
            .row(&mut table);
        print!("{table}");
        println!();
        let mut table = no_fault(&mut explainer, &recording)?;
        simulated_without_fault(&mut explainer, self.seeds, &mut table)?;
        print!("{table}");
        Ok(())
    }

    fn simulate(
        &self,
        explainer: &mut Explainer,
        set: &str,
        quality: DataQuality,
    ) -> Result<Accuracy, Failure> {
        let mut accuracy = Accuracy { set: set.to_owned(), ..Accuracy::default() };
        for scenario in simulator::faults(self.seeds, quality) {
            let answer = explainer.why(&scenario.baseline, &scenario.window)?;
            accuracy.add(&answer, |service| scenario.culprits.iter().any(|name| name == service));
            if self.cases {
                let place = accuracy.places.0.last().copied().flatten();
                let Scenario { kind, topology, culprits, .. } = &scenario;
                println!("{kind}, {topology}, {culprits:?}: {place:?} {answer}");
            }
        }
        Ok(accuracy)
    }

    fn measure(
        &self,
        explainer: &mut Explainer,
        recording: &Recording,
        set: &str,
        cases: &[(&Case, &str)],
    ) -> Result<Accuracy, Failure> {
        let mut accuracy = Accuracy { set: set.to_owned(), ..Accuracy::default() };
        for (case, window) in cases {
            let (baseline, window_traces) =
                (recording.traces(&case.normal_window), recording.traces(window));
            let answer = explainer.why(&baseline, &window_traces)?;
            accuracy.add(&answer, |service| service == case.culprit_service);
            if self.cases {
                let place = accuracy.places.0.last().copied().flatten();
                println!("{} {} {window}: {place:?} {answer}", case.fault, case.culprit_service);
            }
        }
        Ok(accuracy)
    }
}

#[derive(Default)]
struct Accuracy {
    set: String,
    places: Places,
    named: usize,
    right: usize,
    slowest: f64,
}

impl Accuracy {
    fn add(&mut self, answer: &WhyAnswer, is_culprit: impl Fn(&str) -> bool) {
        let place = answer.ranking.iter().position(|suspect| is_culprit(&suspect.service));
        self.places.0.push(place.map(|at| at + 1));
        self.slowest = self.slowest.max(answer.duration.as_secs_f64());
        if answer.names_cause() {
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

impl Explainer {
    fn why(&mut self, baseline: &[Trace], window: &[Trace]) -> Result<WhyAnswer, Failure> {
        match self {
            Self::Product(product) => product.ask(baseline, window),
            Self::Library => {
                let begin = Instant::now();
                let (baseline, window) =
                    (baseline.iter().map(Vec::as_slice), window.iter().map(Vec::as_slice));
                let answer = explain(Entry::default(), baseline, window);
                Ok(WhyAnswer::from_explanation(answer, begin.elapsed()))
            }
        }
    }
}

/// Compares random parts of the same recorded window. A fault affects both parts alike, so no cause
/// should be named.
fn no_fault(explainer: &mut Explainer, recording: &Recording) -> Result<Table, Failure> {
    let mut table = Table::new(&["no fault", "windows", "named a cause", "highest score"]);
    // A part of 0: the window is cut in time, at another moment for each seed.
    for (name, part, normal, seeds) in [
        ("a day's normal window, cut in time", 0.0, true, 20),
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
            let mut traces = recording.traces(window);
            traces.sort_by_key(|trace| trace.iter().map(|span| span.start).min());
            for seed in 0..seeds {
                let cut = traces.len() * (seed as usize + 10) / (seeds as usize + 20);
                let (mut baseline, mut rest) = (Vec::new(), Vec::new());
                for (at, trace) in (0u64..).zip(&traces) {
                    let is_baseline = match part {
                        0.0 => (at as usize) < cut,
                        part => (mix(mix(seed) ^ at) as f64) < part * u64::MAX as f64,
                    };
                    let cohort = if is_baseline { &mut baseline } else { &mut rest };
                    cohort.push(trace.clone());
                }
                let answer = explainer.why(&baseline, &rest)?;
                windows += 1;
                named += usize::from(answer.names_cause());
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

/// Explains simulated windows without a fault, half of them with a higher load. No cause should be
/// named.
fn simulated_without_fault(
    explainer: &mut Explainer,
    seeds: u64,
    table: &mut Table,
) -> Result<(), Failure> {
    for (name, quality) in
        [("simulator, clean", DataQuality::Clean), ("simulator, degraded", DataQuality::Degraded)]
    {
        let (mut windows, mut named, mut highest) = (0u32, 0u32, 0.0f64);
        for scenario in simulator::without_fault(4 * seeds, quality) {
            let answer = explainer.why(&scenario.baseline, &scenario.window)?;
            windows += 1;
            named += u32::from(answer.names_cause());
            highest = highest.max(answer.highest());
        }
        let percent = f64::from(named) * 100.0 / f64::from(windows).max(1.0);
        let named = format!("{named} ({percent:.1}%)");
        table.row(&[name.to_owned(), windows.to_string(), named, format!("{highest:.2}")]);
    }
    Ok(())
}
