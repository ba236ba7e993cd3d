//! How many requests of each service are known from metrics, for the coverage timeline.

use std::collections::BTreeMap;

use coral_engine::{AgentMinute, Minute, RequestCounts};
use coral_trace::UnixNanos;
use coral_trace::red::{Delta, Protocol, Side};

use super::minutes::{MAX_AGE_MINUTES, MAX_NAME_BYTES};

/// Metrics of a longer interval, in minutes, are not counted: the exporter was away, or its clock is
/// wrong.
const MAX_INTERVAL_MINUTES: u32 = 10;

/// The requests that `deltas` count, by minute. `deltas` were received at `now`; those that ended
/// more than a day before, or later than `now`, are not counted: their clock is wrong.
pub(super) fn counted(deltas: &[Delta], now: UnixNanos) -> BTreeMap<Minute, AgentMinute> {
    let mut minutes: BTreeMap<Minute, AgentMinute> = BTreeMap::new();
    let newest = Minute::at(now);
    for delta in deltas {
        let series = &delta.series;
        let (first, last) = (Minute::at(delta.since), Minute::at(delta.time));
        let is_old = last > newest || newest.0 > last.0 + MAX_AGE_MINUTES;
        let length = last.0.saturating_sub(first.0);
        if is_old
            || length > MAX_INTERVAL_MINUTES
            || series.side != Side::Server
            || series.protocol == Protocol::Sql
            || series.service.len() > MAX_NAME_BYTES
        {
            continue;
        }
        for (minute, counted) in spread(delta) {
            let empty = || AgentMinute { minute, ..AgentMinute::default() };
            let record = minutes.entry(minute).or_insert_with(empty);
            let counts = RequestCounts { spans: 0, counted };
            record.count_requests(series.service.clone(), series.protocol, counts);
        }
    }
    minutes
}

/// The requests of `delta`, divided among the minutes of its interval by the time that each has of
/// the interval. Minutes without a request are left out.
fn spread(delta: &Delta) -> impl Iterator<Item = (Minute, u64)> {
    let count = delta.histogram.count();
    let time = delta.time.0;
    let since = delta.since.0.min(time.saturating_sub(1));
    // How many of the requests ended until `then`, if they are spread evenly.
    let until = move |then: UnixNanos| match then.0 >= time {
        true => count,
        false => {
            let part = then.0.saturating_sub(since) as f64 / (time - since) as f64;
            (part * count as f64).round() as u64
        }
    };
    let minutes = Minute::at(UnixNanos(since)).0..=Minute::at(delta.time).0;
    let of = move |minute: u32| {
        let minute = Minute(minute);
        (minute, until(minute.end()).saturating_sub(until(minute.start())))
    };
    minutes.map(of).filter(|(_, count)| *count > 0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use coral_trace::Attributes;
    use coral_trace::red::{Histogram, Series};

    use super::*;

    fn delta(side: Side, [since, time]: [i64; 2], count: u64) -> Delta {
        let series = Series::from_attributes(Protocol::Http, side, "cart", Attributes::default());
        Delta {
            series: Arc::new(series.unwrap()),
            since: UnixNanos::from_secs(since),
            time: UnixNanos::from_secs(time),
            histogram: Histogram::new([5], vec![count, 0], None).unwrap(),
            exemplars: Vec::new(),
        }
    }

    /// The counted requests by minute, of metrics that were received in minute 100.
    fn by_minute(deltas: &[Delta]) -> Vec<(u32, u64)> {
        let now = Minute(100).end();
        let found = counted(deltas, now).into_iter();
        found
            .map(|(minute, record)| {
                (minute.0, record.requests.values().map(|counts| counts.counted).sum())
            })
            .collect()
    }

    #[test]
    fn the_requests_of_an_interval_are_divided_among_its_minutes_and_none_is_lost() {
        assert_eq!(by_minute(&[delta(Side::Server, [600, 660], 9)]), [(10, 9)]);
        assert_eq!(by_minute(&[delta(Side::Server, [645, 705], 9)]), [(10, 2), (11, 7)]);
        let both = [delta(Side::Server, [645, 705], 9), delta(Side::Server, [705, 765], 100)];
        assert_eq!(by_minute(&both), [(10, 2), (11, 7 + 25), (12, 75)]);
        assert_eq!(by_minute(&[delta(Side::Server, [660, 660], 9)]), [(10, 9)]);
    }

    #[test]
    fn calls_and_requests_of_an_unknown_time_are_not_counted() {
        let old = Minute(100).end().0 as i64 / 1_000_000_000;
        for (side, interval) in [
            (Side::Client, [600, 660]),
            (Side::Server, [0, 6_000]),
            (Side::Server, [old + 60, old + 120]),
        ] {
            assert_eq!(by_minute(&[delta(side, interval, 9)]), [], "{interval:?}");
        }
    }
}
