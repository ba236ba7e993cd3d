//! What rows of traces files say about the traces of candidates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coral_engine::Budget;
use coral_trace::TraceId;
use hashbrown::{HashMap, HashSet};

use super::best::{Candidate, Place, SegmentRow};
use crate::error::StoreError;
use crate::hot::part::TracePart;
use crate::parallel;
use crate::segment::Segment;

/// So many rows of traces files are read on one thread: starting another one would cost more.
const MAX_ROWS_OF_ONE: usize = if cfg!(test) { 8 } else { 256 };

/// Rows of traces files with what they say about their traces.
pub(super) struct Details(HashMap<SegmentRow, (TraceId, Arc<TracePart>)>);

impl Details {
    /// Reads the rows of `candidates`. Segments are read on all cores if there are many rows.
    pub(super) fn read<'a>(
        candidates: impl Iterator<Item = &'a Candidate>,
        segments: &[Arc<Segment>],
        budget: &Budget,
    ) -> Result<Self, StoreError> {
        let mut wanted: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
        for candidate in candidates {
            candidate.place.each_row(|(segment, row)| {
                wanted.entry(segment).or_default().insert(row);
            });
        }
        let of = |(id, rows): (u64, BTreeSet<u32>)| {
            let at = segments.binary_search_by_key(&id, |segment| segment.id()).ok()?;
            Some((segments.get(at)?, rows.into_iter().collect()))
        };
        let wanted: Vec<(&Arc<Segment>, Vec<u32>)> = wanted.into_iter().filter_map(of).collect();
        let read = |(segment, rows): &(&Arc<Segment>, Vec<u32>)| {
            segment.details(rows, budget).map_err(StoreError::unreadable(segment.receipts()))
        };
        let count: usize = wanted.iter().map(|(_, rows)| rows.len()).sum();
        let found = match count {
            ..=MAX_ROWS_OF_ONE => wanted.iter().map(read).collect(),
            _ => parallel::map(&wanted, read),
        };
        let mut details = HashMap::with_capacity(count);
        for ((segment, rows), found) in wanted.iter().zip(found) {
            let of_rows = rows.iter().zip(found?);
            details.extend(
                of_rows
                    .map(|(row, (trace, of))| ((segment.id(), *row), (trace, Arc::new(of.part)))),
            );
        }
        Ok(Self(details))
    }

    /// The traces of `candidates`, whose rows were read, each with the sum of its parts.
    pub(super) fn parts(&self, candidates: &[Candidate]) -> Vec<(TraceId, Arc<TracePart>)> {
        let mut parts: Vec<(TraceId, Arc<TracePart>)> = Vec::with_capacity(candidates.len());
        // A split trace is found in each of its segments.
        let mut added: HashSet<SegmentRow> = HashSet::with_capacity(candidates.len());
        for Candidate { place, .. } in candidates {
            match place {
                Place::Hot(trace, part) => parts.push((*trace, part.clone())),
                Place::Rows(trace, Some(part), _) => parts.push((*trace, part.clone())),
                _ => {}
            }
            place.each_row(|row| {
                if added.insert(row)
                    && let Some((trace, part)) = self.0.get(&row)
                {
                    parts.push((*trace, part.clone()));
                }
            });
        }
        summed(parts)
    }
}

/// The traces of `candidates`, each with the sum of its parts.
pub(super) fn read_parts(
    candidates: &[Candidate],
    segments: &[Arc<Segment>],
    budget: &Budget,
) -> Result<Vec<(TraceId, Arc<TracePart>)>, StoreError> {
    Ok(Details::read(candidates.iter(), segments, budget)?.parts(candidates))
}

/// Merges parts of the same trace.
fn summed(mut parts: Vec<(TraceId, Arc<TracePart>)>) -> Vec<(TraceId, Arc<TracePart>)> {
    parts.sort_by_key(|(trace, _)| *trace);
    let mut sums: Vec<(TraceId, Arc<TracePart>)> = Vec::with_capacity(parts.len());
    for (trace, part) in parts {
        match sums.last_mut() {
            Some((last, sum)) if *last == trace => Arc::make_mut(sum).merge(&part),
            _ => sums.push((trace, part)),
        }
    }
    sums
}
