//! Lists the names of services.

use std::collections::BTreeSet;
use std::sync::Arc;

use coral_engine::{Budget, MAX_SERVICES};
use coral_trace::TimeRange;

use crate::error::StoreError;
use crate::hot::live::Live;
use crate::segment::Segment;

/// See [`Store::services`](crate::Store::services).
pub(crate) fn services(
    live: &Live,
    started: TimeRange,
    budget: &Budget,
) -> Result<BTreeSet<String>, StoreError> {
    let (mut names, segments) = hot_services(live, started, budget)?;
    let inside = |segment: &&Arc<Segment>| {
        let (first, last) = (segment.extent.first_start, segment.extent.last_start);
        last >= started.start.as_micros() && first < started.end.as_micros()
    };
    for segment in segments.iter().rev().filter(inside) {
        if names.len() >= MAX_SERVICES {
            break;
        }
        sealed_services(segment, budget, &mut names)
            .map_err(StoreError::unreadable(segment.receipts()))?;
    }
    while names.len() > MAX_SERVICES {
        names.pop_last();
    }
    Ok(names)
}

/// Names in hot rows, and the segments at the same moment.
type HotServices = (BTreeSet<String>, Arc<Vec<Arc<Segment>>>);

/// The names in hot rows.
fn hot_services(
    live: &Live,
    started: TimeRange,
    budget: &Budget,
) -> Result<HotServices, StoreError> {
    let state = live.read();
    let mut pace = budget.pace();
    // There are few names and many traces: copy each name once.
    let mut names: BTreeSet<&str> = BTreeSet::new();
    pace.step()?;
    for trace in state.generations().flat_map(|generation| generation.traces.values()) {
        pace.step()?;
        for hot in trace.parts(None) {
            let start = hot.digest.first_start;
            if start >= started.start.as_micros() && start < started.end.as_micros() {
                names.extend(hot.part.services.iter().map(AsRef::as_ref));
            }
        }
    }
    Ok((names.into_iter().map(str::to_owned).collect(), state.segments.clone()))
}

fn sealed_services(
    segment: &Segment,
    budget: &Budget,
    names: &mut BTreeSet<String>,
) -> Result<(), StoreError> {
    let mut add = |name: &str| {
        if names.len() <= MAX_SERVICES && !names.contains(name) {
            names.insert(name.to_owned());
        }
    };
    if let Some(listed) = segment.extent.services.names() {
        budget.check()?;
        listed.for_each(add);
        return Ok(());
    }
    for group in segment.row_groups()? {
        group.each_text("service_name", budget, &mut add)?;
    }
    Ok(())
}
