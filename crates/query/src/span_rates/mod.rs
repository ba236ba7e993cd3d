//! Calls, failures and durations of spans over time, by service and perhaps by name.

mod durations;
#[cfg(test)]
mod tests;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coral_engine::{Budget, StoredSpan};
use coral_trace::{Collector, SpanKind, TimeRange, UnixNanos};

use self::window::Slots;
use crate::ask::{QueryError, Sources};

/// Asks for the numbers of spans that ended before each of several instants.
#[derive(Clone, PartialEq, Debug)]
pub struct SpanRates {
    /// The services.
    pub services: BTreeSet<String>,
    /// The kinds of the spans.
    pub kinds: Vec<SpanKind>,
    /// Whether each name of spans has a series of its own.
    pub by_name: bool,
    /// The first and the last instant.
    pub range: TimeRange,
    /// From one instant to the next.
    pub step: Duration,
    /// How long before an instant a span that counts has ended at most.
    pub window: Duration,
    /// Which quantile of the durations is answered, from 0 to 1.
    pub quantile: f64,
}

/// The numbers of one service, or of the spans of one name of it.
#[derive(Clone, PartialEq, Debug)]
pub struct SpanSeries {
    /// The service.
    pub service: String,
    /// The name of the spans; `None` for all names together.
    pub name: Option<String>,
    /// One for each instant.
    pub points: Vec<SpanPoint>,
}

/// The spans of the window before one instant.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SpanPoint {
    /// The instant.
    pub time: UnixNanos,
    /// Spans in each second.
    pub calls_per_second: f64,
    /// The part of the spans with the status `error`; `None` without spans.
    pub error_share: Option<f64>,
    /// The quantile of the durations in milliseconds, off by at most 3 %; `None` without spans.
    pub duration_ms: Option<f64>,
}

impl SpanRates {
    /// The largest number of instants.
    pub const MAX_POINTS: u64 = 11_000;
    /// The largest number of series. Spans of further names are left out.
    pub const MAX_SERIES: usize = 200;
    /// The largest number of slots of all series together.
    const MAX_SLOTS: u64 = 2_000_000;

    /// The series, by service and name. Of a service with eBPF spans, those count, and else SDK
    /// spans: both may be of the same requests.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the part that is out of range; otherwise the error of the
    /// engine.
    pub fn answer(
        &self,
        from: &Sources<'_>,
        budget: &Budget,
    ) -> Result<Vec<SpanSeries>, QueryError> {
        self.check()?;
        let mut series = BTreeMap::<(String, Option<String>), Slots>::new();
        let mut rest = self.services.clone();
        let ended = TimeRange { start: self.range.start.earlier(self.window), ..self.range };
        for collector in [Collector::Ebpf, Collector::Sdk] {
            let mut seen = BTreeSet::new();
            let mut visit = |stored: &StoredSpan| {
                let span = &stored.span;
                if span.is_virtual_hop() {
                    return;
                }
                let service = span.origin.service_name();
                if !seen.contains(service) {
                    seen.insert(service.to_owned());
                }
                let key = (service.to_owned(), self.by_name.then(|| span.name.clone()));
                if series.len() < Self::MAX_SERIES || series.contains_key(&key) {
                    series.entry(key).or_insert_with(|| Slots::of(self)).add(span);
                }
            };
            let traces = from.traces;
            traces.spans_ended(&rest, collector, &self.kinds, ended, budget, &mut visit)?;
            rest.retain(|service| !seen.contains(service));
            if rest.is_empty() {
                break;
            }
        }
        let answer = |((service, name), slots): ((String, Option<String>), Slots)| SpanSeries {
            service,
            name,
            points: slots.points(self),
        };
        Ok(series.into_iter().map(answer).collect())
    }

    /// The instants.
    fn count(&self) -> u64 {
        let step = self.step.as_nanos().max(1);
        let length = u128::from(self.range.end.0.saturating_sub(self.range.start.0));
        u64::try_from(length / step).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn check(&self) -> Result<(), QueryError> {
        if self.step.is_zero() || self.count() > Self::MAX_POINTS {
            let most = Self::MAX_POINTS;
            let reason = format!("the range has more than {most} steps, or a step has no length");
            return Err(QueryError::Invalid { field: "step", reason });
        }
        let slots = self.window.as_nanos() / self.step.as_nanos();
        if self.window.is_zero() || slots > u128::from(Self::MAX_POINTS) {
            let reason = "is zero, or more than 11000 steps long".to_owned();
            return Err(QueryError::Invalid { field: "window", reason });
        }
        let all = (self.count() + slots as u64) * self.services.len() as u64;
        if all > Self::MAX_SLOTS {
            let reason = "are too many for so many steps".to_owned();
            return Err(QueryError::Invalid { field: "services", reason });
        }
        if !(0.0..=1.0).contains(&self.quantile) {
            let reason = "is not between 0 and 1".to_owned();
            return Err(QueryError::Invalid { field: "quantile", reason });
        }
        Ok(())
    }
}
