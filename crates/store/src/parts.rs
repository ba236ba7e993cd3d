//! What one commit says of each trace it touched.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    BooleanBuilder, FixedSizeBinaryBuilder, Int16Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use coral_trace::{Collector, Span, TraceId, UnixNanos};
use hashbrown::HashMap;

use crate::batch::{timestamp, uuid};

/// The parts of one commit: one per trace, service and collector.
#[derive(Default)]
pub(crate) struct Parts<'a>(HashMap<(TraceId, &'a str, Collector), Part<'a>>);

struct Part<'a> {
    first_start: UnixNanos,
    last_end: UnixNanos,
    spans: u64,
    errors: u64,
    head: &'a Span,
    root: Option<&'a Span>,
}

impl<'a> Parts<'a> {
    /// Adds one stored span.
    pub(crate) fn add(&mut self, span: &'a Span) {
        let key = (span.trace_id, span.origin.service_name(), span.origin.collector);
        let part = self.0.entry(key).or_insert(Part {
            first_start: span.start,
            last_end: span.end,
            spans: 0,
            errors: 0,
            head: span,
            root: None,
        });
        part.spans += 1;
        part.errors += u64::from(span.is_error());
        part.first_start = part.first_start.min(span.start);
        // A span that ended before it began lasts until it began.
        part.last_end = part.last_end.max(span.end).max(span.start);
        if comes_before(span, part.head) {
            part.head = span;
        }
        if span.parent_span_id.is_none() && part.root.is_none_or(|root| comes_before(span, root)) {
            part.root = Some(span);
        }
    }

    /// The rows of `hot_parts`, all with the commit's last receipt.
    pub(crate) fn finish(self, receipt: u64) -> RecordBatch {
        let parts = self.0.len();
        let mut receipts = UInt64Builder::with_capacity(parts);
        let mut trace_id = FixedSizeBinaryBuilder::with_capacity(parts, 16);
        let mut service_name = StringBuilder::with_capacity(parts, 16 * parts);
        let mut ebpf = BooleanBuilder::with_capacity(parts);
        let mut first_start = TimestampMicrosecondBuilder::with_capacity(parts);
        let mut last_end = TimestampMicrosecondBuilder::with_capacity(parts);
        let mut spans = UInt64Builder::with_capacity(parts);
        let mut errors = UInt64Builder::with_capacity(parts);
        let mut head_name = StringBuilder::with_capacity(parts, 24 * parts);
        let mut head_status = Int16Builder::with_capacity(parts);
        let mut root_start = TimestampMicrosecondBuilder::with_capacity(parts);
        let mut root_name = StringBuilder::with_capacity(parts, 0);
        let mut root_status = Int16Builder::with_capacity(parts);
        for ((trace, service, collector), part) in &self.0 {
            receipts.append_value(receipt);
            trace_id.append_value(trace.bytes()).expect("the column is as wide as a trace id");
            service_name.append_value(service);
            ebpf.append_value(*collector == Collector::Ebpf);
            first_start.append_value(part.first_start.as_micros());
            last_end.append_value(part.last_end.as_micros());
            spans.append_value(part.spans);
            errors.append_value(part.errors);
            head_name.append_value(&part.head.name);
            head_status.append_option(status(part.head));
            root_start.append_option(part.root.map(|root| root.start.as_micros()));
            root_name.append_option(part.root.map(|root| &root.name));
            root_status.append_option(part.root.and_then(status));
        }
        RecordBatch::try_new(
            SCHEMA.clone(),
            vec![
                Arc::new(receipts.finish()),
                Arc::new(trace_id.finish()),
                Arc::new(service_name.finish()),
                Arc::new(ebpf.finish()),
                Arc::new(first_start.finish()),
                Arc::new(last_end.finish()),
                Arc::new(spans.finish()),
                Arc::new(errors.finish()),
                Arc::new(head_name.finish()),
                Arc::new(head_status.finish()),
                Arc::new(root_start.finish()),
                Arc::new(root_name.finish()),
                Arc::new(root_status.finish()),
            ],
        )
        .expect("the columns are those of the schema")
    }
}

/// By start; a virtual hop starts with the request that it is part of, and does not name it.
fn comes_before(one: &Span, other: &Span) -> bool {
    let key = |span: &Span| (span.start, span.is_virtual_hop(), span.span_id);
    key(one) < key(other)
}

fn status(span: &Span) -> Option<i16> {
    span.response_status().map(|code| code as i16)
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    Arc::new(Schema::new(vec![
        Field::new("receipt", DataType::UInt64, false),
        uuid("trace_id"),
        Field::new("service_name", DataType::Utf8, false),
        Field::new("ebpf", DataType::Boolean, false),
        timestamp("first_start"),
        timestamp("last_end"),
        Field::new("spans", DataType::UInt64, false),
        Field::new("errors", DataType::UInt64, false),
        Field::new("head_name", DataType::Utf8, false),
        Field::new("head_status", DataType::Int16, true),
        Field::new("root_start", micros, true),
        Field::new("root_name", DataType::Utf8, true),
        Field::new("root_status", DataType::Int16, true),
    ]))
});
