//! The column `Started` of a list of traces.

use coral_query::answer::TraceSummary;
use coral_trace::UnixNanos;
use coral_trace::units::{LocalTime, TimeZone, instant, zone_name};

/// Start times in a time zone, each as short as the newest of them allows: the time of day, with the
/// date, and the distance from UTC, where these differ from those of the newest.
pub(crate) struct Started<'a> {
    zone: &'a TimeZone,
    newest: UnixNanos,
    /// The date, and the distance from UTC, of the newest start time.
    on: Option<(String, String)>,
    is_one_date: bool,
}

impl<'a> Started<'a> {
    pub(crate) fn of(traces: &[TraceSummary], zone: &'a TimeZone) -> Self {
        let newest = traces.iter().map(|trace| trace.start).max().unwrap_or(UnixNanos(0));
        let on = |start: UnixNanos| {
            LocalTime::of(start.as_micros(), zone).map(|time| (time.date, time.offset))
        };
        let of_newest = on(newest);
        let is_one_date = traces.iter().all(|trace| on(trace.start) == of_newest);
        Self { zone, newest, on: of_newest, is_one_date }
    }

    /// `12:00:07`, `2026-11-24 23:59:58`.
    pub(crate) fn cell(&self, start: UnixNanos) -> String {
        let Some(LocalTime { date, time, offset, .. }) =
            LocalTime::of(start.as_micros(), self.zone)
        else {
            return instant(start.as_micros());
        };
        match &self.on {
            Some((newest, at)) if *newest == date && *at == offset => time,
            Some((_, at)) if *at == offset => format!("{date} {time}"),
            _ => format!("{date} {time} {offset}"),
        }
    }

    /// The date and the zone of the times: `Started on 2026-11-25 (UTC).`
    pub(crate) fn note(&self) -> String {
        let zone = zone_name(self.newest.as_micros(), self.zone);
        match &self.on {
            Some((date, _)) if self.is_one_date => format!("Started on {date} ({zone})."),
            Some((date, _)) => {
                format!("Started on {date} where no date is shown (times are in {zone}).")
            }
            None => format!("Times are in {zone}."),
        }
    }
}
