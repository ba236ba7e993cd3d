//! Converts the columns of an answer to JSON.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use serde_json::Value;

use super::request::{SqlColumn, SqlFailure, SqlFailureKind};

/// A SELECT around `statement` whose columns are all numbers, booleans or text.
///
/// Times become RFC 3339 text, lists and structures JSON, other types their text in DuckDB.
pub(super) fn projection(columns: &[SqlColumn], statement: &str) -> String {
    let expressions: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| format!("{} AS c{at}", expression(&column.kind, at)))
        .collect();
    // Generated names, because two columns of a statement may have the same name.
    let names: Vec<String> = (0..columns.len()).map(|at| format!("c{at}")).collect();
    let (expressions, names) = (expressions.join(", "), names.join(", "));
    // The statement may end in a comment, so a new line precedes the parenthesis.
    format!("SELECT {expressions} FROM (\n{statement}\n) AS answer({names})")
}

fn expression(kind: &str, at: usize) -> String {
    match kind {
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "UTINYINT" | "USMALLINT"
        | "UINTEGER" | "UBIGINT" | "FLOAT" | "DOUBLE" | "VARCHAR" => format!("c{at}"),
        _ if kind.starts_with("TIMESTAMP") && !kind.ends_with(']') => {
            format!("strftime(c{at}::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%fZ')")
        }
        _ if is_nested(kind) => format!("to_json(c{at})::VARCHAR"),
        _ => format!("c{at}::VARCHAR"),
    }
}

/// Whether values of a type are nested, and so become JSON.
pub(super) fn is_nested(kind: &str) -> bool {
    let begins = ["STRUCT(", "MAP(", "UNION("].iter().any(|begin| kind.starts_with(begin));
    kind.ends_with(']') || begins
}

/// Row `row` as one line: a JSON array with a value for each of `columns`.
pub(super) fn row(
    columns: &[SqlColumn],
    batch: &RecordBatch,
    row: usize,
) -> Result<String, SqlFailure> {
    let cells = columns.iter().zip(batch.columns());
    let cells: Vec<Value> =
        cells.map(|(column, array)| cell(column, array.as_ref(), row)).collect::<Result<_, _>>()?;
    Ok(Value::Array(cells).to_string())
}

fn cell(column: &SqlColumn, array: &dyn Array, row: usize) -> Result<Value, SqlFailure> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float32 => real(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => real(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => text(column, array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => text(column, array.as_string::<i64>().value(row)),
        DataType::Utf8View => text(column, array.as_string_view().value(row)),
        other => {
            let (name, kind) = (&column.name, &column.kind);
            let text = format!("column `{name}` of type {kind} was returned by DuckDB as {other}");
            return Err(SqlFailure::new(SqlFailureKind::Engine, text));
        }
    })
}

/// A number as JSON. Infinite values and NaN become text.
fn real(number: f64) -> Value {
    match number {
        _ if number.is_finite() => number.into(),
        _ if number.is_nan() => "NaN".into(),
        _ if number > 0.0 => "Infinity".into(),
        _ => "-Infinity".into(),
    }
}

fn text(column: &SqlColumn, text: &str) -> Value {
    let nested = is_nested(&column.kind).then(|| serde_json::from_str(text).ok()).flatten();
    nested.unwrap_or_else(|| text.into())
}
