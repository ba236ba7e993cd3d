//! Searches segments.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use coral_engine::Budget;
use coral_trace::TraceId;
use hashbrown::HashMap;

use super::best::{Best, Candidate, Place, SegmentRow};
use super::bits::Bits;
use super::condition::Conditions;
use super::judge::Judge;
use crate::error::StoreError;
use crate::hot::digest::TraceDigest;
use crate::hot::part::TracePart;
use crate::segment::{DigestBounds, Segment};

/// The traces of one segment, with the data to test them.
pub(super) struct SealedTraces<'a> {
    segment: &'a Segment,
    /// Rows whose trace is split. A trace with spans of two collectors has two rows, and is split.
    split: Arc<BTreeMap<u32, TraceId>>,
    /// Rows with a span that meets the conditions; `None` without conditions.
    fitting: Option<Bits>,
    budget: &'a Budget,
}

impl<'a> SealedTraces<'a> {
    pub(super) fn read(
        segment: &'a Segment,
        conditions: Option<&Conditions>,
        budget: &'a Budget,
    ) -> Result<Self, StoreError> {
        // One copy of the marks is used throughout. A trace that becomes split meanwhile is
        // treated as whole.
        let split = segment.split_rows();
        let fitting =
            conditions.map(|conditions| conditions.trace_rows(segment, budget)).transpose()?;
        Ok(Self { segment, split, fitting, budget })
    }

    /// Adds the best of the traces that are only in this segment.
    pub(super) fn whole(&self, judge: &Judge, best: &mut Best) -> Result<(), StoreError> {
        let mut digests = self.segment.digests()?;
        let wanted = |best: &Best, block: &DigestBounds, rows: Range<u32>| {
            judge.may_accept_any(block)
                && best.wants_any(block)
                && self.fitting.as_ref().is_none_or(|fitting| fitting.may_contain_any(rows))
        };
        let mut next = 0;
        while let Some(rows) = digests.next_wanted(next, |block, rows| wanted(best, block, rows)) {
            next = rows.end;
            self.budget.count_rows(rows.len() as u64)?;
            self.budget.check()?;
            for (row, digest) in digests.read(rows)? {
                let wanted = judge.may_accept(&digest)
                    && best.wants(digest.first_start, digest.last_end)
                    && judge.counts(digest.collector)
                    && self.fits(row)
                    && !self.split.contains_key(&row);
                if wanted {
                    let place = Place::Row((self.segment.id(), row));
                    best.push(Candidate::of(&digest, place));
                }
            }
        }
        Ok(())
    }

    /// Adds the parts of split traces to `pieces`.
    pub(super) fn split(&self, judge: &Judge, pieces: &mut SplitTraces) -> Result<(), StoreError> {
        if self.split.is_empty() {
            return Ok(());
        }
        let mut digests = self.segment.digests()?;
        let wanted = |_: &DigestBounds, rows: Range<u32>| self.split.range(rows).next().is_some();
        let mut next = 0;
        while let Some(rows) = digests.next_wanted(next, wanted) {
            next = rows.end;
            self.budget.count_rows(rows.len() as u64)?;
            self.budget.check()?;
            let mut split = self.split.range(rows.clone()).peekable();
            for (row, digest) in digests.read(rows)? {
                let Some((_, trace)) = split.next_if(|(next, _)| **next == row) else { continue };
                if judge.counts(digest.collector) {
                    let piece = pieces.0.entry(*trace).or_insert(SplitTrace::NOTHING);
                    piece.add(&digest, (self.segment.id(), row));
                    piece.fits |= self.fits(row);
                }
            }
        }
        Ok(())
    }

    fn fits(&self, row: u32) -> bool {
        self.fitting.as_ref().is_none_or(|rows| rows.contains(row))
    }
}

/// Split traces, with the sums that a search tests.
pub(super) struct SplitTraces(HashMap<TraceId, SplitTrace>);

struct SplitTrace {
    sum: TraceDigest,
    /// Whether a span of the trace meets the conditions.
    fits: bool,
    hot: Option<Arc<TracePart>>,
    rows: Vec<SegmentRow>,
}

impl SplitTraces {
    /// Starts with the hot parts of traces that segments have too.
    pub(super) fn new(hot: HashMap<TraceId, (Arc<TracePart>, bool)>) -> Self {
        let pieces = hot.into_iter().map(|(trace, (part, fits))| {
            let piece = SplitTrace {
                sum: TraceDigest::of_part(&part),
                fits,
                hot: Some(part),
                rows: Vec::new(),
            };
            (trace, piece)
        });
        Self(pieces.collect())
    }

    /// The traces that can match.
    pub(super) fn candidates(
        self,
        judge: &Judge,
        conditional: bool,
    ) -> impl Iterator<Item = Candidate> {
        self.0.into_iter().filter_map(move |(trace, piece)| {
            (judge.may_accept(&piece.sum) && (piece.fits || !conditional))
                .then(|| Candidate::of(&piece.sum, Place::Rows(trace, piece.hot, piece.rows)))
        })
    }
}

impl SplitTrace {
    const NOTHING: Self =
        Self { sum: TraceDigest::NOTHING, fits: false, hot: None, rows: Vec::new() };

    fn add(&mut self, digest: &TraceDigest, place: SegmentRow) {
        self.sum.add(digest);
        self.rows.push(place);
    }
}
