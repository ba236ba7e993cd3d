//! Measures the service map of a store with known traffic, and checks that it is right.

use std::time::Instant;

use coral_store::Store;
use coral_trace::dependency::Topology;
use coral_trace::{Collector, TimeRange, UnixNanos};

use crate::Failure;
use crate::figures::Figures;
use crate::latency::Latencies;
use crate::traffic::Traffic;
use crate::traffic::calls::{Calls, Pair};

/// How often the map is read.
const ROUNDS: usize = 10;
/// The limit of the median time to read a map of up to 10 million spans, in milliseconds.
const LIMIT: f64 = 100.0;
/// By how much the limit is higher for each further million spans: 500 ms for 100 million.
const LIMIT_PER_MILLION: f64 = 400.0 / 90.0;
/// The largest relative error of percentiles, in thousandths.
const TOLERANCE: u64 = 4;

/// Measures reading the service map of all of `traffic`, and those of windows that cut minutes, as
/// `collector` or any collector saw it. A wrong map becomes a failed row.
pub fn measure(
    store: &Store,
    traffic: &Traffic,
    collector: Option<Collector>,
    figures: &mut Figures,
) {
    if traffic.attributes < Traffic::NAMING_ATTRIBUTES {
        return;
    }
    let millions = traffic.total_spans() as f64 / 1e6;
    let bar = LIMIT + LIMIT_PER_MILLION * (millions - 10.0).max(0.0);
    for (what, read) in [
        ("service map of everything", read(store, traffic, collector)),
        ("service map of 15 minutes", read_part(store, traffic, collector, 4)),
        ("service map of nearly the hour", read_part(store, traffic, collector, 1)),
    ] {
        match read {
            Ok(latencies) => figures.latency(what, &latencies.percentiles(), [Some(bar), None]),
            Err(error) => figures.fail(what, &error),
        }
    }
}

fn read(
    store: &Store,
    traffic: &Traffic,
    collector: Option<Collector>,
) -> Result<Latencies, Failure> {
    let expected = traffic.calls();
    let mut latencies = Latencies::default();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let map = store.dependencies(TimeRange::ALL, collector)?.topology();
        latencies.add(begin.elapsed());
        check(&map, traffic, expected.iter())?;
    }
    Ok(latencies)
}

/// Reads the map of the newest one of `parts` equal parts of the traffic, without ten seconds at either
/// end. Checks the number of traces.
fn read_part(
    store: &Store,
    traffic: &Traffic,
    collector: Option<Collector>,
    parts: u64,
) -> Result<Latencies, Failure> {
    let starts = (0..traffic.traces()).map(|number| traffic.trace(number).start);
    let (first, last) = (starts.clone().min().unwrap_or(0), starts.clone().max().unwrap_or(0));
    let edge = 10_000_000_000;
    let window = TimeRange {
        start: UnixNanos(last - (last - first) / parts + edge),
        end: UnixNanos(last - edge),
    };
    let traces = starts.filter(|start| window.contains(UnixNanos(*start))).count() as u64;
    let mut latencies = Latencies::default();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let map = store.dependencies(window, collector)?.topology();
        latencies.add(begin.elapsed());
        // The store compares times in microseconds.
        if map.counts.traces.abs_diff(traces) > 1 {
            return Err(format!("a map of {traces} traces: {:?}", map.counts).into());
        }
    }
    Ok(latencies)
}

/// Checks that `map` has exactly the calls in `expected`.
fn check<'a>(
    map: &Topology,
    traffic: &Traffic,
    expected: impl ExactSizeIterator<Item = (&'a Pair, &'a Calls)>,
) -> Result<(), Failure> {
    let counts = map.counts;
    if (counts.traces, counts.spans, counts.orphans) != (traffic.traces(), traffic.total_spans(), 0)
    {
        return Err(format!("a wrong map: {counts:?}").into());
    }
    if map.edges.len() != expected.len() {
        return Err(format!("{} edges, not {}", map.edges.len(), expected.len()).into());
    }
    for ((from, to, protocol), calls) in expected {
        let edge = map.edges.iter().find(|edge| {
            map.nodes[edge.from].name == *from
                && map.nodes[edge.to].name == *to
                && edge.protocol == *protocol
        });
        let edge = edge.ok_or_else(|| format!("no edge {from} -> {to} over {protocol}"))?;
        let percentiles = [50, 95, 99].map(|percent| edge.latencies.percentile(percent));
        let is_near = |(found, exact): (Option<u64>, u64)| {
            found.is_some_and(|found| found.abs_diff(exact) * 1_000 <= exact * TOLERANCE)
        };
        if (edge.calls, edge.errors) != (calls.calls, calls.errors)
            || !percentiles.into_iter().zip(calls.percentiles_us).all(is_near)
        {
            let found = (edge.calls, edge.errors, percentiles);
            return Err(format!("{from} -> {to}: {found:?}, not {calls:?}").into());
        }
    }
    Ok(())
}
