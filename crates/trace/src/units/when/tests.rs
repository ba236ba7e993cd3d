//! What each form of a time means, and that printed times are read back.

use jiff::civil::{date, time};
use proptest::prelude::*;

use super::*;
use crate::units;

/// 2026-11-25T14:00:00Z, a Wednesday.
const NOW: &str = "2026-11-25T14:00:00Z";

fn zone() -> TimeZone {
    // The rules of Central Europe, from no file of the host.
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

fn read(text: &str, now: &str, zone: &TimeZone) -> Result<String, String> {
    let When::At(now) = now.parse().unwrap() else { panic!("{now}") };
    let instant = text.parse::<When>().and_then(|when| when.at(now, zone));
    instant.map(|instant| When::At(instant).to_string()).map_err(|error| error.to_string())
}

#[test]
fn each_usual_way_to_write_a_time_is_understood() {
    for (text, expected) in [
        ("15m", "2026-11-25T13:45:00Z"),
        ("15min", "2026-11-25T13:45:00Z"),
        ("1h30m", "2026-11-25T12:30:00Z"),
        ("-1h", "2026-11-25T13:00:00Z"),
        ("now-1h", "2026-11-25T13:00:00Z"),
        ("2h ago", "2026-11-25T12:00:00Z"),
        ("20 minutes ago", "2026-11-25T13:40:00Z"),
        ("1 day", "2026-11-24T14:00:00Z"),
        ("now", "2026-11-25T14:00:00Z"),
        ("0s", "2026-11-25T14:00:00Z"),
        ("today", "2026-11-25T00:00:00Z"),
        ("Yesterday", "2026-11-24T00:00:00Z"),
        ("yesterday 14:02", "2026-11-24T14:02:00Z"),
        ("2026-11-25", "2026-11-25T00:00:00Z"),
        ("2026-11-25 09:05", "2026-11-25T09:05:00Z"),
        ("2026-11-25 9:05", "2026-11-25T09:05:00Z"),
        ("2026-11-25T09:05", "2026-11-25T09:05:00Z"),
        ("2026-11-25 09:05:07.25", "2026-11-25T09:05:07.25Z"),
        ("2026-11-25 09:05 UTC", "2026-11-25T09:05:00Z"),
        ("2026-11-25T09:05:00Z", "2026-11-25T09:05:00Z"),
        ("2026-11-25T09:05:00+01:00", "2026-11-25T08:05:00Z"),
        ("02:40", "2026-11-25T02:40:00Z"),
        ("14:00", "2026-11-25T14:00:00Z"),
        ("14:01", "2026-11-24T14:01:00Z"),
        ("02:40:30", "2026-11-25T02:40:30Z"),
        ("02:40 UTC", "2026-11-25T02:40:00Z"),
        ("3am", "2026-11-25T03:00:00Z"),
        ("3:15 pm", "2026-11-24T15:15:00Z"),
        ("1795615320", "2026-11-25T14:02:00Z"),
        ("1795615320.5", "2026-11-25T14:02:00.5Z"),
        ("1795615320000", "2026-11-25T14:02:00Z"),
        ("1795615320000000", "2026-11-25T14:02:00Z"),
        ("1795615320000000000", "2026-11-25T14:02:00Z"),
    ] {
        assert_eq!(read(text, NOW, &TimeZone::UTC).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn a_time_without_an_offset_is_read_in_the_time_zone() {
    for (text, now, expected) in [
        ("today", NOW, "2026-11-24T23:00:00Z"),
        // In Central Europe, the day after that of UTC has begun.
        ("today", "2026-11-25T23:30:00Z", "2026-11-25T23:00:00Z"),
        ("02:40", NOW, "2026-11-25T01:40:00Z"),
        ("14:59", NOW, "2026-11-25T13:59:00Z"),
        ("15:01", NOW, "2026-11-24T14:01:00Z"),
        ("02:40 UTC", NOW, "2026-11-25T02:40:00Z"),
        ("2026-07-01 12:00", NOW, "2026-07-01T10:00:00Z"),
        ("2026-07-01T12:00:00Z", NOW, "2026-07-01T12:00:00Z"),
        // The clocks skip this time, and the next time occurs twice.
        ("2026-03-29 02:30", NOW, "2026-03-29T01:30:00Z"),
        ("2026-10-25 02:30", NOW, "2026-10-25T00:30:00Z"),
        // The day on which summer time ends has 25 hours.
        ("yesterday", "2026-10-26T12:00:00Z", "2026-10-24T22:00:00Z"),
    ] {
        assert_eq!(read(text, now, &zone()).as_deref(), Ok(expected), "{text} at {now}");
    }
}

#[test]
fn a_refused_text_is_quoted_with_the_forms_there_are() {
    for (text, expected) in [
        ("last tuesday", "`last tuesday` is not a time."),
        ("", "`` is not a time."),
        ("25:00", "`25:00` is not a time."),
        ("2026-13-01", "`2026-13-01` is not a time."),
        ("2026-11-25 25:00", "is not a time."),
        ("13pm", "`13pm` is not a time."),
        ("now+1h", "`now+1h` is not a time."),
        ("15", "`15` is neither a Unix time nor a duration with a unit, such as 15m."),
        ("20261125", "`20261125` is neither a Unix time"),
        ("999999h", "`999999h` is longer than 100 years."),
        ("99999999999999999999", "is before 1970 or after 2554."),
        ("1960-01-01", "is before 1970 or after 2554."),
        ("1960-01-01T00:00:00Z", "is before 1970 or after 2554."),
    ] {
        let error = read(text, NOW, &TimeZone::UTC).unwrap_err();
        assert!(error.contains(expected) && error.ends_with(TIME_FORMS), "{text}: {error}");
    }
    for form in TIME_FORMS.split(", ") {
        let form = form.trim_start_matches("or a Unix time such as ");
        assert!(read(form, NOW, &TimeZone::UTC).is_ok(), "{form}");
    }
}

fn a_time_of_day() -> impl Strategy<Value = Time> {
    (0..24_i8, 0..60_i8, 0..60_i8, prop_oneof![Just(0), 0..1_000_000_000])
        .prop_map(|(hour, minute, second, nanos)| time(hour, minute, second, nanos))
}

fn a_time() -> impl Strategy<Value = When> {
    let local = (1_970..2_500_i16, 1..=12_i8, 1..=28_i8, a_time_of_day());
    prop_oneof![
        (0..units::MAX_DURATION.as_micros() as u64)
            .prop_map(|micros| { When::Ago(Duration::from_micros(micros)) }),
        (0..10_000_u64).prop_map(|nanos| When::Ago(Duration::from_nanos(nanos))),
        (0..=u8::MAX, a_time_of_day()).prop_map(|(days_ago, time)| When::OnDay { days_ago, time }),
        a_time_of_day().prop_map(When::LatestTime),
        a_time_of_day().prop_map(When::LatestTimeUtc),
        local.prop_map(|(year, month, day, time)| {
            When::Local(date(year, month, day).to_datetime(time))
        }),
        any::<u64>().prop_map(|nanos| When::At(UnixNanos(nanos))),
    ]
}

proptest! {
    #[test]
    fn a_printed_time_is_read_back(when in a_time()) {
        prop_assert_eq!(when.to_string().parse(), Ok(when));
    }

    #[test]
    fn times_in_answers_are_read_back(micros in 0..4_000_000_000_000_000_i64) {
        let whole = micros / 1_000_000 * 1_000_000;
        let at = When::At(UnixNanos::from_micros(whole));
        prop_assert_eq!(units::instant(micros).parse(), Ok(at));
        let minute = micros / 60_000_000 * 60_000_000;
        let later = UnixNanos::from_micros(minute + 3_600_000_000);
        let read: When = units::time_of_day(micros).parse().unwrap();
        prop_assert_eq!(read.at(later, &zone()), Ok(UnixNanos::from_micros(minute)));
        let flag = Duration::from_micros(micros as u64 % units::MAX_DURATION.as_micros() as u64);
        prop_assert_eq!(units::flag(flag).parse(), Ok(When::Ago(flag)));
    }

    #[test]
    fn a_unix_time_tells_its_unit_by_its_size(seconds in 100_000_000_u64..9_000_000_000) {
        let at = Ok(When::At(UnixNanos(seconds * 1_000_000_000)));
        for zeros in ["", "000", "000000", "000000000"] {
            prop_assert_eq!(format!("{seconds}{zeros}").parse(), at.clone());
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[ 0-9a-zA-Z:.+µ-]{0,30}") {
        let _ = text.parse::<When>().map(|when| when.at(UnixNanos(0), &zone()));
    }
}
