//! One trace by column.

use std::cell::OnceCell;

use coral_trace::{SpanId, TraceId, UnixNanos};
use coral_traceql::{Attribute, Expression, Static, Trace};

use super::{Condition, Sieve, is_duration};

/// The spans of one trace, sorted by start and id.
pub(super) struct Columnar<'a> {
    pub(super) sieve: &'a Sieve<'a>,
    pub(super) rows: &'a [Row],
    pub(super) profiles: &'a [Profile],
    /// The place of each span, by its id.
    pub(super) places: OnceCell<Vec<(SpanId, usize)>>,
}

/// The columns of one span.
pub(super) struct Row {
    pub(super) trace: TraceId,
    pub(super) start: UnixNanos,
    pub(super) span: SpanId,
    pub(super) parent: Option<SpanId>,
    pub(super) duration: u64,
    /// The index of its fields.
    pub(super) profile: u32,
}

/// The fields that spans have in common.
pub(super) struct Profile {
    /// The value of each attribute of the query.
    pub(super) values: Vec<Static>,
    /// The conditions that the fields meet, a bit each.
    pub(super) met: u64,
}

impl Columnar<'_> {
    fn profile(&self, span: usize) -> &Profile {
        &self.profiles[self.rows[span].profile as usize]
    }
}

impl Trace for Columnar<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn parent(&self, span: usize) -> Option<usize> {
        let parent = self.rows[span].parent?;
        let places = self.places.get_or_init(|| {
            let ids = self.rows.iter().enumerate().map(|(at, row)| (row.span, at));
            let mut places: Vec<_> = ids.collect();
            places.sort_unstable();
            places
        });
        let at = places.binary_search_by_key(&parent, |(id, _)| *id).ok()?;
        Some(places[at].1)
    }

    fn value(&self, span: usize, attribute: &Attribute) -> Static {
        if is_duration(attribute) {
            let nanos = self.rows[span].duration;
            return Static::Duration(i64::try_from(nanos).unwrap_or(i64::MAX));
        }
        let at = self.sieve.attributes.iter().position(|known| known == attribute);
        at.map_or(Static::Nil, |at| self.profile(span).values[at].clone())
    }

    fn meets(&self, span: usize, filter: &Expression) -> bool {
        let known = |one: &Condition<'_>| std::ptr::eq(one.expression, filter);
        match self.sieve.filters.iter().position(known) {
            Some(at) if !self.sieve.filters[at].is_of_duration => {
                self.profile(span).met >> at & 1 == 1
            }
            _ => filter.evaluate(&|attribute| self.value(span, attribute)) == Static::Bool(true),
        }
    }
}
