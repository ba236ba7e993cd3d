//! Columns of all spans that started in a period.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType, UInt8Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use coral_engine::{Budget, CodedColumn, SpanColumn, SpanColumns, SpanIds, WantedColumns};
use coral_trace::{SpanId, TimeRange, UnixNanos, Value};

use crate::error::StoreError;
use crate::hot::generation::{Generation, Rows};
use crate::hot::live::Live;
use crate::row::damaged;
use crate::segment::Segment;
use coral_record::promoted::{self, Column};
use coral_record::read_resource_attributes;

const START: &str = "start_time";
const SPELLINGS: &str = "spellings";
const IDS: [&str; 3] = ["trace_id", "span_id", "parent_span_id"];

/// What is read.
struct Reading<'a> {
    sources: Vec<Source<'a>>,
    ids: bool,
}

/// A wanted column, and how it is stored.
enum Source<'a> {
    /// Text.
    Text(&'static str),
    /// Small integers.
    Number(&'static str),
    /// A promoted text attribute, in rows where it was sent under `key`.
    Spelled { column: &'static str, key: &'a str },
    /// A promoted integer attribute.
    Integer(&'static str),
    /// An attribute of the resource.
    Resource(&'a str),
}

/// See [`TraceReader::visit_columns`](coral_engine::TraceReader::visit_columns). Attributes of spans
/// that have no column of their own are not read by column.
pub(crate) fn visit(
    live: &Live,
    started: TimeRange,
    wanted: &WantedColumns,
    budget: &Budget,
    visit: &mut dyn FnMut(&SpanColumns) -> ControlFlow<()>,
) -> Result<bool, StoreError> {
    budget.check()?;
    let Some(sources) = wanted.columns.iter().map(Source::of).collect() else {
        return Ok(false);
    };
    let reading = Reading { sources, ids: wanted.ids };
    let state = live.read();
    let hot: Vec<Rows> = state.generations().map(Generation::all).collect();
    let segments = state.segments.clone();
    drop(state);
    // An attribute with a column may be in the JSON of some rows, and then hide or repeat the column.
    let has_misplaced = hot.iter().any(|rows| rows.has_misplaced)
        || segments.iter().any(|segment| segment.extent.has_misplaced);
    let is_of_span =
        |source: &Source<'_>| matches!(source, Source::Spelled { .. } | Source::Integer(_));
    if has_misplaced && reading.sources.iter().any(is_of_span) {
        return Ok(false);
    }
    for batch in hot.iter().flat_map(Rows::batches) {
        budget.count_rows(batch.num_rows() as u64)?;
        budget.check()?;
        if visit(&reading.columns(&batch)?).is_break() {
            return Ok(true);
        }
    }
    for segment in segments.iter() {
        // A damaged segment is set aside, and has no columns then. One that was merged into another
        // is still read.
        let read = || {
            let is_there = live.read().segments.iter().any(|other| other.has_rows_of(segment));
            if !is_there {
                return Ok(Vec::new());
            }
            sealed(segment, started, &reading, budget)
                .map_err(StoreError::unreadable(segment.receipts()))
        };
        if live.reading(read)?.iter().try_for_each(&mut *visit).is_break() {
            return Ok(true);
        }
    }
    Ok(true)
}

fn sealed(
    segment: &Arc<Segment>,
    started: TimeRange,
    reading: &Reading<'_>,
    budget: &Budget,
) -> Result<Vec<SpanColumns>, StoreError> {
    let (since, until) = (started.start.as_micros(), started.end.as_micros());
    let mut names = vec![START, "duration_us", "sub_us"];
    reading.sources.iter().for_each(|source| names.extend(source.names()));
    names.extend(reading.ids.then_some(IDS).into_iter().flatten());
    names.sort_unstable();
    names.dedup();
    let mut found = Vec::new();
    if segment.extent.first_start > until {
        return Ok(found);
    }
    for group in segment.row_groups()? {
        let bounds = group.bounds(START)?;
        if bounds.is_some_and(|(first, last)| last < since || first > until) {
            continue;
        }
        for batch in group.read(&names, budget)? {
            budget.count_rows(batch.num_rows() as u64)?;
            budget.check()?;
            found.push(reading.columns(&batch)?);
        }
    }
    Ok(found)
}

impl Reading<'_> {
    fn columns(&self, batch: &RecordBatch) -> Result<SpanColumns, StoreError> {
        let starts = column(batch, START)?.as_primitive::<TimestampMicrosecondType>().values();
        let durations = column(batch, "duration_us")?.as_primitive::<Int64Type>().values();
        // The nanoseconds of the start × 1,000 + those of the duration.
        let parts = column(batch, "sub_us")?.as_primitive::<UInt32Type>().values();
        let nanos = |micros: i64, part: u32| (micros.max(0) as u64) * 1_000 + u64::from(part);
        let start = |(micros, part): (&i64, &u32)| UnixNanos(nanos(*micros, part / 1_000));
        let duration = |(micros, part): (&i64, &u32)| {
            if *micros < 0 { 0 } else { nanos(*micros, part % 1_000) }
        };
        Ok(SpanColumns {
            starts: starts.iter().zip(parts).map(start).collect(),
            durations: durations.iter().zip(parts).map(duration).collect(),
            ids: if self.ids { ids(batch)? } else { Vec::new() },
            columns: self.sources.iter().map(|one| one.read(batch)).collect::<Result<_, _>>()?,
        })
    }
}

fn ids(batch: &RecordBatch) -> Result<Vec<SpanIds>, StoreError> {
    let [traces, spans, parents] = IDS;
    let traces = column(batch, traces)?.as_fixed_size_binary();
    let spans = column(batch, spans)?.as_primitive::<UInt64Type>();
    let parents = column(batch, parents)?.as_primitive::<UInt64Type>();
    let id = |id: u64| SpanId::try_from(id).map_err(|error| damaged("span_id", &error));
    let of = |row| {
        let parent = parents.is_valid(row).then(|| id(parents.value(row))).transpose()?;
        let trace = crate::row::trace_id(traces.value(row))?;
        Ok(SpanIds { trace, span: id(spans.value(row))?, parent })
    };
    (0..batch.num_rows()).map(of).collect()
}

impl<'a> Source<'a> {
    fn of(wanted: &'a SpanColumn) -> Option<Self> {
        Some(match wanted {
            SpanColumn::Service => Self::Text("service_name"),
            SpanColumn::Name => Self::Text("span_name"),
            SpanColumn::Kind => Self::Number("span_kind"),
            SpanColumn::Status => Self::Number("span_status"),
            SpanColumn::ResourceAttribute(key) => Self::Resource(key),
            SpanColumn::SpanAttribute(key) => match promoted::column(key)? {
                Column::Text(column) => Self::Spelled { column, key },
                Column::Number(column) => Self::Integer(column),
                Column::Status(_) => return None,
            },
        })
    }

    fn names(&self) -> Vec<&'static str> {
        match self {
            Self::Text(name) | Self::Number(name) | Self::Integer(name) => vec![name],
            Self::Spelled { column, .. } => vec![column, SPELLINGS],
            Self::Resource(_) => vec!["origin"],
        }
    }

    fn read(&self, batch: &RecordBatch) -> Result<CodedColumn, StoreError> {
        let text = |text: &str| Some(Value::from(text));
        match self {
            Self::Text(name) => texts(column(batch, name)?, &text),
            Self::Number(name) => {
                let numbers = column(batch, name)?.as_primitive::<UInt8Type>().values();
                let codes = numbers.iter().map(|number| u32::from(*number)).collect();
                let values = (0..=i64::from(u8::MAX)).map(|code| Some(Value::Int(code)));
                Ok(CodedColumn { codes, values: values.collect() })
            }
            Self::Integer(name) => {
                let numbers = column(batch, name)?.as_primitive::<Int64Type>();
                let at = |row| numbers.is_valid(row).then(|| numbers.value(row));
                Ok(CodedColumn::of((0..numbers.len()).map(at), |number| number.map(Value::Int)))
            }
            Self::Spelled { column: name, key } => {
                let mut found = texts(column(batch, name)?, &text)?;
                let none = found.values.len() as u32;
                found.values.push(None);
                let spellings = column(batch, SPELLINGS)?.as_primitive::<UInt32Type>().values();
                for (code, spelling) in found.codes.iter_mut().zip(spellings) {
                    if promoted::text_key_of(name, *spelling) != Some(*key) {
                        *code = none;
                    }
                }
                Ok(found)
            }
            Self::Resource(key) => texts(column(batch, "origin")?, &|json| {
                read_resource_attributes(json).ok()?.get(key).cloned()
            }),
        }
    }
}

/// A text column; `value` makes the value of each distinct text that some row has.
fn texts(
    column: &ArrayRef,
    value: &dyn Fn(&str) -> Option<Value>,
) -> Result<CodedColumn, StoreError> {
    match column.data_type() {
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            Ok(CodedColumn::of(texts.iter(), |text| text.and_then(value)))
        }
        DataType::Dictionary(_, _) => {
            let coded = column.as_dictionary::<UInt32Type>();
            let texts = coded.values().as_string::<i32>();
            // The codes of the texts that occur: a batch has few of the texts of its row group.
            let mut known = vec![u32::MAX; texts.len() + 1];
            let (mut codes, mut values) = (Vec::with_capacity(column.len()), Vec::new());
            let keys = coded.keys();
            for row in 0..keys.len() {
                let key = if keys.is_valid(row) { keys.value(row) as usize } else { texts.len() };
                let known = known.get_mut(key).ok_or_else(|| damaged("dictionary", &"a code"))?;
                if *known == u32::MAX {
                    *known = values.len() as u32;
                    let is_text = key < texts.len();
                    values.push(is_text.then(|| value(texts.value(key))).flatten());
                }
                codes.push(*known);
            }
            Ok(CodedColumn { codes, values })
        }
        other => Err(damaged("type", other)),
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a ArrayRef, StoreError> {
    batch.column_by_name(name).ok_or_else(|| damaged(name, &"a missing column"))
}
