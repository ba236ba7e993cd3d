//! Tests whether a trace can match a search, by its digest.

use coral_trace::Collector;

use super::query::IndexedQuery;
use crate::hot::digest::TraceDigest;
use crate::hot::part::{TracePart, service_bit};
use crate::segment::{DigestBounds, Segment, SegmentExtent};

/// The conditions of a query on whole traces.
pub(super) struct Judge {
    since: i64,
    until: i64,
    min_duration_us: i64,
    max_duration_us: i64,
    failed: Option<bool>,
    pub(super) services: Vec<String>,
    pub(super) collector: Option<Collector>,
}

/// The services of a query as bits of the digests of one place.
#[derive(Clone, Copy)]
pub(super) enum ServiceBits {
    /// The query names no service.
    Any,
    /// A trace part with none of these bits has no span of the services.
    OneOf(u64),
}

impl Judge {
    pub(super) fn of(query: &IndexedQuery) -> Self {
        Self {
            since: query.started.start.as_micros(),
            until: query.started.end.as_micros(),
            min_duration_us: query.min_duration_us.unwrap_or(i64::MIN),
            max_duration_us: query.max_duration_us.unwrap_or(i64::MAX),
            failed: query.failed,
            services: query.services.clone(),
            collector: query.collector,
        }
    }

    /// Whether a segment may hold a part of a trace that starts in the range.
    pub(super) fn may_start_in(&self, extent: &SegmentExtent) -> bool {
        extent.last_start >= self.since && extent.first_start < self.until
    }

    /// The bits of the services in digests of hot rows.
    pub(super) fn hot_bits(&self) -> ServiceBits {
        self.bits(service_bit)
    }

    /// The bits of the services in digests of `segment`.
    pub(super) fn bits_in(&self, segment: &Segment) -> ServiceBits {
        self.bits(|name| segment.extent.services.bits([name]))
    }

    fn bits(&self, bits_of: impl Fn(&str) -> u64) -> ServiceBits {
        if self.services.is_empty() {
            return ServiceBits::Any;
        }
        let bits = self.services.iter().map(|name| bits_of(name));
        ServiceBits::OneOf(bits.fold(0, |bits, bit| bits | bit))
    }

    /// Whether the trace can match, as far as its services do not decide.
    pub(super) fn may_accept(&self, sum: &TraceDigest) -> bool {
        sum.first_start >= self.since
            && sum.first_start < self.until
            && (self.min_duration_us..=self.max_duration_us)
                .contains(&(sum.last_end - sum.first_start))
            && self.failed.is_none_or(|failed| failed == (sum.errors > 0))
    }

    /// Whether any trace of a block can match, as far as services do not decide.
    pub(super) fn may_accept_any(&self, block: &DigestBounds) -> bool {
        block.latest >= self.since
            && block.earliest < self.until
            && block.longest >= self.min_duration_us
            && (block.any_failed || self.failed != Some(true))
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

impl ServiceBits {
    /// Whether a trace part with these bits may have a span of the services. After `true`, services
    /// must be compared by name.
    pub(super) fn may_be_in(self, service_bits: u64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(bits) => bits & service_bits != 0,
        }
    }

    /// Whether no trace part of the place has a span of the services.
    pub(super) fn are_nowhere(self) -> bool {
        matches!(self, Self::OneOf(0))
    }
}
