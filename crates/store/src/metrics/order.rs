//! The order of rows in a sorted file: by series, starting with its service; then by agent, time
//! and receipt.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use coral_engine::StoredDelta;
use coral_trace::red::{Series, Side};

use coral_record::write_attributes;

/// A series, with what orders it: the texts and numbers of the columns of a file.
#[derive(Clone, Debug)]
pub(super) struct OrderedSeries {
    pub(super) series: Arc<Series>,
    /// The attributes as JSON.
    attributes: Option<String>,
}

impl OrderedSeries {
    pub(super) fn of(series: &Arc<Series>) -> Self {
        let attributes = write_attributes(&series.attributes.iter().collect::<Vec<_>>());
        Self { series: series.clone(), attributes }
    }

    fn numbers_and_texts(&self) -> (&str, bool, &str, &str, Option<u16>, &str, Option<&str>) {
        let Series { service, side, operation, target, status, error, .. } = &*self.series;
        let attributes = self.attributes.as_deref();
        (service, *side == Side::Client, operation, target, *status, error, attributes)
    }
}

impl Ord for OrderedSeries {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.series, &other.series) {
            return Ordering::Equal;
        }
        self.numbers_and_texts().cmp(&other.numbers_and_texts())
    }
}

impl PartialOrd for OrderedSeries {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for OrderedSeries {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for OrderedSeries {}

/// Compares rows of one series.
pub(super) fn compare_in_series(one: &StoredDelta, other: &StoredDelta) -> Ordering {
    let of = |row: &StoredDelta| (row.delta.time, row.receipt);
    one.agent_id.cmp(&other.agent_id).then_with(|| of(one).cmp(&of(other)))
}

/// Sorts rows of one protocol.
pub(super) fn sort(rows: &mut [&StoredDelta]) {
    // Rows share their series, so series are compared once, and rows by the number of their series.
    let series: HashMap<*const Series, &Arc<Series>> =
        rows.iter().map(|row| (Arc::as_ptr(&row.delta.series), &row.delta.series)).collect();
    let mut ordered: Vec<OrderedSeries> = series.into_values().map(OrderedSeries::of).collect();
    ordered.sort_unstable();
    let mut numbers: HashMap<*const Series, usize> = HashMap::with_capacity(ordered.len());
    let (mut number, mut last) = (0, None);
    for series in &ordered {
        number += usize::from(last.is_some_and(|last| last != series));
        last = Some(series);
        numbers.insert(Arc::as_ptr(&series.series), number);
    }
    let number = |row: &StoredDelta| numbers.get(&Arc::as_ptr(&row.delta.series)).copied();
    rows.sort_by(|one, other| {
        number(one).cmp(&number(other)).then_with(|| compare_in_series(one, other))
    });
}
