//! The columns of one batch of a metric file.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, UInt16Array,
    UInt32Array, UInt64Array,
};
use coral_trace::red::{Protocol, Series, Side};

use super::record::damaged;
use super::schema::{CODED_SCHEMA, SCHEMA, column};
use crate::error::StoreError;
use coral_record::read_attributes;

/// Columns of a batch. Those that a read may leave out are optional.
pub(super) struct Columns<'a> {
    pub(super) receipt: Option<&'a UInt64Array>,
    pub(super) agent_id: Texts<'a>,
    pub(super) received: Option<&'a Int64Array>,
    client: &'a BooleanArray,
    service: Texts<'a>,
    operation: Texts<'a>,
    target: Texts<'a>,
    status: &'a UInt16Array,
    error: Texts<'a>,
    attributes: Texts<'a>,
    pub(super) since: &'a Int64Array,
    pub(super) time: &'a Int64Array,
    pub(super) sum: &'a Float64Array,
    pub(super) bounds: Option<Lists<'a>>,
    pub(super) counts: Lists<'a>,
    pub(super) exemplars: Option<Texts<'a>>,
}

/// A column of texts: the code of each row, and the texts by code.
pub(super) struct Texts<'a> {
    codes: &'a UInt32Array,
    texts: &'a StringArray,
}

/// A column of lists of numbers.
pub(super) struct Lists<'a> {
    offsets: &'a [i32],
    numbers: &'a [u64],
}

impl<'a> Columns<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self, StoreError> {
        let schema = batch.schema();
        let mut arrays: [Option<&'a dyn Array>; 17] = [None; 17];
        for (at, field) in schema.fields().iter().enumerate() {
            let place = CODED_SCHEMA.fields().iter().position(|known| known == field);
            let place =
                place.ok_or_else(|| damaged("columns", "columns other than this build writes"))?;
            arrays[place] = Some(&**batch.column(at));
        }
        let optional = |column: usize| arrays[column];
        let needed = |column: usize| optional(column).ok_or_else(|| unexpected(column));
        let texts = |column| Texts::of(needed(column)?, column);
        let times = |column: usize| {
            needed(column)?.as_primitive_opt::<Int64Type>().ok_or_else(|| unexpected(column))
        };
        let receipts = optional(column::RECEIPT).map(|array| {
            array.as_primitive_opt::<UInt64Type>().ok_or_else(|| unexpected(column::RECEIPT))
        });
        let lists = |column: usize| optional(column).map(|array| Lists::of(array, column));
        let exemplars = optional(column::EXEMPLARS);
        let counts = lists(column::COUNTS).ok_or_else(|| unexpected(column::COUNTS));
        Ok(Self {
            receipt: receipts.transpose()?,
            agent_id: texts(column::AGENT_ID)?,
            received: match optional(column::RECEIVED) {
                Some(_) => Some(times(column::RECEIVED)?),
                None => None,
            },
            client: needed(column::CLIENT)?
                .as_boolean_opt()
                .ok_or_else(|| unexpected(column::CLIENT))?,
            service: texts(column::SERVICE)?,
            operation: texts(column::OPERATION)?,
            target: texts(column::TARGET)?,
            status: needed(column::STATUS)?
                .as_primitive_opt::<UInt16Type>()
                .ok_or_else(|| unexpected(column::STATUS))?,
            error: texts(column::ERROR)?,
            attributes: texts(column::ATTRIBUTES)?,
            since: times(column::SINCE)?,
            time: times(column::TIME)?,
            sum: needed(column::SUM)?
                .as_primitive_opt::<Float64Type>()
                .ok_or_else(|| unexpected(column::SUM))?,
            bounds: lists(column::BOUNDS).transpose()?,
            counts: counts??,
            exemplars: exemplars.map(|array| Texts::of(array, column::EXEMPLARS)).transpose()?,
        })
    }

    /// Whether two rows of this batch have the same series. Equal texts may have several codes, so
    /// `false` does not mean that the series differ.
    pub(super) fn have_same_series(&self, one: usize, other: usize) -> bool {
        let texts = [&self.target, &self.operation, &self.service, &self.error, &self.attributes];
        texts.iter().all(|texts| texts.code(one) == texts.code(other))
            && self.status(one) == self.status(other)
            && self.client.value(one) == self.client.value(other)
    }

    /// Whether `row` has `series`, whose attributes are `attributes` as JSON.
    pub(super) fn has_series(&self, row: usize, series: &Series, attributes: Option<&str>) -> bool {
        self.target.text(row) == series.target
            && self.status(row) == series.status
            && self.operation.text(row) == series.operation
            && self.attributes.optional(row) == attributes
            && self.error.text(row) == series.error
            && self.side(row) == series.side
            && self.service.text(row) == series.service
    }

    /// The series of `row`, and its attributes as JSON.
    pub(super) fn series(
        &self,
        row: usize,
        protocol: Protocol,
    ) -> Result<(Series, Option<String>), StoreError> {
        let attributes = self.attributes.optional(row);
        let read = attributes.map(read_attributes).transpose();
        let series = Series {
            protocol,
            side: self.side(row),
            service: self.service.text(row).to_owned(),
            operation: self.operation.text(row).to_owned(),
            target: self.target.text(row).to_owned(),
            status: self.status(row),
            error: self.error.text(row).to_owned(),
            attributes: read.map_err(|error| damaged("attributes", error))?.unwrap_or_default(),
        };
        Ok((series, attributes.map(str::to_owned)))
    }

    fn side(&self, row: usize) -> Side {
        if self.client.value(row) { Side::Client } else { Side::Server }
    }

    fn status(&self, row: usize) -> Option<u16> {
        self.status.is_valid(row).then(|| self.status.value(row))
    }
}

impl<'a> Texts<'a> {
    fn of(array: &'a dyn Array, column: usize) -> Result<Self, StoreError> {
        let coded = array.as_dictionary_opt::<UInt32Type>().ok_or_else(|| unexpected(column))?;
        let texts = coded.values().as_string_opt::<i32>().ok_or_else(|| unexpected(column))?;
        Ok(Self { codes: coded.keys(), texts })
    }

    fn code(&self, row: usize) -> Option<u32> {
        self.codes.is_valid(row).then(|| self.codes.value(row))
    }

    pub(super) fn optional(&self, row: usize) -> Option<&'a str> {
        self.code(row).map(|code| self.texts.value(code as usize))
    }

    pub(super) fn text(&self, row: usize) -> &'a str {
        self.optional(row).unwrap_or_default()
    }
}

impl<'a> Lists<'a> {
    fn of(array: &'a dyn Array, column: usize) -> Result<Self, StoreError> {
        let lists = array.as_list_opt::<i32>().ok_or_else(|| unexpected(column))?;
        let numbers = lists.values().as_primitive_opt::<UInt64Type>();
        let numbers = numbers.ok_or_else(|| unexpected(column))?.values();
        Ok(Self { offsets: lists.value_offsets(), numbers })
    }

    pub(super) fn list(&self, row: usize) -> &'a [u64] {
        let range = self.offsets[row] as usize..self.offsets[row + 1] as usize;
        self.numbers.get(range).unwrap_or_default()
    }
}

fn unexpected(column: usize) -> StoreError {
    let name = SCHEMA.field(column).name();
    damaged("columns", format!("`{name}` is missing or has values of another type"))
}
