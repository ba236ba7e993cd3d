//! Exports stored spans to other receivers of OTLP.
//!
//! Each [`Target`] has one [`exporter::Exporter`], which follows the colony's store by a cursor of
//! its own: there is no queue, so nothing is lost when a target is away, as long as the spans are
//! stored. A cursor moves when its target has acknowledged, and is stored durably, so that each span
//! is delivered at least once, also across restarts and crashes.

mod backoff;
mod batch;
pub mod client;
mod cursor;
pub mod exporter;
pub mod health;
pub mod one_off;
pub mod own_address;
pub mod refusal;
mod selection;
pub mod target;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use coral_engine::Engine;
use coral_server::exposition::Counters;
use coral_trace::UnixNanos;

pub use self::batch::encode;
use self::client::OtlpClient;
use self::exporter::Exporter;
use self::health::{ExportHealth, ExportStatus};
pub use self::selection::EXPORTED_BY;
pub use self::target::{Target, TargetError};

/// All targets of a colony. Clones are handles to the same targets.
#[derive(Clone, Default)]
pub struct Exports {
    targets: Arc<Vec<(Arc<Target>, Arc<ExportHealth>)>>,
    dir: PathBuf,
}

impl Exports {
    /// Exports to `targets`, whose cursors are in `dir`.
    pub fn new(targets: Vec<Target>, dir: PathBuf) -> Self {
        let targets = targets.into_iter().map(|target| {
            let health = Arc::new(ExportHealth::new(&target));
            (Arc::new(target), health)
        });
        Self { targets: Arc::new(targets.collect()), dir }
    }

    /// The exporters of all targets, which read from `engine`.
    pub(super) fn exporters(&self, engine: &Arc<dyn Engine>) -> Vec<Exporter<OtlpClient>> {
        let exporter = |(target, health): &(Arc<Target>, Arc<ExportHealth>)| Exporter {
            receiver: OtlpClient::new(target.clone()),
            target: target.clone(),
            engine: engine.clone(),
            file: cursor_file(&self.dir, &target.name),
            health: health.clone(),
        };
        self.targets.iter().map(exporter).collect()
    }

    /// The status of each target at `now`, in the order of the configuration. `last_receipt` is the
    /// newest of the store.
    pub fn statuses(&self, now: UnixNanos, last_receipt: u64) -> Vec<ExportStatus> {
        self.targets.iter().map(|(_, health)| health.status(now, last_receipt)).collect()
    }

    /// Counters and gauges of all targets together; none if there is no target.
    pub fn counters(&self, now: UnixNanos, last_receipt: u64) -> Counters {
        let statuses = self.statuses(now, last_receipt);
        if statuses.is_empty() {
            return Counters::new();
        }
        let sum = |value: fn(&ExportStatus) -> u64| statuses.iter().map(value).sum();
        let most = |value: fn(&ExportStatus) -> Option<u64>| {
            statuses.iter().filter_map(value).max().unwrap_or_default()
        };
        let pairs = [
            ("exported", sum(|status| status.exported)),
            ("rejected", sum(|status| status.rejected)),
            ("missed", sum(|status| status.missed)),
            ("filtered", sum(|status| status.filtered)),
            ("returned", sum(|status| status.returned)),
            ("failures", sum(|status| status.failures)),
            // Of the target that is most behind.
            ("behind.receipts", most(|status| status.lag_receipts)),
            ("behind.seconds", most(|status| status.lag_seconds.map(|lag| lag as u64))),
        ];
        pairs.map(|(name, value)| (format!("coral.colony.export.{name}"), value)).into()
    }
}

/// The file of the cursor of the target `name`.
fn cursor_file(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.json"))
}
