//! How many items a poller requests per page.

/// The most spans or metrics to request per page. Shrinks after a failure, so that an item that
/// cannot be stored is found alone; grows again after success.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Width {
    most: u32,
    /// Whether the last page had one item and could not be stored.
    has_failed_alone: bool,
}

/// The first and largest width: more items than an agent puts into a page.
const MAX_WIDTH: u32 = 1 << 15;
/// The width is divided by this after a failure, and multiplied by this after a success.
const NARROWER: u32 = 8;

impl Width {
    pub(super) const MAX_WIDTH: Self = Self { most: MAX_WIDTH, has_failed_alone: false };

    pub(super) const fn get(self) -> u32 {
        self.most
    }

    /// Narrows the next page, down to a single item, after a page that could not be decoded or
    /// stored. Returns `true` if the page had a single item and this happened twice in a row: the
    /// item is then at fault. After one failure it is not, because the next attempt may succeed.
    #[must_use]
    pub(super) fn isolate(&mut self) -> bool {
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
