//! Times as a person in a time zone reads them.

use jiff::tz::TimeZone;

/// A time in a time zone, in the parts that pages are made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalTime {
    /// The date: `2026-11-25`.
    pub date: String,
    /// The time of day: `12:00:07`.
    pub time: String,
    /// The thousandths of the second: `.123`.
    pub millis: String,
    /// The distance from UTC: `+01:00`.
    pub offset: String,
}

impl LocalTime {
    /// The time `micros` microseconds after the Unix epoch. `None` for times after the year 9999.
    pub fn of(micros: i64, zone: &TimeZone) -> Option<Self> {
        let instant = jiff::Timestamp::from_microsecond(micros).ok()?;
        let zoned = instant.to_zoned(zone.clone());
        let part = |format: &str| zoned.strftime(format).to_string();
        Some(Self {
            date: part("%Y-%m-%d"),
            time: part("%H:%M:%S"),
            millis: part("%.3f"),
            offset: part("%:z"),
        })
    }
}

/// The time `micros` microseconds after the Unix epoch with its zone:
/// `2026-11-25 12:00:07.123 UTC`, `2026-11-25 13:00:07.123 +01:00 (Europe/Berlin)`.
pub fn instant_in(micros: i64, zone: &TimeZone) -> String {
    let Some(LocalTime { date, time, millis, offset }) = LocalTime::of(micros, zone) else {
        return super::instant(micros);
    };
    let zone = match (is_utc(zone), zone.iana_name()) {
        (true, _) => "UTC".to_owned(),
        (false, Some(name)) => format!("{offset} ({name})"),
        (false, None) => offset,
    };
    format!("{date} {time}{millis} {zone}")
}

/// The time `micros` microseconds after the Unix epoch as RFC 3339 text in `zone`, without fractions of
/// a second: `2026-11-25T12:00:07Z`, `2026-11-25T13:00:07+01:00`.
pub fn rfc3339_in(micros: i64, zone: &TimeZone) -> String {
    match LocalTime::of(micros, zone) {
        Some(LocalTime { date, time, offset, .. }) if !is_utc(zone) => {
            format!("{date}T{time}{offset}")
        }
        _ => super::instant(micros),
    }
}

/// The name of a zone for a heading: `UTC`, `Europe/Berlin`, or `+01:00` at `micros` if the zone has
/// no name.
pub fn zone_name(micros: i64, zone: &TimeZone) -> String {
    match (is_utc(zone), zone.iana_name()) {
        (true, _) => "UTC".to_owned(),
        (false, Some(name)) => name.to_owned(),
        (false, None) => LocalTime::of(micros, zone).map(|time| time.offset).unwrap_or_default(),
    }
}

fn is_utc(zone: &TimeZone) -> bool {
    *zone == TimeZone::UTC
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_608_007_123_456;

    #[test]
    fn a_time_names_its_zone() {
        assert_eq!(instant_in(NOON, &TimeZone::UTC), "2026-11-25 12:00:07.123 UTC");
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(instant_in(NOON, &east), "2026-11-25 14:00:07.123 +02:00");
        assert_eq!(rfc3339_in(NOON, &east), "2026-11-25T14:00:07+02:00");
        assert_eq!(rfc3339_in(NOON, &TimeZone::UTC), "2026-11-25T12:00:07Z");
        assert_eq!(zone_name(NOON, &east), "+02:00");
        assert_eq!(instant_in(i64::MAX, &east), super::super::instant(i64::MAX));
    }
}
