//! Columns of all spans that started in a time.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use clickhouse::Row;
use coral_engine::{Budget, CodedColumn, SpanColumn, SpanColumns, SpanIds, WantedColumns};
use coral_record::promoted::{self, NUMBERS, TEXT};
use coral_record::read_resource_attributes;
use coral_trace::{SpanId, TimeRange, UnixNanos, Value};
use serde::Deserialize;

use crate::bucket::first_bucket;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::origins;
use crate::row::attributes::{MISPLACED, has_text, has_value};
use crate::row::span::trace_id;
use crate::shard::Shard;

/// How many spans are visited at once.
const BATCH: usize = 65_536;

#[derive(Row, Deserialize)]
struct ColumnsRow {
    trace_id: [u8; 16],
    span_id: u64,
    parent_span_id: u64,
    start_us: i64,
    duration_us: i64,
    sub_us: u32,
    /// The wanted texts, and whether the row has each.
    texts: Vec<String>,
    has_text: Vec<u8>,
    /// The wanted numbers, and whether the row has each.
    numbers: Vec<i64>,
    has_number: Vec<u8>,
    /// The id of the origin; 0 if it is not wanted.
    origin_id: u64,
}

/// How a wanted column is read. Text and numbers have the column, and the condition that a row has a
/// value.
enum Source<'a> {
    Text(&'static str, String),
    Number(&'static str, String),
    /// An attribute of the resource.
    Resource(&'a str),
}

/// See [`TraceReader::visit_columns`](coral_engine::TraceReader::visit_columns). Attributes of spans
/// that have no column of their own are not read by column.
pub(crate) fn visit(
    cluster: &Cluster,
    started: TimeRange,
    wanted: &WantedColumns,
    budget: &Budget,
    visit: &mut dyn FnMut(&SpanColumns) -> ControlFlow<()>,
) -> Result<bool, ClusterError> {
    budget.check()?;
    let Some(sources) = wanted.columns.iter().map(Source::of).collect::<Option<Vec<_>>>() else {
        return Ok(false);
    };
    for shard in cluster.shards() {
        if !tells_all(shard, started, &wanted.columns, budget)? {
            return Ok(false);
        }
    }
    for shard in cluster.shards() {
        if visit_shard(shard, started, &sources, wanted.ids, budget, visit)?.is_break() {
            break;
        }
    }
    Ok(true)
}

/// Whether the columns have what the JSON of rows has: an attribute with a column may be in the JSON
/// of some rows, and rows of an earlier version have no id of an origin.
fn tells_all(
    shard: &Shard,
    started: TimeRange,
    wanted: &[SpanColumn],
    budget: &Budget,
) -> Result<bool, ClusterError> {
    let is_attribute = |column: &SpanColumn| {
        matches!(column, SpanColumn::SpanAttribute(_) | SpanColumn::ResourceAttribute(_))
    };
    if !wanted.iter().any(is_attribute) {
        return Ok(true);
    }
    let sql = format!(
        "SELECT count() FROM {} PREWHERE promoted >= {MISPLACED} WHERE bucket >= toDateTime({})",
        shard.table("spans"),
        first_bucket(started.start)
    );
    Ok(shard.rows::<u64>(&sql, budget)?.into_iter().all(|rows| rows == 0))
}

fn visit_shard(
    shard: &Shard,
    started: TimeRange,
    sources: &[Source<'_>],
    ids: bool,
    budget: &Budget,
    visit: &mut dyn FnMut(&SpanColumns) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, ClusterError> {
    let is_by_origin = sources.iter().any(|source| matches!(source, Source::Resource(_)));
    let mut texts = HashMap::new();
    if is_by_origin {
        texts = origins::since(shard, first_bucket(started.start), budget)?;
    }
    // Rows whose origin is newer than `texts` wait for the end.
    let (mut rows, mut later) = (Vec::new(), Vec::new());
    let mut flow = ControlFlow::Continue(());
    shard.visit::<ColumnsRow>(&statement(shard, started, sources), budget, &mut |row| {
        budget.count_rows(1)?;
        let is_later = is_by_origin && !texts.contains_key(&row.origin_id);
        if is_later {
            later.push(row)
        } else {
            rows.push(row)
        }
        if rows.len() >= BATCH {
            flow = visit(&columns(std::mem::take(&mut rows), sources, ids, &texts)?);
        }
        Ok(flow)
    })?;
    let new: BTreeSet<u64> = later.iter().map(|row| row.origin_id).collect();
    texts.extend(origins::texts(shard, &new, budget)?);
    rows.append(&mut later);
    if flow.is_continue() && !rows.is_empty() {
        flow = visit(&columns(rows, sources, ids, &texts)?);
    }
    Ok(flow)
}

fn statement(shard: &Shard, started: TimeRange, sources: &[Source<'_>]) -> String {
    let (mut texts, mut numbers, mut by_origin) =
        ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()], false);
    for source in sources {
        match source {
            Source::Text(column, condition) => {
                texts[0].push((*column).to_owned());
                texts[1].push(format!("toUInt8({condition})"));
            }
            Source::Number(column, condition) => {
                numbers[0].push(format!("toInt64({column})"));
                numbers[1].push(format!("toUInt8({condition})"));
            }
            Source::Resource(_) => by_origin = true,
        }
    }
    let array = |items: &[String], kind: &str| match items {
        [] => format!("emptyArray{kind}()"),
        _ => format!("[{}]", items.join(", ")),
    };
    format!(
        "SELECT trace_id, span_id, parent_span_id, start_us, duration_us, sub_us, {} AS texts, \
         {} AS has_text, {} AS numbers, {} AS has_number, {} AS of_origin FROM {} \
         WHERE bucket >= toDateTime({}) AND start_us >= {} AND start_us <= {} \
         LIMIT 1 BY trace_id, span_id",
        array(&texts[0], "String"),
        array(&texts[1], "UInt8"),
        array(&numbers[0], "Int64"),
        array(&numbers[1], "UInt8"),
        if by_origin { "origin_id" } else { "toUInt64(0)" },
        shard.table("spans"),
        first_bucket(started.start),
        started.start.as_micros(),
        started.end.as_micros(),
    )
}

/// The columns of some rows.
fn columns(
    rows: Vec<ColumnsRow>,
    sources: &[Source<'_>],
    ids: bool,
    texts: &HashMap<u64, String>,
) -> Result<SpanColumns, ClusterError> {
    let nanos = |micros: i64, part: u32| micros.max(0) as u64 * 1_000 + u64::from(part);
    let start = |row: &ColumnsRow| UnixNanos(nanos(row.start_us, row.sub_us / 1_000));
    let duration = |row: &ColumnsRow| {
        if row.duration_us < 0 { 0 } else { nanos(row.duration_us, row.sub_us % 1_000) }
    };
    let mut found = SpanColumns {
        starts: rows.iter().map(start).collect(),
        durations: rows.iter().map(duration).collect(),
        ids: if ids { rows.iter().map(span_ids).collect::<Result<_, _>>()? } else { Vec::new() },
        columns: Vec::with_capacity(sources.len()),
    };
    let (mut text, mut number) = (0, 0);
    for source in sources {
        found.columns.push(match source {
            Source::Text(..) => {
                text += 1;
                let value = |row: &ColumnsRow| (row.has_text[text - 1] == 1).then_some(text - 1);
                let of = |row| value(row).map(|at| row.texts[at].as_str());
                CodedColumn::of(rows.iter().map(of), |text| text.map(Value::from))
            }
            Source::Number(..) => {
                number += 1;
                let of = |row: &ColumnsRow| {
                    (row.has_number[number - 1] == 1).then(|| row.numbers[number - 1])
                };
                CodedColumn::of(rows.iter().map(of), |number| number.map(Value::Int))
            }
            Source::Resource(key) => CodedColumn::of(rows.iter().map(|row| row.origin_id), |id| {
                read_resource_attributes(texts.get(&id)?).ok()?.get(key).cloned()
            }),
        });
    }
    Ok(found)
}

fn span_ids(row: &ColumnsRow) -> Result<SpanIds, ClusterError> {
    let id = |id| SpanId::try_from(id).map_err(|error| ClusterError::value("span_id", error));
    let parent = (row.parent_span_id != 0).then(|| id(row.parent_span_id)).transpose()?;
    Ok(SpanIds { trace: trace_id(row.trace_id)?, span: id(row.span_id)?, parent })
}

impl<'a> Source<'a> {
    /// `None` for an attribute of spans without a column.
    fn of(wanted: &'a SpanColumn) -> Option<Self> {
        let always = || "1".to_owned();
        Some(match wanted {
            SpanColumn::Service => Self::Text("service", always()),
            SpanColumn::Name => Self::Text("span_name", always()),
            SpanColumn::Kind => Self::Number("kind", always()),
            SpanColumn::Status => Self::Number("status", always()),
            SpanColumn::ResourceAttribute(key) => Self::Resource(key),
            SpanColumn::SpanAttribute(key) => match promoted::text_place(key) {
                Some((column, older)) => Self::Text(TEXT[column].column, has_text(column, older)),
                None => {
                    let column = promoted::number_place(key)?;
                    Self::Number(NUMBERS[column].column, has_value(TEXT.len() + column))
                }
            },
        })
    }
}
