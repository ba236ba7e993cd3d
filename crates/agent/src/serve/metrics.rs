//! Stored RED metrics, by filter or by cursor.

use std::collections::BTreeSet;

use coral_store::{DeltaQuery, Store, StoredDelta};
use coral_trace::TimeRange;
use coral_trace::red::Protocol;
use coral_wire::agent_rpc::proto::{
    MetricPage, QueryBeylaMetricsRequest, QueryBeylaMetricsResponse,
};
use coral_wire::agent_rpc::put_metrics;
use tonic::Status;

use super::page::ANSWER_BYTES;
use super::request::{invalid, range};
use super::unavailable;

/// The metrics that a caller requests.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct MetricQuestion {
    selection: MetricSelection,
    max_metrics: usize,
    /// The largest number of bytes of metrics in the answer, which may contain traces as well.
    bytes: usize,
}

#[derive(Clone, PartialEq, Debug)]
enum MetricSelection {
    /// The next page in order of receipt, after this receipt.
    After(u64),
    /// By time, service and protocol.
    Filtered { range: TimeRange, services: Vec<String>, protocols: Vec<Protocol> },
}

/// The largest number of rows in one answer. Most answers reach the limit of bytes first.
const MAX_METRICS: u32 = 20_000;
/// The largest number of bytes of metrics in an answer that contains traces.
const MAX_BYTES_BESIDE_TRACES: usize = 400_000;

impl MetricQuestion {
    /// The metrics that `request` selects; `None` when it selects spans only.
    pub(super) fn from_request(request: &QueryBeylaMetricsRequest) -> Result<Option<Self>, Status> {
        let bytes = if request.include_traces { MAX_BYTES_BESIDE_TRACES } else { ANSWER_BYTES };
        let max_metrics = match request.max_metrics {
            0 => MAX_METRICS,
            asked => asked.min(MAX_METRICS),
        } as usize;
        if let Some(after) = request.after_metric_receipt {
            let filters = request.start_time != 0
                || request.end_time != 0
                || !request.service_names.is_empty()
                || !request.metric_types.is_empty();
            if filters {
                let reason = "cannot be combined with times, services or metric_types";
                return Err(invalid("after_metric_receipt", reason));
            }
            return Ok(Some(Self { selection: MetricSelection::After(after), max_metrics, bytes }));
        }
        let asks_for_spans = request.after_receipt.is_some()
            || !request.trace_id.is_empty()
            || !request.span_id.is_empty();
        if asks_for_spans {
            return Ok(None);
        }
        let selection = MetricSelection::Filtered {
            range: range(request.start_time, request.end_time)?,
            services: request.service_names.clone(),
            protocols: protocols(&request.metric_types)?,
        };
        Ok(Some(Self { selection, max_metrics, bytes }))
    }
}

/// The protocols of `types`: all protocols if there is no type, or if a type is "unspecified".
fn protocols(types: &[i32]) -> Result<Vec<Protocol>, Status> {
    if types.is_empty() || types.contains(&0) {
        return Ok(Protocol::ALL.to_vec());
    }
    let protocol = |kind: &i32| {
        let place = usize::try_from(*kind - 1).ok();
        let protocol = place.and_then(|place| Protocol::ALL.get(place)).copied();
        protocol.ok_or_else(|| invalid("metric_types", format!("{kind} is not a BeylaMetricType")))
    };
    types.iter().map(protocol).collect()
}

/// Adds the rows that `question` selects to `answer`, as many as fit. The page says whether there
/// are more.
pub(super) fn add_metrics(
    store: &Store,
    question: &MetricQuestion,
    answer: &mut QueryBeylaMetricsResponse,
) -> Result<(), Status> {
    let (rows, mut page) = match &question.selection {
        MetricSelection::After(after) => after_receipt(store, *after, question.max_metrics)?,
        MetricSelection::Filtered { range, services, protocols } => {
            (matching_rows(store, *range, services, protocols)?, MetricPage::default())
        }
    };
    let offered = rows.iter().map(|row| (row.receipt, &row.delta)).take(question.max_metrics);
    let put = put_metrics(answer, offered, question.bytes);
    page.store_id = store.id().to_owned();
    match question.selection {
        MetricSelection::After(_) => {
            if let Some(last) = rows.get(..put).and_then(<[_]>::last).filter(|_| put < rows.len()) {
                page.next_receipt = last.receipt;
            }
            page.has_more = page.next_receipt < page.last_receipt;
        }
        MetricSelection::Filtered { .. } => page.has_more = put < rows.len(),
    }
    answer.metric_page = Some(page);
    Ok(())
}

fn after_receipt(
    store: &Store,
    after: u64,
    limit: usize,
) -> Result<(Vec<StoredDelta>, MetricPage), Status> {
    let page = store.deltas_after(after, limit).map_err(unavailable)?;
    let place = MetricPage {
        next_receipt: page.next_receipt,
        last_receipt: page.last_receipt,
        first_receipt: page.first_receipt,
        ..MetricPage::default()
    };
    Ok((page.rows, place))
}

/// The matching rows, newest first, so that the oldest are left out if they do not fit.
fn matching_rows(
    store: &Store,
    range: TimeRange,
    services: &[String],
    protocols: &[Protocol],
) -> Result<Vec<StoredDelta>, Status> {
    let mut rows = Vec::new();
    for protocol in protocols {
        let all = DeltaQuery::all(*protocol, range);
        let of = |service: &String| DeltaQuery { service: Some(service.clone()), ..all.clone() };
        let mut queries: Vec<DeltaQuery> =
            BTreeSet::from_iter(services).into_iter().map(of).collect();
        if services.is_empty() {
            queries.push(all);
        }
        for query in queries {
            store.deltas(&query, |row| rows.push(row.clone())).map_err(unavailable)?;
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.delta.time, row.receipt)));
    Ok(rows)
}
