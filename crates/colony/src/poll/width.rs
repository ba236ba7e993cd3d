//! How many items a poller requests per page.

/// The most spans or metrics to request per page. Shrinks after a failure, so that an item that
/// cannot be stored is found alone; grows again after success.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Width {
    most: u32,
    /// The last page had one item and could not be stored.
    has_failed_alone: bool,
}

/// More than an agent puts into a page.
const MAX_WIDTH: u32 = 1 << 15;
/// The divisor of the width after a failure.
const NARROWER: u32 = 8;

impl Width {
    pub(super) const MAX_WIDTH: Self = Self { most: MAX_WIDTH, has_failed_alone: false };

    pub(super) const fn get(self) -> u32 {
        self.most
    }

    /// Call when a received page could not be stored. Returns whether its single item is at fault:
    /// a page of one item has then failed twice in a row. One failure can be a transmission error.
    #[must_use]
    pub(super) fn finds_fault(&mut self) -> bool {
        if self.most > 1 {
            self.narrow();
            return false;
        }
        std::mem::replace(&mut self.has_failed_alone, true)
    }

    /// Call when a page was not received: it may be too long.
    pub(super) fn narrow(&mut self) {
        self.most = (self.most / NARROWER).max(1);
    }

    /// Call when a page was stored.
    pub(super) fn widen(&mut self) {
        *self = Self { most: self.most.saturating_mul(NARROWER).min(MAX_WIDTH), ..Self::MAX_WIDTH };
    }

    /// Call after the faulty item was skipped. The next item may be faulty too, so the width stays.
    pub(super) fn go_on(&mut self) {
        self.has_failed_alone = false;
    }
}
