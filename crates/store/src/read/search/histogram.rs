//! Counts traces by start and duration, from their digests.

use std::sync::Arc;

use coral_engine::{Budget, Grid, Histogram};
use coral_trace::UnixNanos;
use hashbrown::HashMap;

use super::best::{Best, Candidate, Place};
use super::details::read_parts;
use super::each_place;
use super::judge::Judge;
use super::plan::Plan;
use crate::error::StoreError;
use crate::hot::live::Live;
use crate::segment::Segment;

/// Counts the traces that meet the conditions of `plan`, which has no filter. See
/// [`TraceReader::histogram`](coral_engine::TraceReader::histogram).
pub(crate) fn histogram(
    live: &Live,
    plan: &Plan<'_>,
    grid: &Grid,
    budget: &Budget,
) -> Result<Histogram, StoreError> {
    live.reading(|| {
        let judge = Judge::of(&plan.indexed);
        let mut counter = Counter {
            judge: &judge,
            counted: Histogram::new(grid.clone()),
            is_told_by_bits: HashMap::new(),
            budget,
        };
        let count =
            &mut |best: &mut Best, segments: &[Arc<Segment>]| counter.count(best.take(), segments);
        each_place(live, plan, &judge, &mut Best::all(), budget, count)?;
        Ok(counter.counted)
    })
}

struct Counter<'a> {
    judge: &'a Judge,
    counted: Histogram,
    /// Whether digests tell the services of the search, by segment.
    is_told_by_bits: HashMap<u64, bool>,
    budget: &'a Budget,
}

impl Counter<'_> {
    fn count(
        &mut self,
        candidates: Vec<Candidate>,
        segments: &[Arc<Segment>],
    ) -> Result<(), StoreError> {
        let mut to_read = Vec::new();
        let mut pace = self.budget.pace();
        for candidate in candidates {
            pace.step()?;
            match self.has_service(&candidate, segments) {
                true => {
                    let start = UnixNanos::from_micros(candidate.start);
                    self.counted.add(start, candidate.duration, candidate.failed);
                }
                false => to_read.push(candidate),
            }
        }
        for (_, part) in read_parts(&to_read, segments, self.budget)? {
            if self.judge.has_service(&part) {
                let start = UnixNanos::from_micros(part.first_start);
                self.counted.add(start, part.last_end - part.first_start, part.errors > 0);
            }
        }
        Ok(())
    }

    /// Whether the trace certainly has a span of the services of the search. Otherwise another
    /// service may share its bit.
    fn has_service(&mut self, candidate: &Candidate, segments: &[Arc<Segment>]) -> bool {
        if self.judge.services.is_empty() {
            return true;
        }
        let id = match &candidate.place {
            Place::Hot(_, part) => return self.judge.has_service(part),
            Place::Row((id, _)) | Place::Pair((id, _)) => *id,
            Place::Rows(..) => return false,
        };
        if let Some(known) = self.is_told_by_bits.get(&id) {
            return *known;
        }
        let segment = segments.iter().find(|segment| segment.id() == id);
        let known = match segment {
            Some(segment) => segment.extent.services.are_told_by_bits(&self.judge.services),
            None => false,
        };
        self.is_told_by_bits.insert(id, known);
        known
    }
}
