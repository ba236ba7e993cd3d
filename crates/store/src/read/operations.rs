//! The operations of a service: names and kinds of its spans.

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt8Type, UInt32Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use coral_engine::{Budget, MAX_OPERATIONS, Operation};
use coral_trace::{SpanKind, TimeRange};
use hashbrown::HashMap;

use crate::error::StoreError;
use crate::hot::generation::{Generation, Rows};
use crate::hot::live::Live;
use crate::row::{column_named, damaged};
use crate::segment::Segment;

/// See [`TraceReader::operations`](coral_engine::TraceReader::operations). A row group whose
/// dictionary lacks the service is skipped.
pub(crate) fn operations(
    live: &Live,
    service: &str,
    started: TimeRange,
    budget: &Budget,
) -> Result<Vec<Operation>, StoreError> {
    budget.check()?;
    let mut found = Found { service, operations: HashMap::new() };
    let state = live.read();
    let hot: Vec<Rows> = state.generations().map(Generation::all).collect();
    let segments = state.segments.clone();
    drop(state);
    for batch in hot.iter().flat_map(Rows::batches) {
        budget.count_rows(batch.num_rows() as u64)?;
        budget.check()?;
        found.add(&batch)?;
    }
    let inside = |segment: &&std::sync::Arc<Segment>| {
        let (first, last) = (segment.extent.first_start, segment.extent.last_start);
        last >= started.start.as_micros() && first < started.end.as_micros()
    };
    for segment in segments.iter().rev().filter(inside) {
        if found.operations.len() >= MAX_OPERATIONS {
            break;
        }
        found.add_segment(segment, budget).map_err(StoreError::unreadable(segment.receipts()))?;
    }
    Ok(found.sorted())
}

struct Found<'a> {
    service: &'a str,
    /// For each span name, a bit set of the kinds of spans with the name.
    operations: HashMap<String, u8>,
}

impl Found<'_> {
    fn add_segment(&mut self, segment: &Segment, budget: &Budget) -> Result<(), StoreError> {
        if !segment.extent.services.may_have(self.service) {
            return Ok(());
        }
        let service = self.service.as_bytes();
        for group in segment.row_groups()? {
            budget.check()?;
            if group.may_hold("service_name", |name| name == service)? {
                for batch in group.read(&["service_name", "span_name", "span_kind"], budget)? {
                    self.add(&batch)?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        let services = Texts::of(batch, "service_name")?;
        let names = Texts::of(batch, "span_name")?;
        let kinds = column_named(batch, "span_kind")?.as_primitive::<UInt8Type>().values();
        let mut last = None;
        for (row, kind) in kinds.iter().enumerate() {
            if services.text(row) != self.service {
                continue;
            }
            let name = names.text(row);
            // Consecutive rows often have the same name, so a repeated row is skipped without a
            // look-up.
            if last == Some((name, *kind)) || self.operations.len() > MAX_OPERATIONS {
                continue;
            }
            last = Some((name, *kind));
            *self.operations.entry_ref(name).or_default() |= 1 << kind.min(&7);
        }
        Ok(())
    }

    fn sorted(self) -> Vec<Operation> {
        let mut names: Vec<(String, u8)> = self.operations.into_iter().collect();
        names.sort_unstable();
        let operations = names.into_iter().flat_map(|(name, kinds)| {
            let kinds = (0..8).filter(move |kind| kinds >> kind & 1 == 1);
            kinds.map(move |kind| Operation { name: name.clone(), kind: SpanKind::from(kind) })
        });
        operations.take(MAX_OPERATIONS).collect()
    }
}

/// A text column: plain in hot rows, dictionary-encoded in segments.
enum Texts<'a> {
    Plain(&'a arrow_array::StringArray),
    Coded(&'a [u32], &'a arrow_array::StringArray),
}

impl<'a> Texts<'a> {
    fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Self, StoreError> {
        let column = column_named(batch, name)?;
        match column.data_type() {
            DataType::Utf8 => Ok(Self::Plain(column.as_string())),
            DataType::Dictionary(_, _) => {
                let coded = column.as_dictionary::<UInt32Type>();
                Ok(Self::Coded(coded.keys().values(), coded.values().as_string()))
            }
            other => Err(damaged(name, other)),
        }
    }

    fn text(&self, row: usize) -> &'a str {
        match self {
            Self::Plain(texts) => texts.value(row),
            Self::Coded(codes, texts) => texts.value(codes[row] as usize),
        }
    }
}
