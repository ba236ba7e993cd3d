//! Requests by time: the parts of a window, and what was counted in each.

use coral_engine::Grain;
use coral_trace::dependency::Latencies;
use coral_trace::red::{Exemplar, Histogram};
use coral_trace::{TimeRange, UnixNanos};

use super::NANOS_PER_MICRO;
use super::rows::Durations;

/// The largest number of exemplars of a step, the slowest.
const MAX_EXEMPLARS: usize = 3;

/// The division of a window into steps of equal length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    start_us: i64,
    /// How long a step is, in microseconds. The last one may reach beyond the window.
    pub step_us: i64,
    /// The number of steps.
    pub count: usize,
}

/// What was counted in each step.
#[derive(Clone)]
pub(crate) struct StepSums {
    steps: Steps,
    sums: Vec<StepSum>,
}

/// The requests of one step.
#[derive(Clone)]
pub(crate) struct StepSum {
    pub errors: u64,
    pub(super) durations: Durations,
    /// Requests that are known one by one, the slowest first, and whether each failed. Each is of
    /// another trace.
    pub exemplars: Vec<(Exemplar, bool)>,
}

impl Steps {
    /// The division of `window` into at most `points` steps.
    pub fn of(window: TimeRange, points: u32) -> Self {
        let (start_us, end_us) = (window.start.as_micros(), window.end.as_micros());
        let length = end_us.saturating_sub(start_us).max(1);
        let step_us = (length - 1) / i64::from(points.max(1)) + 1;
        Self { start_us, step_us, count: ((length - 1) / step_us + 1) as usize }
    }

    /// Metrics may be summed within each step.
    pub fn grain(self) -> Grain {
        let nanos = |micros: i64| u64::try_from(micros).unwrap_or_default().saturating_mul(1_000);
        Grain::Step { start: UnixNanos(nanos(self.start_us)), step: nanos(self.step_us) }
    }

    /// The step of `time`. What is outside of the window counts in the first or the last step.
    fn at(&self, time: UnixNanos) -> usize {
        let steps = time.as_micros().saturating_sub(self.start_us) / self.step_us;
        (steps.max(0) as usize).min(self.count - 1)
    }
}

impl StepSums {
    /// Steps without requests; `none` are the durations of none.
    pub(super) fn new(steps: Steps, none: &Durations) -> Self {
        let sum = StepSum { errors: 0, durations: none.clone(), exemplars: Vec::new() };
        Self { steps, sums: vec![sum; steps.count] }
    }

    /// The steps.
    pub fn steps(&self) -> Steps {
        self.steps
    }

    pub fn iter(&self) -> impl Iterator<Item = &StepSum> {
        self.sums.iter()
    }

    /// Adds a request that began at `time`.
    pub fn add_one(&mut self, time: UnixNanos, nanos: u64, failed: bool) {
        let sum = &mut self.sums[self.steps.at(time)];
        sum.errors += u64::from(failed);
        if let Durations::Exact(durations) = &mut sum.durations {
            durations.add(nanos / NANOS_PER_MICRO);
        }
    }

    /// Adds the requests of `histogram`, which were counted until `time`.
    pub fn add_histogram(&mut self, time: UnixNanos, histogram: &Histogram, failed: bool) {
        let sum = &mut self.sums[self.steps.at(time)];
        if failed {
            sum.errors = sum.errors.saturating_add(histogram.count());
        }
        if let Durations::Buckets(durations) = &mut sum.durations {
            durations.add(histogram);
        }
    }

    /// Keeps a request among the exemplars of the step of `time`, if it is one of the slowest.
    pub fn keep(&mut self, time: UnixNanos, request: Exemplar, failed: bool) {
        let kept = &mut self.sums[self.steps.at(time)].exemplars;
        let same = kept.iter().position(|(other, _)| other.trace_id == request.trace_id);
        match same {
            Some(at) if kept[at].0.nanos >= request.nanos => return,
            Some(at) => drop(kept.remove(at)),
            None => {}
        }
        let at = kept.partition_point(|(other, _)| {
            (other.nanos, request.trace_id) >= (request.nanos, other.trace_id)
        });
        if at < MAX_EXEMPLARS {
            kept.insert(at, (request, failed));
            kept.truncate(MAX_EXEMPLARS);
        }
    }

    /// The durations of spans.
    pub fn durations_mut(&mut self) -> impl Iterator<Item = &mut Latencies> {
        self.sums.iter_mut().filter_map(|sum| match &mut sum.durations {
            Durations::Exact(durations) => Some(durations),
            Durations::Buckets(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use coral_trace::{SpanId, TraceId};

    use super::*;

    #[test]
    fn a_window_is_divided_into_steps_of_equal_length() {
        let at = |us: i64| UnixNanos::from_micros(us);
        for (length, points, step_us, count) in [(60, 60, 1, 60), (61, 60, 2, 31), (10, 3, 4, 3)] {
            let steps = Steps::of(TimeRange { start: at(100), end: at(100 + length) }, points);
            assert_eq!((steps.step_us, steps.count), (step_us, count), "{length} {points}");
            assert_eq!((steps.at(at(0)), steps.at(at(100))), (0, 0));
            assert_eq!(steps.at(at(100 + step_us)), 1.min(count - 1));
            assert_eq!((steps.at(at(99 + length)), steps.at(at(5_000))), (count - 1, count - 1));
        }
    }

    #[test]
    fn a_step_keeps_the_slowest_requests_of_different_traces_in_any_order() {
        let request = |trace: u128, nanos: u64| Exemplar {
            trace_id: TraceId::try_from(trace).unwrap(),
            span_id: SpanId::try_from(nanos).unwrap(),
            nanos,
            time: UnixNanos(5_000),
        };
        let requests = [(1, 7), (2, 9), (1, 8), (3, 8), (4, 8), (5, 1)];
        let kept = |order: &[(u128, u64)]| {
            let steps = Steps::of(TimeRange { start: UnixNanos(0), end: UnixNanos(9_000) }, 1);
            let mut sums = StepSums::new(steps, &Durations::Exact(Latencies::default()));
            order.iter().for_each(|(trace, nanos)| {
                sums.keep(UnixNanos(5_000), request(*trace, *nanos), false);
            });
            let kept = sums.iter().next().unwrap().exemplars.clone();
            kept.iter().map(|(one, _)| (one.trace_id.as_u128(), one.nanos)).collect::<Vec<_>>()
        };
        let expected = [(2, 9), (1, 8), (3, 8)];
        assert_eq!(kept(&requests), expected);
        let mut reversed = requests;
        reversed.reverse();
        assert_eq!(kept(&reversed), expected);
    }
}
