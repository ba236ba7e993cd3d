//! A set of rows.

/// Rows as bits, 64 a word.
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// None of `rows` rows.
    pub(super) fn none_of(rows: u32) -> Self {
        Self(vec![0; (rows as usize).div_ceil(64)])
    }

    /// Adds `row`, which is one of them.
    pub(super) fn insert(&mut self, row: u32) {
        self.0[row as usize / 64] |= 1 << (row % 64);
    }

    pub(super) fn contains(&self, row: u32) -> bool {
        self.0.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Whether any of `rows` is in it; rows beside them, in the same words, may be taken for them.
    pub(super) fn may_contain_any(&self, rows: std::ops::Range<u32>) -> bool {
        let words = rows.start as usize / 64..(rows.end as usize).div_ceil(64).min(self.0.len());
        self.0.get(words).is_some_and(|words| words.iter().any(|word| *word != 0))
    }
}
