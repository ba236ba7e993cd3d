//! Hot rows: the rows since the last seal, in memory and in a log.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_array::{Array as _, ArrayRef, DictionaryArray, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use arrow_select::interleave::interleave_record_batch;
use coral_engine::Columns;
use coral_trace::{Collector, TraceId, UnixNanos};
use hashbrown::HashMap;

use crate::clock::Received;
use crate::hot::digest::TraceDigest;
use crate::hot::memory::batch_memory;
use crate::hot::part::{PartSpan, TracePart};
use crate::row::batch::{ORIGIN_ID, SCHEMA, SPAN_ID, START_TIME, places, row_bytes};

/// Hot rows with consecutive receipts, starting at `first_receipt`.
pub(crate) struct Generation {
    pub(crate) first_receipt: u64,
    /// Batches in order, each with the number of its first row.
    batches: Vec<(u32, Arc<RecordBatch>)>,
    rows: u32,
    /// Size of the rows and origins. See [`row_bytes`].
    bytes: usize,
    /// Size of the memory that the rows and origins hold. See [`batch_memory`].
    memory: usize,
    origins: OriginTexts,
    pub(crate) traces: HashMap<TraceId, HotTrace>,
    /// Whether the JSON of some row has an attribute that has a column of its own. Otherwise
    /// readers of such an attribute need not look into the JSON.
    pub(crate) has_misplaced: bool,
    pub(crate) received: Option<ReceivedSpan>,
}

/// When the rows of a generation were received.
#[derive(Clone, Copy)]
pub(crate) struct ReceivedSpan {
    /// When the row with the smallest receipt was received.
    pub(crate) oldest: Received,
    /// When the row with the greatest receipt was received.
    pub(crate) newest: Received,
    /// The earliest wall-clock time at which a row was received; `last` is the latest.
    pub(crate) first: UnixNanos,
    pub(crate) last: UnixNanos,
}

/// Texts of resources and scopes, by number. Chunks are joined like the row batches of
/// [`Generation`], so that each text is copied a logarithmic number of times.
#[derive(Clone, Default)]
struct OriginTexts(Vec<Arc<StringArray>>);

/// The rows of a generation at one moment, which can be read without a lock.
pub(crate) struct Rows {
    batches: Vec<Arc<RecordBatch>>,
    origins: OriginTexts,
    /// See [`Generation::has_misplaced`].
    pub(crate) has_misplaced: bool,
}

/// The newest batches of a generation, with which the next batch may be joined.
pub(crate) struct Tail(Vec<Arc<RecordBatch>>);

/// A batch of new rows, joined with some of the batches before it.
pub(crate) struct Joined {
    /// How many of the generation's newest batches `batch` replaces.
    replaces: usize,
    batch: RecordBatch,
    new_rows: u32,
    new_bytes: usize,
    /// By how many bytes the memory of all batches grows or shrinks.
    memory_change: isize,
}

/// The hot rows of one trace.
#[derive(Default)]
pub(crate) struct HotTrace {
    /// Index 0 has the SDK part, index 1 the eBPF part. See [`of`](Self::of).
    parts: [Option<HotPart>; 2],
    /// Segments, sealed or being sealed, that also have spans of the trace.
    pub(crate) split_with: Vec<u64>,
}

/// The hot rows of one trace and one collector.
#[derive(Clone)]
pub(crate) struct HotPart {
    /// The sums of the spans, shared with readers.
    pub(crate) part: Arc<TracePart>,
    /// The digest of `part`; [`TraceDigest::NOTHING`] until the part is added to a generation.
    pub(crate) digest: TraceDigest,
    /// The spans' row numbers in the generation.
    pub(crate) rows: Vec<u32>,
}

/// The changes of one commit, computed before readers are blocked.
#[derive(Default)]
pub(crate) struct Arrival {
    /// See [`Generation::has_misplaced`].
    pub(crate) has_misplaced: bool,
    traces: HashMap<TraceId, HotTrace>,
}

/// Batches are joined into batches of at most this many rows, because small arrays waste memory: a
/// batch of one row takes 10 KiB.
const JOINED_ROWS: usize = 8_192;
/// Batches are joined into batches of at most this many bytes. Larger batches would save no memory,
/// and a reader of a few rows would copy more. 8,192 usual rows have half as many bytes.
const JOINED_BYTES: usize = 8 << 20;
/// The most batches that one commit joins.
const MAX_JOINED_BATCHES: usize = 16;

impl Arrival {
    /// Adds `span`, which is row `row` of its generation.
    pub(crate) fn add(&mut self, span: &impl PartSpan, row: u32) {
        let part = &mut self.traces.entry(span.trace_id()).or_default().parts
            [usize::from(span.collector() == Collector::Ebpf)];
        match part {
            Some(HotPart { part, rows, .. }) => {
                Arc::make_mut(part).add(span);
                rows.push(row);
            }
            None => {
                let (part_of_it, digest) = (Arc::new(TracePart::of(span)), TraceDigest::NOTHING);
                *part = Some(HotPart { part: part_of_it, digest, rows: vec![row] });
            }
        }
    }

    /// Records that the segments `older` also have spans of `trace`. Does nothing if this commit
    /// has no span of `trace`.
    pub(crate) fn mark_split(&mut self, trace: TraceId, older: Vec<u64>) {
        if let Some(hot) = self.traces.get_mut(&trace) {
            hot.split_with = older;
        }
    }
}

impl HotTrace {
    /// The part that `collector` observed.
    pub(crate) fn of(&self, collector: Collector) -> Option<&HotPart> {
        self.parts[usize::from(collector == Collector::Ebpf)].as_ref()
    }

    /// The part of `collector`, or both parts.
    pub(crate) fn parts(&self, collector: Option<Collector>) -> impl Iterator<Item = &HotPart> {
        [Collector::Sdk, Collector::Ebpf]
            .into_iter()
            .filter(move |part| collector.is_none_or(|wanted| wanted == *part))
            .filter_map(|part| self.of(part))
    }

    fn merge(&mut self, arrived: Self) {
        for (mine, arrived) in self.parts.iter_mut().zip(arrived.parts) {
            let Some(mut arrived) = arrived else { continue };
            arrived.digest = TraceDigest::of_part(&arrived.part);
            match mine {
                Some(mine) => {
                    Arc::make_mut(&mut mine.part).merge(&arrived.part);
                    mine.digest.add(&arrived.digest);
                    mine.rows.extend(arrived.rows);
                }
                None => *mine = Some(arrived),
            }
        }
        if self.split_with.is_empty() {
            self.split_with = arrived.split_with;
        }
    }
}

impl Generation {
    /// A generation without rows, whose first row will have receipt `first_receipt`.
    pub(crate) fn after(first_receipt: u64) -> Self {
        Self {
            first_receipt,
            batches: Vec::new(),
            rows: 0,
            bytes: 0,
            memory: 0,
            origins: OriginTexts::default(),
            traces: HashMap::new(),
            has_misplaced: false,
            received: None,
        }
    }

    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// Size of the rows and origins, in bytes. See [`row_bytes`].
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Size of the memory that the rows and origins hold, in bytes. The index by trace does not
    /// count.
    pub(crate) fn memory(&self) -> u64 {
        self.memory as u64
    }

    /// The receipt after the newest row.
    pub(crate) fn next_receipt(&self) -> u64 {
        self.first_receipt + u64::from(self.rows)
    }

    /// The texts of origins, by number.
    pub(crate) fn origin_texts(&self) -> Vec<String> {
        let texts = self.origins.0.iter().flat_map(|chunk| chunk.iter().flatten());
        texts.map(str::to_owned).collect()
    }

    /// `batch` with the texts of origins in place of their numbers.
    pub(crate) fn with_origins(&self, batch: &RecordBatch) -> RecordBatch {
        with_origins(batch, &self.origins.joined())
    }

    /// The number of origins.
    pub(crate) fn origin_count(&self) -> usize {
        self.origins.len()
    }

    /// The newest receipt; `first_receipt - 1` if there are no rows.
    pub(crate) fn last_receipt(&self) -> u64 {
        self.first_receipt + u64::from(self.rows) - 1
    }

    /// Adds origins, which get the next numbers.
    pub(crate) fn add_origins(&mut self, texts: &[String]) {
        let bytes = texts.iter().map(String::len).sum::<usize>();
        self.bytes += bytes;
        self.memory += bytes;
        self.origins.add(texts);
    }

    /// The batches with which the next batch may be joined.
    pub(crate) fn tail(&self) -> Tail {
        // Usually each batch is larger than all later batches together, so a few suffice.
        let from = self.batches.len().saturating_sub(MAX_JOINED_BATCHES);
        Tail(self.batches[from..].iter().map(|(_, batch)| batch.clone()).collect())
    }

    /// Adds one commit's rows.
    pub(crate) fn push(&mut self, joined: Joined, arrival: Arrival, received: ReceivedSpan) {
        self.batches.truncate(self.batches.len() - joined.replaces);
        self.rows += joined.new_rows;
        self.bytes += joined.new_bytes;
        self.memory = self.memory.saturating_add_signed(joined.memory_change);
        let first = self.rows - joined.batch.num_rows() as u32;
        self.batches.push((first, Arc::new(joined.batch)));
        self.has_misplaced |= arrival.has_misplaced;
        for (trace, arrived) in arrival.traces {
            self.traces.entry(trace).or_default().merge(arrived);
        }
        let before = self.received.unwrap_or(received);
        self.received = Some(ReceivedSpan {
            oldest: before.oldest,
            newest: received.newest,
            first: before.first.min(received.first),
            last: before.last.max(received.last),
        });
    }

    /// All rows. Copies nothing.
    pub(crate) fn all(&self) -> Rows {
        Rows {
            batches: self.batches.iter().map(|(_, batch)| batch.clone()).collect(),
            origins: self.origins.clone(),
            has_misplaced: self.has_misplaced,
        }
    }

    /// Rows from number `first` on. Copies nothing.
    pub(crate) fn from(&self, first: u32) -> Rows {
        let at = self.batches.partition_point(|(begin, _)| *begin <= first).saturating_sub(1);
        let batches = self.batches[at..].iter().map(|(begin, batch)| {
            let skip = (first.saturating_sub(*begin) as usize).min(batch.num_rows());
            if skip == 0 {
                return batch.clone();
            }
            Arc::new(batch.slice(skip, batch.num_rows() - skip))
        });
        Rows { batches: batches.collect(), ..self.all() }
    }

    /// The rows with the numbers `rows`, which can then be read without a lock. Copies no column
    /// data.
    pub(crate) fn pick(&self, rows: &[u32]) -> Picked {
        let places = rows.iter().map(|row| self.place(*row)).collect();
        let batches = self.batches.iter().map(|(_, batch)| batch.clone()).collect();
        Picked { batches, rows: rows.to_vec(), places, origins: self.origins.clone() }
    }

    fn place(&self, row: u32) -> (usize, usize) {
        let batch = self.batches.partition_point(|(first, _)| *first <= row) - 1;
        (batch, (row - self.batches[batch].0) as usize)
    }
}

/// Selected rows of a generation.
pub(crate) struct Picked {
    batches: Vec<Arc<RecordBatch>>,
    rows: Vec<u32>,
    /// The batch of each row, and its position there.
    places: Vec<(usize, usize)>,
    origins: OriginTexts,
}

impl Picked {
    /// The rows `wanted`, with the columns that must be read for the groups `columns`. `wanted`
    /// are row numbers of the generation: some of the selected rows, in the same order.
    pub(crate) fn rows(&self, wanted: &[u32], columns: Columns) -> RecordBatch {
        let picked = self.places_of(wanted);
        let mut used: Vec<usize> = picked.iter().map(|(batch, _)| *batch).collect();
        used.sort_unstable();
        used.dedup();
        let read = places(columns);
        let project = |batch: &RecordBatch| batch.project(&read).expect("all have the schema");
        let mut batches: Vec<RecordBatch> =
            used.iter().map(|at| project(&self.batches[*at])).collect();
        if batches.is_empty() {
            batches.push(project(&RecordBatch::new_empty(SCHEMA.clone())));
        }
        let rows: Vec<(usize, usize)> = picked
            .into_iter()
            .map(|(batch, row)| (used.partition_point(|at| *at < batch), row))
            .collect();
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        let picked = interleave_record_batch(&batches, &rows).expect("all have the columns");
        match picked.schema().index_of("origin_id") {
            Ok(at) => with_origins_at(&picked, at, &self.origins.joined()),
            Err(_) => picked,
        }
    }

    /// The start times of the rows `wanted`, in microseconds. See [`rows`](Self::rows) for
    /// `wanted`.
    pub(crate) fn starts(&self, wanted: &[u32]) -> Vec<i64> {
        let start = |(batch, row): (usize, usize)| {
            let column = self.batches[batch].column(START_TIME);
            column.as_primitive::<TimestampMicrosecondType>().value(row)
        };
        self.places_of(wanted).into_iter().map(start).collect()
    }

    /// The span ids of the rows `wanted`. See [`rows`](Self::rows) for `wanted`.
    pub(crate) fn span_ids(&self, wanted: &[u32]) -> Vec<u64> {
        let id = |(batch, row): (usize, usize)| {
            self.batches[batch].column(SPAN_ID).as_primitive::<UInt64Type>().value(row)
        };
        self.places_of(wanted).into_iter().map(id).collect()
    }

    fn places_of(&self, wanted: &[u32]) -> Vec<(usize, usize)> {
        let mut wanted = wanted.iter().peekable();
        let picked = self.rows.iter().zip(&self.places);
        let places =
            picked.filter_map(|(row, place)| wanted.next_if(|next| *next == row).map(|_| *place));
        places.collect()
    }
}

impl Rows {
    /// Batches in order of receipt, with the schema of segments.
    pub(crate) fn batches(&self) -> impl Iterator<Item = RecordBatch> {
        let origins = self.origins.joined();
        self.batches.iter().map(move |batch| with_origins(batch, &origins))
    }
}

impl Tail {
    /// Joins `rows` with the newest batch, then the result with the batch before, and so on, while
    /// that batch is not larger than the result and both have at most [`JOINED_ROWS`] rows and
    /// [`JOINED_BYTES`] together. Thus each row is copied a logarithmic number of times.
    pub(crate) fn join(mut self, rows: &RecordBatch) -> Joined {
        let (new_rows, new_bytes) = (rows.num_rows() as u32, row_bytes(rows));
        let (mut batch, mut bytes, mut replaces) = (rows.clone(), new_bytes, 0);
        let mut replaced_memory = 0;
        while let Some(one) = self.0.pop()
            && one.num_rows() <= batch.num_rows()
            && one.num_rows() + batch.num_rows() <= JOINED_ROWS
        {
            bytes += row_bytes(&one);
            if bytes > JOINED_BYTES {
                break;
            }
            let joined = concat_batches(&SCHEMA, [one.as_ref(), &batch]);
            batch = joined.expect("both have the schema");
            replaced_memory += batch_memory(&one);
            replaces += 1;
        }
        let memory_change = batch_memory(&batch) as isize - replaced_memory as isize;
        Joined { replaces, batch, new_rows, new_bytes, memory_change }
    }
}

impl Joined {
    /// How many rows of the joined batch are new.
    pub(crate) fn new_rows(&self) -> u32 {
        self.new_rows
    }
}

impl OriginTexts {
    fn len(&self) -> usize {
        self.0.iter().map(|chunk| chunk.len()).sum()
    }

    fn add(&mut self, texts: &[String]) {
        if texts.is_empty() {
            return;
        }
        self.0.push(Arc::new(texts.iter().map(Some).collect()));
        while let [.., one, other] = self.0.as_slice()
            && one.len() <= 2 * other.len()
        {
            let joined = Arc::new(one.iter().chain(other.iter()).collect::<StringArray>());
            self.0.truncate(self.0.len() - 2);
            self.0.push(joined);
        }
    }

    /// All chunks as one array.
    fn joined(&self) -> Arc<StringArray> {
        match self.0.as_slice() {
            [one] => one.clone(),
            chunks => Arc::new(chunks.iter().flat_map(|chunk| chunk.iter()).collect()),
        }
    }
}

/// `batch` with the texts of origins in place of their numbers. Copies nothing.
fn with_origins(batch: &RecordBatch, origins: &Arc<StringArray>) -> RecordBatch {
    let columns = columns_with_origins(batch, ORIGIN_ID, origins);
    RecordBatch::try_new(ROW_SCHEMA.clone(), columns).expect("the columns are those of the schema")
}

/// Like [`with_origins`], for a batch that has only some columns, of which column `at` has the
/// numbers of origins.
fn with_origins_at(batch: &RecordBatch, at: usize, origins: &Arc<StringArray>) -> RecordBatch {
    let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
    fields[at] = ROW_SCHEMA.fields()[ORIGIN_ID].clone();
    let columns = columns_with_origins(batch, at, origins);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("they are those columns")
}

fn columns_with_origins(
    batch: &RecordBatch,
    at: usize,
    origins: &Arc<StringArray>,
) -> Vec<ArrayRef> {
    let mut columns = batch.columns().to_vec();
    let numbers: &UInt32Array = columns[at].as_any().downcast_ref().expect("origins are numbered");
    let texts = DictionaryArray::<UInt32Type>::try_new(numbers.clone(), origins.clone());
    columns[at] = Arc::new(texts.expect("every number has a text")) as ArrayRef;
    columns
}

/// The names, in the schema of segments, of the columns that must be read for the groups
/// `columns`.
pub(crate) fn column_names(columns: Columns) -> Vec<&'static str> {
    let schema: &'static SchemaRef = &ROW_SCHEMA;
    places(columns).into_iter().map(|at| schema.field(at).name().as_str()).collect()
}

/// The schema that readers and segments use: [`SCHEMA`] with the text of each origin in place of
/// its number.
pub(crate) static ROW_SCHEMA: std::sync::LazyLock<SchemaRef> = std::sync::LazyLock::new(|| {
    let mut fields: Vec<_> = SCHEMA.fields().iter().cloned().collect();
    let texts = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
    fields[ORIGIN_ID] = Arc::new(Field::new("origin", texts, false));
    Arc::new(Schema::new(fields))
});
