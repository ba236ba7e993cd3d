//! Tests whether a trace can match a search, by its digest.

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
    max_duration_us: i64,
    failed: Option<bool>,
    pub(super) services: Vec<String>,
    /// The bits of the services in the query. A trace with none of these bits cannot match. 0 if
    /// the query names no service.
    pub(super) service_bits: u64,
    pub(super) collector: Option<Collector>,
}

impl Judge {
    pub(super) fn of(query: &IndexedQuery) -> Self {
        Self {
            since: query.started.start.as_micros(),
            until: query.started.end.as_micros(),
            min_duration_us: query.min_duration_us.unwrap_or(i64::MIN),
            max_duration_us: query.max_duration_us.unwrap_or(i64::MAX),
            failed: query.failed,
            service_bits: query.services.iter().map(|name| service_bit(name)).fold(0, |a, b| a | b),
            services: query.services.clone(),
            collector: query.collector,
        }
    }

    /// Whether a segment may hold a part of a trace that starts in the range.
    pub(super) fn may_start_in(&self, extent: &SegmentExtent) -> bool {
        extent.last_start >= self.since && extent.first_start < self.until
    }

    /// Whether the trace can match. `false` is final; after `true`, services must be compared by
    /// name.
    pub(super) fn may_accept(&self, sum: &TraceDigest) -> bool {
        sum.first_start >= self.since
            && sum.first_start < self.until
            && (self.min_duration_us..=self.max_duration_us)
                .contains(&(sum.last_end - sum.first_start))
            && self.failed.is_none_or(|failed| failed == (sum.errors > 0))
            && (self.service_bits == 0 || self.service_bits & sum.service_bits != 0)
    }

    /// Whether any trace of a block can match.
    pub(super) fn may_accept_any(&self, block: &DigestBounds) -> bool {
        block.latest >= self.since
            && block.earliest < self.until
            && block.longest >= self.min_duration_us
            && (block.any_failed || self.failed != Some(true))
            && (self.service_bits == 0 || self.service_bits & block.service_bits != 0)
    }

    /// Whether spans of `collector` are part of the search.
    pub(super) fn counts(&self, collector: Collector) -> bool {
        self.collector.is_none_or(|wanted| wanted == collector)
    }

    /// Whether the part has a span of one of the services, compared by name.
    pub(super) fn has_service(&self, part: &TracePart) -> bool {
        self.services.is_empty()
            || self.services.iter().any(|service| part.services.contains(service.as_str()))
    }
}
