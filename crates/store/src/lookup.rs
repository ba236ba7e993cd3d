//! Traces by id.

use coral_trace::{Collector, SpanId, TraceId, TraceIdPrefix};
use duckdb::params;

use crate::error::StoreError;
use crate::page::read_spans;
use crate::row::{StoredSpan, trace_id, uuids};
use crate::statement::{SPANS_OF_TRACES, TRACE, TRACE_IDS_BETWEEN, TRACE_SIZE};
use crate::store::{Store, sql_list};

/// One trace, or as much of it as was asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StoredTrace {
    /// By start, then id.
    pub spans: Vec<StoredSpan>,
    /// Spans stored; more than `spans` when the limit cut it.
    pub span_count: u64,
    /// Spans stored whose status is an error.
    pub error_count: u64,
}

impl Store {
    /// The spans of `trace`, of `collector` or of both, the first `limit` by start. Without any, the
    /// trace is not stored. RFD 036's `QueryTraceByID`.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn trace(
        &self,
        trace: TraceId,
        collector: Option<Collector>,
        limit: u32,
    ) -> Result<StoredTrace, StoreError> {
        let ebpf = collector.map(|collector| collector == Collector::Ebpf);
        let id = trace.to_string();
        self.0.catalogue.read(|segments| {
            let files = self.0.span_files(segments, |segment| segment.filter.may_contain(trace));
            self.0.readers.with(|connection| {
                let spans = read_spans(connection, TRACE, params![files, id, ebpf, limit])?;
                if spans.len() < limit as usize {
                    return Ok(StoredTrace::whole(spans));
                }
                let (span_count, error_count) = connection
                    .query_row(TRACE_SIZE.sql, params![files, id, ebpf], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })
                    .map_err(StoreError::statement(TRACE_SIZE.name))?;
                Ok(StoredTrace { spans, span_count, error_count })
            })
        })
    }

    /// Spans of `collector` in `traces`, trace by trace, each by start, at most `limit`; only the one with
    /// `span`'s id when that is given.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn spans_of(
        &self,
        traces: &[TraceId],
        collector: Collector,
        span: Option<SpanId>,
        limit: u32,
    ) -> Result<Vec<StoredSpan>, StoreError> {
        if traces.is_empty() {
            return Ok(Vec::new());
        }
        let ebpf = collector == Collector::Ebpf;
        let span = span.map(SpanId::as_u64);
        self.0.catalogue.read(|segments| {
            let files = self.0.span_files(segments, |segment| {
                traces.iter().any(|trace| segment.filter.may_contain(*trace))
            });
            self.0.readers.with(|connection| {
                let values = params![files, sql_list(traces), ebpf, span, limit];
                read_spans(connection, SPANS_OF_TRACES, values)
            })
        })
    }

    /// The traces whose id begins with `prefix`, in order of their ids, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn traces_with_prefix(
        &self,
        prefix: TraceIdPrefix,
        limit: u32,
    ) -> Result<Vec<TraceId>, StoreError> {
        let failed = || StoreError::statement(TRACE_IDS_BETWEEN.name);
        let (first, last) = (format!("{:032x}", prefix.first()), format!("{:032x}", prefix.last()));
        self.0.catalogue.read(|segments| {
            let files = self.0.part_files(segments, |_| true);
            self.0.readers.with(|connection| {
                let mut statement =
                    connection.prepare_cached(TRACE_IDS_BETWEEN.sql).map_err(failed())?;
                let values = params![files, first, last, limit];
                let mut ids = Vec::new();
                for batch in statement.query_arrow(values).map_err(failed())? {
                    for id in uuids(&batch, 0)?.iter().flatten() {
                        ids.push(trace_id(id)?);
                    }
                }
                Ok(ids)
            })
        })
    }
}

impl StoredTrace {
    fn whole(spans: Vec<StoredSpan>) -> Self {
        let error_count = spans.iter().filter(|stored| stored.span.is_error()).count() as u64;
        Self { span_count: spans.len() as u64, error_count, spans }
    }
}
