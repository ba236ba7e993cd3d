//! Counts calls by caller and callee.

use std::collections::HashMap;
use std::time::Duration;

use coral_engine::StoredSpan;
use coral_trace::dependency::{CallEnds, CallSpan, Dependencies, NodeKind, OneCall};
use coral_trace::red::Exemplar;
use coral_trace::{Collector, SpanId, SpanKind, TimeRange, TraceId, UnixNanos};

use super::counters::{Counters, Requests};
use super::metric::Family;
use super::names::{CLIENT, CONNECTION_TYPE, SERVER, USER};
use crate::promql::{Labels, PromqlError};
use crate::reader::Reader;

/// How long before and after the time that counts spans are read, so that both sides of a call are
/// known.
const CALL_SLACK: Duration = Duration::from_secs(60);
/// The largest number of spans that are held in memory; a span takes about 100 bytes.
const MAX_SPANS: usize = 2_000_000;
/// The collectors whose spans make calls, as in service maps.
const COLLECTORS: [Collector; 2] = [Collector::Ebpf, Collector::Sdk];

/// A span, and what a counter needs of it beyond a service map.
#[derive(Clone, Copy)]
struct HeldSpan {
    call: CallSpan,
    end: UnixNanos,
    weight: f32,
}

/// The spans of each trace.
#[derive(Default)]
struct HeldTraces {
    map: Dependencies,
    traces: HashMap<TraceId, Vec<HeldSpan>>,
    spans: usize,
}

impl Reader<'_> {
    /// Adds the calls that ended in the time of `counters`. Calls, callers and callees are those of
    /// service maps; a root server span is a call of `user`, as in Tempo.
    ///
    /// A call ends when the later of its sides ends. It counts as one divided by the recorded share
    /// of its spans.
    pub(crate) fn count_edges(&self, counters: &mut Counters) -> Result<(), PromqlError> {
        let range = counters.moments().range();
        let wide =
            TimeRange { start: range.start.earlier(CALL_SLACK), end: range.end.later(CALL_SLACK) };
        let services = self.from.traces.services(wide, self.budget)?;
        let shares = self.recorded_shares(wide)?;
        let mut held = HeldTraces::default();
        for collector in COLLECTORS {
            let mut visit = |stored: &StoredSpan| {
                held.add(stored, shares.of(stored).unwrap_or(1.0));
            };
            let (traces, budget) = (&self.from.traces, self.budget);
            traces.spans_ended(&services, collector, &[], wide, budget, &mut visit)?;
        }
        if held.spans > MAX_SPANS {
            return Err(PromqlError::Execution(format!(
                "the time has more than {MAX_SPANS} spans to find calls in: ask for a shorter time"
            )));
        }
        let HeldTraces { mut map, traces, .. } = held;
        let mut calls = Vec::new();
        for (trace, held) in &traces {
            self.budget.check()?;
            let spans: Vec<CallSpan> = held.iter().map(|held| held.call).collect();
            map.add_trace(&spans);
            let found = map.calls(&spans);
            calls.extend(found.into_iter().map(|call| (*trace, call)));
        }
        self.name_loopback(&mut [&mut map], range)?;
        let ends = map.call_ends();
        let mut counting = EdgeCounting { ends, counters, places: HashMap::new() };
        for (trace, call) in &calls {
            counting.add_call(*trace, &traces[trace], call);
        }
        for (trace, held) in &traces {
            let is_root =
                |held: &&HeldSpan| held.call.parent.is_none() && held.call.kind == SpanKind::Server;
            held.iter().filter(is_root).for_each(|root| counting.add_root(*trace, root));
        }
        Ok(())
    }
}

impl HeldTraces {
    fn add(&mut self, stored: &StoredSpan, share: f64) {
        self.spans += 1;
        if self.spans > MAX_SPANS {
            return;
        }
        let call = self.map.span(&stored.span);
        let held = HeldSpan { call, end: stored.span.end, weight: (1.0 / share) as f32 };
        self.traces.entry(stored.span.trace_id).or_default().push(held);
    }
}

/// Counts calls whose ends have names.
struct EdgeCounting<'a> {
    ends: CallEnds<'a>,
    counters: &'a mut Counters,
    places: HashMap<(String, String, &'static str), Option<usize>>,
}

impl EdgeCounting<'_> {
    fn add_call(&mut self, trace: TraceId, spans: &[HeldSpan], call: &OneCall) {
        let find = |id: SpanId| spans.iter().find(|held| held.call.span_id == id);
        let calls =
            |held: &&HeldSpan| matches!(held.call.kind, SpanKind::Client | SpanKind::Producer);
        let caller = find(call.span).filter(calls);
        let callee = call.callee.and_then(find);
        let [from, to] = self.ends.of(call);
        let is_message = [caller, callee]
            .into_iter()
            .flatten()
            .any(|held| matches!(held.call.kind, SpanKind::Producer | SpanKind::Consumer));
        let connection = match to.kind {
            NodeKind::Database => "database",
            NodeKind::Queue => "messaging_system",
            _ if is_message => "messaging_system",
            NodeKind::External => "virtual_node",
            NodeKind::Service => "",
        };
        let names = (from.name.clone(), to.name.clone(), connection);
        self.add(trace, names, caller, callee);
    }

    /// A request that no span made.
    fn add_root(&mut self, trace: TraceId, root: &HeldSpan) {
        let service = self.ends.node(root.call.service).name.clone();
        self.add(trace, (USER.to_owned(), service, "virtual_node"), None, Some(root));
    }

    fn add(
        &mut self,
        trace: TraceId,
        (client, server, connection): (String, String, &'static str),
        caller: Option<&HeldSpan>,
        callee: Option<&HeldSpan>,
    ) {
        // A side without a span takes as long as the other side.
        let Some((from, to)) = caller.or(callee).zip(callee.or(caller)) else { return };
        let seconds = [to, from].map(|held| held.call.duration_us as f64 / 1e6);
        let failed = from.call.failed || to.call.failed;
        let slower = if from.call.duration_us >= to.call.duration_us { from } else { to };
        let key = (client, server, connection);
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => {
                let labels = Labels::from([
                    (CLIENT, key.0.as_str()),
                    (SERVER, key.1.as_str()),
                    (CONNECTION_TYPE, connection),
                ]);
                let place = self.counters.place(&labels);
                self.places.insert(key, place);
                place
            }
        };
        let Some(place) = place else { return };
        let requests = Requests {
            exemplar: Some(Exemplar {
                trace_id: trace,
                span_id: slower.call.span_id,
                nanos: slower.call.duration_us.saturating_mul(1_000),
                time: slower.end,
            }),
            ..Requests::one(Family::Edges, f64::from(to.weight), failed, seconds)
        };
        self.counters.add(place, from.end.max(to.end), &requests);
    }
}
