//! Searches the segments of one view, newest first, on all cores.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coral_engine::Budget;

use super::AfterPlace;
use super::best::Best;
use super::condition::Conditions;
use super::judge::Judge;
use super::sealed::{SealedTraces, SplitTraces};
use crate::error::StoreError;
use crate::parallel;
use crate::segment::{Segment, numbered};

/// The most segments that are searched at a time, each on a thread of its own.
const MAX_THREADS: usize = 8;

/// A thread is started for so many segments: with fewer, the wait for another thread on a busy machine
/// costs more than it saves.
const SEGMENTS_OF_ONE: usize = if cfg!(test) { 1 } else { 4 };

/// A search of segments.
pub(super) struct SegmentSearch<'a> {
    pub(super) segments: &'a [Arc<Segment>],
    pub(super) judge: &'a Judge,
    pub(super) conditions: Option<&'a Conditions>,
    pub(super) budget: &'a Budget,
}

/// What was found so far, by all threads.
pub(super) struct SegmentsFound<'a, 'b> {
    pub(super) best: &'a mut Best,
    /// Called with `best` after each segment.
    pub(super) after: &'a mut AfterPlace<'b>,
    pub(super) pieces: SplitTraces,
    /// The segments that have parts of traces that were found.
    pub(super) linked: BTreeSet<u64>,
    /// The segments that were searched.
    pub(super) searched: BTreeSet<u64>,
    /// So many segments, the oldest, were not looked at yet.
    pub(super) left: usize,
}

/// What one segment has.
struct SegmentFound {
    best: Best,
    pieces: SplitTraces,
}

impl SegmentSearch<'_> {
    /// Adds the candidates of each segment that may have one of the best to `found`, and the parts of
    /// split traces.
    ///
    /// A thread looks at what all threads have found before it begins a segment. Traces are often
    /// asked for by their start, and then the newest segment alone often has all of the best.
    pub(super) fn run(&self, found: &mut SegmentsFound<'_, '_>) -> Result<(), StoreError> {
        if found.best.is_by_start() {
            self.search_next(&Mutex::new(&mut *found))?;
        }
        let may_have_more = self.segments[..found.left].iter().filter(|of| self.wants(of, found));
        let threads = parallel::cores().min(MAX_THREADS);
        let threads = may_have_more.take(threads * SEGMENTS_OF_ONE).count() / SEGMENTS_OF_ONE;
        let (found, failed) = (Mutex::new(found), Mutex::new(None));
        parallel::on_threads(threads, || {
            let outcome = loop {
                match self.search_next(&found) {
                    Ok(true) => {}
                    Ok(false) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            if let Err(error) = outcome {
                // The other threads begin no further segment.
                lock(&found).left = 0;
                lock(&failed).get_or_insert(error);
            }
        });
        let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        failed.map_or(Ok(()), Err)
    }

    /// Adds the parts of known split traces that the wanted segments have to `pieces`.
    pub(super) fn complete(
        &self,
        pieces: &mut SplitTraces,
        wanted: impl Fn(&Segment) -> bool,
    ) -> Result<(), StoreError> {
        let of: Vec<&Arc<Segment>> =
            self.segments.iter().filter(|segment| wanted(segment)).collect();
        let known = &*pieces;
        let parts = parallel::map(&of, |segment| {
            SealedTraces::read(segment, self.judge, self.conditions, self.budget)
                .and_then(|rows| rows.split(self.judge, Some(known)))
                .map_err(StoreError::unreadable(segment.receipts()))
        });
        for part in parts {
            pieces.absorb(part?);
        }
        Ok(())
    }

    /// Searches the newest segment that is left and may have one of the best traces; false if there is
    /// none.
    fn search_next(&self, found: &Mutex<&mut SegmentsFound<'_, '_>>) -> Result<bool, StoreError> {
        let Some((segment, best)) = self.next(&mut lock(found)) else { return Ok(false) };
        self.budget.check()?;
        let of_segment =
            self.search(segment, best).map_err(StoreError::unreadable(segment.receipts()))?;
        let mut found = lock(found);
        let found = &mut **found;
        found.best.absorb(of_segment.best);
        found.pieces.absorb(of_segment.pieces);
        found.searched.insert(segment.id());
        found.linked.extend(segment.split_with());
        (found.after)(found.best, self.segments)?;
        Ok(true)
    }

    /// The next segment to search, and the candidates of which it has to be one of the best.
    fn next(&self, found: &mut SegmentsFound<'_, '_>) -> Option<(&Arc<Segment>, Best)> {
        while let Some(at) = found.left.checked_sub(1) {
            found.left = at;
            let segment = self.segments.get(at)?;
            if self.wants(segment, found) {
                return Some((segment, found.best.fork()));
            }
        }
        None
    }

    /// Whether a segment may have one of the best traces, or a part of it.
    fn wants(&self, segment: &Segment, found: &SegmentsFound<'_, '_>) -> bool {
        self.judge.may_start_in(&segment.extent)
            && found.best.may_want(&segment.extent)
            && (self.has_service(segment) || self.is_linked(segment))
    }

    fn has_service(&self, segment: &Segment) -> bool {
        !self.judge.bits_in(segment).are_nowhere()
    }

    /// Whether a trace that begins in this segment may have a span of the service in another one.
    fn is_linked(&self, segment: &Segment) -> bool {
        let others = segment.split_with();
        others
            .iter()
            .filter_map(|id| numbered(self.segments, *id))
            .any(|other| self.has_service(other))
    }

    fn search(&self, segment: &Segment, mut best: Best) -> Result<SegmentFound, StoreError> {
        let rows = SealedTraces::read(segment, self.judge, self.conditions, self.budget)?;
        if self.has_service(segment) {
            rows.whole(self.judge, &mut best)?;
        }
        let pieces = rows.split(self.judge, None)?;
        Ok(SegmentFound { best, pieces })
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
