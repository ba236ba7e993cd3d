//! Converts spans to Arrow columns, one row per span.

use std::sync::{Arc, LazyLock};

use arrow_array::builder::{
    BooleanBuilder, FixedSizeBinaryBuilder, Int16Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder, UInt8Builder, UInt32Builder, UInt64Builder,
};
use arrow_array::{Array as _, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use coral_engine::Columns;
use coral_trace::{Collector, Span, SpanKind, StatusCode, UnixNanos};

use coral_record::promoted::{self, NUMBERS, TEXT};
use coral_record::{write_attributes_into, write_extra};

/// The index in [`SCHEMA`] of the column `receipt`. The constants below are indexes of other
/// columns.
pub(crate) const RECEIPT: usize = 0;
pub(crate) const RECEIVED_AT: usize = 1;
pub(crate) const TRACE_ID: usize = 2;
pub(crate) const SPAN_ID: usize = 3;
pub(crate) const AGENT_ID: usize = 5;
pub(crate) const SERVICE_NAME: usize = 6;
pub(crate) const EBPF: usize = 7;
pub(crate) const START_TIME: usize = 10;
/// The index in [`SCHEMA`] of the column with the number of a row's origin.
pub(crate) const ORIGIN_ID: usize = AFTER_PROMOTED + 2;
/// The index in [`SCHEMA`] of the first promoted text column. Integer columns begin at
/// `FIRST_NUMBER`, and `AFTER_PROMOTED` is the index after the last promoted column.
pub(crate) const FIRST_TEXT: usize = 16;
pub(crate) const FIRST_NUMBER: usize = FIRST_TEXT + TEXT.len();
pub(crate) const AFTER_PROMOTED: usize = FIRST_NUMBER + NUMBERS.len();

/// Collects the rows of one commit.
pub(crate) struct SpanBatch {
    receipt: UInt64Builder,
    received_at: TimestampMicrosecondBuilder,
    trace_id: FixedSizeBinaryBuilder,
    span_id: UInt64Builder,
    parent_span_id: UInt64Builder,
    agent_id: StringBuilder,
    service_name: StringBuilder,
    ebpf: BooleanBuilder,
    span_name: StringBuilder,
    span_kind: UInt8Builder,
    start_time: TimestampMicrosecondBuilder,
    duration_us: Int64Builder,
    sub_us: UInt32Builder,
    status_code: Int16Builder,
    span_status: UInt8Builder,
    spellings: UInt32Builder,
    text: [StringBuilder; TEXT.len()],
    numbers: [Int64Builder; NUMBERS.len()],
    attributes: StringBuilder,
    extra: StringBuilder,
    origin_id: UInt32Builder,
    /// Reused for the JSON of each row.
    json: Vec<u8>,
    /// Whether some row has an attribute in its JSON although the key has a column. See
    /// `is_misplaced` of [`promoted::Sorted`].
    pub(crate) has_misplaced: bool,
}

/// The values that all rows of one sender in a commit share.
#[derive(Clone, Copy)]
pub(crate) struct Delivery<'a> {
    pub(crate) agent_id: &'a str,
    pub(crate) received: UnixNanos,
}

/// The start and duration of a span in the form of the columns: both in microseconds, rounded
/// down. `sub_us` is the remaining nanoseconds of the start × 1,000 + those of the duration.
pub(crate) struct ColumnTimes {
    pub(crate) start_us: i64,
    pub(crate) duration_us: i64,
    pub(crate) sub_us: u32,
}

impl SpanBatch {
    pub(crate) fn with_capacity(spans: usize) -> Self {
        Self {
            receipt: UInt64Builder::with_capacity(spans),
            received_at: TimestampMicrosecondBuilder::with_capacity(spans),
            trace_id: FixedSizeBinaryBuilder::with_capacity(spans, 16),
            span_id: UInt64Builder::with_capacity(spans),
            parent_span_id: UInt64Builder::with_capacity(spans),
            agent_id: StringBuilder::with_capacity(spans, 0),
            service_name: StringBuilder::with_capacity(spans, 16 * spans),
            ebpf: BooleanBuilder::with_capacity(spans),
            span_name: StringBuilder::with_capacity(spans, 24 * spans),
            span_kind: UInt8Builder::with_capacity(spans),
            start_time: TimestampMicrosecondBuilder::with_capacity(spans),
            duration_us: Int64Builder::with_capacity(spans),
            sub_us: UInt32Builder::with_capacity(spans),
            status_code: Int16Builder::with_capacity(spans),
            span_status: UInt8Builder::with_capacity(spans),
            spellings: UInt32Builder::with_capacity(spans),
            text: std::array::from_fn(|_| StringBuilder::with_capacity(spans, 0)),
            numbers: std::array::from_fn(|_| Int64Builder::with_capacity(spans)),
            attributes: StringBuilder::with_capacity(spans, 0),
            extra: StringBuilder::with_capacity(spans, 0),
            origin_id: UInt32Builder::with_capacity(spans),
            json: Vec::new(),
            has_misplaced: false,
        }
    }

    pub(crate) fn push(
        &mut self,
        span: &Span,
        receipt: u64,
        origin_id: u32,
        delivery: Delivery<'_>,
    ) {
        self.receipt.append_value(receipt);
        self.received_at.append_value(delivery.received.as_micros());
        self.agent_id.append_value(delivery.agent_id);
        self.origin_id.append_value(origin_id);
        self.push_identity(span);
        self.push_times(span);
        self.push_attributes(span);
        self.extra.append_option(write_extra(span));
    }

    /// The bytes of those texts of which small spans may have many.
    pub(crate) fn text_bytes(&self) -> usize {
        [&self.service_name, &self.span_name, &self.attributes, &self.extra]
            .map(|texts| texts.values_slice().len())
            .iter()
            .sum()
    }

    fn push_identity(&mut self, span: &Span) {
        self.trace_id
            .append_value(span.trace_id.bytes())
            .expect("the column is as wide as a trace id");
        self.span_id.append_value(span.span_id.as_u64());
        self.parent_span_id.append_option(span.parent_span_id.map(|id| id.as_u64()));
        self.service_name.append_value(span.origin.service_name());
        self.ebpf.append_value(span.origin.collector == Collector::Ebpf);
        self.span_name.append_value(&span.name);
        self.span_kind.append_value(kind_number(span.kind));
        self.span_status.append_value(status_number(span.status.code));
    }

    fn push_times(&mut self, span: &Span) {
        let times = ColumnTimes::of(span);
        self.start_time.append_value(times.start_us);
        self.duration_us.append_value(times.duration_us);
        self.sub_us.append_value(times.sub_us);
    }

    fn push_attributes(&mut self, span: &Span) {
        let sorted = promoted::sort(span);
        self.has_misplaced |= sorted.is_misplaced;
        self.status_code.append_option(sorted.status_code.map(|code| code as i16));
        self.spellings.append_value(sorted.spellings);
        for (column, value) in self.text.iter_mut().zip(sorted.text) {
            column.append_option(value);
        }
        for (column, value) in self.numbers.iter_mut().zip(sorted.numbers) {
            column.append_option(value);
        }
        let rest = write_attributes_into(&sorted.rest, &mut self.json);
        self.attributes.append_option(rest);
    }

    pub(crate) fn finish(mut self) -> RecordBatch {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.receipt.finish()),
            Arc::new(self.received_at.finish()),
            Arc::new(self.trace_id.finish()),
            Arc::new(self.span_id.finish()),
            Arc::new(self.parent_span_id.finish()),
            Arc::new(self.agent_id.finish()),
            Arc::new(self.service_name.finish()),
            Arc::new(self.ebpf.finish()),
            Arc::new(self.span_name.finish()),
            Arc::new(self.span_kind.finish()),
            Arc::new(self.start_time.finish()),
            Arc::new(self.duration_us.finish()),
            Arc::new(self.sub_us.finish()),
            Arc::new(self.status_code.finish()),
            Arc::new(self.span_status.finish()),
            Arc::new(self.spellings.finish()),
        ];
        columns.extend(self.text.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        columns.extend(self.numbers.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        columns.push(Arc::new(self.attributes.finish()));
        columns.push(Arc::new(self.extra.finish()));
        columns.push(Arc::new(self.origin_id.finish()));
        RecordBatch::try_new(SCHEMA.clone(), columns).expect("the columns are those of the schema")
    }
}

impl ColumnTimes {
    fn of(span: &Span) -> Self {
        let nanos = i128::from(span.end.0) - i128::from(span.start.0);
        let below = (span.start.0 % 1_000) as u32 * 1_000 + nanos.rem_euclid(1_000) as u32;
        Self {
            start_us: span.start.as_micros(),
            // A u64 of nanoseconds is at most 2^64 / 1000 µs, which an i64 holds.
            duration_us: nanos.div_euclid(1_000) as i64,
            sub_us: below,
        }
    }

    /// The exact start and end of the span.
    pub(crate) fn restore(&self) -> (UnixNanos, UnixNanos) {
        let start = i128::from(self.start_us) * 1_000 + i128::from(self.sub_us / 1_000);
        let nanos = i128::from(self.duration_us) * 1_000 + i128::from(self.sub_us % 1_000);
        (UnixNanos(start as u64), UnixNanos((start + nanos) as u64))
    }
}

/// The number of a kind in the column `span_kind`: that of OTLP.
pub(crate) const fn kind_number(kind: SpanKind) -> u8 {
    match kind {
        SpanKind::Unspecified => 0,
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

const fn status_number(status: StatusCode) -> u8 {
    match status {
        StatusCode::Unset => 0,
        StatusCode::Ok => 1,
        StatusCode::Error => 2,
    }
}

/// The columns of a hot row. The origin is stored as a number.
pub(crate) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields = vec![
        Field::new("receipt", DataType::UInt64, false),
        timestamp("received_at"),
        Field::new("trace_id", DataType::FixedSizeBinary(16), false),
        Field::new("span_id", DataType::UInt64, false),
        Field::new("parent_span_id", DataType::UInt64, true),
        Field::new("agent_id", DataType::Utf8, false),
        Field::new("service_name", DataType::Utf8, false),
        Field::new("ebpf", DataType::Boolean, false),
        Field::new("span_name", DataType::Utf8, false),
        Field::new("span_kind", DataType::UInt8, false),
        timestamp("start_time"),
        Field::new("duration_us", DataType::Int64, false),
        Field::new("sub_us", DataType::UInt32, false),
        Field::new("status_code", DataType::Int16, true),
        Field::new("span_status", DataType::UInt8, false),
        Field::new("spellings", DataType::UInt32, false),
    ];
    fields.extend(TEXT.iter().map(|text| Field::new(text.column, DataType::Utf8, true)));
    fields.extend(NUMBERS.iter().map(|number| Field::new(number.column, DataType::Int64, true)));
    fields.push(Field::new("attributes", DataType::Utf8, true));
    fields.push(Field::new("extra", DataType::Utf8, true));
    fields.push(Field::new("origin_id", DataType::UInt32, false));
    Arc::new(Schema::new(fields))
});

/// The size in memory of the rows of `batch`, in bytes. Buffers that other batches share count only
/// as far as these rows use them, and the values of dictionaries, such as origins, do not count.
pub(crate) fn row_bytes(batch: &RecordBatch) -> usize {
    let bytes = |column: &ArrayRef| match column.data_type() {
        DataType::Dictionary(..) => column.len() * size_of::<u32>(),
        _ => column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.len()),
    };
    batch.columns().iter().map(bytes).sum()
}

/// The indexes in [`SCHEMA`] of the columns that must be read for the groups `columns`, ascending.
pub(crate) fn places(columns: Columns) -> Vec<usize> {
    let wanted = |(place, field): (usize, &Arc<Field>)| {
        let group = match field.name().as_str() {
            "received_at" => return None,
            "service_name" if columns.contains(Columns::ORIGIN) => return None,
            "status_code" | "spellings" | "attributes" => Columns::ATTRIBUTES,
            "extra" => Columns::DETAILS,
            "origin_id" => Columns::ORIGIN,
            _ if (FIRST_TEXT..AFTER_PROMOTED).contains(&place) => Columns::ATTRIBUTES,
            _ => Columns::CORE,
        };
        columns.contains(group).then_some(place)
    };
    SCHEMA.fields().iter().enumerate().filter_map(wanted).collect()
}

/// A UTC TIMESTAMP column, in microseconds.
pub(crate) fn timestamp(name: &str) -> Field {
    Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, None), false)
}
