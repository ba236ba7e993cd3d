//! Decodes batches of a metric file: to rows, or to sums of rows.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use coral_engine::{DeltaQuery, Grain, StoredDelta};
use coral_trace::UnixNanos;
use coral_trace::red::Series;

use super::columns::Columns;
use super::record::read_exemplars;
use super::schema::{SCHEMA, column};
use super::sum::{Part, Sums};
use crate::error::StoreError;

/// Decodes the rows of one file, in the order of the file. Values that consecutive rows share are
/// decoded once.
pub(super) struct Decoder {
    wanted: DeltaQuery,
    series: Option<DecodedSeries>,
    agent: Arc<str>,
    bounds: Arc<[u64]>,
    sums: Sums,
}

/// The series of the last row, and whether it is wanted.
struct DecodedSeries {
    series: Arc<Series>,
    attributes: Option<String>,
    is_wanted: bool,
    /// A row of the current batch that has this series.
    row: Option<usize>,
}

/// The columns that are decoded for `wanted`, by their number in [`SCHEMA`]. A column of bounds is
/// not needed where all rows of a file have the same bounds.
pub(super) fn columns_for(wanted: &DeltaQuery, has_common_bounds: bool) -> Vec<usize> {
    let is_needed = |column: &usize| match *column {
        // A file has the rows of one protocol.
        column::PROTOCOL => false,
        column::RECEIPT | column::RECEIVED => wanted.grain == Grain::Row,
        column::EXEMPLARS => wanted.exemplars,
        column::BOUNDS => !has_common_bounds,
        _ => true,
    };
    (0..SCHEMA.fields().len()).filter(is_needed).collect()
}

impl Decoder {
    /// A decoder of rows that `wanted` selects. `bounds` are those of each row without a column of
    /// bounds.
    pub(super) fn new(wanted: &DeltaQuery, bounds: Option<&[u64]>) -> Self {
        let (agent, bounds) = (Arc::from(""), Arc::from(bounds.unwrap_or_default()));
        let sums = Sums::new(wanted.grain);
        Self { wanted: wanted.clone(), series: None, agent, bounds, sums }
    }

    /// Decodes the rows of `batch` that are wanted.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        let columns = Columns::of(batch)?;
        if let Some(series) = &mut self.series {
            series.row = None;
        }
        for row in 0..batch.num_rows() {
            let time = UnixNanos(columns.time.value(row) as u64);
            if !self.wanted.range.contains(time) {
                continue;
            }
            self.series(&columns, row)?;
            if let Some(decoded) = &self.series
                && decoded.is_wanted
            {
                self.row(&columns, row, time)?;
            }
        }
        Ok(())
    }

    /// Makes the series of `row` the last series.
    fn series(&mut self, columns: &Columns<'_>, row: usize) -> Result<(), StoreError> {
        if let Some(last) = &mut self.series {
            let is_same = match last.row {
                Some(before) if columns.have_same_series(before, row) => true,
                _ => columns.has_series(row, &last.series, last.attributes.as_deref()),
            };
            if is_same {
                last.row = Some(row);
                return Ok(());
            }
        }
        let (series, attributes) = columns.series(row, self.wanted.protocol)?;
        let is_wanted = self.wanted.wants_series(&series);
        let series = Arc::new(series);
        self.series = Some(DecodedSeries { series, attributes, is_wanted, row: Some(row) });
        Ok(())
    }

    fn row(
        &mut self,
        columns: &Columns<'_>,
        row: usize,
        time: UnixNanos,
    ) -> Result<(), StoreError> {
        let Some(DecodedSeries { series, .. }) = &self.series else { return Ok(()) };
        let agent = columns.agent_id.text(row);
        if *self.agent != *agent {
            self.agent = agent.into();
        }
        if let Some(bounds) = &columns.bounds {
            let bounds = bounds.list(row);
            if *self.bounds != *bounds {
                self.bounds = bounds.into();
            }
        }
        let exemplars = columns.exemplars.as_ref().and_then(|column| column.optional(row));
        let exemplars = exemplars.filter(|_| self.wanted.exemplars).map(read_exemplars);
        self.sums.add(Part {
            series,
            agent_id: &self.agent,
            bounds: &self.bounds,
            counts: columns.counts.list(row),
            sum: columns.sum.is_valid(row).then(|| columns.sum.value(row)),
            exemplars: exemplars.transpose()?.unwrap_or_default(),
            since: UnixNanos(columns.since.value(row) as u64),
            time,
            receipt: columns.receipt.map_or(0, |receipts| receipts.value(row)),
            received: UnixNanos(columns.received.map_or(0, |times| times.value(row) as u64)),
        })
    }

    /// The rows that were decoded since the last call, except those to whose sum further rows may
    /// belong.
    pub(super) fn take(&mut self) -> Vec<StoredDelta> {
        self.sums.take()
    }

    /// The rows that [`take`](Self::take) has not returned.
    pub(super) fn finish(self) -> Result<Vec<StoredDelta>, StoreError> {
        self.sums.finish()
    }
}
