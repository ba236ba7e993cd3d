//! Whether a trace is wanted, as far as its sums tell.

use coral_trace::Collector;

use super::query::IndexedQuery;
use crate::hot::digest::TraceDigest;
use crate::hot::part::{TracePart, service_bit};
use crate::segment::{DigestBounds, SegmentExtent};

/// The conditions of a query on whole traces.
pub(super) struct Judge {
    since: i64,
    until: i64,
    min_duration_us: i64,
    failed: Option<bool>,
    services: Vec<String>,
    /// A trace without any of these bits has no span of the services; 0 when any service will do.
    service_bits: u64,
    pub(super) collector: Option<Collector>,
}

impl Judge {
    pub(super) fn of(query: &IndexedQuery) -> Self {
        Self {
            since: query.started.start.as_micros(),
            until: query.started.end.as_micros(),
            min_duration_us: query.min_duration_us.unwrap_or(i64::MIN),
            failed: query.failed,
            service_bits: query.services.iter().map(|name| service_bit(name)).fold(0, |a, b| a | b),
            services: query.services.clone(),
            collector: query.collector,
        }
    }

    /// Whether a trace may start in the range whose part in a segment does.
    pub(super) fn may_start_in(&self, extent: &SegmentExtent) -> bool {
        extent.last_start >= self.since && extent.first_start < self.until
    }

    /// What the sums tell: `false` is final, `true` leaves the service to be looked at by name.
    pub(super) fn may_accept(&self, sum: &TraceDigest) -> bool {
        sum.first_start >= self.since
            && sum.first_start < self.until
            && sum.last_end - sum.first_start >= self.min_duration_us
            && self.failed.is_none_or(|failed| failed == (sum.errors > 0))
            && (self.service_bits == 0 || self.service_bits & sum.service_bits != 0)
    }

    /// Whether it may accept any of a block.
    pub(super) fn may_accept_any(&self, block: &DigestBounds) -> bool {
        block.latest >= self.since
            && block.earliest < self.until
            && block.longest >= self.min_duration_us
            && (block.any_failed || self.failed != Some(true))
            && (self.service_bits == 0 || self.service_bits & block.service_bits != 0)
    }

    /// Whether what `collector` saw counts.
    pub(super) fn counts(&self, collector: Collector) -> bool {
        self.collector.is_none_or(|wanted| wanted == collector)
    }

    /// Whether it has a span of one of the services, by name.
    pub(super) fn has_service(&self, part: &TracePart) -> bool {
        self.services.is_empty()
            || self.services.iter().any(|service| part.services.contains(service.as_str()))
    }
}
