//! Whether chance would do as well: the same question, asked of cohorts drawn by lot.

use super::score::Scores;
use super::table::Table;

/// How many draws none of which may do as well: a cause is named by chance once in twenty windows.
const DRAWS: u64 = 19;

/// Whether a draw of as many of the observations, from both cohorts together, leads to a score as high
/// as `score`. The draws are the same for the same observations.
pub(super) fn does_as_well(table: &Table<'_>, in_window: &[bool], score: f64) -> bool {
    by_lot(table, in_window, Scores::highest).into_iter().any(|highest| highest >= score)
}

/// What `told` says of as many of the observations as `in_window` has, drawn by lot: [`DRAWS`] times.
pub(super) fn by_lot<T: Send>(
    table: &Table<'_>,
    in_window: &[bool],
    told: impl Fn(&Scores) -> T + Sync,
) -> Vec<T> {
    let draw = |seed| told(&Scores::of(table, &drawn(in_window, seed)));
    let half = DRAWS / 2;
    std::thread::scope(|scope| {
        let others = scope.spawn(|| (half + 1..=DRAWS).map(draw).collect::<Vec<T>>());
        let mut all: Vec<T> = (1..=half).map(draw).collect();
        all.extend(others.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        all
    })
}

/// `in_window`, shuffled.
fn drawn(in_window: &[bool], seed: u64) -> Vec<bool> {
    let mut state = seed;
    let mut drawn = in_window.to_vec();
    for at in (1..drawn.len()).rev() {
        drawn.swap(at, (split_mix(&mut state) % (at as u64 + 1)) as usize);
    }
    drawn
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
    use super::drawn;

    #[test]
    fn a_draw_keeps_how_many_are_drawn_and_can_be_repeated() {
        let cohorts: Vec<bool> = (0..100).map(|at| at < 30).collect();
        let draw = drawn(&cohorts, 1);
        assert_eq!(draw.iter().filter(|drawn| **drawn).count(), 30);
        assert_eq!(draw, drawn(&cohorts, 1));
        assert_ne!(draw, drawn(&cohorts, 2));
    }
}
