//! What segments contribute to a list.

use std::collections::BTreeMap;
use std::sync::Arc;

use coral_trace::TraceId;
use hashbrown::HashMap;

use super::best::{Best, Candidate, Place, SegmentRow};
use super::bits::Bits;
use super::condition::Conditions;
use super::judge::Judge;
use crate::error::StoreError;
use crate::part::Part;
use crate::segment::{Light, Lights, Segment};

/// The traces of one segment, as far as it takes to judge them.
pub(super) struct SealedTraces<'a> {
    segment: &'a Segment,
    lights: Lights,
    /// Rows whose trace has spans elsewhere too. A trace of two collectors has two rows here, and is split.
    split: Arc<BTreeMap<u32, TraceId>>,
    /// Rows that have a span that fits the conditions; `None` without conditions.
    fitting: Option<Bits>,
}

impl<'a> SealedTraces<'a> {
    pub(super) fn read(
        segment: &'a Segment,
        conditions: Option<&Conditions>,
    ) -> Result<Self, StoreError> {
        // Before the rest is read: a trace that goes on elsewhere by then is marked.
        let split = segment.split_rows();
        let fitting = conditions.map(|conditions| conditions.trace_rows(segment)).transpose()?;
        Ok(Self { segment, lights: segment.lights()?, split, fitting })
    }

    /// Adds the best of the traces that lie here alone.
    pub(super) fn whole(&self, judge: &Judge, best: &mut Best) {
        if self.fitting.as_ref().is_some_and(Bits::is_empty) {
            return;
        }
        for (row, light) in (0..).zip(self.lights.iter()) {
            let wanted = judge.may_accept(&light)
                && best.wants(light.first_start, light.last_end)
                && judge.counts(light.collector)
                && self.fits(row)
                && !self.split.contains_key(&row);
            if wanted {
                let place = Place::Row((self.segment.id(), row));
                best.push(Candidate::of(light.first_start, light.last_end, place));
            }
        }
    }

    /// Adds the others to what is known of them.
    pub(super) fn split(&self, judge: &Judge, pieces: &mut Pieces) {
        if self.split.is_empty() {
            return;
        }
        let mut split = self.split.iter().peekable();
        for (row, light) in (0..).zip(self.lights.iter()) {
            let Some((_, trace)) = split.next_if(|(next, _)| **next == row) else { continue };
            if judge.counts(light.collector) {
                let piece = pieces.0.entry(*trace).or_insert(Piece::NOTHING);
                piece.add(&light, (self.segment.id(), row));
                piece.fits |= self.fits(row);
            }
        }
    }

    fn fits(&self, row: u32) -> bool {
        self.fitting.as_ref().is_none_or(|rows| rows.contains(row))
    }
}

/// Traces that lie in several places, summed as far as it takes to judge them.
pub(super) struct Pieces(HashMap<TraceId, Piece>);

struct Piece {
    sum: Light,
    /// A span of it fits the conditions.
    fits: bool,
    hot: Option<Arc<Part>>,
    rows: Vec<SegmentRow>,
}

impl Pieces {
    /// Begins with what hot rows have of traces that segments have too.
    pub(super) fn new(hot: HashMap<TraceId, (Arc<Part>, bool)>) -> Self {
        let pieces = hot.into_iter().map(|(trace, (part, fits))| {
            let piece =
                Piece { sum: Light::of_part(&part), fits, hot: Some(part), rows: Vec::new() };
            (trace, piece)
        });
        Self(pieces.collect())
    }

    /// Those that the judge may accept.
    pub(super) fn candidates(
        self,
        judge: &Judge,
        conditional: bool,
    ) -> impl Iterator<Item = Candidate> {
        self.0.into_iter().filter_map(move |(trace, piece)| {
            let Light { first_start: first, last_end: last, .. } = piece.sum;
            (judge.may_accept(&piece.sum) && (piece.fits || !conditional))
                .then(|| Candidate::of(first, last, Place::Rows(trace, piece.hot, piece.rows)))
        })
    }
}

impl Piece {
    const NOTHING: Self = Self { sum: Light::NOTHING, fits: false, hot: None, rows: Vec::new() };

    fn add(&mut self, light: &Light, place: SegmentRow) {
        self.sum.add(light);
        self.rows.push(place);
    }
}
