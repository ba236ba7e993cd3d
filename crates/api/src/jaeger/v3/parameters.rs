//! Parameters of `api_v3` over HTTP. Each has its name in camel case, and an older name in snake case.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coral_query::span_search::{SpanSearch, SpanTag};
use coral_trace::{TimeRange, TraceId, UnixNanos};

use crate::jaeger::envelope::Refused;
use crate::jaeger::go_text::parse_duration;
use crate::jaeger::parameters::{Parameters, parse_bool, parse_trace_id, quoted};
use crate::jaeger::search::{check, checked_limit, inclusive, json_tags};

const SERVICE: [&str; 2] = ["query.serviceName", "query.service_name"];
const OPERATION: [&str; 2] = ["query.operationName", "query.operation_name"];
const TIME_MIN: [&str; 2] = ["query.startTimeMin", "query.start_time_min"];
const TIME_MAX: [&str; 2] = ["query.startTimeMax", "query.start_time_max"];
const DURATION_MIN: [&str; 2] = ["query.durationMin", "query.duration_min"];
const DURATION_MAX: [&str; 2] = ["query.durationMax", "query.duration_max"];
const DEPTH: [&str; 3] = ["query.searchDepth", "query.search_depth", "query.num_traces"];
const RAW: [&str; 2] = ["query.rawTraces", "query.raw_traces"];
const ATTRIBUTES: &str = "query.attributes";
const START: [&str; 2] = ["startTime", "start_time"];
const END: [&str; 2] = ["endTime", "end_time"];
const TRACE_RAW: [&str; 2] = ["rawTraces", "raw_traces"];

/// The number of traces of a search that names none.
pub(in crate::jaeger) const DEFAULT_DEPTH: u32 = 100;

/// A search, and whether its traces are to be raw.
///
/// # Errors
/// [`Refused`] names the parameter.
pub(super) fn search(query: Option<&str>) -> Result<(SpanSearch, bool), Refused> {
    let known: Vec<&str> =
        [SERVICE, OPERATION, TIME_MIN, TIME_MAX, DURATION_MIN, DURATION_MAX, RAW]
            .concat()
            .into_iter()
            .chain(DEPTH)
            .chain([ATTRIBUTES])
            .collect();
    let parameters = Parameters::parse(query, &known)?;
    let text = |names: &[&str]| parameters.first_of(names).map(|(_, value)| value.to_owned());
    let (min, max) = (time(&parameters, &TIME_MIN)?, time(&parameters, &TIME_MAX)?);
    let (Some(min), Some(max)) = (min, max) else {
        return Err(Refused::invalid(format!("{} and {} are required", TIME_MIN[0], TIME_MAX[0])));
    };
    let limit = match parameters.first_of(&DEPTH) {
        None => DEFAULT_DEPTH,
        Some((name, value)) => {
            let number = value.parse().map_err(|_| malformed(name, "is no number", value))?;
            checked_limit(number)?
        }
    };
    let tags = match parameters.get(ATTRIBUTES) {
        None => Vec::new(),
        Some(json) => json_tags(json, "malformed parameter query.attributes")?,
    };
    let search = SpanSearch {
        service: text(&SERVICE),
        name: text(&OPERATION),
        tags: tags.into_iter().map(|(key, value)| SpanTag { key, value }).collect(),
        started: inclusive(min, max),
        min_duration: duration(&parameters, &DURATION_MIN)?,
        max_duration: duration(&parameters, &DURATION_MAX)?,
        limit,
    };
    check(&search)?;
    Ok((search, truth(&parameters, &RAW)?))
}

/// The id of a trace, in hex or base64, and whether the trace is to be raw. `None` for an id of
/// zeros. The times are hints for stores that need them.
///
/// # Errors
/// [`Refused`] names the parameter.
pub(super) fn by_id(id: &str, query: Option<&str>) -> Result<(Option<TraceId>, bool), Refused> {
    let parameters = Parameters::parse(query, &[START, END, TRACE_RAW].concat())?;
    time(&parameters, &START)?;
    time(&parameters, &END)?;
    let id = match STANDARD.decode(id) {
        Ok(bytes) if id.len() == 24 => {
            let bytes = <[u8; 16]>::try_from(bytes).unwrap_or_default();
            TraceId::try_from(u128::from_be_bytes(bytes)).ok()
        }
        _ => parse_trace_id(id).map_err(|reason| {
            Refused::invalid(format!("malformed parameter trace_id: {reason}"))
        })?,
    };
    Ok((id, truth(&parameters, &TRACE_RAW)?))
}

/// The range between two required times.
///
/// # Errors
/// [`Refused`] names the parameter.
pub(super) fn range(query: Option<&str>) -> Result<TimeRange, Refused> {
    let parameters = Parameters::parse(query, &[START, END].concat())?;
    let required = |names: [&'static str; 2]| {
        let missing = || Refused::invalid(format!("missing required parameter: {}", names[0]));
        time(&parameters, &names)?.ok_or_else(missing)
    };
    let range = TimeRange { start: required(START)?, end: required(END)? };
    if range.end <= range.start {
        return Err(Refused::invalid("endTime must be after startTime"));
    }
    Ok(range)
}

/// The instant of a time in RFC 3339. Clients send the `+` of an offset unescaped, which is a space
/// in a query string.
fn time(parameters: &Parameters, names: &[&'static str]) -> Result<Option<UnixNanos>, Refused> {
    let Some((name, text)) = parameters.first_of(names) else { return Ok(None) };
    let time = text.replace(' ', "+").parse::<jiff::Timestamp>();
    let time = time.map_err(|_| malformed(name, "is no time in RFC 3339", text))?;
    Ok(Some(UnixNanos(u64::try_from(time.as_nanosecond().max(0)).unwrap_or(u64::MAX))))
}

fn duration(
    parameters: &Parameters,
    names: &[&'static str],
) -> Result<Option<std::time::Duration>, Refused> {
    let Some((name, text)) = parameters.first_of(names) else { return Ok(None) };
    let duration = parse_duration(text)
        .map_err(|reason| Refused::invalid(format!("malformed parameter {name}: {reason}")))?;
    Ok(Some(duration).filter(|duration| !duration.is_zero()))
}

fn truth(parameters: &Parameters, names: &[&'static str]) -> Result<bool, Refused> {
    let Some((name, text)) = parameters.first_of(names) else { return Ok(false) };
    parse_bool(text)
        .map_err(|reason| Refused::invalid(format!("malformed parameter {name}: {reason}")))
}

fn malformed(name: &str, reason: &str, value: &str) -> Refused {
    Refused::invalid(format!("malformed parameter {name}: {} {reason}", quoted(value)))
}
