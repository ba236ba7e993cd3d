//! One row of a column page.

use arrow_array::Array as _;
use coral_trace::{Collector, SpanKind, TraceId, VIRTUAL_HOP_ATTRIBUTE, may_be_virtual_hop};

use crate::hot::part::PartSpan;
use crate::page_columns::columns::PageArrays;
use coral_record::promoted;
use coral_record::read_attributes;

/// A valid row, as the sums of its trace need it.
pub(crate) struct ColumnRow<'a> {
    pub(crate) columns: &'a PageArrays<'a>,
    pub(crate) row: usize,
    pub(crate) trace_id: TraceId,
    pub(crate) service: &'a str,
    pub(crate) collector: Collector,
}

/// The JSON of the attributes of nearly all virtual hops that have one.
const USUAL_VIRTUAL_HOP: &str = r#"{"span.metrics.skip":true}"#;

impl ColumnRow<'_> {
    pub(crate) fn kind(&self) -> SpanKind {
        SpanKind::from(i32::from(self.columns.span_kind.value(self.row)))
    }

    /// Whether the row has an attribute with the key `key`, which is a promoted one.
    pub(crate) fn has_promoted(&self, key: &str) -> bool {
        promoted::text_place(key).is_some_and(|(column, older)| {
            let spellings = self.columns.spellings.value(self.row);
            self.columns.text[column].is_valid(self.row)
                && promoted::is_older(spellings, column) == older
        })
    }
}

impl PartSpan for ColumnRow<'_> {
    fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    fn span_id(&self) -> u64 {
        self.columns.span_id.value(self.row)
    }

    fn is_root(&self) -> bool {
        self.columns.parent_span_id.is_null(self.row)
    }

    fn start(&self) -> i64 {
        self.columns.start_time.value(self.row)
    }

    fn end(&self) -> i64 {
        let (start, end) = self.columns.times(self.row).restore();
        end.max(start).as_micros()
    }

    fn is_error(&self) -> bool {
        self.columns.span_status.value(self.row) == ERROR
    }

    fn is_virtual_hop(&self) -> bool {
        may_be_virtual_hop(self.kind(), self.name(), self.collector)
            && self.columns.is_unpromoted(self.row)
            && self.columns.attributes(self.row).is_none_or(|json| {
                let is_hop_attribute = |json| {
                    let read = read_attributes(json).unwrap_or_default();
                    read.iter().all(|attribute| attribute.key == VIRTUAL_HOP_ATTRIBUTE)
                };
                json == USUAL_VIRTUAL_HOP || is_hop_attribute(json)
            })
    }

    fn response_status(&self) -> Option<u16> {
        self.columns.status_code(self.row).map(|code| code as u16)
    }

    fn name(&self) -> &str {
        self.columns.span_name.value(self.row)
    }

    fn service(&self) -> &str {
        self.service
    }

    fn collector(&self) -> Collector {
        self.collector
    }
}

/// The number of a failed span in `span_status`: that of OTLP.
const ERROR: u8 = 2;
