//! Waits of messages that became longer because a clock changed: the producer's host measures when a
//! message was published, and the consumer's host when its processing began.
//!
//! A backlog makes waits longer and more different from each other. A clock that is set moves all
//! waits at one host by the same time, for longer than this time, and leaves their differences as
//! they were. A consumer that pauses for a constant time before each message looks the same.

use std::collections::HashMap;

use super::observation::Observation;
use super::shift::quantile;
use crate::time::UnixNanos;

/// The smallest number of waits at a host, in each cohort, that show a clock.
const MIN_WAITS: usize = 4;
/// Waits differ as they did before, if their P90 and P10 are at most this many times as far apart.
const SAME_SPREAD: f64 = 2.0;
/// A clock moves waits by at least this many times the distance of their P90 and P10.
const MIN_OFFSET_SPREADS: f64 = 8.0;

/// Waits of one consumer at one host, in nanoseconds: of the baseline, and of the window.
#[derive(Default)]
struct Waits {
    before: Vec<f64>,
    now: Vec<f64>,
    /// When the first and the last of the window's messages were published, about.
    published: Option<(UnixNanos, UnixNanos)>,
}

/// Subtracts from the waits of the window what a clock has added to them.
pub(super) fn adjust(observations: &mut [Observation], in_window: &[bool]) {
    let mut hosts: HashMap<(u32, String), Waits> = HashMap::new();
    let mut consumers: HashMap<u32, Vec<f64>> = HashMap::new();
    for (observation, inside) in observations.iter().zip(in_window) {
        for wait in &observation.waits {
            let share = &observation.path_shares[wait.share];
            let key = (share.component, wait.host.clone());
            let waits = hosts.entry(key).or_default();
            if *inside {
                let (first, last) =
                    waits.published.unwrap_or((observation.start, observation.start));
                waits.published = Some((first.min(observation.start), last.max(observation.start)));
                waits.now.push(share.nanos);
            } else {
                waits.before.push(share.nanos);
                consumers.entry(share.component).or_default().push(share.nanos);
            }
        }
    }
    let offset = |((component, host), mut waits): ((u32, String), Waits)| {
        // A host that is new has no waits of its own in the baseline.
        if waits.before.is_empty() {
            waits.before = consumers.get(&component).cloned().unwrap_or_default();
        }
        // Messages of one burst, which a consumer takes later, wait equally long too.
        let (first, last) = waits.published?;
        let offset = offset(waits.before, waits.now)?;
        (last.since(first).as_nanos() as f64 > offset).then_some(((component, host), offset))
    };
    let offsets: HashMap<(u32, String), f64> = hosts.into_iter().filter_map(offset).collect();
    if offsets.is_empty() {
        return;
    }
    for (observation, _) in observations.iter_mut().zip(in_window).filter(|(_, inside)| **inside) {
        for wait in &observation.waits {
            let share = &mut observation.path_shares[wait.share];
            if let Some(offset) = offsets.get(&(share.component, wait.host.clone())) {
                share.nanos = (share.nanos - offset).max(0.0);
                observation.adjusted = true;
            }
        }
    }
}

/// By how many nanoseconds a clock moved the waits `now` away from those `before`; `None` if no
/// clock did.
fn offset(mut before: Vec<f64>, mut now: Vec<f64>) -> Option<f64> {
    if before.len() < MIN_WAITS || now.len() < MIN_WAITS {
        return None;
    }
    before.sort_unstable_by(f64::total_cmp);
    now.sort_unstable_by(f64::total_cmp);
    let spread = |sorted: &[f64]| quantile(sorted, 0.9) - quantile(sorted, 0.1);
    let offset = quantile(&now, 0.5) - quantile(&before, 0.5);
    let is_clock =
        offset > MIN_OFFSET_SPREADS * spread(&now) && spread(&now) <= SAME_SPREAD * spread(&before);
    is_clock.then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits of 10 to 30 ms, times `factor`, and then longer by `more` milliseconds.
    fn waits(factor: f64, more: f64) -> Vec<f64> {
        (0..20).map(|at| ((10.0 + f64::from(at * 7 % 20)) * factor + more) * 1e6).collect()
    }

    #[test]
    fn a_clock_moves_waits_and_a_backlog_spreads_them() {
        let usual = || waits(1.0, 0.0);
        let clock = offset(usual(), waits(1.0, 3_000.0)).unwrap();
        assert!((clock - 3e9).abs() < 1e6, "{clock}");
        // A backlog of up to three seconds, the same waits, waits of which each is a little longer,
        // and too few waits.
        for now in [waits(100.0, 0.0), usual(), waits(1.0, 15.0), vec![3e9]] {
            assert_eq!(offset(usual(), now.clone()), None, "{now:?}");
        }
    }
}
