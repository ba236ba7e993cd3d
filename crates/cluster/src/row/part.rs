//! Rows of traces: what a list shows of the spans of one trace, one collector and one bucket, as
//! far as a repeat of a span does not change it.

use std::collections::{BTreeMap, BTreeSet};

use clickhouse::Row;
use coral_trace::{Collector, Span, TraceId};
use serde::{Deserialize, Serialize};

use super::span::trace_id;
use crate::error::ClusterError;

/// A row to insert into `traces`. Times are microseconds.
#[derive(Row, Serialize, Deserialize)]
pub(crate) struct TraceRow {
    pub(crate) bucket: u32,
    trace_id: [u8; 16],
    ebpf: u8,
    first_start: i64,
    last_end: i64,
    error: u8,
    services: Vec<String>,
    head: Named,
    root: Named,
}

/// A row of `places`.
#[derive(Row, Serialize, Deserialize)]
pub(crate) struct PlaceRow {
    pub(crate) bucket: u32,
    pub(crate) trace_id: [u8; 16],
}

/// A trace id that is read alone.
#[derive(Row, Deserialize)]
pub(crate) struct IdRow {
    trace_id: [u8; 16],
}

/// A span that may give the trace its name: start, whether the span is a virtual hop, span id;
/// service, name, response status or -1. The smallest names the trace: a virtual hop starts at the
/// same time as the request that it belongs to, and does not.
pub(crate) type Named = (i64, u8, u64, String, String, i32);

/// The place of a root in a trace that has none: after every span.
pub(crate) const NO_ROOT: (i64, u8, u64) = (i64::MAX, u8::MAX, u64::MAX);

/// The sums of the spans of a page.
#[derive(Default)]
pub(crate) struct Parts(BTreeMap<(TraceId, bool), Part>);

struct Part {
    first_start: i64,
    last_end: i64,
    error: bool,
    services: BTreeSet<String>,
    head: Named,
    root: Option<Named>,
}

impl IdRow {
    pub(crate) fn id(self) -> Result<TraceId, ClusterError> {
        trace_id(self.trace_id)
    }
}

impl Parts {
    pub(crate) fn add(&mut self, span: &Span) {
        let key = (span.trace_id, span.origin.collector == Collector::Ebpf);
        match self.0.get_mut(&key) {
            Some(part) => part.add(span),
            None => drop(self.0.insert(key, Part::of(span))),
        }
    }

    /// The rows of `places` and of `traces`.
    pub(crate) fn rows(self, bucket: u32) -> (Vec<PlaceRow>, Vec<TraceRow>) {
        let ids: BTreeSet<TraceId> = self.0.keys().map(|(id, _)| *id).collect();
        let places = ids.into_iter().map(|id| PlaceRow { bucket, trace_id: id.bytes() }).collect();
        let (after, hop, id) = NO_ROOT;
        let traces = self.0.into_iter().map(|((trace, ebpf), part)| TraceRow {
            bucket,
            trace_id: trace.bytes(),
            ebpf: u8::from(ebpf),
            first_start: part.first_start,
            last_end: part.last_end,
            error: u8::from(part.error),
            services: part.services.into_iter().collect(),
            head: part.head,
            root: part.root.unwrap_or((after, hop, id, String::new(), String::new(), -1)),
        });
        (places, traces.collect())
    }
}

impl Part {
    fn of(span: &Span) -> Self {
        let head = named(span);
        Self {
            first_start: span.start.as_micros(),
            last_end: end(span),
            error: span.is_error(),
            services: BTreeSet::from([span.origin.service_name().to_owned()]),
            root: span.parent_span_id.is_none().then(|| head.clone()),
            head,
        }
    }

    fn add(&mut self, span: &Span) {
        self.first_start = self.first_start.min(span.start.as_micros());
        self.last_end = self.last_end.max(end(span));
        self.error |= span.is_error();
        if !self.services.contains(span.origin.service_name()) {
            self.services.insert(span.origin.service_name().to_owned());
        }
        let found = rank(span);
        let is_first = |known: &Named| found < (known.0, known.1, known.2);
        if is_first(&self.head) {
            self.head = named(span);
        }
        if span.parent_span_id.is_none() && self.root.as_ref().is_none_or(is_first) {
            self.root = Some(named(span));
        }
    }
}

/// The end in microseconds, or the start if the end is before the start.
fn end(span: &Span) -> i64 {
    span.end.max(span.start).as_micros()
}

fn rank(span: &Span) -> (i64, u8, u64) {
    (span.start.as_micros(), u8::from(span.is_virtual_hop()), span.span_id.as_u64())
}

fn named(span: &Span) -> Named {
    let (start, hop, id) = rank(span);
    let status = span.response_status().map_or(-1, i32::from);
    (start, hop, id, span.origin.service_name().to_owned(), span.name.clone(), status)
}
