//! How much is asked for at a time.

/// How many spans or metrics a page may have. Fewer after one that could not be taken, so that the one at fault
/// is found; more again when pages are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Width(u32);

/// More than an agent puts into a page.
const MAX_WIDTH: u32 = 1 << 15;
/// So many times fewer are asked for at each try, down to one.
const NARROWER: u32 = 8;

impl Width {
    pub(super) const MAX_WIDTH: Self = Self(MAX_WIDTH);

    pub(super) const fn get(self) -> u32 {
        self.0
    }

    /// Whether it cannot be narrower.
    pub(super) const fn is_one(self) -> bool {
        self.0 == 1
    }

    pub(super) fn narrow(&mut self) {
        self.0 = (self.0 / NARROWER).max(1);
    }

    pub(super) fn widen(&mut self) {
        self.0 = self.0.saturating_mul(NARROWER).min(MAX_WIDTH);
    }
}
