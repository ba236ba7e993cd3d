//! Parts and rates as percentages.

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
