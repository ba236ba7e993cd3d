//! The permutation test: is a statistic of the two cohorts higher than with shuffled cohort labels?

use super::score::Scores;
use super::table::ObservationTable;

/// Size of the permutation test. A cause must beat 19 random relabellings, which is a
/// false-positive rate of 1 in 20.
pub(super) const PERMUTATIONS: u64 = 19;

/// Whether any relabelling has a highest score of at least `score`, in which case chance explains
/// `score` as well as a cause does. The relabellings are the same for the same observations.
pub(super) fn reach(table: &ObservationTable<'_>, in_window: &[bool], score: f64) -> bool {
    statistics(table, in_window, Scores::highest).into_iter().any(|highest| highest >= score)
}

/// The `statistic` of each of [`PERMUTATIONS`] relabellings. A relabelling moves observations
/// between the cohorts, and keeps the size of both.
pub(super) fn statistics<T: Send>(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    statistic: impl Fn(&Scores) -> T + Sync,
) -> Vec<T> {
    let permuted = |seed| statistic(&Scores::for_cohorts(table, &shuffle(in_window, seed)));
    let half = PERMUTATIONS / 2;
    std::thread::scope(|scope| {
        let others = scope.spawn(|| (half + 1..=PERMUTATIONS).map(permuted).collect::<Vec<T>>());
        let mut all: Vec<T> = (1..=half).map(permuted).collect();
        all.extend(others.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        all
    })
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
