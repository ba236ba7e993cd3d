//! Searches segments.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use coral_engine::Budget;
use coral_trace::TraceId;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::best::{Best, Candidate, Place, SegmentRow};
use super::bits::Bits;
use super::condition::Conditions;
use super::judge::{Judge, ServiceBits};
use crate::error::StoreError;
use crate::hot::digest::TraceDigest;
use crate::hot::part::TracePart;
use crate::segment::{DigestBounds, Segment};

/// The traces of one segment, with the data to test them.
pub(super) struct SealedTraces<'a> {
    segment: &'a Segment,
    /// The services of the search.
    services: ServiceBits,
    /// Rows whose trace is split.
    split: Arc<BTreeMap<u32, TraceId>>,
    /// Rows with a span that meets the conditions; `None` without conditions.
    fitting: Option<Bits>,
    budget: &'a Budget,
}

impl<'a> SealedTraces<'a> {
    pub(super) fn read(
        segment: &'a Segment,
        judge: &Judge,
        conditions: Option<&Conditions>,
        budget: &'a Budget,
    ) -> Result<Self, StoreError> {
        // One copy of the marks is used throughout. A trace that becomes split meanwhile is
        // treated as whole.
        let split = segment.split_rows();
        let fitting =
            conditions.map(|conditions| conditions.trace_rows(segment, budget)).transpose()?;
        Ok(Self { segment, services: judge.bits_in(segment), split, fitting, budget })
    }

    /// Adds the best of the traces that are only in this segment.
    pub(super) fn whole(&self, judge: &Judge, best: &mut Best) -> Result<(), StoreError> {
        let mut digests = self.segment.digests()?;
        let wanted = |best: &Best, block: &DigestBounds, rows: Range<u32>| {
            // The second row of a trace may lie behind the block.
            let or_next = rows.start..rows.end + 1;
            judge.may_accept_any(block)
                && self.services.may_be_in(block.service_bits)
                && best.wants_any(block)
                && self.fitting.as_ref().is_none_or(|fitting| fitting.may_contain_any(or_next))
        };
        let mut next = 0;
        while let Some(rows) = digests.next_wanted(next, |block, rows| wanted(best, block, rows)) {
            next = rows.end;
            self.budget.count_rows(rows.len() as u64)?;
            self.budget.check()?;
            for trace in digests.traces(rows, judge.collector)? {
                let digest = &trace.digest;
                let wanted = judge.may_accept(digest)
                    && self.services.may_be_in(digest.service_bits)
                    && best.wants(digest.first_start, digest.last_end)
                    && trace.rows().any(|row| self.fits(row))
                    && !self.split.contains_key(&trace.row);
                if wanted {
                    let row = (self.segment.id(), trace.row);
                    let place = if trace.has_two { Place::Pair(row) } else { Place::Row(row) };
                    best.push(Candidate::of(digest, place));
                }
            }
        }
        Ok(())
    }

    /// The parts of split traces: of those in `known`, or of all.
    pub(super) fn split(
        &self,
        judge: &Judge,
        known: Option<&SplitTraces>,
    ) -> Result<SplitTraces, StoreError> {
        let mut pieces = SplitTraces::default();
        if self.split.is_empty() {
            return Ok(pieces);
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
                let is_known = known.is_none_or(|known| known.0.contains_key(trace));
                if !judge.counts(digest.collector) || !is_known {
                    continue;
                }
                let piece = pieces.0.entry(*trace).or_insert(SplitTrace::NOTHING);
                piece.add(&digest, (self.segment.id(), row));
                piece.fits |= self.fits(row);
                piece.may_have_service |= self.services.may_be_in(digest.service_bits);
            }
        }
        Ok(pieces)
    }

    fn fits(&self, row: u32) -> bool {
        self.fitting.as_ref().is_none_or(|rows| rows.contains(row))
    }
}

/// Split traces, with the sums that a search tests.
#[derive(Default)]
pub(super) struct SplitTraces(HashMap<TraceId, SplitTrace>);

struct SplitTrace {
    /// The sum of the parts; its bits of services mean nothing, because each place has its own.
    sum: TraceDigest,
    /// Whether a part may have a span of the services of the search.
    may_have_service: bool,
    /// Whether a span of the trace meets the conditions.
    fits: bool,
    hot: Option<Arc<TracePart>>,
    rows: Vec<SegmentRow>,
}

impl SplitTraces {
    /// Starts with the hot parts of traces that segments have too.
    pub(super) fn new(judge: &Judge, hot: HashMap<TraceId, (Arc<TracePart>, bool)>) -> Self {
        let pieces = hot.into_iter().map(|(trace, (part, fits))| {
            let piece = SplitTrace {
                sum: TraceDigest::of_part(&part),
                may_have_service: judge.has_service(&part),
                fits,
                hot: Some(part),
                rows: Vec::new(),
            };
            (trace, piece)
        });
        Self(pieces.collect())
    }

    /// Adds other parts of split traces.
    pub(super) fn absorb(&mut self, other: Self) {
        for (trace, piece) in other.0 {
            match self.0.entry(trace) {
                Entry::Occupied(known) => known.into_mut().absorb(piece),
                Entry::Vacant(place) => {
                    place.insert(piece);
                }
            }
        }
    }

    /// The traces that can match.
    pub(super) fn candidates(
        self,
        judge: &Judge,
        conditional: bool,
    ) -> impl Iterator<Item = Candidate> {
        self.0.into_iter().filter_map(move |(trace, piece)| {
            let may_match = judge.may_accept(&piece.sum)
                && piece.may_have_service
                && (piece.fits || !conditional);
            may_match.then(|| Candidate::of(&piece.sum, Place::Rows(trace, piece.hot, piece.rows)))
        })
    }
}

impl SplitTrace {
    const NOTHING: Self = Self {
        sum: TraceDigest::NOTHING,
        may_have_service: false,
        fits: false,
        hot: None,
        rows: Vec::new(),
    };

    fn absorb(&mut self, other: Self) {
        self.sum.add(&other.sum);
        self.may_have_service |= other.may_have_service;
        self.fits |= other.fits;
        self.hot = self.hot.take().or(other.hot);
        self.rows.extend(other.rows);
    }

    fn add(&mut self, digest: &TraceDigest, place: SegmentRow) {
        self.sum.add(digest);
        self.rows.push(place);
    }
}
