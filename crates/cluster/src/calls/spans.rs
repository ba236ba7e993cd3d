//! The spans of traces, as far as calls need them.

use std::collections::HashMap;
use std::ops::ControlFlow;

use clickhouse::Row;
use coral_engine::{Budget, Columns, StoredSpan};
use coral_trace::dependency::{CallSpan, Dependencies, PeerHints, PeerHintsId};
use coral_trace::{Collector, SpanId, SpanKind, StatusCode, TraceId};
use serde::Deserialize;

use crate::error::ClusterError;
use crate::read::rows;
use crate::row::attributes::{MISPLACED, has_value};
use crate::row::read::SpanReader;
use crate::row::span::trace_id;
use crate::shard::Shard;
use coral_record::calls::PEER_TEXTS;
use coral_record::promoted::TEXT;

/// A span of a trace, with ids of one map.
#[derive(Clone, Copy)]
pub(crate) struct TraceSpan {
    /// The bucket that the row is in.
    pub(crate) bucket: u32,
    pub(crate) collector: Collector,
    pub(crate) span: CallSpan,
}

/// About how many spans are in memory at a time. A span takes 100 bytes.
const MAX_SPANS: u64 = 500_000;

#[derive(Row, Deserialize)]
struct CallRow {
    bucket: u32,
    trace_id: [u8; 16],
    span_id: u64,
    parent_span_id: u64,
    ebpf: u8,
    kind: u8,
    status: u8,
    start_us: i64,
    duration_us: i64,
    hints: RowHints,
}

#[derive(Deserialize, PartialEq, Eq, Hash)]
struct RowHints {
    service: String,
    texts: [String; PEER_TEXTS.len()],
    port: i64,
    has_port: u8,
}

type Traces = HashMap<TraceId, Vec<TraceSpan>>;

/// Calls `visit` with all spans of each trace, in rows of `spans` that meet `condition`, in no
/// particular order. A span that is stored in several buckets is there once for each.
pub(crate) fn visit(
    shard: &Shard,
    map: &mut Dependencies,
    condition: &str,
    budget: &Budget,
    visit: &mut dyn FnMut(&mut Dependencies, TraceId, Vec<TraceSpan>),
) -> Result<(), ClusterError> {
    let table = shard.table("spans");
    let count = |condition: &str| -> Result<u64, ClusterError> {
        let sql = format!("SELECT count() FROM {table} {condition}");
        Ok(shard.rows::<u64>(&sql, budget)?.into_iter().sum())
    };
    let spans = count(&format!("WHERE {condition}"))?;
    if spans == 0 {
        return Ok(());
    }
    let misplaced = count(&format!("PREWHERE promoted >= {MISPLACED} WHERE {condition}"))?;
    // Rows are stored by trace in each bucket: a part of the ids is a part of the rows.
    let parts = u128::from(spans.div_ceil(MAX_SPANS).next_power_of_two());
    for part in 0..parts {
        let width = (u128::MAX / parts).saturating_add(u128::from(parts > 1));
        let mut condition = condition.to_owned();
        if parts > 1 {
            let (first, last) = (part * width, (part * width).saturating_add(width - 1));
            condition += &format!(
                " AND trace_id >= unhex('{first:032x}') AND trace_id <= unhex('{last:032x}')"
            );
        }
        let mut traces = Traces::new();
        if misplaced == 0 {
            read(shard, map, &condition, budget, &mut traces)?;
        } else {
            read_whole(shard, map, &condition, budget, &mut traces)?;
        }
        for (id, spans) in traces {
            visit(map, id, spans);
        }
    }
    Ok(())
}

/// Reads rows whose columns have all that describes a peer.
fn read(
    shard: &Shard,
    map: &mut Dependencies,
    condition: &str,
    budget: &Budget,
    traces: &mut Traces,
) -> Result<(), ClusterError> {
    let port = TEXT.len();
    let sql = format!(
        "SELECT bucket, trace_id, span_id, parent_span_id, ebpf, kind, status, start_us, duration_us, \
         service, {}, server_port, toUInt8({}) AS has_port FROM {} WHERE {condition}",
        PEER_TEXTS.join(", "),
        has_value(port),
        shard.table("spans"),
    );
    let mut known: HashMap<RowHints, (coral_trace::dependency::NodeId, Option<PeerHintsId>)> =
        HashMap::new();
    shard.visit::<CallRow>(&sql, budget, &mut |row| {
        budget.count_rows(1)?;
        let of_row = match known.get(&row.hints) {
            Some(of_row) => *of_row,
            None => {
                let hints = row.hints.peer();
                let peer = (hints != PeerHints::default()).then(|| map.intern_peer_hints(&hints));
                let of_row = (map.service(&row.hints.service), peer);
                known.insert(row.hints, of_row);
                of_row
            }
        };
        let id = |id| SpanId::try_from(id).map_err(|error| ClusterError::value("span_id", error));
        let parent = (row.parent_span_id != 0).then(|| id(row.parent_span_id)).transpose()?;
        let span = CallSpan {
            span_id: id(row.span_id)?,
            parent,
            service: of_row.0,
            peer_hints: of_row.1,
            start_us: Some(row.start_us),
            duration_us: row.duration_us.max(0) as u64,
            kind: SpanKind::from(i32::from(row.kind)),
            failed: StatusCode::from(i32::from(row.status)) == StatusCode::Error,
        };
        let collector = if row.ebpf == 1 { Collector::Ebpf } else { Collector::Sdk };
        let spans = traces.entry(trace_id(row.trace_id)?).or_default();
        spans.push(TraceSpan { bucket: row.bucket, collector, span });
        Ok(ControlFlow::Continue(()))
    })
}

impl RowHints {
    fn peer(&self) -> PeerHints<'_> {
        let text = |at: usize| Some(self.texts[at].as_str()).filter(|text| !text.is_empty());
        PeerHints {
            http_request_method: text(0),
            rpc_system: text(1),
            db_system: text(2),
            db_namespace: text(3),
            messaging_system: text(4),
            messaging_destination: text(5),
            server_address: text(6),
            server_port: (self.has_port == 1).then_some(self.port),
            service_peer_name: text(7),
        }
    }
}

/// Reads rows of which some have attributes in their JSON that describe a peer.
fn read_whole(
    shard: &Shard,
    map: &mut Dependencies,
    condition: &str,
    budget: &Budget,
    traces: &mut Traces,
) -> Result<(), ClusterError> {
    let buckets = format!(
        "SELECT DISTINCT toUInt32(bucket) AS second FROM {} WHERE {condition}",
        shard.table("spans")
    );
    for bucket in shard.rows::<u32>(&buckets, budget)? {
        let mut reader = SpanReader::of(Columns::CORE | Columns::ATTRIBUTES);
        let sql = format!(
            "SELECT {} FROM {} WHERE bucket = toDateTime({bucket}) AND {condition}",
            reader.select(),
            shard.table("spans"),
        );
        rows::visit(shard, &mut reader, &sql, budget, &mut |StoredSpan { span, .. }| {
            let collector = span.origin.collector;
            let of_trace = TraceSpan { bucket, collector, span: map.span(&span) };
            traces.entry(span.trace_id).or_default().push(of_trace);
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(())
}

/// The spans of a trace that count, each once.
pub(crate) fn once(spans: &[TraceSpan], counts: impl Fn(&TraceSpan) -> bool) -> Vec<TraceSpan> {
    let mut all: Vec<TraceSpan> = spans.iter().filter(|span| counts(span)).copied().collect();
    all.sort_by_key(|span| span.span.span_id);
    all.dedup_by_key(|span| span.span.span_id);
    all
}

/// The spans of a trace that are in `bucket`, each once, by collector.
pub(crate) fn parts(spans: &[TraceSpan], bucket: u32) -> Vec<(Collector, Vec<CallSpan>)> {
    let all = once(spans, |span| span.bucket == bucket);
    let of = |by| all.iter().filter(move |span| span.collector == by).map(|span| span.span);
    [Collector::Sdk, Collector::Ebpf]
        .into_iter()
        .map(|by| (by, of(by).collect::<Vec<_>>()))
        .filter(|(_, spans)| !spans.is_empty())
        .collect()
}
