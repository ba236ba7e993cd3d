//! The series that selectors select, read from the store.

use coral_engine::Budget;

use super::error::PromqlError;
use super::labels::{Labels, NAME};
use super::matcher::Matcher;
use crate::ask::Sources;
use crate::reader::Reader;
use crate::span_metrics::{
    Counters, Family, MAX_SERIES, METRICS, Metric, Moments, Part, Series, Wanted,
};

/// The label of the upper bound of a bucket.
pub(crate) const LE: &str = "le";
/// The largest number of series that one selector selects; each bucket is one.
const MAX_SELECTED: usize = 50_000;

/// One selected series: its labels, and the values of a counter at the moments at which it changes.
pub(super) struct SelectedSeries {
    pub labels: Labels,
    totals: Vec<(u32, f64)>,
}

impl SelectedSeries {
    /// The value at the moment with this index.
    pub fn at(&self, slot: usize) -> f64 {
        let after = self.totals.partition_point(|(changed, _)| *changed as usize <= slot);
        after.checked_sub(1).map_or(0.0, |last| self.totals[last].1)
    }
}

/// Reads each family once for the same matchers.
pub(super) struct Store<'a> {
    reader: Reader<'a>,
    moments: Moments,
    known: Vec<(Family, Vec<Matcher>, Vec<Series>)>,
}

struct OfMatchers<'a>(&'a [Matcher]);

impl Wanted for OfMatchers<'_> {
    fn may_be(&self, label: &str, value: &str) -> bool {
        self.0.iter().filter(|matcher| matcher.label == label).all(|one| one.matches(value))
    }
}

impl<'a> Store<'a> {
    /// The series at `moments`.
    pub fn new(from: &'a Sources<'a>, budget: &'a Budget, moments: Moments) -> Self {
        Self { reader: Reader::new(from, budget), moments, known: Vec::new() }
    }

    /// When the series are known.
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// The series with all of `matchers`, sorted by their labels.
    ///
    /// # Errors
    /// [`PromqlError::Execution`] if there are too many.
    pub fn select(&mut self, matchers: &[Matcher]) -> Result<Vec<SelectedSeries>, PromqlError> {
        let mut selected = Vec::new();
        for metric in metrics(matchers) {
            for series in self.series(metric.family, matchers)? {
                selected_of(&metric, series, matchers, &mut selected);
                if selected.len() > MAX_SELECTED {
                    return Err(too_many(&format!("more than {MAX_SELECTED} series")));
                }
            }
        }
        selected.sort_unstable_by(|one, other| one.labels.cmp(&other.labels));
        Ok(selected)
    }

    /// The series of `family` whose labels but name and bucket meet `matchers`.
    pub fn series(
        &mut self,
        family: Family,
        matchers: &[Matcher],
    ) -> Result<&[Series], PromqlError> {
        let of_labels: Vec<Matcher> =
            matchers.iter().filter(|one| one.label != NAME && one.label != LE).cloned().collect();
        let is_known = |(known, of, _): &(Family, Vec<Matcher>, Vec<Series>)| {
            *known == family && *of == of_labels
        };
        let place = match self.known.iter().position(is_known) {
            Some(place) => place,
            None => {
                let mut counters = Counters::new(family, self.moments.clone(), MAX_SERIES);
                match family {
                    Family::SpanCalls => {
                        self.reader.count_span_calls(&OfMatchers(&of_labels), &mut counters)?;
                    }
                    Family::Edges => self.reader.count_edges(&mut counters)?,
                }
                if counters.left_out().next().is_some() || counters.is_too_large() {
                    return Err(too_many("too many series, or series that change too often"));
                }
                let mut series = counters.into_series();
                series.retain(|one| of_labels.iter().all(|of| of.matches_in(&one.labels)));
                self.known.push((family, of_labels, series));
                self.known.len() - 1
            }
        };
        Ok(&self.known[place].2)
    }
}

/// The metrics whose names meet `matchers`.
pub(super) fn metrics(matchers: &[Matcher]) -> impl Iterator<Item = Metric> {
    let named: Vec<Matcher> =
        matchers.iter().filter(|matcher| matcher.label == NAME).cloned().collect();
    METRICS.into_iter().filter(move |metric| named.iter().all(|one| one.matches(metric.name)))
}

/// Adds the series of `metric` that `series` has: one, or one for each bucket.
fn selected_of(
    metric: &Metric,
    series: &Series,
    matchers: &[Matcher],
    selected: &mut Vec<SelectedSeries>,
) {
    let wants = |le: &str| matchers.iter().filter(|one| one.label == LE).all(|of| of.matches(le));
    let labels = series.labels.clone().with(NAME, metric.name);
    let (family, part) = (metric.family, metric.part);
    let Part::Bucket(_) = part else {
        if wants("") {
            selected.push(SelectedSeries { labels, totals: series.totals(family, part, 0) });
        }
        return;
    };
    for (bucket, le) in bucket_bounds(family).enumerate().filter(|(_, le)| wants(le)) {
        let totals = series.totals(family, part, bucket);
        selected.push(SelectedSeries { labels: labels.clone().with(LE, le), totals });
    }
}

/// The values of `le`, rising.
pub(crate) fn bucket_bounds(family: Family) -> impl Iterator<Item = String> {
    let bounds = family.bounds().iter().map(f64::to_string);
    bounds.chain(["+Inf".to_owned()])
}

fn too_many(what: &str) -> PromqlError {
    PromqlError::Execution(format!(
        "query processing would load too many samples into memory: {what}; name a service or a \
         shorter time"
    ))
}
