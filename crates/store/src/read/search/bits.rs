//! A bit set of rows.

/// Rows as bits, 64 per word.
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// An empty set for `rows` rows.
    pub(super) fn none_of(rows: u32) -> Self {
        Self(vec![0; (rows as usize).div_ceil(64)])
    }

    /// Adds `row`, which must be below the number of rows.
    pub(super) fn insert(&mut self, row: u32) {
        self.0[row as usize / 64] |= 1 << (row % 64);
    }

    pub(super) fn contains(&self, row: u32) -> bool {
        self.0.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Whether the set may contain any of `rows`. Tests whole words, so rows nearby give false
    /// positives.
    pub(super) fn may_contain_any(&self, rows: std::ops::Range<u32>) -> bool {
        let words = rows.start as usize / 64..(rows.end as usize).div_ceil(64).min(self.0.len());
        self.0.get(words).is_some_and(|words| words.iter().any(|word| *word != 0))
    }
}
