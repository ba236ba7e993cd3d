//! What became of the items of one signal.

use std::sync::atomic::AtomicU64;

use super::{add, get};
use crate::ingest::inlet::{ExportCounts, Refusal};

/// Counts of spans, or of data points.
#[derive(Debug, Default)]
pub(super) struct Fates {
    received: AtomicU64,
    stored: AtomicU64,
    duplicate: AtomicU64,
    invalid: AtomicU64,
    busy: AtomicU64,
    cannot_store: AtomicU64,
    shutting_down: AtomicU64,
    dropped: AtomicU64,
}

impl Fates {
    /// A request held so many.
    pub fn decoded(&self, valid: u64, invalid: u64) {
        add(&self.received, valid + invalid);
        add(&self.invalid, invalid);
    }

    /// The end of `offered` valid ones. Returns how many are in none of the writer's counts: dropped.
    pub fn exported(&self, offered: u64, outcome: &Result<ExportCounts, Refusal>) -> u64 {
        let stored = match outcome {
            Ok(stored) => *stored,
            Err(refusal) => {
                add(self.refused_for(refusal), offered);
                return 0;
            }
        };
        let dropped = offered.saturating_sub(stored.new + stored.duplicate);
        add(&self.stored, stored.new);
        add(&self.duplicate, stored.duplicate);
        add(&self.dropped, dropped);
        dropped
    }

    /// Every count, of items that are called `noun`.
    pub fn snapshot(&self, noun: &str) -> [(String, u64); 8] {
        [
            ("received", &self.received),
            ("stored", &self.stored),
            ("duplicate", &self.duplicate),
            ("refused.invalid", &self.invalid),
            ("refused.busy", &self.busy),
            ("refused.cannot_store", &self.cannot_store),
            ("refused.shutting_down", &self.shutting_down),
            ("dropped", &self.dropped),
        ]
        .map(|(name, count)| (format!("coral.agent.{noun}.{name}"), get(count)))
    }

    fn refused_for(&self, refusal: &Refusal) -> &AtomicU64 {
        match refusal {
            Refusal::Busy { .. } => &self.busy,
            Refusal::CannotStore { .. } => &self.cannot_store,
            Refusal::ShuttingDown => &self.shutting_down,
        }
    }
}
