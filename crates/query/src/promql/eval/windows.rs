//! The samples of selectors and subqueries in the time before each step.

use super::super::error::PromqlError;
use super::super::labels::Labels;
use super::super::plan::{SCRAPE_MS, Window, nanos};
use super::super::question::Point;
use super::super::series::SelectedSeries;
use super::super::syntax::{Expr, Kind, RangeFunction, Selector, Subquery};
use super::super::value::{Row, check_size, distinct};
use super::Evaluator;
use super::range::{self, Samples};

/// The largest number of samples that one function of ranges looks at, of all series at all steps. A
/// sample in the ranges of several steps counts for each.
const MAX_SAMPLES: usize = 50_000_000;

/// Both ends of a range, which are inside.
type Ends = [i64; 2];

impl Evaluator<'_> {
    /// The series of `selector`, with what `of` computes from their samples in each window.
    pub(super) fn sampled(
        &mut self,
        selector: &Selector,
        of: impl Fn(Window, &dyn Fn(i64) -> f64) -> Option<f64>,
    ) -> Result<Vec<Row>, PromqlError> {
        let selected = self.store.select(&selector.matchers)?;
        check_size(selected.len(), self.plan.steps.len())?;
        let windows: Vec<_> =
            self.plan.steps.iter().map(|step| self.plan.window(selector, *step)).collect();
        let mut rows = Vec::with_capacity(selected.len());
        for series in selected {
            self.budget.check()?;
            let at = |millis: i64| self.value_at(&series, millis);
            let value = |window: &Option<_>| window.and_then(|window| of(window, &at));
            rows.push(Row { values: windows.iter().map(value).collect(), labels: series.labels });
        }
        rows.retain(|row| !row.is_empty());
        Ok(rows)
    }

    /// `function` of the range among `arguments`, with the number among them.
    pub(super) fn of_range(
        &mut self,
        function: RangeFunction,
        arguments: &[Expr],
    ) -> Result<Vec<Row>, PromqlError> {
        let number = arguments.iter().find(|argument| argument.kind() == Kind::Scalar);
        let numbers = number.map(|number| self.scalar(number)).transpose()?;
        let number = |step: usize| numbers.as_ref().map_or(f64::NAN, |numbers| numbers[step]);
        let Some(of) = arguments.iter().find(|argument| argument.kind() == Kind::Matrix) else {
            return Err(PromqlError::Refused("expected type range vector".to_owned()));
        };
        let rows = match of {
            Expr::Selector(selector) if function.reads_only_ends() => {
                self.sampled(selector, |window, at| {
                    let ends = [window.first, window.last - SCRAPE_MS, window.last];
                    let ends = ends.map(|time| (time, at(time)));
                    // One sample is all three, and two samples are the last two.
                    let points = &ends[2_usize.saturating_sub(window.intervals() as usize)..];
                    let samples = Samples {
                        ends: [window.start, window.end],
                        count: window.intervals() as usize + 1,
                        points,
                    };
                    range::value(function, window.end, samples, f64::NAN)
                })?
            }
            of => {
                let steps = self.plan.steps.clone();
                let mut rows = Vec::new();
                self.each_series(of, |labels, ends, points| {
                    let value = |(step, ends): (usize, &Ends)| {
                        let points = within(points, *ends);
                        let samples = Samples { ends: *ends, count: points.len(), points };
                        range::value(function, steps[step], samples, number(step))
                    };
                    let values = ends.iter().enumerate().map(value).collect();
                    rows.push(Row { labels, values });
                })?;
                rows
            }
        };
        match function.keeps_name() {
            true => distinct(rows),
            false => distinct(rows.into_iter().map(Row::unnamed).collect()),
        }
    }

    /// The series of the range vector `of`, with their samples in the range before the last step.
    ///
    /// # Errors
    /// [`PromqlError`].
    pub fn points(&mut self, of: &Expr) -> Result<Vec<(Labels, Vec<Point>)>, PromqlError> {
        let mut found = Vec::new();
        self.each_series(of, |labels, ends, points| {
            let ends = ends.last().copied().unwrap_or_default();
            found.push((labels, within(points, ends).to_vec()));
        })?;
        found.retain(|(_, points)| !points.is_empty());
        Ok(found)
    }

    /// Calls `found` with each series of the range vector `of`: its labels, the ends of the range at
    /// each step, and its samples in any of these ranges, by time.
    fn each_series(
        &mut self,
        of: &Expr,
        mut found: impl FnMut(Labels, &[Ends], &[Point]),
    ) -> Result<(), PromqlError> {
        let (range_ms, shift) = match of {
            Expr::Selector(of) => (of.range_ms.unwrap_or_default(), of.shift),
            Expr::Subquery(of) => (of.range_ms, of.shift),
            _ => return Err(PromqlError::Refused("expected type range vector".to_owned())),
        };
        let ends: Vec<Ends> =
            self.plan.steps.iter().map(|step| self.plan.range(range_ms, shift, *step)).collect();
        let mut left = MAX_SAMPLES;
        let mut visit = |labels: Labels, points: &[Point]| {
            let samples: usize = ends.iter().map(|ends| within(points, *ends).len()).sum();
            left = left.checked_sub(samples).ok_or_else(|| {
                PromqlError::Execution(format!(
                    "query processing would load too many samples into memory: the ranges have more \
                     than {MAX_SAMPLES}; name a service, a shorter range or a larger step"
                ))
            })?;
            found(labels, &ends, points);
            Ok::<(), PromqlError>(())
        };
        match of {
            Expr::Subquery(of) => {
                let (times, rows) = self.inner(of)?;
                for row in rows {
                    self.budget.check()?;
                    let both = times.iter().zip(row.values);
                    let points: Vec<Point> =
                        both.filter_map(|(at, value)| Some((*at, value?))).collect();
                    visit(row.labels, &points)?;
                }
            }
            Expr::Selector(of) => {
                let times = self.times(of);
                let selected = self.store.select(&of.matchers)?;
                check_size(selected.len(), self.plan.steps.len())?;
                for series in selected {
                    self.budget.check()?;
                    let value = |time: &i64| (*time, self.value_at(&series, *time));
                    let points: Vec<Point> = times.iter().map(value).collect();
                    visit(series.labels, &points)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The moments at which the expression of `of` is evaluated, and its series.
    fn inner(&mut self, of: &Subquery) -> Result<(Vec<i64>, Vec<Row>), PromqlError> {
        let inner = self.plan.of_subquery(of)?;
        let outer = std::mem::replace(&mut self.plan, inner);
        let rows = self.vector(&of.of);
        let inner = std::mem::replace(&mut self.plan, outer);
        Ok((inner.steps, rows?))
    }

    /// The times of all samples of `selector` in the range of any step.
    fn times(&self, selector: &Selector) -> Vec<i64> {
        let mut times: Vec<i64> = Vec::new();
        for window in self.plan.steps.iter().filter_map(|step| self.plan.window(selector, *step)) {
            let next = times.last().map_or(window.first, |last| window.first.max(last + SCRAPE_MS));
            times.extend((next..=window.last).step_by(SCRAPE_MS as usize));
        }
        times
    }

    /// The value of `series` at a moment of the question. A moment that is not among those that were
    /// read is before the beginning of counters.
    fn value_at(&self, series: &SelectedSeries, millis: i64) -> f64 {
        let slot = self.store.moments().at.binary_search(&nanos(millis)).ok();
        slot.map_or(0.0, |slot| series.at(slot))
    }
}

/// Those of `points`, which are sorted by time, that are between two ends.
fn within(points: &[Point], [start, end]: Ends) -> &[Point] {
    let first = points.partition_point(|(at, _)| *at < start);
    let after = points.partition_point(|(at, _)| *at <= end);
    &points[first..after.max(first)]
}
