//! What a caller sees whose token is limited to services: the answers of a store that never held
//! the spans and metrics of other services.
//!
//! The limit is in the readers, below every question, so that no question can forget it. Only a
//! trace shows that there is more: its other spans are redacted hops.

mod fleet;
mod metrics;
mod scope;
mod summary;
mod traces;
mod walk;

use std::sync::Arc;
use std::time::Duration;

pub use self::scope::{InvalidScope, ServiceScope};
use crate::shared::SharedSources;

/// The shortest time in which a limited caller is told that a trace is not stored, or that the
/// beginning of an id fits none. Whoever serves limited callers waits until so much time has passed
/// since the question arrived.
///
/// A trace of other services alone is told from no trace by the sums of its parts, without reading
/// a span. Those sums, and the candidates of a prefix, take longer to read than nothing; this hides
/// the difference. What takes longer than this is not equalised: on a busy disk, or for a prefix of
/// few digits that thousands of traces of others share.
pub const NOT_FOUND_FLOOR: Duration = Duration::from_millis(100);

impl SharedSources {
    /// These sources, limited to the services of `scope`: they answer every question as those of a
    /// colony that never received anything of other services. Only a trace also has the redacted
    /// hops of others.
    ///
    /// Whatever a service of the scope sent is shown, also where it names what it called
    /// (`server.address`, `url.full`). Links to traces without a span of the scope are left out.
    /// Sizes of the store, counters, and what is known of an agent beyond polling are left out.
    #[must_use]
    pub fn limited_to(&self, scope: ServiceScope) -> Self {
        let scope = Arc::new(scope);
        Self {
            traces: Arc::new(traces::LimitedTraces::new(self.traces.clone(), scope.clone())),
            metrics: Arc::new(metrics::LimitedMetrics { inner: self.metrics.clone(), scope }),
            fleet: Arc::new(fleet::LimitedFleet(self.fleet.clone())),
        }
    }
}
