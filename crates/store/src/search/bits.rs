//! A set of rows.

/// Rows as bits, 64 a word.
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// None of `rows` rows.
    pub(super) fn none_of(rows: u32) -> Self {
        Self(vec![0; (rows as usize).div_ceil(64)])
    }

    /// Adds `row`; `false` when there is no such row.
    pub(super) fn insert(&mut self, row: u32) -> bool {
        let word = self.0.get_mut(row as usize / 64);
        word.map(|word| *word |= 1 << (row % 64)).is_some()
    }

    pub(super) fn contains(&self, row: u32) -> bool {
        self.0.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}
