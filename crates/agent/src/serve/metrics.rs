//! RED metrics, by filter or by cursor.

use coral_store::{Store, StoredDelta};
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

/// What a caller wants of the agent's metrics.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct MetricQuestion {
    which: Which,
    max_metrics: usize,
    /// What may be left for them beside traces.
    bytes: usize,
}

#[derive(Clone, PartialEq, Debug)]
enum Which {
    /// The next page of the sequence of receipts.
    After(u64),
    /// By time, service and protocol.
    Filtered { range: TimeRange, services: Vec<String>, protocols: Vec<Protocol> },
}

/// Metrics in one answer, whatever was asked for; 4 MiB is usually reached before.
const MAX_METRICS: u32 = 20_000;
/// Beside an answer's traces.
const BESIDE_TRACES: usize = 400_000;

impl MetricQuestion {
    /// What `request` asks for; `None` when it asks for spans only.
    pub(super) fn of(request: &QueryBeylaMetricsRequest) -> Result<Option<Self>, Status> {
        let bytes = if request.include_traces { BESIDE_TRACES } else { ANSWER_BYTES };
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
            return Ok(Some(Self { which: Which::After(after), max_metrics, bytes }));
        }
        let of_spans = request.after_receipt.is_some()
            || !request.trace_id.is_empty()
            || !request.span_id.is_empty();
        if of_spans {
            return Ok(None);
        }
        let which = Which::Filtered {
            range: range(request.start_time, request.end_time)?,
            services: request.service_names.clone(),
            protocols: protocols(&request.metric_types)?,
        };
        Ok(Some(Self { which, max_metrics, bytes }))
    }
}

/// None, or "unspecified", means all.
fn protocols(types: &[i32]) -> Result<Vec<Protocol>, Status> {
    if types.is_empty() || types.contains(&0) {
        return Ok(Protocol::ALL.to_vec());
    }
    let protocol = |kind: &i32| {
        let place = usize::try_from(*kind - 1).ok();
        let protocol = place.and_then(|place| Protocol::ALL.get(place)).copied();
        protocol.ok_or_else(|| invalid("metric_types", format!("{kind} is no BeylaMetricType")))
    };
    types.iter().map(protocol).collect()
}

/// Puts what is asked for into `answer`, as much as fits; the page says whether that is all.
pub(super) fn put(
    store: &Store,
    question: &MetricQuestion,
    answer: &mut QueryBeylaMetricsResponse,
) -> Result<(), Status> {
    let (rows, mut page) = match &question.which {
        Which::After(after) => after_receipt(store, *after, question.max_metrics)?,
        Which::Filtered { range, services, protocols } => {
            (wanted(store, *range, services, protocols)?, MetricPage::default())
        }
    };
    let offered = rows.iter().map(|row| (row.receipt, &row.delta)).take(question.max_metrics);
    let put = put_metrics(answer, offered, question.bytes);
    page.store_id = store.id().to_owned();
    match question.which {
        Which::After(_) => {
            if let Some(last) = rows.get(..put).and_then(<[_]>::last).filter(|_| put < rows.len()) {
                page.next_receipt = last.receipt;
            }
            page.has_more = page.next_receipt < page.last_receipt;
        }
        Which::Filtered { .. } => page.has_more = put < rows.len(),
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

/// Newest first, so that what does not fit is the oldest.
fn wanted(
    store: &Store,
    range: TimeRange,
    services: &[String],
    protocols: &[Protocol],
) -> Result<Vec<StoredDelta>, Status> {
    let mut rows = Vec::new();
    for protocol in protocols {
        let keep = |row: &StoredDelta| {
            if services.is_empty() || services.contains(&row.delta.series.service) {
                rows.push(row.clone());
            }
        };
        store.deltas(*protocol, range, keep).map_err(unavailable)?;
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.delta.time, row.receipt)));
    Ok(rows)
}
