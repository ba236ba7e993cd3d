//! A limit on the number of series of each service.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::point::KeyHasher;
use super::series::{Protocol, Series};
use crate::attribute::Attributes;
use crate::time::UnixNanos;

/// The name of the series that everything above the limit is counted in, as in OpenTelemetry's
/// SDKs. The name is the series' target (for gRPC, its operation) and its only attribute.
pub const OVERFLOW: &str = "otel.metric.overflow";

/// Admits a limited number of series per service, protocol and day (UTC). The requests of all
/// further series are counted in overflow series: one for each service, protocol, side and status,
/// with errors apart.
#[derive(Debug)]
pub struct LabelLimit {
    max: usize,
    day: u64,
    known: HashMap<(Protocol, String), HashSet<u128>>,
    /// How many points were counted in an overflow series.
    overflown: u64,
}

const NANOS_A_DAY: u64 = 86_400_000_000_000;

impl LabelLimit {
    /// A limit of `max` series per service, protocol and day.
    pub fn new(max: usize) -> Self {
        Self { max, day: 0, known: HashMap::new(), overflown: 0 }
    }

    /// Returns `series` if it is admitted, else its overflow series. The number of services per day
    /// is limited to the same maximum; further services share the name [`OVERFLOW`].
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

    /// The number of the UTC day that contains `now`, counted from the Unix epoch. Each day starts
    /// with no admitted series.
    pub fn day(now: UnixNanos) -> u64 {
        now.0 / NANOS_A_DAY
    }

    /// How many points were counted in an overflow series since this limit was created.
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
