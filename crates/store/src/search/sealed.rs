//! What segments contribute to a list.

use std::sync::Arc;

use coral_trace::{Collector, TraceId};
use hashbrown::HashMap;

use super::best::{Best, Candidate, Place, SegmentRow};
use super::condition::Conditions;
use super::judge::Judge;
use crate::error::StoreError;
use crate::part::Part;
use crate::segment::{Lights, Segment, is_split};

/// The traces of one segment, as far as it takes to judge them.
pub(super) struct SealedTraces<'a> {
    segment: &'a Segment,
    lights: Lights,
    /// Rows whose trace has spans elsewhere too. A trace of two collectors has two rows here, and is split.
    split: Vec<u64>,
    /// Rows that have a span that fits the conditions; `None` without conditions.
    fitting: Option<Vec<u64>>,
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
        if self.fitting.as_ref().is_some_and(|rows| rows.iter().all(|word| *word == 0)) {
            return;
        }
        let starts = self.lights.first_start.values();
        let (ends, errors) = (self.lights.last_end.values(), self.lights.errors.values());
        let bits = self.lights.service_bits.values();
        for row in 0..self.lights.len() {
            let (first, last) = (starts[row], ends[row]);
            let wanted = judge.may_accept(first, last, u64::from(errors[row]), bits[row])
                && best.wants(first, last)
                && !is_split(&self.split, row)
                && self.counts(row, judge.collector)
                && self.fits(row);
            if wanted {
                best.push(Candidate::of(first, last, Place::Row((self.segment.id(), row as u32))));
            }
        }
    }

    /// Adds the others to what is known of them.
    pub(super) fn split(
        &self,
        collector: Option<Collector>,
        pieces: &mut Pieces,
    ) -> Result<(), StoreError> {
        if self.split.iter().all(|word| *word == 0) {
            return Ok(());
        }
        let ids = self.segment.trace_ids(0..self.lights.len())?;
        for row in (0..self.lights.len()).filter(|row| is_split(&self.split, *row)) {
            if let Ok(trace) = TraceId::try_from(ids[row])
                && self.counts(row, collector)
            {
                let piece = pieces.0.entry(trace).or_insert(Piece::NOTHING);
                piece.add(&self.lights, row, (self.segment.id(), row as u32));
                piece.fits |= self.fits(row);
            }
        }
        Ok(())
    }

    fn counts(&self, row: usize, collector: Option<Collector>) -> bool {
        collector.is_none_or(|wanted| (wanted == Collector::Ebpf) == self.lights.ebpf.value(row))
    }

    fn fits(&self, row: usize) -> bool {
        self.fitting.as_ref().is_none_or(|rows| is_split(rows, row))
    }
}

/// Traces that lie in several places, summed as far as it takes to judge them.
pub(super) struct Pieces(HashMap<TraceId, Piece>);

struct Piece {
    first_start: i64,
    last_end: i64,
    errors: u64,
    service_bits: u64,
    /// A span of it fits the conditions.
    fits: bool,
    hot: Option<Arc<Part>>,
    rows: Vec<SegmentRow>,
}

impl Pieces {
    /// Begins with what hot rows have of traces that segments have too.
    pub(super) fn new(hot: HashMap<TraceId, (Arc<Part>, bool)>) -> Self {
        let pieces = hot.into_iter().map(|(trace, (part, fits))| {
            let piece = Piece {
                first_start: part.first_start,
                last_end: part.last_end,
                errors: part.errors,
                service_bits: part.service_bits(),
                fits,
                hot: Some(part),
                rows: Vec::new(),
            };
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
            let Piece { first_start: first, last_end: last, errors, service_bits, fits, .. } =
                piece;
            let accepted = judge.may_accept(first, last, errors, service_bits);
            (accepted && (fits || !conditional))
                .then(|| Candidate::of(first, last, Place::Rows(trace, piece.hot, piece.rows)))
        })
    }
}

impl Piece {
    const NOTHING: Self = Self {
        first_start: i64::MAX,
        last_end: i64::MIN,
        errors: 0,
        service_bits: 0,
        fits: false,
        hot: None,
        rows: Vec::new(),
    };

    fn add(&mut self, lights: &Lights, row: usize, place: SegmentRow) {
        self.first_start = self.first_start.min(lights.first_start.value(row));
        self.last_end = self.last_end.max(lights.last_end.value(row));
        self.errors += u64::from(lights.errors.value(row));
        self.service_bits |= lights.service_bits.value(row);
        self.rows.push(place);
    }
}
