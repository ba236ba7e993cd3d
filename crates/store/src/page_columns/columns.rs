//! The columns of a page by type.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int16Type, Int64Type, TimestampMicrosecondType, UInt8Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array as _, FixedSizeBinaryArray, Int16Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt8Array, UInt32Array, UInt64Array,
};

use crate::row::batch::ColumnTimes;
use coral_record::promoted::{NUMBERS, TEXT};

/// The columns of rows of [`PAGE_SCHEMA`](super::layout::PAGE_SCHEMA).
pub(crate) struct PageArrays<'a> {
    pub(crate) trace_id: &'a FixedSizeBinaryArray,
    pub(crate) span_id: &'a UInt64Array,
    pub(crate) parent_span_id: &'a UInt64Array,
    pub(crate) span_name: &'a StringArray,
    pub(crate) span_kind: &'a UInt8Array,
    pub(crate) start_time: &'a TimestampMicrosecondArray,
    pub(crate) duration_us: &'a Int64Array,
    pub(crate) sub_us: &'a UInt32Array,
    pub(crate) status_code: &'a Int16Array,
    pub(crate) span_status: &'a UInt8Array,
    pub(crate) spellings: &'a UInt32Array,
    pub(crate) text: [&'a StringArray; TEXT.len()],
    pub(crate) numbers: [&'a Int64Array; NUMBERS.len()],
    pub(crate) attributes: &'a StringArray,
    pub(crate) extra: &'a StringArray,
    pub(crate) origin_id: &'a UInt32Array,
}

impl<'a> PageArrays<'a> {
    pub(crate) fn of(rows: &'a RecordBatch) -> Self {
        let column = |name| rows.column_by_name(name).expect("the rows have the schema of pages");
        Self {
            trace_id: column("trace_id").as_fixed_size_binary(),
            span_id: column("span_id").as_primitive::<UInt64Type>(),
            parent_span_id: column("parent_span_id").as_primitive::<UInt64Type>(),
            span_name: column("span_name").as_string(),
            span_kind: column("span_kind").as_primitive::<UInt8Type>(),
            start_time: column("start_time").as_primitive::<TimestampMicrosecondType>(),
            duration_us: column("duration_us").as_primitive::<Int64Type>(),
            sub_us: column("sub_us").as_primitive::<UInt32Type>(),
            status_code: column("status_code").as_primitive::<Int16Type>(),
            span_status: column("span_status").as_primitive::<UInt8Type>(),
            spellings: column("spellings").as_primitive::<UInt32Type>(),
            text: std::array::from_fn(|at| column(TEXT[at].column).as_string()),
            numbers: std::array::from_fn(|at| column(NUMBERS[at].column).as_primitive()),
            attributes: column("attributes").as_string(),
            extra: column("extra").as_string(),
            origin_id: column("origin_id").as_primitive::<UInt32Type>(),
        }
    }

    pub(crate) fn times(&self, row: usize) -> ColumnTimes {
        ColumnTimes {
            start_us: self.start_time.value(row),
            duration_us: self.duration_us.value(row),
            sub_us: self.sub_us.value(row),
        }
    }

    /// The JSON of the attributes without a column, if there are any.
    pub(crate) fn attributes(&self, row: usize) -> Option<&'a str> {
        self.attributes.is_valid(row).then(|| self.attributes.value(row))
    }

    /// The number in `status_code`, if there is one.
    pub(crate) fn status_code(&self, row: usize) -> Option<i16> {
        self.status_code.is_valid(row).then(|| self.status_code.value(row))
    }

    /// Whether no attribute is in a column of its own.
    pub(crate) fn is_unpromoted(&self, row: usize) -> bool {
        self.status_code.is_null(row)
            && self.text.iter().all(|column| column.is_null(row))
            && self.numbers.iter().all(|column| column.is_null(row))
    }
}

/// The size of the texts of each row, in bytes.
pub(crate) fn text_bytes(rows: &RecordBatch) -> Vec<u32> {
    let mut bytes = vec![0; rows.num_rows()];
    for column in rows.columns().iter().filter_map(|column| column.as_string_opt::<i32>()) {
        for (bytes, ends) in bytes.iter_mut().zip(column.value_offsets().windows(2)) {
            *bytes += (ends[1] - ends[0]) as u32;
        }
    }
    bytes
}
