//! In which form a poller requests the pages of a stream.

use coral_engine::ColumnsLayout;

/// By column, if the colony's engine reads columns. After a page by column that cannot be stored, the
/// same page is requested as spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PageForm {
    layout: Option<ColumnsLayout>,
    has_failed: bool,
}

impl PageForm {
    /// The form of pages for an engine that reads columns of `layout`.
    pub(super) const fn of_layout(layout: Option<ColumnsLayout>) -> Self {
        Self { layout, has_failed: false }
    }

    /// The layout of columns to request; `None` for spans.
    pub(super) fn layout(self) -> Option<ColumnsLayout> {
        self.layout.filter(|_| !self.has_failed)
    }

    /// Call when a page by column cannot be read or stored. Returns `true` if it was requested by
    /// column: the next one is requested as spans.
    #[must_use]
    pub(super) fn fall_back(&mut self) -> bool {
        let was_by_column = self.layout().is_some();
        self.has_failed = true;
        was_by_column
    }

    /// Call when a page was stored.
    pub(super) const fn go_on(&mut self) {
        self.has_failed = false;
    }
}
