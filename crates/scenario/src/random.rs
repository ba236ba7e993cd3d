//! Numbers that look random, and follow from a seed.

/// The finaliser of SplitMix64: a bijection whose every output bit looks random.
pub fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A number from 0 to 1 that follows from `word`.
pub(crate) fn unit(word: u64) -> f64 {
    mix(word) as f64 / u64::MAX as f64
}

/// An item of `of` that follows from `word`; `None` when there is none.
pub(crate) fn pick<T: Copy>(of: &[T], word: u64) -> Option<T> {
    let count = of.len() as u64;
    (count > 0).then(|| of[(mix(word) % count) as usize])
}
