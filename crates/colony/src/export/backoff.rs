//! How long an exporter waits after a refusal.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use super::refusal::Remedy;

/// The first wait before a repetition; each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_secs(60);
/// The same where somebody has to change something first.
const FIRST_SLOW_WAIT: Duration = Duration::from_secs(30);
const MAX_SLOW_WAIT: Duration = Duration::from_secs(300);
/// The longest time for which a target can ask.
const MAX_ASKED_WAIT: Duration = Duration::from_secs(600);

/// The wait before the next request to the target `name` after `failures` failures in a row, at
/// least 1: ±20%, and at least what the target asked for, up to ten minutes.
pub(super) fn wait(name: &str, failures: u32, remedy: Remedy) -> Duration {
    let (first, most, asked) = match remedy {
        Remedy::Repeat(asked) => (FIRST_WAIT, MAX_WAIT, asked.unwrap_or_default()),
        Remedy::Smaller | Remedy::SmallerLater | Remedy::Change => {
            (FIRST_SLOW_WAIT, MAX_SLOW_WAIT, Duration::ZERO)
        }
    };
    let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(most);
    let wait = doubled.mul_f64(0.8 + 0.4 * jitter(name, failures));
    wait.max(asked.min(MAX_ASKED_WAIT))
}

/// A pseudo-random number in [0, 1), which depends on nothing but the arguments.
fn jitter(name: &str, failures: u32) -> f64 {
    let mut hasher = DefaultHasher::new();
    (name, failures).hash(&mut hasher);
    (hasher.finish() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_are_at_least_what_the_target_asks() {
        for failures in 1..100 {
            let soon = wait("a", failures, Remedy::Repeat(None));
            let slow = wait("a", failures, Remedy::Change);
            assert!(soon <= MAX_WAIT.mul_f64(1.2) && slow <= MAX_SLOW_WAIT.mul_f64(1.2));
            assert!(soon >= Duration::from_millis(800) && slow >= Duration::from_secs(24));
            let asked = Some(Duration::from_secs(90));
            assert!(wait("a", failures, Remedy::Repeat(asked)) >= Duration::from_secs(90));
            let endless = Some(Duration::MAX);
            assert_eq!(wait("a", failures, Remedy::Repeat(endless)), MAX_ASKED_WAIT);
        }
        assert_ne!(wait("a", 3, Remedy::Change), wait("b", 3, Remedy::Change));
    }
}
