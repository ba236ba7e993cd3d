//! Checks a column page, whose bytes an agent sent and which are hostile.
//!
//! A row is *usual* if it is letter by letter what this version writes for the span that it reads
//! from the row: its columns are appended as they are. Any other valid row is read as a span, and
//! stored as a span that came as a message. So no row is stored that [`crate::row`] would not
//! write.

use std::sync::Arc;

use arrow_array::{Array as _, BooleanArray, RecordBatch};
use arrow_buffer::BooleanBuffer;
use arrow_select::filter::filter_record_batch;
use coral_engine::{CheckedColumns, ColumnsError, PageColumns, PageSpan, RefusedRows};
use coral_trace::red::{protocol_of_kind, protocol_of_span};
use coral_trace::{Collector, Origin, Span, TraceId};

use crate::page_columns::append::read_spans;
use crate::page_columns::canonical::Canonical;
use crate::page_columns::columns::{PageArrays, text_bytes};
use crate::page_columns::layout::LAYOUT;
use crate::page_columns::row::ColumnRow;
use crate::page_columns::{MAX_ORIGIN_BYTES, MAX_ROW_BYTES, message};
use coral_record::promoted;
use coral_record::{read_origin, trace_state_of_canonical};

/// The rows of a page that can be stored.
pub(crate) struct CheckedRows {
    /// The usual rows.
    pub(super) rows: RecordBatch,
    /// The origins to which `rows` refer; `None` for those to which no row refers.
    pub(super) origins: Vec<Option<Arc<Origin>>>,
    pub(super) collector: Collector,
    /// The other rows.
    pub(super) spans: Vec<Span>,
}

/// How deep lists and maps may be nested in an attribute: as deep as every exporter may nest them.
const MAX_NESTING: usize = 24;
/// The greatest numbers in `span_kind`, in `span_status`, and in `sub_us`.
const MAX_KIND: u8 = 5;
const MAX_STATUS: u8 = 2;
const MAX_SUB_US: u32 = 999_999;

/// The most bytes of the names of all rows' services, which are copied for each trace. A page that
/// names its services in more bytes is read as spans.
const MAX_NAME_BYTES: usize = 32 << 20;

/// Why a row is refused.
type Reason = &'static str;

/// Reads and checks `page`, all of whose spans are of `collector`. See
/// [`check_columns`](coral_engine::PageWriter::check_columns).
pub(crate) fn check(
    page: PageColumns,
    collector: Collector,
    keeps: &mut dyn FnMut(&PageSpan<'_>) -> bool,
) -> Result<CheckedColumns, ColumnsError> {
    if page.layout != *LAYOUT {
        return Err(ColumnsError::Layout { found: page.layout });
    }
    let rows = message::decode(page.rows).map_err(ColumnsError::Malformed)?;
    let mut checker = Checker {
        columns: PageArrays::of(&rows),
        text_bytes: text_bytes(&rows),
        origins: Origins { texts: &page.origins, read: vec![None; page.origins.len()], collector },
        canonical: Canonical::default(),
    };
    let mut refused = RefusedRows::default();
    let (mut usual, mut unusual) = (Vec::with_capacity(rows.num_rows()), Vec::new());
    for row in 0..rows.num_rows() {
        let form = checker.row(row, keeps);
        usual.push(matches!(form, Ok(Form::Usual)));
        match form {
            Ok(Form::Unusual) => unusual.push(row as u32),
            Ok(_) => {}
            Err(reason) => refused.add(reason),
        }
    }
    let origins = checker.origins.read.into_iter().map(|read| read.and_then(Result::ok));
    let origins: Vec<Option<Arc<Origin>>> = origins.collect();
    let read = read_spans(&rows, &unusual, &origins, collector);
    let spans = unusual_spans(read, &mut refused, keeps);
    let usual = BooleanArray::from(BooleanBuffer::from(usual));
    let rows = filter_record_batch(&rows, &usual).expect("the filter is as long as the rows");
    if name_bytes(&rows, &origins) > MAX_NAME_BYTES {
        return Err(ColumnsError::Malformed("its rows have services with long names".to_owned()));
    }
    let checked = CheckedRows { rows, origins, collector, spans };
    let spans = checked.len() as u64;
    Ok(CheckedColumns { rows: Arc::new(checked), spans, refused })
}

/// The bytes of the names of the services of `rows`, each row counted.
fn name_bytes(rows: &RecordBatch, origins: &[Option<Arc<Origin>>]) -> usize {
    let lengths: Vec<usize> = origins
        .iter()
        .map(|origin| origin.as_ref().map_or(0, |origin| origin.service_name().len()))
        .collect();
    let numbers = PageArrays::of(rows).origin_id.values();
    numbers.iter().filter_map(|number| lengths.get(*number as usize)).sum()
}

/// What becomes of a valid row.
enum Form {
    /// Its columns are stored.
    Usual,
    /// It has to be read as a span.
    Unusual,
    /// It is not kept.
    LeftOut,
}

struct Checker<'a> {
    columns: PageArrays<'a>,
    text_bytes: Vec<u32>,
    origins: Origins<'a>,
    canonical: Canonical,
}

impl Checker<'_> {
    fn row(
        &mut self,
        row: usize,
        keeps: &mut dyn FnMut(&PageSpan<'_>) -> bool,
    ) -> Result<Form, Reason> {
        let trace_id = self.numbers(row)?;
        let columns = &self.columns;
        let origin = self.origins.get(columns.origin_id.value(row))?;
        let has_text = |column: usize| columns.text[column].is_valid(row);
        let (spellings, status) = (columns.spellings.value(row), columns.status_code(row));
        let is_usual = promoted::is_consistent(spellings, status, has_text)
            && columns
                .attributes(row)
                .is_none_or(|json| self.canonical.has_attributes(json, MAX_NESTING));
        let mut trace_state = String::new();
        if columns.extra.is_valid(row) {
            match trace_state_of_canonical(columns.extra.value(row), MAX_NESTING) {
                Some(state) => trace_state = state,
                None => return Ok(Form::Unusual),
            }
        }
        if !is_usual {
            return Ok(Form::Unusual);
        }
        let (service, collector) = (origin.service_name(), origin.collector);
        let found = ColumnRow { columns, row, trace_id, service, collector };
        let is_kept = keeps(&PageSpan {
            trace_id,
            start: columns.times(row).restore().0,
            kind: found.kind(),
            protocol: protocol_of_kind(found.kind(), |key| found.has_promoted(key)),
            trace_state: &trace_state,
            origin,
        });
        Ok(if is_kept { Form::Usual } else { Form::LeftOut })
    }

    /// Checks everything but texts, and the size of these. Returns the trace id.
    fn numbers(&self, row: usize) -> Result<TraceId, Reason> {
        let columns = &self.columns;
        let parent = &columns.parent_span_id;
        let trace_id =
            TraceId::try_from(columns.trace_id.value(row)).map_err(|_| "trace_id: zero")?;
        let times = columns.times(row);
        let start = i128::from(times.start_us) * 1_000 + i128::from(times.sub_us / 1_000);
        let end = start + i128::from(times.duration_us) * 1_000 + i128::from(times.sub_us % 1_000);
        let is_time = |nanos: i128| (0..=i128::from(u64::MAX)).contains(&nanos);
        let checks = [
            (columns.span_id.value(row) != 0, "span_id: zero"),
            (parent.is_null(row) || parent.value(row) != 0, "parent_span_id: zero"),
            (columns.span_kind.value(row) <= MAX_KIND, "span_kind: not a kind"),
            (columns.span_status.value(row) <= MAX_STATUS, "span_status: not a status"),
            (times.sub_us <= MAX_SUB_US, "sub_us: more than a microsecond"),
            (is_time(start) && is_time(end), "start_time and duration_us: out of range"),
            (columns.status_code(row).is_none_or(|code| code >= 0), "status_code: negative"),
            (self.text_bytes[row] <= MAX_ROW_BYTES, "too long for a row"),
        ];
        match checks.into_iter().find(|(is_valid, _)| !is_valid) {
            None => Ok(trace_id),
            Some((_, reason)) => Err(reason),
        }
    }
}

/// The origins of a page. Each is read when the first row refers to it.
struct Origins<'a> {
    texts: &'a [String],
    read: Vec<Option<Result<Arc<Origin>, Reason>>>,
    collector: Collector,
}

impl Origins<'_> {
    fn get(&mut self, number: u32) -> Result<&Arc<Origin>, Reason> {
        let number = number as usize;
        let text = self.texts.get(number).ok_or("origin_id: no such origin")?;
        let read = self.read[number].get_or_insert_with(|| valid_origin(text, self.collector));
        read.as_ref().map_err(|reason| *reason)
    }
}

fn valid_origin(text: &str, collector: Collector) -> Result<Arc<Origin>, Reason> {
    if text.len() > MAX_ORIGIN_BYTES {
        return Err("origin: too long");
    }
    let origin = read_origin(text, collector).map_err(|_| "origin: not the JSON of an origin")?;
    let attributes = [&origin.resource.attributes, &origin.scope.attributes];
    match attributes.iter().all(|attributes| attributes.is_within(MAX_NESTING)) {
        true => Ok(Arc::new(origin)),
        false => Err("origin: nested too deep"),
    }
}

/// Adds the spans that were read from rows that are not usual, and counts those that were not.
fn unusual_spans(
    read: Vec<Option<Span>>,
    refused: &mut RefusedRows,
    keeps: &mut dyn FnMut(&PageSpan<'_>) -> bool,
) -> Vec<Span> {
    let mut spans = Vec::with_capacity(read.len());
    for span in read {
        match span.filter(is_within_limits) {
            Some(span) if keeps(&seen(&span)) => spans.push(span),
            Some(_) => {}
            None => refused.add("attributes or extra: not the JSON of a span"),
        }
    }
    spans
}

fn is_within_limits(span: &Span) -> bool {
    let events = span.events.iter().map(|event| &event.attributes);
    let links = span.links.iter().map(|link| &link.attributes);
    let mut all = [&span.attributes].into_iter().chain(events).chain(links);
    all.all(|attributes| attributes.is_within(MAX_NESTING))
}

fn seen(span: &Span) -> PageSpan<'_> {
    PageSpan {
        trace_id: span.trace_id,
        start: span.start,
        kind: span.kind,
        protocol: protocol_of_span(span),
        trace_state: &span.trace_state,
        origin: &span.origin,
    }
}
