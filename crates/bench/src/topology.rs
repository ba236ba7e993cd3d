//! Measures the service map of a store with known traffic, and checks that it is right.

use std::time::Instant;

use coral_store::Store;
use coral_trace::dependency::Topology;
use coral_trace::{Collector, TimeRange};

use crate::Failure;
use crate::figures::Figures;
use crate::latency::Latencies;
use crate::traffic::Traffic;
use crate::traffic::calls::{Calls, Pair};

/// How often the map is read.
const ROUNDS: usize = 10;
/// The limit of the median time to read the map, in milliseconds per million spans.
const LIMIT: f64 = 300.0;
/// The largest relative error of percentiles, in thousandths.
const TOLERANCE: u64 = 4;

/// Measures reading the service map of all of `traffic`, as `collector` or any collector saw it. A
/// wrong map becomes a failed row.
pub fn measure(
    store: &Store,
    traffic: &Traffic,
    collector: Option<Collector>,
    figures: &mut Figures,
) {
    const WHAT: &str = "service map of everything";
    if traffic.attributes < Traffic::NAMING_ATTRIBUTES {
        return;
    }
    match read(store, traffic, collector) {
        Ok(latencies) => {
            let bar = LIMIT * traffic.total_spans() as f64 / 1e6;
            figures.latency(WHAT, &latencies.percentiles(), [Some(bar), None]);
        }
        Err(error) => figures.fail(WHAT, &error),
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
