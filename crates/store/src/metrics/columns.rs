//! Decodes batches of a metric file: to rows, or to sums of rows.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt16Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use coral_engine::{DeltaQuery, Grain, StoredDelta};
use coral_trace::UnixNanos;
use coral_trace::red::{Series, Side};

use super::record::{damaged, read_exemplars};
use super::schema::{SCHEMA, column};
use super::sum::{Part, Sums};
use crate::error::StoreError;
use crate::row::record::read_attributes;

/// Decodes the rows of one file, in the order of the file. Values that consecutive rows share are
/// decoded once.
pub(super) struct Decoder<'a> {
    wanted: &'a DeltaQuery,
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
}

/// The columns that are decoded for `wanted`, by their number in [`SCHEMA`].
pub(super) fn columns_for(wanted: &DeltaQuery) -> Vec<usize> {
    let is_needed = |column: &usize| match *column {
        // A file has the rows of one protocol.
        column::PROTOCOL => false,
        column::RECEIPT | column::RECEIVED => wanted.grain == Grain::Row,
        column::EXEMPLARS => wanted.exemplars,
        _ => true,
    };
    (0..SCHEMA.fields().len()).filter(is_needed).collect()
}

impl<'a> Decoder<'a> {
    pub(super) fn new(wanted: &'a DeltaQuery) -> Self {
        let (agent, bounds) = (Arc::from(""), Arc::from([]));
        Self { wanted, series: None, agent, bounds, sums: Sums::new(wanted.grain) }
    }

    /// Decodes the rows of `batch` that are wanted.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        let columns = Columns::of(batch)?;
        for row in 0..batch.num_rows() {
            let time = columns.time(column::TIME, row)?;
            if !self.wanted.range.contains(time) {
                continue;
            }
            let decoded = match self.series.take() {
                Some(last) if columns.has_series(row, &last)? => last,
                _ => columns.series(row, self.wanted)?,
            };
            let (series, is_wanted) = (decoded.series.clone(), decoded.is_wanted);
            self.series = Some(decoded);
            if is_wanted {
                self.row(&columns, row, time, series)?;
            }
        }
        Ok(())
    }

    fn row(
        &mut self,
        columns: &Columns<'_>,
        row: usize,
        time: UnixNanos,
        series: Arc<Series>,
    ) -> Result<(), StoreError> {
        let agent = columns.text(column::AGENT_ID, row)?;
        if *self.agent != *agent {
            self.agent = agent.into();
        }
        let bounds = columns.numbers(column::BOUNDS, row)?;
        if *self.bounds != *bounds {
            self.bounds = bounds.into();
        }
        let sums = columns.get(column::SUM)?.as_primitive_opt::<Float64Type>();
        let sums = sums.ok_or_else(|| unexpected(column::SUM))?;
        let exemplars = if self.wanted.exemplars {
            columns.optional(column::EXEMPLARS, row)?.map(read_exemplars).transpose()?
        } else {
            None
        };
        let has_receipts = self.wanted.grain == Grain::Row;
        self.sums.add(Part {
            series,
            agent_id: self.agent.clone(),
            bounds: self.bounds.clone(),
            counts: columns.numbers(column::COUNTS, row)?,
            sum: sums.is_valid(row).then(|| sums.value(row)),
            exemplars: exemplars.unwrap_or_default(),
            since: columns.time(column::SINCE, row)?,
            time,
            receipt: if has_receipts { columns.receipt(row)? } else { 0 },
            received: if has_receipts {
                columns.time(column::RECEIVED, row)?
            } else {
                UnixNanos(0)
            },
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

/// Columns of a batch, by their number in [`SCHEMA`]; a batch may lack some.
struct Columns<'a> {
    batch: &'a RecordBatch,
    /// By number in [`SCHEMA`]: the number in the batch.
    places: [Option<usize>; 17],
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, StoreError> {
        let mut places = [None; 17];
        for (at, field) in batch.schema().fields().iter().enumerate() {
            let place = SCHEMA.fields().iter().position(|known| known == field);
            let place =
                place.ok_or_else(|| damaged("columns", "columns other than this build writes"))?;
            places[place] = Some(at);
        }
        Ok(Self { batch, places })
    }

    fn get(&self, column: usize) -> Result<&'a dyn Array, StoreError> {
        let place = self.places[column].ok_or_else(|| damaged("columns", "a column is missing"))?;
        Ok(&**self.batch.column(place))
    }

    fn has_series(&self, row: usize, last: &DecodedSeries) -> Result<bool, StoreError> {
        let series = &last.series;
        Ok(self.text(column::TARGET, row)? == series.target
            && self.status(row)? == series.status
            && self.text(column::OPERATION, row)? == series.operation
            && self.optional(column::ATTRIBUTES, row)? == last.attributes.as_deref()
            && self.text(column::ERROR, row)? == series.error
            && self.side(row)? == series.side
            && self.text(column::SERVICE, row)? == series.service)
    }

    fn series(&self, row: usize, wanted: &DeltaQuery) -> Result<DecodedSeries, StoreError> {
        let attributes = self.optional(column::ATTRIBUTES, row)?;
        let read = attributes.map(read_attributes).transpose();
        let series = Series {
            protocol: wanted.protocol,
            side: self.side(row)?,
            service: self.text(column::SERVICE, row)?.to_owned(),
            operation: self.text(column::OPERATION, row)?.to_owned(),
            target: self.text(column::TARGET, row)?.to_owned(),
            status: self.status(row)?,
            error: self.text(column::ERROR, row)?.to_owned(),
            attributes: read.map_err(|error| damaged("attributes", error))?.unwrap_or_default(),
        };
        let is_wanted = wanted.wants_series(&series);
        let attributes = attributes.map(str::to_owned);
        Ok(DecodedSeries { series: Arc::new(series), attributes, is_wanted })
    }

    fn side(&self, row: usize) -> Result<Side, StoreError> {
        let clients = self.get(column::CLIENT)?.as_boolean_opt();
        let is_client = clients.ok_or_else(|| unexpected(column::CLIENT))?.value(row);
        Ok(if is_client { Side::Client } else { Side::Server })
    }

    fn status(&self, row: usize) -> Result<Option<u16>, StoreError> {
        let statuses = self.get(column::STATUS)?.as_primitive_opt::<UInt16Type>();
        let statuses = statuses.ok_or_else(|| unexpected(column::STATUS))?;
        Ok(statuses.is_valid(row).then(|| statuses.value(row)))
    }

    fn receipt(&self, row: usize) -> Result<u64, StoreError> {
        let receipts = self.get(column::RECEIPT)?.as_primitive_opt::<UInt64Type>();
        Ok(receipts.ok_or_else(|| unexpected(column::RECEIPT))?.value(row))
    }

    fn text(&self, column: usize, row: usize) -> Result<&'a str, StoreError> {
        let texts = self.get(column)?.as_string_opt::<i32>();
        Ok(texts.ok_or_else(|| unexpected(column))?.value(row))
    }

    fn optional(&self, column: usize, row: usize) -> Result<Option<&'a str>, StoreError> {
        let texts = self.get(column)?.as_string_opt::<i32>().ok_or_else(|| unexpected(column))?;
        Ok(texts.is_valid(row).then(|| texts.value(row)))
    }

    fn time(&self, column: usize, row: usize) -> Result<UnixNanos, StoreError> {
        let times = self.get(column)?.as_primitive_opt::<Int64Type>();
        Ok(UnixNanos(times.ok_or_else(|| unexpected(column))?.value(row) as u64))
    }

    fn numbers(&self, column: usize, row: usize) -> Result<&'a [u64], StoreError> {
        let lists = self.get(column)?.as_list_opt::<i32>().ok_or_else(|| unexpected(column))?;
        let numbers = lists.values().as_primitive_opt::<UInt64Type>();
        let numbers = numbers.ok_or_else(|| unexpected(column))?.values();
        let offsets = lists.value_offsets();
        let range = offsets[row] as usize..offsets[row + 1] as usize;
        numbers.get(range).ok_or_else(|| unexpected(column))
    }
}

fn unexpected(column: usize) -> StoreError {
    damaged("columns", format!("values of another type in `{}`", SCHEMA.field(column).name()))
}
