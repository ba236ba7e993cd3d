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

/// Adds the best of the traces that lie in `segment` alone.
///
/// A trace of two collectors has two rows here, which lie beside each other: it is split, unless only one of
/// them counts.
pub(super) fn whole_traces(
    segment: &Segment,
    judge: &Judge,
    conditions: Option<&Conditions>,
    best: &mut Best,
) -> Result<(), StoreError> {
    let fitting = conditions.map(|conditions| conditions.trace_rows(segment)).transpose()?;
    if fitting.as_ref().is_some_and(|rows| rows.iter().all(|word| *word == 0)) {
        return Ok(());
    }
    let (lights, split) = (segment.lights()?, segment.split_rows());
    let starts = lights.first_start.values();
    let (ends, errors) = (lights.last_end.values(), lights.errors.values());
    let bits = lights.service_bits.values();
    for row in 0..lights.len() {
        let (first, last) = (starts[row], ends[row]);
        let wanted = judge.may_accept(first, last, u64::from(errors[row]), bits[row])
            && best.wants(first, last)
            && !is_split(&split, row)
            && counts(&lights, row, judge.collector)
            && fitting.as_ref().is_none_or(|rows| is_split(rows, row));
        if wanted {
            let place = Place::Row((segment.id(), row as u32));
            best.push(Candidate::of(first, last, place));
        }
    }
    Ok(())
}

fn counts(lights: &Lights, row: usize, collector: Option<Collector>) -> bool {
    collector.is_none_or(|wanted| (wanted == Collector::Ebpf) == lights.ebpf.value(row))
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

    /// Adds what `segment` has of such traces.
    pub(super) fn add(
        &mut self,
        segment: &Segment,
        collector: Option<Collector>,
        conditions: Option<&Conditions>,
    ) -> Result<(), StoreError> {
        let split = segment.split_rows();
        if split.iter().all(|word| *word == 0) {
            return Ok(());
        }
        let fitting = conditions.map(|conditions| conditions.trace_rows(segment)).transpose()?;
        let lights = segment.lights()?;
        let ids = segment.trace_ids(0..lights.len())?;
        for row in (0..lights.len()).filter(|row| is_split(&split, *row)) {
            if let Ok(trace) = TraceId::try_from(ids[row])
                && counts(&lights, row, collector)
            {
                let piece = self.0.entry(trace).or_insert(Piece::NOTHING);
                piece.add(&lights, row, (segment.id(), row as u32));
                piece.fits |= fitting.as_ref().is_none_or(|rows| is_split(rows, row));
            }
        }
        Ok(())
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
