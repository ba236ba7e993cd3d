//! Parts as percentages, and rates.

use coral_trace::units::count;

/// `part`, from 0.0 to 1.0, as a percentage: `0%`, `5.8%`, `97%`.
pub(crate) fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent > 0.0 && percent < 10.0 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}

/// `rate`, from 0.0 to 1.0, as a percentage: `0%`, `0.15%`, `12.5%`, `100%`. A rate above zero is
/// never printed as `0%`.
pub(crate) fn rate(rate: f64) -> String {
    let percent = rate * 100.0;
    match percent {
        0.0 => "0%".to_owned(),
        _ if percent < 0.01 => "<0.01%".to_owned(),
        _ if percent < 1.0 => format!("{percent:.2}%"),
        _ if percent < 100.0 => format!("{percent:.1}%"),
        _ => "100%".to_owned(),
    }
}

/// A rate of requests as text: `0.058`, `3.4`, `1,200`. Below ten, the rate has two significant
/// digits; from ten on, it is a whole number.
pub(crate) fn per_second(rate: f64) -> String {
    match rate {
        0.0 => "0".to_owned(),
        10.0.. => count(rate.round() as u64),
        _ => {
            let decimals = (1.0 - rate.log10().floor()).clamp(1.0, 9.0) as usize;
            format!("{rate:.decimals$}")
        }
    }
}
