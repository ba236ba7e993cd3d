//! Records which exports were acknowledged, and when.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::traffic::Traffic;
use crate::traffic::truth::Facts;

/// Rounds of load; the last one is still running.
#[derive(Default)]
pub struct Ledger(Mutex<Vec<Round>>);

struct Round {
    traffic: Traffic,
    acknowledged: Vec<Option<Instant>>,
}

/// How long ago a trace was acknowledged: the minimum and the maximum.
#[derive(Clone, Copy, Debug)]
pub struct Ages {
    pub at_least: Duration,
    pub at_most: Duration,
}

impl Ledger {
    /// Begins a round of load with `traffic`.
    pub fn begin(&self, traffic: Traffic) {
        let acknowledged = vec![None; traffic.exports() as usize];
        self.rounds().push(Round { traffic, acknowledged });
    }

    /// Records that export `number` of the last round was acknowledged now.
    pub fn acknowledge(&self, number: u64) {
        if let Some(round) = self.rounds().last_mut() {
            round.acknowledged[number as usize] = Some(Instant::now());
        }
    }

    /// All traces that started in `[since_us, until_us)`, and whose exports were acknowledged
    /// within `ages`.
    pub fn within(&self, ages: Ages, since_us: i64, until_us: i64) -> Vec<Facts> {
        let (now, rounds) = (Instant::now(), self.rounds());
        let mut found = Vec::new();
        for round in rounds.iter().rev().take_while(|round| round.is_younger(ages.at_most, now)) {
            for number in round.complete(ages, now) {
                let trace = round.traffic.trace(number);
                if (since_us..until_us).contains(&((trace.start / 1_000) as i64)) {
                    found.push(round.traffic.facts(&trace));
                }
            }
        }
        found
    }

    /// A random trace whose exports were acknowledged within `ages`; `None` when there is none.
    pub fn any(&self, ages: Ages, random: u64) -> Option<Facts> {
        let (now, rounds) = (Instant::now(), self.rounds());
        let young = rounds.iter().rev().take_while(|round| round.is_younger(ages.at_most, now));
        let all: Vec<(&Round, u64)> = young
            .flat_map(|round| round.complete(ages, now).map(move |number| (round, number)))
            .collect();
        let (round, number) = all.get((random % all.len().max(1) as u64) as usize)?;
        Some(round.traffic.facts(&round.traffic.trace(*number)))
    }

    fn rounds(&self) -> MutexGuard<'_, Vec<Round>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Round {
    fn is_younger(&self, than: Duration, now: Instant) -> bool {
        let last = self.acknowledged.iter().flatten().max();
        last.is_none_or(|last| now.duration_since(*last) < than)
    }

    /// The numbers of the traces whose exports were all acknowledged within `ages`. The root of a
    /// trace may be in the next export.
    fn complete(&self, ages: Ages, now: Instant) -> impl Iterator<Item = u64> {
        let each = self.traffic.traces_per_export();
        let traces = self.traffic.traces();
        let is_old_enough = move |at: Instant| {
            let age = now.duration_since(at);
            age >= ages.at_least && age <= ages.at_most
        };
        let exports = self.acknowledged.iter().enumerate();
        exports
            .filter(move |(number, at)| {
                let next = self.acknowledged.get(number + 1);
                at.is_some_and(is_old_enough) && next.is_none_or(|at| at.is_some_and(is_old_enough))
            })
            .flat_map(move |(number, _)| {
                let number = number as u64;
                number * each..((number + 1) * each).min(traces)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::sample;

    const ANY_AGE: Ages = Ages { at_least: Duration::ZERO, at_most: Duration::from_secs(3_600) };

    #[test]
    fn a_trace_is_complete_when_the_export_with_its_late_root_is_acknowledged() {
        let ledger = Ledger::default();
        ledger.begin(sample(1_500));
        ledger.acknowledge(0);
        assert_eq!(ledger.within(ANY_AGE, 0, i64::MAX).len(), 0);
        ledger.acknowledge(1);
        assert_eq!(ledger.within(ANY_AGE, 0, i64::MAX).len(), 50);
        ledger.acknowledge(2);
        assert_eq!(ledger.within(ANY_AGE, 0, i64::MAX).len(), 150);
        assert!(ledger.any(ANY_AGE, 7).is_some());
    }

    #[test]
    fn traces_acknowledged_too_recently_are_left_out() {
        let ledger = Ledger::default();
        ledger.begin(sample(500));
        ledger.acknowledge(0);
        let old = Ages { at_least: Duration::from_secs(60), ..ANY_AGE };
        assert!(ledger.any(old, 1).is_none());
    }
}
