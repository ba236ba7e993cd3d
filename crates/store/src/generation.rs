//! Hot rows: those that came since the last seal, in memory, and in a log.

use std::sync::Arc;

use arrow_array::types::UInt32Type;
use arrow_array::{ArrayRef, DictionaryArray, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use arrow_select::interleave::interleave_record_batch;
use coral_trace::{Collector, Span, TraceId, UnixNanos};
use hashbrown::HashMap;

use crate::batch::{ORIGIN_ID, SCHEMA};
use crate::part::Part;
use crate::segment::Light;

/// Rows with receipts from `first_receipt` on, one a receipt.
pub(crate) struct Generation {
    pub(crate) first_receipt: u64,
    /// In order, with the row each begins at.
    batches: Vec<(u32, Arc<RecordBatch>)>,
    rows: u32,
    /// Texts of resources and scopes by number.
    origins: Arc<StringArray>,
    pub(crate) traces: HashMap<TraceId, HotTrace>,
    /// The JSON of some row has an attribute that has a column: only then must it be looked for there.
    pub(crate) has_misplaced: bool,
    /// When the first and the newest row were received.
    pub(crate) received: Option<(UnixNanos, UnixNanos)>,
}

/// One trace in hot rows.
#[derive(Default)]
pub(crate) struct HotTrace {
    /// What SDKs sent, and what eBPF saw: [`of`](Self::of).
    parts: [Option<HotPart>; 2],
    /// Segments, sealed or being sealed, that have spans of it too.
    pub(crate) older: Vec<u64>,
}

/// One collector's spans of it.
#[derive(Clone)]
pub(crate) struct HotPart {
    /// Shared with readers while they work.
    pub(crate) part: Arc<Part>,
    /// What a list asks of every trace, at hand. [`Light::NOTHING`] until it is in a generation.
    pub(crate) light: Light,
    /// Where its spans are in the generation.
    pub(crate) rows: Vec<u32>,
}

/// What one commit adds: computed before readers are made to wait.
#[derive(Default)]
pub(crate) struct Arrival {
    /// See [`Generation::has_misplaced`].
    pub(crate) has_misplaced: bool,
    traces: HashMap<TraceId, HotTrace>,
}

/// Batches are joined until they have this many rows, so that many small commits do not become many
/// small arrays: a batch of one row takes 10 KiB.
const JOINED_ROWS: usize = 8_192;

impl Arrival {
    /// Adds `span`, which lies in row `row` of its generation.
    pub(crate) fn add(&mut self, span: &Span, row: u32) {
        let part = &mut self.traces.entry(span.trace_id).or_default().parts
            [usize::from(span.origin.collector == Collector::Ebpf)];
        match part {
            Some(HotPart { part, rows, .. }) => {
                Arc::make_mut(part).add(span);
                rows.push(row);
            }
            None => {
                let (part_of_it, light) = (Arc::new(Part::of(span)), Light::NOTHING);
                *part = Some(HotPart { part: part_of_it, light, rows: vec![row] });
            }
        }
    }

    /// Trace `trace` has spans in these segments too.
    pub(crate) fn continues(&mut self, trace: TraceId, older: Vec<u64>) {
        if let Some(hot) = self.traces.get_mut(&trace) {
            hot.older = older;
        }
    }
}

impl HotTrace {
    /// What `collector` saw of it.
    pub(crate) fn of(&self, collector: Collector) -> Option<&HotPart> {
        self.parts[usize::from(collector == Collector::Ebpf)].as_ref()
    }

    /// Parts of `collector`, or of both.
    pub(crate) fn parts(&self, collector: Option<Collector>) -> impl Iterator<Item = &HotPart> {
        [Collector::Sdk, Collector::Ebpf]
            .into_iter()
            .filter(move |part| collector.is_none_or(|wanted| wanted == *part))
            .filter_map(|part| self.of(part))
    }

    fn merge(&mut self, arrived: Self) {
        for (mine, arrived) in self.parts.iter_mut().zip(arrived.parts) {
            let Some(mut arrived) = arrived else { continue };
            arrived.light = Light::of_part(&arrived.part);
            match mine {
                Some(mine) => {
                    Arc::make_mut(&mut mine.part).merge(&arrived.part);
                    mine.light.add(&arrived.light);
                    mine.rows.extend(arrived.rows);
                }
                None => *mine = Some(arrived),
            }
        }
        if self.older.is_empty() {
            self.older = arrived.older;
        }
    }
}

impl Generation {
    /// A generation without rows.
    pub(crate) fn after(first_receipt: u64) -> Self {
        Self {
            first_receipt,
            batches: Vec::new(),
            rows: 0,
            origins: Arc::new(StringArray::from(Vec::<&str>::new())),
            traces: HashMap::new(),
            has_misplaced: false,
            received: None,
        }
    }

    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// How many origins have a number.
    pub(crate) fn origin_count(&self) -> usize {
        use arrow_array::Array;
        self.origins.len()
    }

    /// The newest receipt, or the one before the first when there are no rows.
    pub(crate) fn last_receipt(&self) -> u64 {
        self.first_receipt + u64::from(self.rows) - 1
    }

    /// Numbers further origins.
    pub(crate) fn add_origins(&mut self, texts: &[String]) {
        if !texts.is_empty() {
            let known = self.origins.iter().flatten().chain(texts.iter().map(String::as_str));
            self.origins = Arc::new(known.map(Some).collect());
        }
    }

    /// Adds one commit's rows.
    pub(crate) fn push(&mut self, batch: RecordBatch, arrival: Arrival, received: UnixNanos) {
        let first = self.rows;
        self.rows += batch.num_rows() as u32;
        self.batches.push((first, Arc::new(batch)));
        self.join_small();
        self.has_misplaced |= arrival.has_misplaced;
        for (trace, arrived) in arrival.traces {
            self.traces.entry(trace).or_default().merge(arrived);
        }
        let since = self.received.map_or(received, |(first, _)| first.min(received));
        self.received = Some((since, received));
    }

    /// Joins the newest batches as long as the last but one is not larger than the last: every row is
    /// copied a logarithmic number of times.
    fn join_small(&mut self) {
        while let [.., (first, one), (_, other)] = self.batches.as_slice()
            && one.num_rows() <= other.num_rows()
            && one.num_rows() + other.num_rows() <= JOINED_ROWS
        {
            let joined = concat_batches(&SCHEMA, [one.as_ref(), other.as_ref()]);
            let joined = (*first, Arc::new(joined.expect("both have the schema")));
            self.batches.truncate(self.batches.len() - 2);
            self.batches.push(joined);
        }
    }

    /// All rows, in order of receipt, as segments have them.
    pub(crate) fn batches(&self) -> impl Iterator<Item = RecordBatch> {
        self.batches.iter().map(|(_, batch)| self.with_origins(batch))
    }

    /// At least the first `limit` rows from row `first` on.
    pub(crate) fn batches_from(&self, first: u32) -> impl Iterator<Item = RecordBatch> {
        let at = self.batches.partition_point(|(begin, _)| *begin <= first).saturating_sub(1);
        self.batches[at..].iter().map(move |(begin, batch)| {
            let skip = first.saturating_sub(*begin) as usize;
            let skip = skip.min(batch.num_rows());
            self.with_origins(&batch.slice(skip, batch.num_rows() - skip))
        })
    }

    /// These rows, in the order given.
    pub(crate) fn pick(&self, rows: &[u32]) -> RecordBatch {
        let places: Vec<(usize, usize)> = rows.iter().map(|row| self.place(*row)).collect();
        let mut used: Vec<usize> = places.iter().map(|(batch, _)| *batch).collect();
        used.dedup();
        used.sort_unstable();
        used.dedup();
        let batches: Vec<&RecordBatch> =
            used.iter().map(|at| self.batches[*at].1.as_ref()).collect();
        let places: Vec<(usize, usize)> = places
            .into_iter()
            .map(|(batch, row)| (used.partition_point(|at| *at < batch), row))
            .collect();
        if batches.is_empty() {
            return self.with_origins(&RecordBatch::new_empty(SCHEMA.clone()));
        }
        let picked = interleave_record_batch(&batches, &places).expect("all have the schema");
        self.with_origins(&picked)
    }

    fn place(&self, row: u32) -> (usize, usize) {
        let batch = self.batches.partition_point(|(first, _)| *first <= row) - 1;
        (batch, (row - self.batches[batch].0) as usize)
    }

    /// The batch with the texts of its origins in the place of their numbers. Copies nothing.
    pub(crate) fn with_origins(&self, batch: &RecordBatch) -> RecordBatch {
        let mut columns = batch.columns().to_vec();
        let numbers: &UInt32Array =
            columns[ORIGIN_ID].as_any().downcast_ref().expect("origins are numbered");
        let texts = DictionaryArray::<UInt32Type>::try_new(numbers.clone(), self.origins.clone());
        columns[ORIGIN_ID] = Arc::new(texts.expect("every number has a text")) as ArrayRef;
        RecordBatch::try_new(ROW_SCHEMA.clone(), columns)
            .expect("the columns are those of the schema")
    }
}

/// The columns of a row as readers and segments see it.
pub(crate) static ROW_SCHEMA: std::sync::LazyLock<SchemaRef> = std::sync::LazyLock::new(|| {
    let mut fields: Vec<_> = SCHEMA.fields().iter().cloned().collect();
    let texts = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
    fields[ORIGIN_ID] = Arc::new(Field::new("origin", texts, false));
    Arc::new(Schema::new(fields))
});
