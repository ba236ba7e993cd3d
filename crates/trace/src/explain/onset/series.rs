//! The series of a history: what each operation did, in the order of time.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::super::observation::Entry;
use super::amounts::Amounts;
use super::split::{Channel, LogTable, Split, Tally, Test};
use crate::ids::SpanId;
use crate::span::{Span, SpanKind};
use crate::time::UnixNanos;
use crate::work;

/// The length of one block, in a history that has at least [`ENOUGH_BLOCKS`] of this length.
pub(super) const BLOCK_NANOS: u64 = 60_000_000_000;
/// Blocks of a shorter history are shorter, but not shorter than this.
const MIN_BLOCK_NANOS: u64 = 15_000_000_000;
const ENOUGH_BLOCKS: u64 = 60;
/// The quantiles that values are compared with. The highest ones show a change that a few requests
/// in a hundred have, or one that began shortly before the end.
const QUANTILES: [f64; 7] = [0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995];
/// Series with fewer values than this are ignored.
pub(super) const MIN_VALUES: usize = 10;
/// Stands for the kind where the values are the times that messages waited for a consumer.
const WAIT: &str = "wait";
/// The largest number of series; those of operations that were seen least are left out.
pub(super) const MAX_SERIES: usize = 400;

/// Traces or requests in the order of time, as series.
pub(super) struct History {
    /// The start of each period with traces, or minute with requests.
    pub blocks: Vec<UnixNanos>,
    pub series: Vec<Series>,
    /// When each trace started; `None` where requests were counted by minute.
    pub starts: Option<Vec<UnixNanos>>,
}

/// The values of one operation: of traces in the order of time, of requests in any order.
pub(super) struct Series {
    pub unit: Unit,
    pub values: Vec<Value>,
}

/// What the values of a series are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    /// The duration of a span, in nanoseconds.
    Nanos,
    /// 1 for a span that failed, else 0.
    Failures,
    /// The number of calls in a trace.
    Calls,
}

/// One value, or as many as a bucket of a histogram counts in a minute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    /// The index of the trace of the value; 0 for a bucket.
    pub trace: usize,
    /// The index of the minute.
    pub block: usize,
    /// The value, or the upper bound of the bucket.
    pub amount: u64,
    /// The value, or the lower bound of the bucket.
    pub least: u64,
    /// How many values there are: 1, or the count of the bucket.
    pub count: u32,
}

/// Service, name and kind of an operation; [`WAIT`] in place of the kind is a series of its own.
type Operation<'a> = (&'a str, &'a str, &'static str);

/// What the spans of one operation did.
#[derive(Default)]
struct Spans {
    durations: Vec<(usize, u64)>,
    failures: Vec<(usize, u64)>,
}

/// What the traces with one topmost operation did.
#[derive(Default)]
struct Traces<'a> {
    traces: Vec<usize>,
    /// Calls of each operation, by trace.
    calls: BTreeMap<Operation<'a>, BTreeMap<usize, u64>>,
}

impl History {
    /// See [`super::onset`].
    pub fn from_traces<'a>(traces: impl IntoIterator<Item = &'a [Span]>, entry: Entry<'_>) -> Self {
        let mut found: Vec<Vec<&Span>> = traces
            .into_iter()
            .map(|spans| below(spans, entry))
            .filter(|spans| !spans.is_empty())
            .collect();
        let start = |spans: &Vec<&Span>| spans.iter().map(|span| span.start).min();
        found.sort_by_cached_key(|spans| (start(spans), spans[0].trace_id.as_u128()));
        let starts: Vec<UnixNanos> = found.iter().filter_map(start).collect();
        let (blocks, block_of) = blocks(&starts);
        let (spans, traces) = counted(&found);
        let series = most_seen(&spans, &traces).into_iter().map(|counted| {
            let value = |(trace, amount)| {
                let block = block_of[trace];
                Value { trace, block, amount, least: amount, count: 1 }
            };
            let values = counted.values().into_iter().map(value).collect();
            Series { unit: counted.unit(), values }
        });
        Self { series: series.collect(), blocks, starts: Some(starts) }
    }

    /// The time of `split`, by the values of the blocks next to it: between the last value before
    /// the split and the first after it. Where requests were counted by minute, the start of the
    /// minute.
    pub fn refined(&self, channel: &Channel, split: Split, logs: &LogTable) -> UnixNanos {
        let Some(starts) = &self.starts else { return self.blocks[split.at] };
        let values = &self.series[channel.series].values;
        let first = values.partition_point(|value| value.block + 1 < split.at);
        let last = values.partition_point(|value| value.block <= split.at);
        let tally = |values: &[Value]| {
            let above = values.iter().filter(|value| channel.test.holds(value.amount)).count();
            Tally { above: above as u32, all: values.len() as u32 }
        };
        let mut blocks = vec![tally(&values[..first])];
        blocks.extend(values[first..last].iter().map(|value| tally(std::slice::from_ref(value))));
        blocks.push(tally(&values[last..]));
        let order: Vec<usize> = (0..blocks.len()).collect();
        let near = Channel { blocks, series: channel.series, test: channel.test };
        let Some(exact) = near.split(&order, logs, true) else { return self.blocks[split.at] };
        let at = (first + exact.at - 1).min(values.len() - 1);
        let start = |at: usize| starts[values[at].trace];
        let before = if at == 0 { start(0) } else { start(at - 1) };
        UnixNanos(before.0.midpoint(start(at).0))
    }
}

impl Series {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.iter().map(|value| value.count as usize).sum()
    }

    /// The questions about the values of this series, which is the one at `index`.
    pub fn channels(&self, index: usize, blocks: usize) -> Vec<Channel> {
        let amounts = Amounts::new(self.values.iter().copied());
        let (Some(smallest), Some(largest)) = amounts.ends() else { return Vec::new() };
        let mut tests: Vec<Test> =
            QUANTILES.map(|q| Test::Above(amounts.at_rank(q).amount)).to_vec();
        tests.dedup();
        tests.retain(|test| *test != Test::Above(largest));
        if self.unit != Unit::Nanos {
            // A rare value is above the rest whatever the quantiles are.
            let zero = Test::Above(0);
            if largest > 0 && smallest == 0 && !tests.contains(&zero) {
                tests.push(zero);
            }
            if smallest == 0 && self.unit == Unit::Calls {
                tests.push(Test::Absent);
            }
        }
        let channel = |test: Test| {
            let mut counts = vec![Tally::default(); blocks];
            for value in &self.values {
                let above = if test.holds(value.amount) { value.count } else { 0 };
                counts[value.block].add(Tally { above, all: value.count });
            }
            Channel { series: index, test, blocks: counts }
        };
        tests.into_iter().map(channel).collect()
    }
}

/// The spans that match `entry` and those below them; all of `spans` if `entry` asks for none.
fn below<'a>(spans: &'a [Span], entry: Entry<'_>) -> Vec<&'a Span> {
    if entry.service.is_none() && entry.operation.is_none() {
        return spans.iter().collect();
    }
    let mut below: HashSet<SpanId> = HashSet::new();
    let mut children: HashMap<SpanId, Vec<&Span>> = HashMap::new();
    for span in spans {
        if let Some(parent) = span.parent_span_id {
            children.entry(parent).or_default().push(span);
        }
    }
    let mut waiting: Vec<&Span> = spans.iter().filter(|span| entry.matches(span)).collect();
    let mut found = Vec::new();
    while let Some(span) = waiting.pop() {
        work::step();
        if below.insert(span.span_id) {
            found.push(span);
            waiting.extend(children.remove(&span.span_id).unwrap_or_default());
        }
    }
    found
}

/// The periods that have traces, and the period of each trace: minutes, or shorter periods in a
/// history of less than an hour, which has too few minutes for a permutation test.
fn blocks(starts: &[UnixNanos]) -> (Vec<UnixNanos>, Vec<usize>) {
    let (mut blocks, mut of) = (Vec::new(), Vec::with_capacity(starts.len()));
    let end = starts.last().map_or(0, |last| last.0.saturating_add(1));
    let all = starts.first().map_or(0, |first| end - first.0);
    let length = (all / ENOUGH_BLOCKS).clamp(MIN_BLOCK_NANOS, BLOCK_NANOS);
    let mut number = None;
    for start in starts {
        // Periods are counted from the end, so that the last one is whole.
        let period = (end - start.0) / length;
        if number != Some(period) {
            number = Some(period);
            blocks.push(*start);
        }
        of.push(blocks.len() - 1);
    }
    (blocks, of)
}

/// What a series is made of.
enum Counted<'a> {
    Spans(Unit, &'a [(usize, u64)]),
    /// All traces with one topmost operation, and how often some of them make a call.
    Calls(&'a [usize], &'a BTreeMap<usize, u64>),
}

impl Counted<'_> {
    /// In how many spans or traces the operation was seen.
    fn seen(&self) -> usize {
        match self {
            Self::Spans(_, values) => values.len(),
            Self::Calls(_, calls) => calls.len(),
        }
    }

    fn unit(&self) -> Unit {
        match self {
            Self::Spans(unit, _) => *unit,
            Self::Calls(..) => Unit::Calls,
        }
    }

    /// Indices of traces, and values.
    fn values(&self) -> Vec<(usize, u64)> {
        match self {
            Self::Spans(_, values) => values.to_vec(),
            Self::Calls(traces, calls) => {
                let count = |trace| (trace, calls.get(&trace).copied().unwrap_or(0));
                traces.iter().copied().map(count).collect()
            }
        }
    }
}

/// At most [`MAX_SERIES`] series with at least [`MIN_VALUES`] values each. The values are not
/// listed yet, because a hostile history has a series for each span.
fn most_seen<'a>(
    spans: &'a BTreeMap<Operation<'_>, Spans>,
    traces: &'a BTreeMap<Operation<'_>, Traces<'_>>,
) -> Vec<Counted<'a>> {
    let spans = spans.values().filter(|of| of.durations.len() >= MIN_VALUES).flat_map(|of| {
        let durations = Counted::Spans(Unit::Nanos, &of.durations);
        let failures = Counted::Spans(Unit::Failures, &of.failures);
        [durations, failures].into_iter().filter(|series| series.seen() > 0)
    });
    let traces = traces.values().filter(|of| of.traces.len() >= MIN_VALUES);
    let calls =
        traces.flat_map(|of| of.calls.values().map(|calls| Counted::Calls(&of.traces, calls)));
    let mut all: Vec<Counted<'a>> = spans.chain(calls).collect();
    all.sort_by_key(|series| std::cmp::Reverse(series.seen()));
    all.truncate(MAX_SERIES);
    all
}

/// What each operation did, and what each topmost operation called.
fn counted<'a>(
    found: &[Vec<&'a Span>],
) -> (BTreeMap<Operation<'a>, Spans>, BTreeMap<Operation<'a>, Traces<'a>>) {
    let mut operations: BTreeMap<Operation<'_>, Spans> = BTreeMap::new();
    let mut roots: BTreeMap<Operation<'_>, Traces<'_>> = BTreeMap::new();
    for (trace, spans) in found.iter().enumerate() {
        let producers = spans.iter().filter(|span| span.kind == SpanKind::Producer);
        let ended: HashMap<Option<SpanId>, UnixNanos> =
            producers.map(|span| (Some(span.span_id), span.end)).collect();
        let mut calls: BTreeMap<Operation<'_>, u64> = BTreeMap::new();
        for span in spans {
            let operation = operation(span);
            *calls.entry(operation).or_default() += 1;
            let of = operations.entry(operation).or_default();
            of.durations.push((trace, nanos(span.duration())));
            of.failures.push((trace, u64::from(span.is_error())));
            if span.kind == SpanKind::Consumer
                && let Some(producer) = ended.get(&span.parent_span_id)
            {
                let (service, name, _) = operation;
                let of = operations.entry((service, name, WAIT)).or_default();
                of.durations.push((trace, nanos(span.start.since(*producer))));
            }
        }
        let top = spans.iter().min_by_key(|span| {
            (span.parent_span_id.is_some(), span.start, std::cmp::Reverse(span.end))
        });
        let Some(top) = top.map(|top| operation(top)) else { continue };
        let root = roots.entry(top).or_default();
        root.traces.push(trace);
        for (operation, count) in calls {
            root.calls.entry(operation).or_default().insert(trace, count);
        }
    }
    (operations, roots)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn operation(span: &Span) -> Operation<'_> {
    (span.origin.service_name(), &span.name, span.kind.as_str())
}
