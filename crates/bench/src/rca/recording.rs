//! Recorded faults: `cases.json`, and `spans.parquet` with one row per span and its window.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use coral_trace::{
    Attributes, Origin, Resource, Span, SpanId, SpanKind, Status, TraceId, UnixNanos,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserialize;

use crate::Failure;

/// A recording of faults.
#[derive(Default)]
pub struct Recording {
    pub cases: Vec<Case>,
    windows: HashMap<String, Vec<Row>>,
    origins: Vec<Arc<Origin>>,
    operations: Vec<String>,
}

/// One injected fault.
#[derive(Clone, Deserialize, Debug)]
pub struct Case {
    /// The application that the fault was injected into.
    pub system: String,
    /// The kind of fault.
    pub fault: String,
    /// The service into which the fault was injected.
    pub culprit_service: String,
    /// The name of the day's window without a fault.
    pub normal_window: String,
    /// The names of windows of one minute during the fault.
    pub abnormal_windows: Vec<String>,
    /// The name of the window that is scored.
    pub scored_window: String,
}

/// One span. `origin` and `operation` are indices into the lists of the recording.
struct Row {
    trace_id: TraceId,
    span_id: SpanId,
    parent: Option<SpanId>,
    origin: usize,
    operation: usize,
    start: u64,
    end: u64,
}

impl Recording {
    /// Reads the recording in the directory `dir`.
    ///
    /// # Errors
    /// The error names the file that cannot be read.
    pub fn read(dir: &Path) -> Result<Self, Failure> {
        let named = |file: &Path, error: Failure| -> Failure {
            format!("cannot read `{}`: {error}", file.display()).into()
        };
        let cases = dir.join("cases.json");
        let open = |path: &Path| File::open(path).map_err(|error| named(path, error.into()));
        let mut recording = Self {
            cases: serde_json::from_reader(open(&cases)?)
                .map_err(|error| named(&cases, error.into()))?,
            ..Self::default()
        };
        let spans = dir.join("spans.parquet");
        recording.read_spans(open(&spans)?).map_err(|error| named(&spans, error))?;
        Ok(recording)
    }

    /// The names of all windows, sorted.
    pub fn windows(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.windows.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The traces of a window, sorted by id; empty when the window was not recorded.
    pub fn traces(&self, window: &str) -> Vec<Vec<Span>> {
        let mut traces: HashMap<TraceId, Vec<Span>> = HashMap::new();
        for row in self.windows.get(window).into_iter().flatten() {
            traces.entry(row.trace_id).or_default().push(self.span(row));
        }
        let mut traces: Vec<Vec<Span>> = traces.into_values().collect();
        traces.sort_unstable_by_key(|spans| spans[0].trace_id);
        traces
    }

    fn span(&self, row: &Row) -> Span {
        Span {
            trace_id: row.trace_id,
            span_id: row.span_id,
            parent_span_id: row.parent,
            trace_state: String::new(),
            flags: 0,
            name: self.operations[row.operation].clone(),
            kind: SpanKind::Unspecified,
            start: UnixNanos(row.start),
            end: UnixNanos(row.end),
            attributes: Attributes::default(),
            dropped_attributes: 0,
            events: vec![],
            dropped_events: 0,
            links: vec![],
            dropped_links: 0,
            status: Status::default(),
            origin: Arc::clone(&self.origins[row.origin]),
        }
    }

    fn read_spans(&mut self, file: File) -> Result<(), Failure> {
        let mut pods = HashMap::new();
        let mut operations = HashMap::new();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
            self.read_batch(&batch?, &mut pods, &mut operations)?;
        }
        Ok(())
    }

    fn read_batch(
        &mut self,
        batch: &RecordBatch,
        pods: &mut HashMap<String, usize>,
        operations: &mut HashMap<String, usize>,
    ) -> Result<(), Failure> {
        let column = |name: &str| {
            batch.column_by_name(name).ok_or_else(|| format!("there is no column `{name}`"))
        };
        let (window, service) = (column("win")?.as_string::<i32>(), column("service")?);
        let (pod, service) = (column("pod")?.as_string::<i32>(), service.as_string::<i32>());
        let operation = column("operation")?.as_string::<i32>();
        let (trace, span) = (column("trace_id")?.as_binary::<i32>(), column("span_id")?);
        let (span, parent) =
            (span.as_binary::<i32>(), column("parent_span_id")?.as_binary::<i32>());
        let start = column("start_ns")?.as_primitive::<Int64Type>();
        let length = column("duration_ns")?.as_primitive::<Int64Type>();
        for at in 0..batch.num_rows() {
            let origin = *pods.entry(pod.value(at).to_owned()).or_insert_with(|| {
                self.origins.push(Arc::new(origin(service.value(at), pod.value(at))));
                self.origins.len() - 1
            });
            let name = operation.value(at);
            let operation = *operations.entry(name.to_owned()).or_insert_with(|| {
                self.operations.push(name.to_owned());
                self.operations.len() - 1
            });
            let start = u64::try_from(start.value(at))?;
            let row = Row {
                trace_id: TraceId::try_from(trace.value(at))?,
                span_id: SpanId::try_from(span.value(at))?,
                parent: parent
                    .is_valid(at)
                    .then(|| SpanId::try_from(parent.value(at)))
                    .transpose()?,
                origin,
                operation,
                start,
                end: start.saturating_add(u64::try_from(length.value(at))?),
            };
            self.windows.entry(window.value(at).to_owned()).or_default().push(row);
        }
        Ok(())
    }
}

fn origin(service: &str, pod: &str) -> Origin {
    let attributes = [("service.name", service), ("k8s.pod.name", pod)].into_iter().collect();
    Origin { resource: Resource { attributes, ..Resource::default() }, ..Origin::default() }
}
