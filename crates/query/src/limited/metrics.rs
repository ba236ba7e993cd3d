//! The metrics of the services of a scope.

use std::sync::Arc;

use coral_engine::{
    Budget, DeltaQuery, EngineError, Extent, MetricExtent, MetricReader, StoredDelta,
};

use super::ServiceScope;

/// Reads the rows of the services of a scope.
pub(super) struct LimitedMetrics {
    pub(super) inner: Arc<dyn MetricReader>,
    pub(super) scope: Arc<ServiceScope>,
}

impl MetricReader for LimitedMetrics {
    fn deltas(
        &self,
        wanted: &DeltaQuery,
        budget: &Budget,
        visit: &mut dyn FnMut(&StoredDelta),
    ) -> Result<(), EngineError> {
        match &wanted.service {
            Some(service) if !self.scope.allows(service) => Ok(budget.check()?),
            Some(_) => self.inner.deltas(wanted, budget, visit),
            None => self.inner.deltas(wanted, budget, &mut |row| {
                if self.scope.allows(&row.delta.series.service) {
                    visit(row);
                }
            }),
        }
    }

    /// Nothing: sizes count the rows of all services.
    fn metric_extent(&self) -> Result<MetricExtent, EngineError> {
        let Extent { first_receipt, .. } = super::traces::NO_EXTENT;
        Ok(MetricExtent { first_receipt, ..MetricExtent::default() })
    }
}
