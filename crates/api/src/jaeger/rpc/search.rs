//! The search that a request asks for.

use std::time::Duration;

use coral_query::span_search::{SpanSearch, SpanTag};
use coral_trace::{Attributes, KeyValue, UnixNanos, Value};
use coral_wire::jaeger_rpc::{api_v3, storage_v2};
use storage_v2::any_value::Value as Any;
use tonic::Status;

use super::asking::{instant, status};
use crate::jaeger::go_text::tag_text;
use crate::jaeger::search::{check, checked_limit, inclusive};

/// The number of traces of a search that names none.
const DEFAULT_DEPTH: i64 = 100;

/// The search of `api_v3`, and whether its traces are to be raw.
///
/// # Errors
/// `INVALID_ARGUMENT` or `UNIMPLEMENTED`, with the name of the field.
pub(super) fn of_query(
    query: Option<api_v3::TraceQueryParameters>,
) -> Result<(SpanSearch, bool), Status> {
    let Some(query) = query else { return Err(Status::invalid_argument("missing query")) };
    if query.filter.is_some() {
        return Err(Status::unimplemented("query.filter is not supported"));
    }
    let min = query.start_time_min.and_then(|time| instant(time.seconds, time.nanos));
    let max = query.start_time_max.and_then(|time| instant(time.seconds, time.nanos));
    let (Some(min), Some(max)) = (min, max) else {
        let reason = "start time min and max are required parameters";
        return Err(Status::invalid_argument(reason));
    };
    let least = query.duration_min.map(|least| (least.seconds, least.nanos));
    let most = query.duration_max.map(|most| (most.seconds, most.nanos));
    let search = SpanSearch {
        service: filled(query.service_name),
        name: filled(query.operation_name),
        tags: query.attributes.into_iter().map(|(key, value)| SpanTag { key, value }).collect(),
        started: inclusive(min, max),
        min_duration: duration("duration_min", least)?,
        max_duration: duration("duration_max", most)?,
        limit: limit(query.search_depth)?,
    };
    checked(search).map(|search| (search, query.raw_traces))
}

/// The search of the remote storage. A missing start is the epoch, and a missing end is `now`.
///
/// # Errors
/// `INVALID_ARGUMENT` or `UNIMPLEMENTED`, with the name of the field.
pub(super) fn of_storage(
    query: Option<storage_v2::TraceQueryParameters>,
    now: UnixNanos,
) -> Result<SpanSearch, Status> {
    let Some(query) = query else { return Err(Status::invalid_argument("missing query")) };
    if query.filter.is_some() {
        return Err(Status::unimplemented("query.filter is not supported"));
    }
    if query.pagination.is_some() {
        return Err(Status::unimplemented("query.pagination is not supported"));
    }
    let min = query.start_time_min.and_then(|time| instant(time.seconds, time.nanos));
    let max = query.start_time_max.and_then(|time| instant(time.seconds, time.nanos));
    let least = query.duration_min.map(|least| (least.seconds, least.nanos));
    let most = query.duration_max.map(|most| (most.seconds, most.nanos));
    let tags = query
        .attributes
        .into_iter()
        .map(|pair| SpanTag { value: tag_text(&value(pair.value)).into_owned(), key: pair.key });
    checked(SpanSearch {
        service: filled(query.service_name),
        name: filled(query.operation_name),
        tags: tags.collect(),
        started: inclusive(min.unwrap_or_default(), max.unwrap_or(now)),
        min_duration: duration("duration_min", least)?,
        max_duration: duration("duration_max", most)?,
        limit: limit(query.search_depth)?,
    })
}

fn checked(search: SpanSearch) -> Result<SpanSearch, Status> {
    check(&search).map_err(|refused| status(&refused))?;
    Ok(search)
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn limit(depth: i32) -> Result<u32, Status> {
    let depth = if depth == 0 { DEFAULT_DEPTH } else { depth.into() };
    checked_limit(depth).map_err(|refused| status(&refused))
}

/// A duration of seconds and nanoseconds; `None` for none or zero.
fn duration(name: &str, parts: Option<(i64, i32)>) -> Result<Option<Duration>, Status> {
    let Some((seconds, nanos)) = parts else { return Ok(None) };
    let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let nanos = u64::try_from(nanos).map_err(|_| {
        Status::invalid_argument(format!("query.{name}: {nanos}ns is out of range"))
    })?;
    Ok((nanos > 0).then(|| Duration::from_nanos(nanos)))
}

/// The value of a tag. The depth is bounded by that of protobuf messages.
fn value(any: Option<storage_v2::AnyValue>) -> Value {
    match any.and_then(|any| any.value) {
        None => Value::Empty,
        Some(Any::StringValue(text)) => Value::String(text),
        Some(Any::BoolValue(truth)) => truth.into(),
        Some(Any::IntValue(number)) => number.into(),
        Some(Any::DoubleValue(number)) => number.into(),
        Some(Any::BytesValue(bytes)) => Value::Bytes(bytes),
        Some(Any::ArrayValue(list)) => {
            Value::Array(list.values.into_iter().map(|one| value(Some(one))).collect())
        }
        Some(Any::KvlistValue(list)) => {
            let pair =
                |pair: storage_v2::KeyValue| KeyValue { key: pair.key, value: value(pair.value) };
            Value::Map(Attributes(list.values.into_iter().map(pair).collect()))
        }
    }
}
