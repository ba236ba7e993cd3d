//! Durations as pages print them.

/// `micros`, a duration in microseconds, as text with its unit, rounded to three significant
/// digits: `684µs`, `17.4ms`, `1.18s`. From one minute on, the text has two units: `2m 5s`,
/// `1h 3m`. Trailing zeros of a fraction are left out: `12ms`, `5s`. A negative duration is `0µs`.
pub fn duration(micros: i64) -> String {
    let micros = micros.max(0);
    match micros {
        0..1_000 => format!("{micros}µs"),
        _ => match three_digits(micros) {
            rounded @ 0..1_000_000 => with_fraction(rounded, 1_000, "ms"),
            rounded @ 1_000_000..60_000_000 => with_fraction(rounded, 1_000_000, "s"),
            _ => in_two_units(micros),
        },
    }
}

/// A percentile in microseconds as text: `98ms`; `≈98ms` if it is not `exact`; `>10s` if it is
/// above the last histogram bound, which is `beyond`; `unknown` if nothing is known of it.
pub(crate) fn percentile(
    known: Option<i64>,
    exact: bool,
    beyond: Option<i64>,
    unknown: &str,
) -> String {
    match (known, beyond) {
        (Some(micros), _) if exact => duration(micros),
        (Some(micros), _) => format!("≈{}", duration(micros)),
        (None, Some(bound)) => format!(">{}", duration(bound)),
        (None, None) => unknown.to_owned(),
    }
}

/// `micros`, which is above zero, rounded half up to three significant digits.
fn three_digits(micros: i64) -> i64 {
    let step = 10_i64.pow(micros.ilog10().saturating_sub(2));
    (micros / step).saturating_add(i64::from(micros % step * 2 >= step)).saturating_mul(step)
}

/// `micros` as a number of units of `unit` microseconds, followed by `name`. Trailing zeros of the
/// fraction are left out.
fn with_fraction(micros: i64, unit: i64, name: &str) -> String {
    let digits = unit.ilog10() as usize;
    let fraction = format!("{:0digits$}", micros % unit);
    match fraction.trim_end_matches('0') {
        "" => format!("{}{name}", micros / unit),
        fraction => format!("{}.{fraction}{name}", micros / unit),
    }
}

/// Minutes and seconds (`2m 5s`), or from one hour on hours and minutes (`1h 3m`), rounded half up
/// to the smaller unit, which is left out when it is zero (`1h`).
fn in_two_units(micros: i64) -> String {
    let rounded = |unit: i64| micros / unit + i64::from(micros % unit * 2 >= unit);
    let (small, large_unit, small_unit) = match rounded(1_000_000) {
        seconds @ 0..3_600 => (seconds, "m", "s"),
        _ => (rounded(60_000_000), "h", "m"),
    };
    match small % 60 {
        0 => format!("{}{large_unit}", small / 60),
        rest => format!("{}{large_unit} {rest}{small_unit}", small / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_significant_digits_and_their_unit() {
        for (micros, expected) in [
            (-5, "0µs"),
            (0, "0µs"),
            (684, "684µs"),
            (999, "999µs"),
            (1_900, "1.9ms"),
            (2_000, "2ms"),
            (2_004, "2ms"),
            (2_005, "2.01ms"),
            (12_000, "12ms"),
            (17_449, "17.4ms"),
            (17_450, "17.5ms"),
            (450_000, "450ms"),
            (999_499, "999ms"),
            (999_500, "1s"),
            (1_175_000, "1.18s"),
            (1_200_000, "1.2s"),
            (5_000_000, "5s"),
            (59_940_000, "59.9s"),
            (59_960_000, "1m"),
            (125_000_000, "2m 5s"),
            (3_599_400_000, "59m 59s"),
            (3_599_600_000, "1h"),
            (3_780_000_000, "1h 3m"),
            (i64::MAX, "2562047788h 1m"),
        ] {
            assert_eq!(duration(micros), expected, "{micros}");
        }
    }

    /// A list that is sorted by duration is also in order as printed.
    #[test]
    fn a_longer_time_is_never_printed_as_a_shorter_one() {
        let digits =
            |text: &str| coral_trace::units::parse_duration(&text.replace(' ', "")).unwrap();
        let mut last = std::time::Duration::ZERO;
        for micros in (0..200_000_000).step_by(3_331) {
            let printed = digits(&duration(micros));
            assert!(printed >= last, "{micros}");
            last = printed;
        }
    }
}
