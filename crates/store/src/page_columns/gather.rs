//! Gathers stored rows into a column page.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array as _, ArrayRef, RecordBatch, UInt32Array};
use arrow_select::concat::concat_batches;
use coral_engine::PageColumns;

use crate::error::StoreError;
use crate::page_columns::columns::text_bytes;
use crate::page_columns::layout::{FIXED_ROW_BYTES, LAYOUT, PAGE_SCHEMA};
use crate::page_columns::{MAX_ORIGIN_BYTES, MAX_ROW_BYTES, message};
use crate::read::page::PageRows;
use crate::row::{column_named, damaged};

/// A page of spans by column, with its position in the store's sequence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ColumnPage {
    /// The columns; `None` if the page has no spans.
    pub columns: Option<PageColumns>,
    /// The number of spans.
    pub spans: usize,
    /// The number of different traces.
    pub traces: usize,
    /// See [`Page`](crate::Page) for these three.
    pub next_receipt: u64,
    /// The newest readable receipt.
    pub last_receipt: u64,
    /// The oldest stored receipt.
    pub first_receipt: u64,
}

/// The size of a message beside its rows, in bytes: the places of all columns.
const MESSAGE_HEAD_BYTES: usize = 4_096;

/// Makes a page of the first rows of `page` that fit into `max_bytes`. `None` if the first row is too
/// large for columns: it has to be sent as a span.
///
/// # Errors
/// [`StoreError::Damaged`].
pub(crate) fn gather(page: PageRows, max_bytes: usize) -> Result<Option<ColumnPage>, StoreError> {
    let PageRows { batches, next_receipt, last_receipt, first_receipt } = page;
    let mut gathered = Gathered { bytes: MESSAGE_HEAD_BYTES, ..Gathered::default() };
    let mut is_cut = false;
    for batch in &batches {
        let fitting = gathered.add(batch, max_bytes)?;
        if fitting < batch.num_rows() {
            is_cut = true;
            break;
        }
    }
    if is_cut && gathered.last_receipt.is_none() {
        return Ok(None);
    }
    let next_receipt = gathered.last_receipt.filter(|_| is_cut).unwrap_or(next_receipt);
    let Gathered { rows, origins, bytes, .. } = gathered;
    let mut page = ColumnPage {
        columns: None,
        spans: 0,
        traces: 0,
        next_receipt,
        last_receipt,
        first_receipt,
    };
    let rows = match rows.as_slice() {
        [] => return Ok(Some(page)),
        [one] => one.clone(),
        more => concat_batches(&PAGE_SCHEMA, more).expect("all have the schema"),
    };
    page.spans = rows.num_rows();
    page.traces = trace_count(&rows);
    let rows = message::encode(&rows, bytes);
    page.columns = Some(PageColumns { layout: *LAYOUT, origins: origins.texts, rows });
    Ok(Some(page))
}

/// The rows of a page so far.
#[derive(Default)]
struct Gathered {
    rows: Vec<RecordBatch>,
    origins: OriginTexts,
    /// The size of the message, in bytes.
    bytes: usize,
    last_receipt: Option<u64>,
}

/// The origins of a page.
#[derive(Default)]
struct OriginTexts {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Gathered {
    /// Adds the first rows of `batch` that fit. Returns their number.
    fn add(&mut self, batch: &RecordBatch, max_bytes: usize) -> Result<usize, StoreError> {
        let origin = column_named(batch, "origin")?;
        let dictionary = origin.as_dictionary_opt::<UInt32Type>();
        let dictionary = dictionary.ok_or_else(|| damaged("origin", origin.data_type()))?;
        let texts = dictionary.values().as_string_opt::<i32>();
        let texts = texts.ok_or_else(|| damaged("origin", origin.data_type()))?;
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        let mut latest = None;
        let mut origin_ids = Vec::with_capacity(batch.num_rows());
        for (bytes, code) in text_bytes(batch).into_iter().zip(dictionary.keys().values()) {
            let known = latest.filter(|(known, _)| known == code).map(|(_, number)| number);
            let known = known.or_else(|| numbers.get(code).copied());
            let text = texts.value(*code as usize);
            let new_bytes = if known.is_none() { self.origins.new_bytes(text) } else { 0 };
            let size = bytes as usize + *FIXED_ROW_BYTES + new_bytes;
            let is_small = bytes <= MAX_ROW_BYTES && text.len() <= MAX_ORIGIN_BYTES;
            if !is_small || self.bytes + size > max_bytes {
                break;
            }
            self.bytes += size;
            let number = known.unwrap_or_else(|| self.origins.number(text));
            if known.is_none() {
                numbers.insert(*code, number);
            }
            latest = Some((*code, number));
            origin_ids.push(number);
        }
        let fitting = origin_ids.len();
        if fitting > 0 {
            let receipts = column_named(batch, "receipt")?.as_primitive::<UInt64Type>();
            self.last_receipt = Some(receipts.value(fitting - 1));
            self.rows.push(sent(&batch.slice(0, fitting), UInt32Array::from(origin_ids))?);
        }
        Ok(fitting)
    }
}

/// The columns of `batch` that are sent, with `origin_ids`.
fn sent(batch: &RecordBatch, origin_ids: UInt32Array) -> Result<RecordBatch, StoreError> {
    let last = PAGE_SCHEMA.fields().len() - 1;
    let fields = PAGE_SCHEMA.fields()[..last].iter();
    let columns = fields.map(|field| {
        let column =
            batch.column_by_name(field.name()).filter(|c| c.data_type() == field.data_type());
        column.cloned().ok_or_else(|| damaged("a column of spans", &"another type"))
    });
    let mut columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
    columns.push(Arc::new(origin_ids));
    let rows = RecordBatch::try_new(PAGE_SCHEMA.clone(), columns);
    rows.map_err(|error| damaged("a column of spans", &error))
}

impl OriginTexts {
    /// How many bytes `text` would add.
    fn new_bytes(&self, text: &str) -> usize {
        // Tag and length have at most 6 bytes.
        if self.numbers.contains_key(text) { 0 } else { text.len() + 6 }
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

/// The number of different traces in `rows`.
fn trace_count(rows: &RecordBatch) -> usize {
    let (ids, _) = rows.column(0).as_fixed_size_binary().value_data().as_chunks();
    let mut ids: Vec<u128> = ids.iter().map(|id| u128::from_ne_bytes(*id)).collect();
    ids.dedup();
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}
