//! Operations that end before they have made a call that they used to make: an unreported error, an
//! early return, or a callee that cannot be found.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Change, Counts, add_example};
use crate::explain::names::CauseKind;
use crate::explain::table::{ObservationTable, Operation, OperationCall};
use crate::work;

/// The part of the weight that goes to the services that are no longer called, divided among them.
const NOT_CALLED_SHARE: f64 = 0.5;
/// A child is missed if this part of the baseline's fuller calls have the child.
const NEARLY_ALL: f64 = 0.9;
/// How many services have to stop after the same callee before the callee is blamed.
const MIN_STOPPED: usize = 2;

/// A shape that is a part of fuller shapes and became more frequent.
#[derive(Clone, Copy)]
struct CutShape {
    counts: Counts,
    /// The number of nodes of the smallest fuller call in the baseline.
    fuller: u32,
    /// The part of the window's cut calls that exceeds the rate of the baseline.
    excess: f64,
}

/// Changes for each operation that ends early, and for the services that it does not call any more.
pub(super) fn changes(table: &ObservationTable<'_>, in_window: &[bool]) -> Vec<Change> {
    let cuts: Vec<Vec<Option<CutShape>>> =
        table.operations.iter().map(|operation| cuts(operation, in_window)).collect();
    let lowest = lowest(table, in_window, &cuts);
    let last_called = LastCalled::of(table, &lowest);
    let blamed = blamed(table, &lowest, &last_called);
    let mut found = Vec::new();
    for ((component, shape), calls) in lowest {
        let operation = &table.operations[component];
        let Some(cut) = cuts[component][shape] else { continue };
        let counts = Counts { window: calls.len(), ..cut.counts };
        let weight = counts.weight() * cut.excess;
        if weight <= 0.0 {
            continue;
        }
        let key = table.key(component);
        let mut examples = Vec::new();
        calls
            .iter()
            .for_each(|seen| add_example(&mut examples, table, (seen.observation, seen.call)));
        let change = |service, weight| Change {
            component: component as u32,
            service,
            kind: CauseKind::Missing,
            weight,
            counts,
            added: 0.0,
            calls: None,
            examples: examples.clone(),
        };
        // The callee after which several services stop is more suspicious than each of them.
        let last = last_called.service(table, &calls).filter(|last| blamed.contains(last));
        match last {
            Some(last) => {
                found.push(change(last, weight));
                found.push(change(key.service, weight * NOT_CALLED_SHARE));
                continue;
            }
            None => found.push(change(key.service, weight)),
        }
        let missed = missed(table, operation, shape, in_window);
        let part = weight * NOT_CALLED_SHARE / missed.len().max(1) as f64;
        found.extend(missed.into_iter().map(|service| change(service, part)));
    }
    found
}

/// The services after whose response the calls of at least [`MIN_STOPPED`] other services end early.
fn blamed(
    table: &ObservationTable<'_>,
    lowest: &[((usize, usize), Vec<OperationCall>)],
    last_called: &LastCalled,
) -> BTreeSet<u32> {
    let mut stopped: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for ((component, _), calls) in lowest {
        if let Some(last) = last_called.service(table, calls) {
            stopped.entry(last).or_default().insert(table.key(*component).service);
        }
    }
    stopped.retain(|_, callers| callers.len() >= MIN_STOPPED);
    stopped.into_keys().collect()
}

/// For the observations of some calls, and each of their calls, the component that it called last.
struct LastCalled(HashMap<u32, Vec<Option<u32>>>);

impl LastCalled {
    fn of(table: &ObservationTable<'_>, lowest: &[((usize, usize), Vec<OperationCall>)]) -> Self {
        let mut found: HashMap<u32, Vec<Option<u32>>> = HashMap::new();
        for seen in lowest.iter().flat_map(|(_, calls)| calls) {
            found.entry(seen.observation).or_insert_with(|| {
                let calls = &table.observations[seen.observation as usize].calls;
                let mut last = vec![None; calls.len()];
                // Children come after their parents, in the order of their start.
                for call in calls {
                    work::step();
                    if let Some(parent) = call.parent {
                        last[parent as usize] = Some(call.called_as);
                    }
                }
                last
            });
        }
        Self(found)
    }

    /// The service that nearly all of `calls` called last; `None` when they differ.
    fn service(&self, table: &ObservationTable<'_>, calls: &[OperationCall]) -> Option<u32> {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for seen in calls {
            let last = self.0.get(&seen.observation).and_then(|last| last[seen.call as usize]);
            if let Some(callee) = last.and_then(|last| table.key(last as usize).callee) {
                *counts.entry(callee).or_insert(0) += 1;
            }
        }
        let (callee, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        (count as f64 >= NEARLY_ALL * calls.len() as f64).then_some(callee)
    }
}

/// For each shape of an operation: a cut, if the shape is a part of fuller shapes and became more
/// frequent.
fn cuts(operation: &Operation, in_window: &[bool]) -> Vec<Option<CutShape>> {
    let shapes = operation.shapes.len();
    let mut baseline = vec![0usize; shapes];
    let mut now = vec![0usize; shapes];
    let mut smallest = vec![u32::MAX; shapes];
    for seen in &operation.calls {
        let Some(shape) = seen.shape else { continue };
        if in_window[seen.observation as usize] {
            now[shape] += 1;
        } else {
            baseline[shape] += 1;
            smallest[shape] = smallest[shape].min(seen.size);
        }
    }
    let there = |shape: &usize| baseline[*shape] + now[*shape] > 0;
    let cut = |shape: usize| {
        let fuller: Vec<usize> = operation.supersets[shape].iter().copied().filter(there).collect();
        let least =
            fuller.iter().map(|other| smallest[*other]).min().filter(|least| *least < u32::MAX)?;
        let all = || fuller.iter().copied().chain([shape]);
        let (baseline_total, window_total) =
            (all().map(|at| baseline[at]).sum(), all().map(|at| now[at]).sum());
        let partial = |at: &usize| operation.supersets[*at].iter().any(there);
        let share = |counts: &[usize], of: usize| {
            all().filter(partial).map(|at| counts[at]).sum::<usize>() as f64 / of.max(1) as f64
        };
        let (before, after) = (share(&baseline, baseline_total), share(&now, window_total));
        let counts =
            Counts { baseline: baseline[shape], baseline_total, window: now[shape], window_total };
        let worse = baseline_total > 0 && after > before && counts.weight() > 0.0;
        worse.then(|| CutShape { counts, fuller: least, excess: (after - before) / after })
    };
    (0..shapes).map(cut).collect()
}

/// The window's calls that end early although none of the calls below them does, or fails, by operation
/// and shape. A call ends early because a call below it failed: the failure is the change.
fn lowest(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    cuts: &[Vec<Option<CutShape>>],
) -> Vec<((usize, usize), Vec<OperationCall>)> {
    let mut cut_calls: Vec<(usize, OperationCall)> = Vec::new();
    for (component, operation) in table.operations.iter().enumerate() {
        let is_cut = |seen: &&OperationCall| {
            let cut = seen.shape.and_then(|shape| cuts[component][shape]);
            let call = &table.observations[seen.observation as usize].calls[seen.call as usize];
            in_window[seen.observation as usize]
                && cut.is_some_and(|cut| seen.size < cut.fuller)
                && !call.fails_below()
        };
        cut_calls.extend(operation.calls.iter().filter(is_cut).map(|seen| (component, *seen)));
    }
    let above = above(table, &cut_calls);
    let mut found: HashMap<(usize, usize), Vec<OperationCall>> = HashMap::new();
    for (component, seen) in cut_calls {
        if let Some(shape) = seen.shape.filter(|_| !above.contains(&(seen.observation, seen.call)))
        {
            found.entry((component, shape)).or_default().push(seen);
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_unstable_by_key(|(place, _)| *place);
    found
}

/// All calls that are above any of `calls`.
fn above(table: &ObservationTable<'_>, calls: &[(usize, OperationCall)]) -> HashSet<(u32, u32)> {
    let mut found = HashSet::new();
    for (_, seen) in calls {
        let observation = &table.observations[seen.observation as usize];
        let mut next = observation.calls[seen.call as usize].parent;
        // If a call was found before, so were all calls above it.
        while let Some(at) = next.filter(|at| found.insert((seen.observation, *at))) {
            work::step();
            next = observation.calls[at as usize].parent;
        }
    }
    found
}

/// The services that nearly all fuller calls of the baseline called, but calls with `shape` do not.
fn missed(
    table: &ObservationTable<'_>,
    operation: &Operation,
    shape: usize,
    in_window: &[bool],
) -> BTreeSet<u32> {
    let mut fuller = 0usize;
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for seen in operation.calls.iter().filter(|seen| !in_window[seen.observation as usize]) {
        let Some(other) = seen.shape.filter(|other| operation.supersets[shape].contains(other))
        else {
            continue;
        };
        fuller += 1;
        for child in &operation.shapes[other] {
            work::step();
            *counts.entry(*child).or_insert(0) += 1;
        }
    }
    let needed = NEARLY_ALL * fuller as f64;
    let missing = counts.into_iter().filter(|(child, count)| {
        *count as f64 >= needed && operation.shapes[shape].binary_search(child).is_err()
    });
    missing.filter_map(|(child, _)| table.key(child as usize).callee).collect()
}
