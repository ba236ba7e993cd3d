//! Those rows of an export that are not stored yet.

use std::iter::repeat_n;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_array::{
    BooleanArray, PrimitiveArray, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow_buffer::BooleanBuffer;
use arrow_select::filter::filter_record_batch;
use coral_trace::TraceId;

use crate::commit::origins::Origins;
use crate::commit::seen::{self, Key};
use crate::hot::generation::Arrival;
use crate::page_columns::columns::PageArrays;
use crate::page_columns::row::ColumnRow;
use crate::row::arrived::SpanRows;
use crate::row::batch::{
    AGENT_ID, Delivery, EBPF, ORIGIN_ID, RECEIPT, RECEIVED_AT, SCHEMA, SERVICE_NAME, SPAN_ID,
    TRACE_ID,
};
use coral_trace::Collector;

/// The rows of one export that are not stored yet.
pub(super) struct FreshSpanRows<'a> {
    rows: RecordBatch,
    export: &'a SpanRows,
}

impl SpanRows {
    /// The traces of the rows, in their order.
    pub(crate) fn traces(&self) -> impl Iterator<Item = TraceId> {
        traces(&self.rows)
    }

    /// The numbers of the rows' origins.
    pub(crate) fn origin_ids(&self) -> &[u32] {
        origin_ids(&self.rows)
    }

    /// The rows whose key is new, by `is_new`.
    pub(super) fn fresh(&self, mut is_new: impl FnMut(Key) -> bool) -> FreshSpanRows<'_> {
        let spans = self.rows.column(SPAN_ID).as_primitive::<UInt64Type>().values();
        let keys = self.traces().zip(spans);
        let fresh: Vec<bool> =
            keys.map(|(trace, span)| is_new(seen::join(trace.as_u128(), *span))).collect();
        let rows = if fresh.iter().all(|is_new| *is_new) {
            self.rows.clone()
        } else {
            let fresh = BooleanArray::from(BooleanBuffer::from(fresh));
            filter_record_batch(&self.rows, &fresh).expect("the filter is as long")
        };
        FreshSpanRows { rows, export: self }
    }
}

impl FreshSpanRows<'_> {
    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// The rows as rows of a commit, from receipt `first_receipt` on. Numbers their origins by
    /// `origins`. Adds them to `arrival`, where the first is row `first_row` of its generation.
    pub(super) fn into_rows(
        self,
        first_receipt: u64,
        first_row: u32,
        delivery: Delivery<'_>,
        origins: &mut Origins,
        arrival: &mut Arrival,
    ) -> RecordBatch {
        let Self { rows, export } = self;
        arrival.has_misplaced |= export.has_misplaced;
        let columns = PageArrays::of(&rows);
        let services = rows.column(SERVICE_NAME).as_string::<i32>();
        let is_ebpf = rows.column(EBPF).as_boolean();
        for (row, trace_id) in traces(&rows).enumerate() {
            let collector = if is_ebpf.value(row) { Collector::Ebpf } else { Collector::Sdk };
            let service = services.value(row);
            let found = ColumnRow { columns: &columns, row, trace_id, service, collector };
            arrival.add(&found, first_row + row as u32);
        }
        let mut numbers: Vec<Option<u32>> = vec![None; export.origins.len()];
        let origin_ids = origin_ids(&rows).iter().map(|at| {
            let origin = &export.origins[*at as usize].origin;
            *numbers[*at as usize].get_or_insert_with(|| origins.number(origin))
        });
        let origin_ids: UInt32Array = origin_ids.collect::<Vec<u32>>().into();
        let count = rows.num_rows();
        let receipts = first_receipt..first_receipt + count as u64;
        let received = vec![delivery.received.as_micros(); count];
        let mut columns = rows.columns().to_vec();
        columns[RECEIPT] = Arc::new(UInt64Array::from_iter_values(receipts));
        columns[RECEIVED_AT] = Arc::new(PrimitiveArray::<TimestampMicrosecondType>::from(received));
        columns[AGENT_ID] =
            Arc::new(StringArray::from_iter_values(repeat_n(delivery.agent_id, count)));
        columns[ORIGIN_ID] = Arc::new(origin_ids);
        RecordBatch::try_new(SCHEMA.clone(), columns).expect("the columns are those of the schema")
    }
}

fn origin_ids(rows: &RecordBatch) -> &[u32] {
    rows.column(ORIGIN_ID).as_primitive::<UInt32Type>().values()
}

fn traces(rows: &RecordBatch) -> impl Iterator<Item = TraceId> {
    let ids = rows.column(TRACE_ID).as_fixed_size_binary();
    let valid = "the trace ids are those of spans";
    ids.iter().flatten().map(|id| TraceId::try_from(id).expect(valid))
}
