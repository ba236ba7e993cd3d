//! What the answers come to.

use std::collections::BTreeMap;

use super::Way;
use crate::table::Table;

/// What one answer about a fault says.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// Whether the cause is right; `None` when none is named.
    pub is_right: Option<bool>,
    /// By how many minutes the beginning is off; `None` when none is told.
    pub began_error: Option<f64>,
}

/// The answers to all questions, each asked in both ways.
#[derive(Default)]
pub struct Scores {
    faults: BTreeMap<(bool, u64), Vec<Verdict>>,
    calm: BTreeMap<&'static str, [(usize, usize); 2]>,
    seconds: [Vec<f64>; 2],
}

impl Scores {
    /// Adds an answer about a fault of that age, in minutes.
    pub fn add(&mut self, age: u64, way: Way, verdict: Verdict) {
        self.faults.entry((way == Way::Default, age)).or_default().push(verdict);
    }

    /// Adds an answer where nothing is at fault.
    pub fn add_calm(&mut self, name: &'static str, way: Way, names_cause: bool) {
        let counts = &mut self.calm.entry(name).or_default()[usize::from(way == Way::Default)];
        counts.0 += usize::from(names_cause);
        counts.1 += 1;
    }

    /// Adds the time that an answer took.
    pub fn add_time(&mut self, way: Way, seconds: f64) {
        self.seconds[usize::from(way == Way::Default)].push(seconds);
    }

    /// The answers about faults, by age.
    pub fn faults(&self, ages: &[u64]) -> Table {
        let mut table = Table::new(&[
            "fault is old",
            "faults",
            "fixed: right",
            "wrong",
            "default: right",
            "wrong",
            "began found",
            "off by ≤ 2 min",
            "off by, median",
        ]);
        for age in ages {
            let of = |is_default| self.faults.get(&(is_default, *age)).map_or(&[][..], |of| of);
            let [fixed, default] = [of(false), of(true)];
            let named = |of: &[Verdict], is_right| {
                of.iter().filter(|verdict| verdict.is_right == Some(is_right)).count().to_string()
            };
            let mut errors: Vec<f64> =
                default.iter().filter_map(|verdict| verdict.began_error).collect();
            errors.sort_unstable_by(f64::total_cmp);
            let exact = errors.iter().filter(|error| **error <= 2.0).count();
            let median = errors
                .get(errors.len() / 2)
                .map_or("–".to_owned(), |error| format!("{error:.1} min"));
            table.row(&[
                format!("{age} min"),
                default.len().to_string(),
                named(fixed, true),
                named(fixed, false),
                named(default, true),
                named(default, false),
                errors.len().to_string(),
                exact.to_string(),
                median,
            ]);
        }
        table
    }

    /// The answers where nothing is at fault.
    pub fn calm(&self) -> Table {
        let mut table = Table::new(&["no fault", "questions", "fixed: named", "default: named"]);
        for (name, [fixed, default]) in &self.calm {
            table.row(&[
                (*name).to_owned(),
                default.1.to_string(),
                fixed.0.to_string(),
                default.0.to_string(),
            ]);
        }
        table
    }

    /// How long the answers took.
    pub fn times(&self) -> Table {
        let mut table = Table::new(&["answers", "median", "slowest"]);
        for (name, seconds) in ["fixed", "default"].into_iter().zip(&self.seconds) {
            let mut seconds = seconds.clone();
            seconds.sort_unstable_by(f64::total_cmp);
            let millis = |at: usize| {
                seconds.get(at).map_or("–".to_owned(), |s| format!("{:.0} ms", s * 1e3))
            };
            table.row(&[
                name.to_owned(),
                millis(seconds.len() / 2),
                millis(seconds.len().saturating_sub(1)),
            ]);
        }
        table
    }
}
