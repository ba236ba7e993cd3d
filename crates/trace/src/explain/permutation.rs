//! The permutation test: is a statistic of the two cohorts higher than without a cause?

use std::collections::BTreeMap;
use std::time::Duration;

use super::score::Scores;
use super::table::ObservationTable;
use crate::side_by_side::side_by_side;

/// Size of the permutation test. A cause must beat 19 comparisons without a cause, a
/// false-positive rate of 1 in 20.
pub(super) const PERMUTATIONS: u64 = 19;
/// The smallest number of baseline traces, and of blocks of time with traces, for comparing parts of
/// the baseline with each other.
const MIN_BLOCKED_TRACES: usize = 40;
const MIN_BLOCKS: usize = 8;
/// A block is a twentieth of the baseline, within these limits. Traces of one block resemble each
/// other more than others do.
const MAX_BLOCKS: u32 = 20;
const MIN_BLOCK: Duration = Duration::from_secs(1);
const MAX_BLOCK: Duration = Duration::from_secs(60);

/// The `statistic` of each of [`PERMUTATIONS`] random comparisons without a cause.
///
/// Where the baseline is long enough, each compares parts of the baseline: some of its blocks of
/// time, as many as have about as many traces as the window, against its other blocks. Blocks of
/// the baseline differ as traffic does from one minute to the next, and none has the window's fault.
/// Otherwise each comparison relabels all traces at random, which keeps the size of both cohorts.
pub(super) fn statistics<T: Send>(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    statistic: impl Fn(&Scores) -> T + Sync,
) -> Vec<T> {
    match Blocks::of_baseline(table, in_window) {
        Some(blocks) => {
            let baseline = &table.observations[..blocks.traces];
            let table = ObservationTable::from_observations(table.names, baseline);
            comparisons(|seed| statistic(&Scores::for_cohorts(&table, &blocks.drawn(seed))))
        }
        None => {
            comparisons(|seed| statistic(&Scores::for_cohorts(table, &shuffle(in_window, seed))))
        }
    }
}

/// The results of `compare` for all seeds, computed on two threads.
fn comparisons<T: Send>(compare: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let half = PERMUTATIONS / 2;
    let (mut all, others) = side_by_side(
        || (1..=half).map(&compare).collect::<Vec<T>>(),
        || (half + 1..=PERMUTATIONS).map(&compare).collect::<Vec<T>>(),
    );
    all.extend(others);
    all
}

/// The traces of a baseline in blocks of time.
struct Blocks {
    /// The indices of the observations of each block.
    blocks: Vec<Vec<usize>>,
    /// The number of traces of the baseline, which come before those of the window.
    traces: usize,
    /// The number of traces of a comparison's window: as many as the window has, and at most half.
    drawn: usize,
}

impl Blocks {
    /// The blocks of a baseline that has enough of them.
    fn of_baseline(table: &ObservationTable<'_>, in_window: &[bool]) -> Option<Self> {
        let traces = in_window.iter().position(|inside| *inside)?;
        if traces < MIN_BLOCKED_TRACES {
            return None;
        }
        let start = |at: usize| table.observations[at].start;
        let first = (0..traces).map(start).min()?;
        let last = (0..traces).map(start).max()?;
        let length = (last.since(first) / MAX_BLOCKS).clamp(MIN_BLOCK, MAX_BLOCK);
        let mut blocks: BTreeMap<u128, Vec<usize>> = BTreeMap::new();
        for at in 0..traces {
            let number = start(at).since(first).as_nanos() / length.as_nanos();
            blocks.entry(number).or_default().push(at);
        }
        let blocks: Vec<Vec<usize>> = blocks.into_values().collect();
        let drawn = (in_window.len() - traces).min(traces / 2);
        (blocks.len() >= MIN_BLOCKS).then_some(Self { blocks, traces, drawn })
    }

    /// Which traces of the baseline are in the window of the comparison with this number. Of the
    /// last block that is needed, only the first traces are.
    fn drawn(&self, seed: u64) -> Vec<bool> {
        let mut in_window = vec![false; self.traces];
        let order: Vec<usize> = (0..self.blocks.len()).collect();
        let mut count = 0;
        for block in shuffle(&order, seed) {
            let some = self.blocks[block].iter().take(self.drawn - count);
            some.for_each(|at| {
                in_window[*at] = true;
                count += 1;
            });
        }
        in_window
    }
}

/// `in_order`, shuffled by the algorithm of Fisher and Yates with a generator that is seeded with
/// `seed`.
pub(super) fn shuffle<T: Clone>(in_order: &[T], seed: u64) -> Vec<T> {
    let mut state = seed;
    let mut relabelled = in_order.to_vec();
    for at in (1..relabelled.len()).rev() {
        relabelled.swap(at, (split_mix(&mut state) % (at as u64 + 1)) as usize);
    }
    relabelled
}

/// SplitMix64: Steele, Lea and Flood, OOPSLA 2014.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::shuffle;

    #[test]
    fn a_relabelling_keeps_the_size_of_the_cohorts_and_can_be_repeated() {
        let cohorts: Vec<bool> = (0..100).map(|at| at < 30).collect();
        let relabelled = shuffle(&cohorts, 1);
        assert_eq!(relabelled.iter().filter(|in_window| **in_window).count(), 30);
        assert_eq!(relabelled, shuffle(&cohorts, 1));
        assert_ne!(relabelled, shuffle(&cohorts, 2));
    }
}
