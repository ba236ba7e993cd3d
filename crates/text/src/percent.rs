//! Parts as percentages.

/// `part`, from 0.0 to 1.0, as a percentage: `0%`, `5.8%`, `97%`.
pub(crate) fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent > 0.0 && percent < 10.0 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}
