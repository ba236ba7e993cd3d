//! What one thread has read of a map.

use coral_engine::{Budget, BudgetError};

use super::carried::SplitSpans;
use crate::calls::columns::Reader;

/// A map of some traces, and spans of split traces with the ids of this map.
#[derive(Default)]
pub(super) struct Part {
    pub(super) reader: Reader,
    pub(super) carried: SplitSpans,
}

impl Part {
    /// Adds what another thread has read.
    pub(super) fn absorb(&mut self, other: Self, budget: &Budget) -> Result<(), BudgetError> {
        let ids = self.reader.map.absorb(other.reader.into_map(), || budget.check())?;
        self.carried.absorb(other.carried, &ids);
        Ok(())
    }
}
