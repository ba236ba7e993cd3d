//! The groups of columns of a span that a read needs.

use std::ops::{BitOr, BitOrAssign};

/// A set of groups of span columns. A read decodes the requested groups, and always
/// [`CORE`](Self::CORE). An engine MUST NOT spend time on other groups, and SHOULD leave their
/// fields empty.
///
/// Fields of a group that was not read are empty, as if the exporter had not sent them. A caller
/// that uses [`Span::response_status`](coral_trace::Span::response_status) or
/// [`Span::is_virtual_hop`](coral_trace::Span::is_virtual_hop) MUST request
/// [`ATTRIBUTES`](Self::ATTRIBUTES).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Columns(u8);

impl Columns {
    /// Ids, times, name, kind, status code, collector and service. The resource has no attribute
    /// but `service.name`, which is [`UNKNOWN_SERVICE`](coral_trace::UNKNOWN_SERVICE) if the stored
    /// resource has no name.
    pub const CORE: Self = Self(0);
    /// The attributes of the span itself.
    pub const ATTRIBUTES: Self = Self(1);
    /// The resource and the scope, with their attributes.
    pub const ORIGIN: Self = Self(1 << 1);
    /// Events, links, status message, trace state, flags, and the numbers of dropped attributes,
    /// events and links.
    pub const DETAILS: Self = Self(1 << 2);
    /// The whole span.
    pub const ALL: Self = Self(0b111);

    /// Whether this set has all groups of `other`.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Columns {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Columns {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_is_part_of_every_set_and_all_has_every_group() {
        let some = Columns::ATTRIBUTES | Columns::DETAILS;
        assert!(some.contains(Columns::CORE) && !Columns::CORE.contains(some));
        assert!(Columns::ALL.contains(some | Columns::ORIGIN) && !some.contains(Columns::ORIGIN));
    }
}
