//! Lists of traces.

use coral_trace::{Collector, TimeRange, TraceId, UnixNanos};
use duckdb::arrow::array::{Array, Int16Array, Int64Array, ListArray, StringArray, UInt64Array};
use duckdb::arrow::record_batch::RecordBatch;
use duckdb::{ToSql, params};

use crate::error::StoreError;
use crate::row::{column, optional, trace_id, uuids};
use crate::statement::{SEARCH_TRACES, SEARCH_TRACES_BY_SPAN, Statement};
use crate::store::{Store, sql_list};

/// Which traces to list. All conditions hold; an empty or `None` one always does.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceQuery {
    /// The trace started in this range: half-open, compared in whole microseconds.
    pub started: TimeRange,
    /// It has a span of one of these services.
    pub services: Vec<String>,
    /// Only spans of this collector count, for every condition and every figure.
    pub collector: Option<Collector>,
    /// Its first span's start and its last span's end are at least this far apart, in microseconds.
    pub min_duration_us: Option<i64>,
    /// It has a span whose status is an error (`true`), or none (`false`).
    pub failed: Option<bool>,
    /// It has a span (of one of `services`) with this name, and with all `attributes` on that span or its resource.
    pub name: Option<String>,
    /// See `name`. Values are compared as text. At most [`TraceQuery::MOST_ATTRIBUTES`] are looked at.
    pub attributes: Vec<(String, String)>,
    /// Which come first, and so which the limit leaves.
    pub order: Order,
    /// At most this many.
    pub limit: u32,
}

/// Which traces come first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// Latest start first.
    #[default]
    Newest,
    /// Longest first; of equals the newest.
    Slowest,
}

/// One trace of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceSummary {
    /// Its id.
    pub trace_id: TraceId,
    /// Start of its first span, in whole microseconds.
    pub start: UnixNanos,
    /// To the end of its last span, microseconds.
    pub duration_us: i64,
    /// Spans stored.
    pub spans: u64,
    /// Spans whose status is an error.
    pub errors: u64,
    /// Services with a span in it, by name.
    pub services: Vec<String>,
    /// The service of the earliest span without a parent; `None` when none was received.
    pub root_service: Option<String>,
    /// That span's name, or the earliest span's when there is none.
    pub root_name: String,
    /// The response status of the same span.
    pub status_code: Option<u16>,
}

impl TraceQuery {
    /// More attribute conditions than this are refused before they come here.
    pub const MOST_ATTRIBUTES: usize = 4;

    /// All traces, newest first.
    pub fn newest(limit: u32) -> Self {
        Self {
            started: TimeRange::ALL,
            services: Vec::new(),
            collector: None,
            min_duration_us: None,
            failed: None,
            name: None,
            attributes: Vec::new(),
            order: Order::Newest,
            limit,
        }
    }
}

impl Store {
    /// The traces that `query` asks for, in its order. A trace is whole: its figures count every stored
    /// span of it, inside the range or not, also those that came late. RFD 036's `QueryTraces`.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn search(&self, query: &TraceQuery) -> Result<Vec<TraceSummary>, StoreError> {
        let by_span = query.name.is_some() || !query.attributes.is_empty();
        self.0.catalogue.read(|segments| {
            let parts = self.0.part_files(segments, |_| true);
            if !by_span {
                return self.run(SEARCH_TRACES, query, &parts, &[]);
            }
            let spans =
                self.0.span_files(segments, |segment| segment.last_start >= query.started.start);
            let mut attributes = query.attributes.iter();
            let pairs: [Option<&(String, String)>; TraceQuery::MOST_ATTRIBUTES] =
                std::array::from_fn(|_| attributes.next());
            let [a, b, c, d] = pairs.map(|pair| (pair.map(|p| &p.0), pair.map(|p| &p.1)));
            self.run(
                SEARCH_TRACES_BY_SPAN,
                query,
                &parts,
                params![query.name, a.0, a.1, b.0, b.1, c.0, c.1, d.0, d.1, spans],
            )
        })
    }

    fn run(
        &self,
        statement: Statement,
        query: &TraceQuery,
        parts: &str,
        span_conditions: &[&dyn ToSql],
    ) -> Result<Vec<TraceSummary>, StoreError> {
        let failed = || StoreError::statement(statement.name);
        let services = (!query.services.is_empty()).then(|| sql_list(&query.services));
        let (since, until) = (query.started.start.as_micros(), query.started.end.as_micros());
        let ebpf = query.collector.map(|collector| collector == Collector::Ebpf);
        let slowest = query.order == Order::Slowest;
        let values: Vec<&dyn ToSql> = vec![
            &parts,
            &since,
            &until,
            &services,
            &ebpf,
            &query.min_duration_us,
            &query.failed,
            &slowest,
            &query.limit,
        ];
        let values: Vec<_> = values.into_iter().chain(span_conditions.iter().copied()).collect();
        self.0.readers.with(|connection| {
            let mut prepared = connection.prepare_cached(statement.sql).map_err(failed())?;
            let mut traces = Vec::new();
            for batch in prepared.query_arrow(values.as_slice()).map_err(failed())? {
                read_summaries(&batch, &mut traces)?;
            }
            Ok(traces)
        })
    }
}

fn read_summaries(batch: &RecordBatch, traces: &mut Vec<TraceSummary>) -> Result<(), StoreError> {
    let ids = uuids(batch, 0)?;
    let start: &Int64Array = column(batch, 1)?;
    let duration: &Int64Array = column(batch, 2)?;
    let spans: &UInt64Array = column(batch, 3)?;
    let errors: &UInt64Array = column(batch, 4)?;
    let services: &ListArray = column(batch, 5)?;
    let root_service: &StringArray = column(batch, 6)?;
    let root_name: &StringArray = column(batch, 7)?;
    let status: &Int16Array = column(batch, 8)?;
    for row in 0..batch.num_rows() {
        traces.push(TraceSummary {
            trace_id: trace_id(ids.value(row))?,
            start: UnixNanos::from_micros(start.value(row)),
            duration_us: duration.value(row),
            spans: spans.value(row),
            errors: errors.value(row),
            services: texts(services.value(row).as_ref()),
            root_service: optional(root_service, row, StringArray::value).map(str::to_owned),
            root_name: root_name.value(row).to_owned(),
            status_code: optional(status, row, Int16Array::value).map(|code| code as u16),
        });
    }
    Ok(())
}

fn texts(list: &dyn Array) -> Vec<String> {
    let texts = list.as_any().downcast_ref::<StringArray>();
    texts.into_iter().flatten().flatten().map(str::to_owned).collect()
}
