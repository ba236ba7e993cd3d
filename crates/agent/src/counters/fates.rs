//! Counters of the items of one signal (spans, or data points), by outcome.

use std::sync::atomic::AtomicU64;

use super::{add, get};
use crate::ingest::inlet::{ExportCounts, Refusal};

/// Counters of spans, or of data points.
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
    /// Counts the valid and invalid items of a request.
    pub fn count_decoded(&self, valid: u64, invalid: u64) {
        add(&self.received, valid + invalid);
        add(&self.invalid, invalid);
    }

    /// Counts the outcome of an export of `offered` valid items. Returns how many of these items
    /// were reported neither as stored nor as duplicates; they count as dropped.
    pub fn count_exported(&self, offered: u64, outcome: &Result<ExportCounts, Refusal>) -> u64 {
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

    /// All counts, with names that contain `noun`.
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
