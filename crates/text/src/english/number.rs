//! How names and numbers are written in a page.

use crate::duration::percentile;
use crate::percent::per_second;
use coral_query::answer::RedNumbers;

/// Longest name on a page, in characters; a longer name is cut.
const MAX_NAME_CHARS: usize = 80;

/// The P95 of the durations in `numbers`: `98ms`; `≈98ms` if it is from histogram buckets; `>10s`
/// if it is above the last bound; `unknown` without requests.
pub(super) fn p95(numbers: &RedNumbers) -> String {
    percentile(numbers.p95_us, numbers.exact, numbers.beyond_us, "unknown")
}

/// The P95 of the baseline and the change since then: ` (baseline: ≈150ms, +200%)`. Empty without a
/// baseline.
pub(super) fn change(now: &RedNumbers, before: Option<&RedNumbers>) -> String {
    let Some(before) = before else { return String::new() };
    let percent = now.p95_us.zip(before.p95_us.filter(|before| *before > 0));
    let percent = percent
        .map(|(now, before)| format!(", {:+.0}%", (now as f64 / before as f64 - 1.0) * 100.0));
    format!(" (baseline: {}{})", p95(before), percent.unwrap_or_default())
}

/// Requests per second: `0.058 req/s`, `3.4 req/s`, `1,200 req/s`. Below ten, the rate has two
/// significant digits; from ten on, it is a whole number.
pub(super) fn rate(requests: u64, seconds: f64) -> String {
    format!("{} req/s", per_second(requests as f64 / seconds.max(1.0)))
}

/// `name`, cut after [`MAX_NAME_CHARS`] characters; `…` marks a cut.
pub(super) fn short(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME_CHARS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_two_significant_digits_at_least() {
        for (requests, expected) in [
            (0, "0 req/s"),
            (52, "0.058 req/s"),
            (900, "1.0 req/s"),
            (3_060, "3.4 req/s"),
            (1_080_000, "1,200 req/s"),
        ] {
            assert_eq!(rate(requests, 900.0), expected);
        }
    }
}
