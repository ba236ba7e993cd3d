//! Hosts, versions and instances of services, from their newest spans.

use std::collections::{BTreeMap, BTreeSet};

use coral_engine::{Columns, EngineError, TraceQuery};
use coral_trace::{Span, TimeRange, TraceId, UnixNanos};

use super::answer::ValueList;
use crate::coverage::has_every_parent;
use crate::reader::Reader;
use crate::red::{KindsOfServices, RequestKind, request_kind};
use crate::sample::{OVERSIZED_IN_INTERVAL, fitting};

/// How many of the newest traces are read for all services together, or for the one that was asked
/// about; and their spans.
const MAX_TRACES: u32 = 100;
const MAX_SPANS: u64 = 10_000;
/// How many traces and spans are read of a service that these traces do not have, and of how many
/// such services.
const MAX_TRACES_OF_ONE: u32 = 20;
const MAX_SPANS_OF_ONE: u64 = 2_000;
const MAX_RARE_SERVICES: usize = 500;
/// How many values of an attribute an answer has, and how many are counted.
const MAX_VALUES: usize = 8;
const MAX_COUNTED: usize = 1_000;

/// What the newest spans of each service say of it.
#[derive(Default)]
pub(super) struct Sampled(BTreeMap<String, ServiceSample>);

/// What the newest spans of one service say of it.
#[derive(Default)]
pub(super) struct ServiceSample {
    hosts: BTreeSet<String>,
    versions: BTreeSet<String>,
    instances: BTreeSet<String>,
    /// When the last of the spans ended.
    pub last_end: UnixNanos,
    /// The kinds of requests that the spans served.
    kinds: BTreeSet<RequestKind>,
    /// The traces of the spans, and those of them in which no parent is missing.
    traces: u64,
    whole: u64,
}

impl Reader<'_> {
    /// The newest spans in `window`: of `service`, or of all services. Those of `names` that the
    /// newest traces do not have are searched one by one.
    pub(super) fn sampled_services(
        &self,
        service: Option<&str>,
        window: TimeRange,
        names: &BTreeSet<String>,
    ) -> Result<Sampled, EngineError> {
        let mut found = Sampled::default();
        self.add_newest(service, window, (MAX_TRACES, MAX_SPANS), &mut found)?;
        if service.is_none() {
            let rare: Vec<&String> = names.iter().filter(|name| !found.has(name)).collect();
            for name in rare.into_iter().take(MAX_RARE_SERVICES) {
                let limits = (MAX_TRACES_OF_ONE, MAX_SPANS_OF_ONE);
                self.add_newest(Some(name), window, limits, &mut found)?;
            }
        }
        Ok(found)
    }

    fn add_newest(
        &self,
        service: Option<&str>,
        started: TimeRange,
        (max_traces, max_spans): (u32, u64),
        found: &mut Sampled,
    ) -> Result<(), EngineError> {
        let query = TraceQuery {
            started,
            services: service.map(str::to_owned).into_iter().collect(),
            ..TraceQuery::newest(max_traces)
        };
        let traces = fitting(self.search(&query)?, max_spans, OVERSIZED_IN_INTERVAL).traces;
        let ids: Vec<TraceId> = traces.iter().map(|trace| trace.trace_id).collect();
        let spans =
            self.spans(&ids, None, Columns::ORIGIN | Columns::ATTRIBUTES, max_spans as u32)?;
        let is_wanted =
            |span: &&Span| service.is_none_or(|name| span.origin.service_name() == name);
        spans.iter().filter(is_wanted).for_each(|span| found.add_span(span));
        for trace in spans.chunk_by(|one, next| one.trace_id == next.trace_id) {
            let is_whole = has_every_parent(trace);
            let services: BTreeSet<&str> =
                trace.iter().filter(is_wanted).map(|span| span.origin.service_name()).collect();
            for name in services {
                if let Some(sample) = found.0.get_mut(name) {
                    sample.traces += 1;
                    sample.whole += u64::from(is_whole);
                }
            }
        }
        Ok(())
    }
}

impl Sampled {
    pub(super) fn has(&self, service: &str) -> bool {
        self.0.contains_key(service)
    }

    pub(super) fn get(&self, service: &str) -> Option<&ServiceSample> {
        self.0.get(service)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// The kinds of requests that each service served.
    pub(super) fn kinds(&self) -> KindsOfServices {
        self.0.iter().map(|(name, sample)| (name.clone(), sample.kinds.clone())).collect()
    }

    /// Adds those `services` of `other` that this sample does not have.
    pub(super) fn add_others(&mut self, other: Self, services: &BTreeSet<String>) {
        let wanted = other.0.into_iter().filter(|(name, _)| services.contains(name));
        for (name, sample) in wanted {
            self.0.entry(name).or_insert(sample);
        }
    }

    fn add_span(&mut self, span: &Span) {
        let service = span.origin.service_name();
        if !self.0.contains_key(service) {
            self.0.insert(service.to_owned(), ServiceSample::default());
        }
        let Some(sample) = self.0.get_mut(service) else { return };
        sample.last_end = sample.last_end.max(span.end);
        sample.kinds.extend(request_kind(span).map(|(kind, _)| kind));
        let resource = &span.origin.resource.attributes;
        let keys: [(&[&str], &mut BTreeSet<String>); 3] = [
            (&["host.name"], &mut sample.hosts),
            (&["service.version"], &mut sample.versions),
            (&["service.instance.id", "k8s.pod.name"], &mut sample.instances),
        ];
        for (keys, values) in keys {
            let Some(value) = resource.first_of(keys) else { continue };
            let is_known = value.as_str().is_some_and(|text| values.contains(text));
            if !is_known && values.len() < MAX_COUNTED {
                values.insert(value.to_string());
            }
        }
    }
}

impl ServiceSample {
    /// The part of the traces in which no parent is missing; `None` without traces.
    pub(super) fn complete_ratio(&self) -> Option<f64> {
        (self.traces > 0).then(|| self.whole as f64 / self.traces as f64)
    }

    pub(super) fn hosts(&self) -> ValueList {
        list(&self.hosts)
    }

    pub(super) fn versions(&self) -> ValueList {
        list(&self.versions)
    }

    pub(super) fn instances(&self) -> ValueList {
        list(&self.instances)
    }
}

fn list(values: &BTreeSet<String>) -> ValueList {
    let listed = values.iter().take(MAX_VALUES).cloned().collect();
    ValueList { values: listed, count: values.len() as u64 }
}
