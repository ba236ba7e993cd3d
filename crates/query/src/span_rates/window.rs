//! Spans by the time of their end, and the sums of a window that moves over the time.

use coral_trace::{Span, UnixNanos};

use super::durations::Durations;
use super::{SpanPoint, SpanRates};

/// The spans of one series, in slots of one step each.
pub(super) struct Slots {
    slots: Vec<Slot>,
    /// The end of the first slot in nanoseconds.
    first_end: i128,
    step: i128,
    /// How many slots a window has.
    window: usize,
}

/// The spans that ended in one step, its end included.
#[derive(Clone, Default)]
struct Slot {
    spans: u64,
    errors: u64,
    durations: Option<Box<Durations>>,
}

impl Slots {
    pub(super) fn of(rates: &SpanRates) -> Self {
        let step = rates.step.as_nanos() as i128;
        let window = (rates.window.as_nanos().div_ceil(rates.step.as_nanos()) as usize).max(1);
        let first_end = i128::from(rates.range.start.0) - step * (window as i128 - 1);
        let count = rates.count() as usize + window - 1;
        Self { slots: vec![Slot::default(); count], first_end, step, window }
    }

    pub(super) fn add(&mut self, span: &Span) {
        let after = i128::from(span.end.0) - self.first_end;
        // The span of exactly the end of a slot belongs to it.
        let at = (after + self.step - 1).div_euclid(self.step);
        let Some(slot) = usize::try_from(at).ok().and_then(|at| self.slots.get_mut(at)) else {
            return;
        };
        slot.spans += 1;
        slot.errors += u64::from(span.is_error());
        let nanos = u64::try_from(span.duration().as_nanos()).unwrap_or(u64::MAX);
        slot.durations.get_or_insert_default().add(nanos);
    }

    /// One point for each instant of `rates`.
    pub(super) fn points(&self, rates: &SpanRates) -> Vec<SpanPoint> {
        let (mut spans, mut errors, mut durations) = (0, 0, Durations::default());
        let seconds = self.step as f64 * self.window as f64 / 1e9;
        let mut points = Vec::with_capacity(self.slots.len());
        for (at, slot) in self.slots.iter().enumerate() {
            spans += slot.spans;
            errors += slot.errors;
            slot.durations.iter().for_each(|some| durations.add_all(some));
            if let Some(old) = at.checked_sub(self.window).map(|at| &self.slots[at]) {
                spans -= old.spans;
                errors -= old.errors;
                old.durations.iter().for_each(|some| durations.take_all(some));
            }
            if at + 1 < self.window {
                continue;
            }
            let time = self.first_end + self.step * at as i128;
            points.push(SpanPoint {
                time: UnixNanos(u64::try_from(time).unwrap_or_default()),
                calls_per_second: spans as f64 / seconds,
                error_share: (spans > 0).then(|| errors as f64 / spans as f64),
                duration_ms: durations.quantile(rates.quantile).map(|nanos| nanos / 1e6),
            });
        }
        points
    }
}
