//! Turns the rows of a checked page into rows of a commit.

use std::iter::repeat_n;
use std::sync::Arc;

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{
    ArrayRef, BooleanArray, PrimitiveArray, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow_buffer::BooleanBuffer;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
use coral_engine::{Budget, Columns};
use coral_trace::{Collector, Origin, Span, TraceId, UnixNanos};

use crate::commit::origins::Origins;
use crate::commit::seen::{self, Key};
use crate::hot::generation::Arrival;
use crate::page_columns::check::CheckedRows;
use crate::page_columns::columns::PageArrays;
use crate::page_columns::layout::SENT;
use crate::page_columns::row::ColumnRow;
use crate::row::SpanReader;
use crate::row::batch::{Delivery, SCHEMA};

/// The usual rows of a page that are not stored yet.
pub(crate) struct FreshRows<'a> {
    rows: RecordBatch,
    checked: &'a CheckedRows,
}

impl CheckedRows {
    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.num_rows() + self.spans.len()
    }

    /// The spans of the rows that are not usual.
    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The traces of all rows.
    pub(crate) fn traces(&self) -> impl Iterator<Item = TraceId> {
        let usual = traces(&self.rows);
        usual.into_iter().chain(self.spans.iter().map(|span| span.trace_id))
    }

    /// The usual rows whose key is new, by `is_new`.
    pub(crate) fn fresh(&self, mut is_new: impl FnMut(Key) -> bool) -> FreshRows<'_> {
        let columns = PageArrays::of(&self.rows);
        let spans = columns.span_id.values();
        let fresh = traces(&self.rows).into_iter().zip(spans);
        let fresh: Vec<bool> =
            fresh.map(|(trace, span)| is_new(seen::join(trace.as_u128(), *span))).collect();
        let fresh = BooleanArray::from(BooleanBuffer::from(fresh));
        let rows = filter_record_batch(&self.rows, &fresh).expect("the filter is as long");
        FreshRows { rows, checked: self }
    }
}

impl FreshRows<'_> {
    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// The rows as rows of a commit, from receipt `first_receipt` on. Numbers their origins by
    /// `origins`. Adds them to `arrival`, where the first is row `first_row` of its generation.
    pub(crate) fn into_rows(
        self,
        first_receipt: u64,
        first_row: u32,
        delivery: Delivery<'_>,
        origins: &mut Origins,
        arrival: &mut Arrival,
    ) -> RecordBatch {
        let columns = PageArrays::of(&self.rows);
        let mut numbers: Vec<Option<u32>> = vec![None; self.checked.origins.len()];
        let (mut origin_ids, mut services) = (Vec::with_capacity(self.len()), Vec::new());
        services.reserve(self.len());
        let collector = self.checked.collector;
        for (row, trace_id) in traces(&self.rows).into_iter().enumerate() {
            let origin = self.origin(&columns, row);
            let number = &mut numbers[columns.origin_id.value(row) as usize];
            origin_ids.push(*number.get_or_insert_with(|| origins.number(origin)));
            let service = origin.service_name();
            services.push(service);
            let found = ColumnRow { columns: &columns, row, trace_id, service, collector };
            arrival.add(&found, first_row + row as u32);
        }
        let services = StringArray::from_iter_values(services);
        let known = KnownColumns { first_receipt, delivery, collector, services, origin_ids };
        known.with(&self.rows)
    }

    fn origin(&self, columns: &PageArrays<'_>, row: usize) -> &Arc<Origin> {
        let origin = &self.checked.origins[columns.origin_id.value(row) as usize];
        origin.as_ref().expect("the origin of a checked row was read")
    }
}

/// The trace ids of checked rows.
fn traces(rows: &RecordBatch) -> Vec<TraceId> {
    let ids = PageArrays::of(rows).trace_id;
    ids.iter().flatten().filter_map(|id| TraceId::try_from(id).ok()).collect()
}

/// The columns that are not sent, because the receiver has its own values.
struct KnownColumns<'a> {
    first_receipt: u64,
    delivery: Delivery<'a>,
    collector: Collector,
    services: StringArray,
    origin_ids: Vec<u32>,
}

impl KnownColumns<'_> {
    /// `sent`, which has the schema of pages, with these columns: rows of [`SCHEMA`].
    fn with(self, sent: &RecordBatch) -> RecordBatch {
        let count = sent.num_rows();
        let receipts = self.first_receipt..self.first_receipt + count as u64;
        let received = vec![self.delivery.received.as_micros(); count];
        let received = PrimitiveArray::<TimestampMicrosecondType>::from(received);
        let agents = StringArray::from_iter_values(repeat_n(self.delivery.agent_id, count));
        let ebpf = match self.collector {
            Collector::Ebpf => BooleanBuffer::new_set(count),
            Collector::Sdk => BooleanBuffer::new_unset(count),
        };
        let mut known: [(&str, Option<ArrayRef>); 6] = [
            ("receipt", Some(Arc::new(receipts.collect::<UInt64Array>()))),
            ("received_at", Some(Arc::new(received))),
            ("agent_id", Some(Arc::new(agents))),
            ("service_name", Some(Arc::new(self.services))),
            ("ebpf", Some(Arc::new(BooleanArray::from(ebpf)))),
            ("origin_id", Some(Arc::new(UInt32Array::from(self.origin_ids)))),
        ];
        let columns = SCHEMA.fields().iter().enumerate().map(|(at, field)| {
            let own = known.iter_mut().find(|(name, _)| name == field.name());
            own.and_then(|(_, column)| column.take()).unwrap_or_else(|| {
                let place = SENT.binary_search(&at).expect("the other columns are sent");
                sent.column(place).clone()
            })
        });
        let columns = columns.collect();
        RecordBatch::try_new(SCHEMA.clone(), columns).expect("the columns are those of the schema")
    }
}

/// Reads the rows `wanted` of a page as spans; `None` for each that cannot be read. `origins` has the
/// origins of these rows.
pub(super) fn read_spans(
    rows: &RecordBatch,
    wanted: &[u32],
    origins: &[Option<Arc<Origin>>],
    collector: Collector,
) -> Vec<Option<Span>> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let rows = take_record_batch(rows, &UInt32Array::from(wanted.to_vec()));
    let rows = rows.expect("the wanted rows exist");
    let origin_ids = PageArrays::of(&rows).origin_id.values().to_vec();
    let origins = origin_ids.iter().map(|number| origins[*number as usize].clone());
    let origins: Vec<Option<Arc<Origin>>> = origins.collect();
    let services = StringArray::from_iter_values(repeat_n("", wanted.len()));
    let delivery = Delivery { agent_id: "", received: UnixNanos::default() };
    let known = KnownColumns { first_receipt: 1, delivery, collector, services, origin_ids };
    let rows = known.with(&rows);
    // Rows that cannot be read are found one by one.
    let read: Vec<Option<Span>> = match read_batch(&rows) {
        Some(spans) => spans.into_iter().map(Some).collect(),
        None => (0..wanted.len()).map(|row| read_batch(&rows.slice(row, 1))?.pop()).collect(),
    };
    let read = read.into_iter().zip(origins);
    read.map(|(span, origin)| Some(Span { origin: origin?, ..span? })).collect()
}

/// The spans of rows of [`SCHEMA`], without their origins.
fn read_batch(rows: &RecordBatch) -> Option<Vec<Span>> {
    let columns = Columns::ATTRIBUTES | Columns::DETAILS;
    let mut spans = Vec::with_capacity(rows.num_rows());
    SpanReader::of(columns).read(rows, &Budget::unlimited(), &mut spans).ok()?;
    Some(spans.into_iter().map(|stored| stored.span).collect())
}
