//! How names and numbers are written in a page.

use crate::duration::duration;
use coral_query::answer::RedNumbers;

/// Characters of a name that are written.
const MAX_NAME_CHARS: usize = 80;

/// `P95` of the requests: `98ms`, `>10s` beyond the last bound.
pub(super) fn p95(numbers: &RedNumbers) -> String {
    match (numbers.p95_us, numbers.beyond_us) {
        (Some(p95), _) => duration(p95),
        (None, Some(beyond)) => format!(">{}", duration(beyond)),
        (None, None) => "unknown".to_owned(),
    }
}

/// ` (baseline: 150ms, +200%)`
pub(super) fn change(now: &RedNumbers, before: Option<&RedNumbers>) -> String {
    let Some(before) = before else { return String::new() };
    let percent = now.p95_us.zip(before.p95_us.filter(|before| *before > 0));
    let percent = percent
        .map(|(now, before)| format!(", {:+.0}%", (now as f64 / before as f64 - 1.0) * 100.0));
    format!(" (baseline: {}{})", p95(before), percent.unwrap_or_default())
}

/// Microseconds: `35ms`.
pub(super) fn micros(micros: u64) -> String {
    duration(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// `0%`, `5.8%`, `97%`.
pub(super) fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent > 0.0 && percent < 10.0 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}

/// A name, cut where it is very long.
pub(super) fn short(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME_CHARS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
