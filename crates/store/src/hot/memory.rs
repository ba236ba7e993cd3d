//! The memory that rows hold.

use arrow_array::{Array as _, RecordBatch};

/// The bytes of all buffers of `batch`, used or not: what `get_array_memory_size` of Arrow counts,
/// except that a buffer that several columns share counts once. The columns of a column page are
/// parts of one buffer. No column may be nested.
pub(crate) fn batch_memory(batch: &RecordBatch) -> usize {
    let mut buffers: Vec<(usize, usize)> = Vec::with_capacity(3 * batch.num_columns());
    for column in batch.columns() {
        let data = column.to_data();
        let all = data.buffers().iter().chain(data.nulls().map(|nulls| nulls.buffer()));
        buffers.extend(all.map(|buffer| (buffer.data_ptr().addr().get(), buffer.capacity())));
    }
    buffers.sort_unstable();
    buffers.dedup();
    buffers.into_iter().map(|(_, capacity)| capacity).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::UInt64Array;
    use arrow_buffer::{Buffer, ScalarBuffer};
    use arrow_schema::{DataType, Field, Schema};

    use super::*;
    use crate::row::arrived::SpanRows;
    use crate::tests::span;

    #[test]
    fn buffers_count_as_arrow_counts_them_and_a_shared_buffer_counts_once() {
        let spans: Vec<_> = (1..=100).map(|id| span(id.into(), id, Some(1), 0, 1)).collect();
        let rows = SpanRows::of(&spans).rows;
        let arrays: usize = rows.columns().iter().map(size_of_val).sum();
        let of_arrow = rows.get_array_memory_size();
        let found = batch_memory(&rows);
        assert!(found <= of_arrow && of_arrow - found < 20 * arrays, "{found} of {of_arrow}");
        let shared = Buffer::from(vec![0_u8; 8 * 1_000]);
        let part = |at: usize| -> Arc<UInt64Array> {
            Arc::new(UInt64Array::new(ScalarBuffer::new(shared.clone(), at, 500), None))
        };
        let field = |name| Field::new(name, DataType::UInt64, false);
        let schema = Arc::new(Schema::new(vec![field("a"), field("b")]));
        let batch = RecordBatch::try_new(schema, vec![part(0), part(500)]).unwrap();
        assert_eq!(batch_memory(&batch), 8_000);
    }
}
