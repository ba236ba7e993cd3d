//! What the answers come to.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::outcome::{Naming, Outcome};
use crate::figures::Figures;
use crate::table::Table;

/// The number of affected requests from which on the right cause is expected.
const ENOUGH: u64 = 30;
/// The age from which on the bar of the right cause is higher, in minutes.
const SETTLED: i64 = 4;
/// The smallest part of right causes, in percent: before [`SETTLED`], and from then on.
const MIN_RIGHT_EARLY: f64 = 80.0;
const MIN_RIGHT: f64 = 95.0;
/// The largest part of wrong causes, and of causes where nothing is at fault, in percent.
const MAX_WRONG: f64 = 1.0;
/// How exact a beginning has to be, in minutes, and in how many percent of the answers.
const EXACT: f64 = 2.0;
const MIN_EXACT: f64 = 90.0;
/// The smallest part of right answers that name the value, in percent.
const MIN_NAMED: f64 = 90.0;

/// The answers to all questions.
pub struct Scores(Vec<Outcome>);

/// All figures and all answers.
#[derive(Serialize)]
pub struct Report<'a> {
    figures: Figures,
    answers: &'a [Outcome],
}

impl Scores {
    /// The scores of these answers.
    pub const fn new(outcomes: Vec<Outcome>) -> Self {
        Self(outcomes)
    }

    /// All answers with `figures`.
    pub fn report(&self, figures: Figures) -> Report<'_> {
        Report { figures, answers: &self.0 }
    }

    /// The figures with their bars.
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        for (age, of) in grouped(self.faults(), |outcome| outcome.age) {
            let bar = if age < SETTLED { MIN_RIGHT_EARLY } else { MIN_RIGHT };
            let enough = with_enough(&of);
            let what = format!("right cause, fault {age} min old, ≥ {ENOUGH} affected traces");
            at_least(&mut figures, what, percent(&enough, is_right), bar);
        }
        let few: Vec<&Outcome> = self.faults().filter(|of| of.affected < ENOUGH).collect();
        let is_fair = |of: &Outcome| of.naming != Naming::Wrong;
        let what = format!("right cause or none, < {ENOUGH} affected traces");
        at_least(&mut figures, what, percent(&few, is_fair), MIN_RIGHT);
        let all: Vec<&Outcome> = self.faults().collect();
        at_most(&mut figures, "wrong cause, all faults".to_owned(), percent(&all, is_wrong));
        let right: Vec<&Outcome> = self.faults().filter(|of| is_right(of)).collect();
        let told: Vec<&Outcome> =
            right.iter().copied().filter(|of| of.began_error.is_some()).collect();
        let is_told = |of: &Outcome| of.began_error.is_some();
        if let Some(value) = percent(&right, is_told) {
            figures.add("beginning told with the right cause", value, "%");
        }
        let what = format!("beginning told to within {EXACT} min");
        at_least(&mut figures, what, percent(&told, is_exact), MIN_EXACT);
        let valued: Vec<&Outcome> =
            right.iter().copied().filter(|of| of.value_named.is_some()).collect();
        let what = "culprit value in the first sentences".to_owned();
        at_least(&mut figures, what, percent(&valued, names_value), MIN_NAMED);
        for (kind, of) in grouped(self.calm(), |outcome| outcome.kind.clone()) {
            at_most(&mut figures, format!("cause named, {kind}"), percent(&of, is_wrong));
        }
        let all: Vec<&Outcome> = self.calm().collect();
        at_most(
            &mut figures,
            "cause named, all without a fault".to_owned(),
            percent(&all, is_wrong),
        );
        figures
    }

    fn faults(&self) -> impl Iterator<Item = &Outcome> {
        self.0.iter().filter(|outcome| outcome.is_fault)
    }

    fn calm(&self) -> impl Iterator<Item = &Outcome> {
        self.0.iter().filter(|outcome| !outcome.is_fault)
    }

    /// The answers about faults, grouped by `key`.
    fn table<K: Ord + ToString>(&self, heading: &str, key: impl Fn(&Outcome) -> K) -> Table {
        let enough = format!("≥ {ENOUGH} affected");
        let few = format!("< {ENOUGH} affected");
        let mut table = Table::new(&[
            heading,
            &enough,
            "right",
            "95%",
            "silent",
            "wrong",
            "value named",
            "began ≤ 2 min",
            &few,
            "right",
            "silent",
            "wrong",
        ]);
        for (key, all) in grouped(self.faults(), key) {
            let (enough, few) = (with_enough(&all), with_few(&all));
            let right: Vec<&Outcome> = enough.iter().copied().filter(|of| is_right(of)).collect();
            let valued: Vec<&Outcome> =
                right.iter().copied().filter(|of| of.value_named.is_some()).collect();
            let exact = right.iter().filter(|of| is_exact(of)).count();
            table.row(&[
                key.to_string(),
                enough.len().to_string(),
                share(&enough, is_right),
                interval(right.len(), enough.len()),
                count(&enough, is_silent),
                count(&enough, is_wrong),
                ratio(valued.iter().filter(|of| names_value(of)).count(), valued.len()),
                ratio(exact, right.len()),
                few.len().to_string(),
                count(&few, is_right),
                count(&few, is_silent),
                count(&few, is_wrong),
            ]);
        }
        table
    }

    fn calm_table(&self) -> Table {
        let mut table = Table::new(&["without a fault", "questions", "causes named"]);
        for (kind, of) in grouped(self.calm(), |outcome| outcome.kind.clone()) {
            table.row(&[kind, of.len().to_string(), count(&of, is_wrong)]);
        }
        table
    }

    fn times(&self) -> Table {
        let mut table =
            Table::new(&["time of an answer", "mean", "deviation", "P50", "P95", "max"]);
        for (rate, of) in grouped(self.0.iter(), |outcome| Rate(outcome.rate)) {
            let mut seconds: Vec<f64> = of.iter().map(|outcome| outcome.seconds).collect();
            seconds.sort_unstable_by(f64::total_cmp);
            let count = seconds.len() as f64;
            let mean = seconds.iter().sum::<f64>() / count;
            let variance = seconds.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / count;
            let at = |part: f64| seconds[((seconds.len() - 1) as f64 * part).round() as usize];
            let values = [mean, variance.sqrt(), at(0.5), at(0.95), at(1.0)];
            let mut row = vec![rate.to_string()];
            row.extend(values.map(|seconds| format!("{:.0} ms", seconds * 1e3)));
            table.row(&row);
        }
        table
    }
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.table("age", |outcome| Minutes(outcome.age)))?;
        writeln!(f, "{}", self.table("fault", |outcome| outcome.kind.clone()))?;
        writeln!(f, "{}", self.table("rate", |outcome| Rate(outcome.rate)))?;
        writeln!(f, "{}", self.table("topology", |outcome| outcome.topology))?;
        if grouped(self.0.iter(), |outcome| outcome.seed).len() > 1 {
            writeln!(f, "{}", self.table("seed", |outcome| outcome.seed))?;
        }
        writeln!(f, "{}", self.calm_table())?;
        writeln!(f, "{}", self.times())
    }
}

/// A number of minutes, as a heading of a row.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Minutes(i64);

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} min", self.0)
    }
}

/// Requests per second, as a heading of a row.
#[derive(PartialEq)]
struct Rate(f64);

impl Eq for Rate {}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

fn grouped<'a, K: Ord>(
    outcomes: impl Iterator<Item = &'a Outcome>,
    key: impl Fn(&Outcome) -> K,
) -> BTreeMap<K, Vec<&'a Outcome>> {
    let mut groups: BTreeMap<K, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        groups.entry(key(outcome)).or_default().push(outcome);
    }
    groups
}

fn with_enough<'a>(of: &[&'a Outcome]) -> Vec<&'a Outcome> {
    of.iter().copied().filter(|outcome| outcome.affected >= ENOUGH).collect()
}

fn with_few<'a>(of: &[&'a Outcome]) -> Vec<&'a Outcome> {
    of.iter().copied().filter(|outcome| outcome.affected < ENOUGH).collect()
}

fn is_right(outcome: &Outcome) -> bool {
    outcome.naming == Naming::Right
}

fn is_wrong(outcome: &Outcome) -> bool {
    outcome.naming == Naming::Wrong
}

fn is_silent(outcome: &Outcome) -> bool {
    outcome.naming == Naming::Silent
}

fn is_exact(outcome: &Outcome) -> bool {
    outcome.began_error.is_some_and(|error| error <= EXACT)
}

fn names_value(outcome: &Outcome) -> bool {
    outcome.value_named == Some(true)
}

fn count(of: &[&Outcome], is: impl Fn(&Outcome) -> bool) -> String {
    of.iter().filter(|outcome| is(outcome)).count().to_string()
}

/// How many percent of the outcomes `is` true of; `None` when there are none.
fn percent(of: &[&Outcome], is: impl Fn(&Outcome) -> bool) -> Option<f64> {
    let count = of.iter().filter(|outcome| is(outcome)).count();
    (!of.is_empty()).then(|| count as f64 * 100.0 / of.len() as f64)
}

fn share(of: &[&Outcome], is: impl Fn(&Outcome) -> bool) -> String {
    percent(of, is).map_or_else(|| "–".to_owned(), |percent| format!("{percent:.0}%"))
}

fn ratio(count: usize, of: usize) -> String {
    match of {
        0 => "–".to_owned(),
        of => format!("{count}/{of}"),
    }
}

/// The 95% confidence interval of a part, in percent (Wilson, 1927).
fn interval(count: usize, of: usize) -> String {
    if of == 0 {
        return "–".to_owned();
    }
    const Z: f64 = 1.96;
    let (n, p) = (of as f64, count as f64 / of as f64);
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let bound = |part: f64| (part.clamp(0.0, 1.0) * 100.0).round();
    format!("{}-{}%", bound(middle - half), bound(middle + half))
}

fn at_least(figures: &mut Figures, what: String, value: Option<f64>, bar: f64) {
    if let Some(value) = value {
        figures.at_least(what, value, "%", bar);
    }
}

fn at_most(figures: &mut Figures, what: String, value: Option<f64>) {
    if let Some(value) = value {
        figures.at_most(what, value, "%", MAX_WRONG);
    }
}
