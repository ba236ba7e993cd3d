//! Measured values, with their limits.

use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::latency::Percentiles;
use crate::output::chain;
use crate::table::Table;

/// One measured value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// The value in `unit`.
    pub value: f64,
    /// The unit: `ms`, `MiB`, `B/span` and so on; empty for a count.
    pub unit: String,
    /// The limit of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bar: Option<Bar>,
    /// Why there is no value, if the measurement failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Whether `value` is within `bar`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
}

/// The limit of a good value.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// The largest good value.
    AtMost(f64),
    /// The smallest good value.
    AtLeast(f64),
}

/// Measured values, in the order in which they were measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Figures(pub Vec<Figure>);

impl Figures {
    /// Adds a value without a limit.
    pub fn add(&mut self, what: impl Into<String>, value: f64, unit: &str) {
        self.push(what.into(), value, unit, None);
    }

    /// Adds a value that should be at most `bar`.
    pub fn at_most(&mut self, what: impl Into<String>, value: f64, unit: &str, bar: f64) {
        self.push(what.into(), value, unit, Some(Bar::AtMost(bar)));
    }

    /// Adds a value that should be at least `bar`.
    pub fn at_least(&mut self, what: impl Into<String>, value: f64, unit: &str, bar: f64) {
        self.push(what.into(), value, unit, Some(Bar::AtLeast(bar)));
    }

    /// Adds the median and the 99th percentile of `found`, with the limits `bars` in milliseconds.
    pub fn latency(&mut self, what: &str, found: &Percentiles, bars: [Option<f64>; 2]) {
        let bars = bars.map(|bar| bar.map(Bar::AtMost));
        self.push(format!("{what}, p50"), found.p50_ms, "ms", bars[0]);
        self.push(format!("{what}, p99"), found.p99_ms, "ms", bars[1]);
    }

    /// Adds a failed measurement.
    pub fn fail(&mut self, what: impl Into<String>, error: &Failure) {
        let (what, failure) = (what.into(), Some(chain(error)));
        eprintln!("  {what}: FAILED: {}", failure.as_deref().unwrap_or_default());
        self.0.push(Figure {
            what,
            value: 0.0,
            unit: String::new(),
            bar: None,
            failure,
            met: Some(false),
        });
    }

    /// Checks that no measurement failed. A wrong answer is a failed measurement.
    ///
    /// # Errors
    /// The error names the first failed measurement.
    pub fn complete(&self) -> Result<(), Failure> {
        match self.0.iter().find(|figure| figure.failure.is_some()) {
            None => Ok(()),
            Some(figure) => Err(format!("{} failed", figure.what).into()),
        }
    }

    /// The first measurement that failed, or whose value is outside its limit.
    pub fn unmet(&self) -> Option<&Figure> {
        self.0.iter().find(|figure| figure.met == Some(false))
    }

    /// Adds the values of `other`, with `prefix` before their names.
    pub fn extend(&mut self, prefix: &str, other: Self) {
        self.0.extend(
            other
                .0
                .into_iter()
                .map(|figure| Figure { what: format!("{prefix}: {}", figure.what), ..figure }),
        );
    }

    fn push(&mut self, what: String, value: f64, unit: &str, bar: Option<Bar>) {
        let met = bar.map(|bar| match bar {
            Bar::AtMost(most) => value <= most,
            Bar::AtLeast(least) => value >= least,
        });
        eprintln!("  {what}: {} {unit}", rounded(value));
        self.0.push(Figure { what, value, unit: unit.to_owned(), bar, failure: None, met });
    }

    /// The values as a table.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&["what", "measured", "bar", "met?"]);
        for figure in &self.0 {
            let with_unit = |value: f64| format!("{} {}", rounded(value), figure.unit);
            let bar = match figure.bar {
                Some(Bar::AtMost(most)) => format!("≤ {}", with_unit(most)),
                Some(Bar::AtLeast(least)) => format!("≥ {}", with_unit(least)),
                None => String::new(),
            };
            let met = match figure.met {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "",
            };
            let measured = match &figure.failure {
                Some(failure) => format!("failed: {}", one_line(failure)),
                None => with_unit(figure.value),
            };
            let row = [figure.what.as_str(), &measured, &bar, met];
            table.row(&row.map(str::trim));
        }
        table
    }
}

/// The first line of `text`, cut to 100 characters to fit in a table cell.
fn one_line(text: &str) -> String {
    const MAX_CHARACTERS: usize = 100;
    let line = text.lines().next().unwrap_or_default().replace('|', "/");
    line.chars().take(MAX_CHARACTERS).collect()
}

/// A number as text: rounded to an integer from 100 on, to one decimal from 10 on, and else to two
/// decimals.
fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 => crate::units::grouped(value.round() as u64),
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_outside_its_limit_is_marked() {
        let mut figures = Figures::default();
        figures.at_most("append", 7.3, "µs", 8.0);
        figures.at_least("drained", 90_000.0, "spans/s", 100_000.0);
        let met: Vec<_> = figures.0.iter().map(|figure| figure.met).collect();
        assert_eq!(met, [Some(true), Some(false)]);
        let table = figures.table().to_string();
        assert!(table.contains("| 90,000 spans/s | ≥ 100,000 spans/s | NO "), "{table}");
    }

    #[test]
    fn a_failed_measurement_is_marked_with_its_reason() {
        let mut figures = Figures::default();
        figures.fail("drained", &"`spans` stands still at 80000\nand more".into());
        assert!(figures.unmet().is_some() && figures.complete().is_err());
        let table = figures.table().to_string();
        assert!(table.contains("| failed: `spans` stands still at 80000 |"), "{table}");
    }
}
