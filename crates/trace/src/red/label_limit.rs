//! A limit on the number of series of each service.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::point::KeyHasher;
use super::series::{Protocol, Series};
use crate::attribute::Attributes;
use crate::time::UnixNanos;

/// The target of the series for everything above the limit, named as in OpenTelemetry's SDKs.
pub const OVERFLOW: &str = "otel.metric.overflow";

/// Admits a limited number of series per service, protocol and day (UTC). All further series are
/// merged into one series for each side and status, so that requests and errors are still counted.
#[derive(Debug)]
pub struct LabelLimit {
    max: usize,
    day: u64,
    known: HashMap<(Protocol, String), HashSet<u128>>,
    /// How many points had a series above the limit.
    overflown: u64,
}

const NANOS_A_DAY: u64 = 86_400_000_000_000;

impl LabelLimit {
    /// A limit of `max` series per service, protocol and day.
    pub fn new(max: usize) -> Self {
        Self { max, day: 0, known: HashMap::new(), overflown: 0 }
    }

    /// Returns `series`, or the series that it is merged into. The number of services is limited in
    /// the same way.
    pub fn admit(&mut self, series: Arc<Series>, now: UnixNanos) -> Arc<Series> {
        let day = Self::day(now);
        if day != self.day {
            (self.day, self.known) = (day, HashMap::new());
        }
        let place = (series.protocol, series.service.clone());
        let has_room = self.known.len() < self.max;
        let known = match self.known.get_mut(&place) {
            Some(known) => known,
            None if has_room => self.known.entry(place).or_default(),
            None => {
                let service = OVERFLOW.to_owned();
                return self.overflow(Series { service, ..Series::clone(&series) });
            }
        };
        let mut hasher = KeyHasher::default();
        series.hash(&mut hasher);
        let key = hasher.key().0;
        if known.contains(&key) || known.len() < self.max {
            known.insert(key);
            return series;
        }
        self.overflow(Series::clone(&series))
    }

    /// The number of the day that contains `now`; the limit starts anew every day.
    pub fn day(now: UnixNanos) -> u64 {
        now.0 / NANOS_A_DAY
    }

    /// How many points had a series above the limit since the limit was created.
    pub fn overflown(&self) -> u64 {
        self.overflown
    }

    fn overflow(&mut self, series: Series) -> Arc<Series> {
        self.overflown += 1;
        let attributes: Attributes = [(OVERFLOW, true)].into_iter().collect();
        let (operation, target) = match series.protocol {
            Protocol::Grpc => (OVERFLOW.to_owned(), String::new()),
            Protocol::Http | Protocol::Sql => (String::new(), OVERFLOW.to_owned()),
        };
        let error = if series.error.is_empty() { String::new() } else { OVERFLOW.to_owned() };
        let status = series.status.filter(|status| *status < 600);
        Arc::new(Series { operation, target, status, error, attributes, ..series })
    }
}
