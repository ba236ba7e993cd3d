//! Trace parts: the sums of one trace's spans in one place of the store.
//!
//! A trace is the sum of its parts: one for each generation or segment and each collector. Thus a
//! late span changes its trace without a change to sealed data.

use std::collections::BTreeSet;

use coral_trace::{Collector, Span, TraceId};
use serde::{Deserialize, Serialize};

/// The sums of the spans of one trace and one collector in one place. Times are microseconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct TracePart {
    pub(crate) first_start: i64,
    /// End of the last span. A span whose end is before its start counts as ending at its start.
    pub(crate) last_end: i64,
    pub(crate) spans: u64,
    pub(crate) errors: u64,
    pub(crate) services: BTreeSet<Box<str>>,
    /// The earliest span.
    pub(crate) head: Named,
    /// The earliest span without a parent.
    pub(crate) root: Option<Named>,
}

/// A span that may give the trace its name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) rank: Rank,
    pub(crate) service: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) status: Option<u16>,
}

/// The order of spans that may name a trace: start, whether the span is a virtual hop, span id. A
/// virtual hop starts at the same time as the request that it belongs to, and must not name the
/// trace.
pub(crate) type Rank = (i64, bool, u64);

/// What the sums of a trace need of a span: a [`Span`], or a row of a column page. Times are
/// microseconds.
pub(crate) trait PartSpan {
    fn trace_id(&self) -> TraceId;
    fn span_id(&self) -> u64;
    fn is_root(&self) -> bool;
    fn start(&self) -> i64;
    /// The end, or the start if the end is before the start.
    fn end(&self) -> i64;
    fn is_error(&self) -> bool;
    fn is_virtual_hop(&self) -> bool;
    fn response_status(&self) -> Option<u16>;
    fn name(&self) -> &str;
    fn service(&self) -> &str;
    fn collector(&self) -> Collector;
}

impl PartSpan for Span {
    fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    fn span_id(&self) -> u64 {
        self.span_id.as_u64()
    }

    fn is_root(&self) -> bool {
        self.parent_span_id.is_none()
    }

    fn start(&self) -> i64 {
        self.start.as_micros()
    }

    fn end(&self) -> i64 {
        self.end.max(self.start).as_micros()
    }

    fn is_error(&self) -> bool {
        Span::is_error(self)
    }

    fn is_virtual_hop(&self) -> bool {
        Span::is_virtual_hop(self)
    }

    fn response_status(&self) -> Option<u16> {
        Span::response_status(self)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn service(&self) -> &str {
        self.origin.service_name()
    }

    fn collector(&self) -> Collector {
        self.origin.collector
    }
}

impl TracePart {
    /// The part of a single span.
    pub(crate) fn of(span: &impl PartSpan) -> Self {
        let head = Named::of(span);
        Self {
            first_start: span.start(),
            last_end: span.end(),
            spans: 1,
            errors: u64::from(span.is_error()),
            services: BTreeSet::from([span.service().into()]),
            root: span.is_root().then(|| head.clone()),
            head,
        }
    }

    /// Adds one span.
    pub(crate) fn add(&mut self, span: &impl PartSpan) {
        self.first_start = self.first_start.min(span.start());
        self.last_end = self.last_end.max(span.end());
        self.spans += 1;
        self.errors += u64::from(span.is_error());
        let service = span.service();
        if !self.services.contains(service) {
            self.services.insert(service.into());
        }
        let rank = rank(span);
        if rank < self.head.rank {
            self.head = Named::of(span);
        }
        if span.is_root() && self.root.as_ref().is_none_or(|root| rank < root.rank) {
            self.root = Some(Named::of(span));
        }
    }

    /// Adds the spans of another part of the same trace.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.first_start = self.first_start.min(other.first_start);
        self.last_end = self.last_end.max(other.last_end);
        self.spans += other.spans;
        self.errors += other.errors;
        self.services.extend(other.services.iter().cloned());
        if other.head.rank < self.head.rank {
            self.head = other.head.clone();
        }
        if let Some(root) = &other.root
            && self.root.as_ref().is_none_or(|mine| root.rank < mine.rank)
        {
            self.root = Some(root.clone());
        }
    }

    /// The bits of all services of the part, by [`service_bit`].
    pub(crate) fn service_bits(&self) -> u64 {
        self.services.iter().map(|service| service_bit(service)).fold(0, |bits, bit| bits | bit)
    }
}

impl Named {
    fn of(span: &impl PartSpan) -> Self {
        Self {
            rank: rank(span),
            service: span.service().into(),
            name: span.name().into(),
            status: span.response_status(),
        }
    }
}

fn rank(span: &impl PartSpan) -> Rank {
    (span.start(), span.is_virtual_hop(), span.span_id())
}

/// The bit of 64 that stands for a service. A part without the bit has no span of the service; a
/// part with the bit may have one. The hash is FNV-1a and must not change, because bits are
/// stored.
pub(crate) fn service_bit(service: &str) -> u64 {
    let hash = service.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The upper bits depend on every byte of the name.
    1 << (hash >> 58)
}
