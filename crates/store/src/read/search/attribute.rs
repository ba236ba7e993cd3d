//! Conditions on an attribute of a span or its resource, over columns.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use coral_trace::{Attributes, Value};

use crate::error::StoreError;
use crate::row::damaged;
use crate::segment::{RowGroup, Segment, StoredText, TextFilter};
use coral_record::promoted::{self, Column};
use coral_record::{read_attributes, read_resource_attributes};

/// A span of `segment` has attribute `key` with the text `value` only if its row group has one of these
/// texts. `None` if the value may also be in the JSON of the span, or in a column of numbers.
pub(super) fn attribute_texts(
    segment: &Segment,
    key: &str,
    value: &str,
) -> Option<Vec<StoredText>> {
    match promoted::column(key)? {
        Column::Text(own) if !segment.extent.has_misplaced => {
            Some(vec![StoredText::in_column(own, value), StoredText::in_resource(key, value)])
        }
        _ => None,
    }
}

/// The columns that decide whether a span has attribute `key` with the text `value`; `None` if no
/// span can.
pub(super) fn attribute_columns(
    group: &RowGroup<'_>,
    texts: &TextFilter<'_>,
    (key, value): (&str, &str),
    misplaced: bool,
) -> Result<Option<Vec<&'static str>>, StoreError> {
    let mut columns = Vec::new();
    let own = promoted::column(key);
    let needle = needle(key);
    let in_resource = texts.may_have_any(group.index, &[StoredText::in_resource(key, value)]);
    for (column, may_have) in [("attributes", misplaced || own.is_none()), ("origin", in_resource)]
    {
        let has = |text: &[u8]| std::str::from_utf8(text).is_ok_and(|text| text.contains(&needle));
        if may_have && group.may_hold(column, has)? {
            columns.push(column);
        }
    }
    // An attribute of the span hides the same attribute of its resource. So the span's column must
    // be read even if no value in it matches.
    let hides = !columns.is_empty();
    match own {
        Some(Column::Text(own))
            if !hides && !group.may_hold(own, |text| text == value.as_bytes())? => {}
        Some(Column::Text(own) | Column::Number(own)) => columns.push(own),
        Some(Column::Status(_)) => columns.extend(["status_code", "spellings"]),
        None => {}
    }
    Ok((!columns.is_empty()).then_some(columns))
}

/// Whether a value hides another value of the same key: an attribute of the span hides that of its
/// resource, and a column hides the JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hiding {
    Counts,
    IsIgnored,
}

/// The text that JSON contains if it has `key`.
fn needle(key: &str) -> String {
    serde_json::to_string(key).expect("texts have a JSON form")
}

/// The rows whose span, or else whose resource, has attribute `key` with the text `value`. Columns
/// that were not read match no row.
pub(super) fn attribute(
    batch: &RecordBatch,
    key: &str,
    value: &str,
    misplaced: bool,
    hiding: Hiding,
) -> Result<BooleanBuffer, StoreError> {
    let (mut set, mut fits) = own_column(batch, key, value)?;
    let forget = |set: &mut BooleanBuffer| {
        if hiding == Hiding::IsIgnored {
            *set = BooleanBuffer::new_unset(batch.num_rows());
        }
    };
    forget(&mut set);
    let needle = needle(key);
    // For a filter, which decides exactly, a list is a candidate if one of its elements is the text.
    let is_candidate = |found: &Value| match found {
        Value::Array(elements) if hiding == Hiding::IsIgnored => {
            elements.iter().any(|element| is_text(element, value)) || is_text(found, value)
        }
        found => is_text(found, value),
    };
    let says = |read: &dyn Fn(&str) -> Option<Attributes>, text: &str| {
        let attributes = text.contains(&needle).then(|| read(text)).flatten();
        attributes.and_then(|attributes| attributes.get(key).map(&is_candidate))
    };
    if misplaced || promoted::column(key).is_none() {
        let read = |text: &str| read_attributes(text).ok();
        if let Some(column) = batch.column_by_name("attributes") {
            add(&mut set, &mut fits, column, |text| says(&read, text))?;
            forget(&mut set);
        }
    }
    let read = |text: &str| read_resource_attributes(text).ok();
    if let Some(column) = batch.column_by_name("origin") {
        add(&mut set, &mut fits, column, |text| says(&read, text))?;
    }
    Ok(fits)
}

/// Whether the column of `key` was read, if the key has one. The column is not read if no row of it
/// can match.
pub(super) fn has_own_column(batch: &RecordBatch, key: &str) -> bool {
    let names: &[&str] = match promoted::column(key) {
        Some(Column::Text(name) | Column::Number(name)) => &[name],
        Some(Column::Status(_)) => &["status_code", "spellings"],
        None => &[],
    };
    names.iter().all(|name| batch.column_by_name(name).is_some())
}

/// The rows with a value in the key's own column, and those of them whose value is `value`.
fn own_column(
    batch: &RecordBatch,
    key: &str,
    value: &str,
) -> Result<(BooleanBuffer, BooleanBuffer), StoreError> {
    match promoted::column(key) {
        Some(Column::Text(name)) => {
            let column = column(batch, name)?;
            Ok((valid(column), texts(column, |text| text == value)?))
        }
        Some(Column::Number(name)) => {
            let column = column(batch, name)?;
            let wanted = exact_number(value);
            let numbers = column.as_primitive::<Int64Type>();
            let equal = BooleanBuffer::collect_bool(numbers.len(), |row| {
                numbers.is_valid(row) && Some(numbers.value(row)) == wanted
            });
            Ok((valid(column), equal))
        }
        Some(Column::Status(spellings)) => {
            let codes = column(batch, "status_code")?.as_primitive::<Int16Type>();
            let spelled = column(batch, "spellings")?.as_primitive::<UInt32Type>();
            let holds = |row: usize| {
                codes.is_valid(row) && spellings.contains(&promoted::spelling(spelled.value(row)))
            };
            let wanted = promoted::status_code(key, value);
            let set = BooleanBuffer::collect_bool(codes.len(), holds);
            let equal = BooleanBuffer::collect_bool(codes.len(), |row| {
                holds(row) && Some(codes.value(row)) == wanted
            });
            Ok((set, equal))
        }
        None => {
            let none = BooleanBuffer::new_unset(batch.num_rows());
            Ok((none.clone(), none))
        }
    }
}

/// Tests the rows that are not in `set` yet. `set` are the rows with a value for the key, `fits`
/// the rows whose value matches. `says` returns `None` if a text lacks the key, else whether the
/// value matches.
fn add(
    set: &mut BooleanBuffer,
    fits: &mut BooleanBuffer,
    column: &ArrayRef,
    says: impl Fn(&str) -> Option<bool>,
) -> Result<(), StoreError> {
    let has = texts(column, |text| says(text).is_some())?;
    let open = &has & &!&*set;
    if open.count_set_bits() > 0 {
        let fitting = texts(column, |text| says(text) == Some(true))?;
        *fits = &*fits | &(&open & &fitting);
        *set = &*set | &open;
    }
    Ok(())
}

/// Whether `found`, shown as text, equals `value`.
fn is_text(found: &Value, value: &str) -> bool {
    match found.as_str() {
        Some(text) => text == value,
        None => found.to_string() == value,
    }
}

fn exact_number(value: &str) -> Option<i64> {
    value.parse().ok().filter(|number: &i64| number.to_string() == value)
}

fn valid(column: &ArrayRef) -> BooleanBuffer {
    column
        .logical_nulls()
        .map_or_else(|| BooleanBuffer::new_set(column.len()), |nulls| nulls.inner().clone())
}

/// The rows of a text column that are not null and match. Each dictionary value is tested once.
pub(super) fn texts(
    column: &ArrayRef,
    fits: impl Fn(&str) -> bool,
) -> Result<BooleanBuffer, StoreError> {
    let each = |texts: &StringArray| {
        BooleanArray::from_iter(texts.iter().map(|text| Some(text.is_some_and(&fits))))
    };
    match column.data_type() {
        DataType::Utf8 => Ok(each(column.as_string()).values().clone()),
        DataType::Dictionary(_, _) => {
            let coded = column.as_dictionary::<UInt32Type>();
            let fitting = each(coded.values().as_string());
            let (fitting, codes) = (fitting.values(), coded.keys());
            if fitting.count_set_bits() == 0 {
                return Ok(BooleanBuffer::new_unset(column.len()));
            }
            Ok(BooleanBuffer::collect_bool(codes.len(), |row| {
                codes.is_valid(row) && fitting.value(codes.value(row) as usize)
            }))
        }
        other => Err(damaged("type", other)),
    }
}

pub(super) fn column<'a>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<&'a ArrayRef, StoreError> {
    batch.column_by_name(name).ok_or_else(|| damaged(name, &"a missing column"))
}
