//! How much is asked for at a time.

/// How many spans or metrics a page may have. Fewer after one that could not be taken, so that the one at fault
/// is found; more again when pages are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Width {
    most: u32,
    /// The last page had one item and could not be taken.
    has_failed_alone: bool,
}

/// More than an agent puts into a page.
const MAX_WIDTH: u32 = 1 << 15;
/// So many times fewer are asked for at each try, down to one.
const NARROWER: u32 = 8;

impl Width {
    pub(super) const MAX_WIDTH: Self = Self { most: MAX_WIDTH, has_failed_alone: false };

    pub(super) const fn get(self) -> u32 {
        self.most
    }

    /// Narrows the next page after one that could not be taken, down to a single item. Returns whether that item is at
    /// fault, which is so when it has failed alone twice in a row: an item that fails once may come well the next time,
    /// and pages may be narrow for another reason.
    #[must_use]
    pub(super) fn isolate(&mut self) -> bool {
        if self.most > 1 {
            self.narrow();
            return false;
        }
        std::mem::replace(&mut self.has_failed_alone, true)
    }

    /// A page did not come: perhaps it is too long.
    pub(super) fn narrow(&mut self) {
        self.most = (self.most / NARROWER).max(1);
    }

    /// A page was taken.
    pub(super) fn widen(&mut self) {
        *self = Self { most: self.most.saturating_mul(NARROWER).min(MAX_WIDTH), ..Self::MAX_WIDTH };
    }

    /// The item at fault was stepped over. The next one may be at fault too.
    pub(super) fn go_on(&mut self) {
        self.has_failed_alone = false;
    }
}
