//! Trace parts: the sums of one trace's spans in one place of the store.
//!
//! A trace is the sum of its parts: one for each generation or segment and each collector. Thus a
//! late span changes its trace without a change to sealed data.

use std::collections::BTreeSet;

use coral_trace::Span;
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
    rank: Rank,
    pub(crate) service: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) status: Option<u16>,
}

/// The order of spans that may name a trace: start, whether the span is a virtual hop, span id. A
/// virtual hop starts at the same time as the request that it belongs to, and must not name the
/// trace.
type Rank = (i64, bool, u64);

impl TracePart {
    /// The part of a single span.
    pub(crate) fn of(span: &Span) -> Self {
        let head = Named::of(span);
        Self {
            first_start: span.start.as_micros(),
            last_end: span.end.max(span.start).as_micros(),
            spans: 1,
            errors: u64::from(span.is_error()),
            services: BTreeSet::from([span.origin.service_name().into()]),
            root: span.parent_span_id.is_none().then(|| head.clone()),
            head,
        }
    }

    /// Adds one span.
    pub(crate) fn add(&mut self, span: &Span) {
        self.first_start = self.first_start.min(span.start.as_micros());
        self.last_end = self.last_end.max(span.end.max(span.start).as_micros());
        self.spans += 1;
        self.errors += u64::from(span.is_error());
        let service = span.origin.service_name();
        if !self.services.contains(service) {
            self.services.insert(service.into());
        }
        let rank = rank(span);
        if rank < self.head.rank {
            self.head = Named::of(span);
        }
        if span.parent_span_id.is_none() && self.root.as_ref().is_none_or(|root| rank < root.rank) {
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
    fn of(span: &Span) -> Self {
        Self {
            rank: rank(span),
            service: span.origin.service_name().into(),
            name: span.name.as_str().into(),
            status: span.response_status(),
        }
    }
}

fn rank(span: &Span) -> Rank {
    (span.start.as_micros(), span.is_virtual_hop(), span.span_id.as_u64())
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
