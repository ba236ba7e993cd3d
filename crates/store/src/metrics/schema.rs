//! The columns of a metric file, and how they are stored.

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

/// The columns of a file. Times are nanoseconds since the epoch; histogram bounds are nanoseconds.
pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let column = |name: &str, kind: DataType| Field::new(name, kind, true);
    let numbers = || DataType::List(Arc::new(Field::new_list_field(DataType::UInt64, true)));
    Arc::new(Schema::new(vec![
        column("receipt", DataType::UInt64),
        column("agent_id", DataType::Utf8),
        column("received", DataType::Int64),
        column("protocol", DataType::UInt8),
        column("client", DataType::Boolean),
        column("service_name", DataType::Utf8),
        column("operation", DataType::Utf8),
        column("target", DataType::Utf8),
        column("status", DataType::UInt16),
        column("error", DataType::Utf8),
        column("attributes", DataType::Utf8),
        column("since", DataType::Int64),
        column("time", DataType::Int64),
        column("sum", DataType::Float64),
        column("bounds", numbers()),
        column("counts", numbers()),
        column("exemplars", DataType::Utf8),
    ]))
});

/// The columns as they are read: texts as codes of a dictionary, because rows that follow each other
/// have mostly the same texts.
pub(super) static CODED_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let coded = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => {
            let (code, text) = (Box::new(DataType::UInt32), Box::new(DataType::Utf8));
            Arc::new(Field::new(field.name(), DataType::Dictionary(code, text), true))
        }
        _ => field.clone(),
    };
    Arc::new(Schema::new(SCHEMA.fields().iter().map(coded).collect::<Vec<_>>()))
});

/// Numbers of columns in [`SCHEMA`]. Each column of the schema is one column of the Parquet file.
pub(super) mod column {
    pub const RECEIPT: usize = 0;
    pub const AGENT_ID: usize = 1;
    pub const RECEIVED: usize = 2;
    pub const PROTOCOL: usize = 3;
    pub const CLIENT: usize = 4;
    pub const SERVICE: usize = 5;
    pub const OPERATION: usize = 6;
    pub const TARGET: usize = 7;
    pub const STATUS: usize = 8;
    pub const ERROR: usize = 9;
    pub const ATTRIBUTES: usize = 10;
    pub const SINCE: usize = 11;
    pub const TIME: usize = 12;
    pub const SUM: usize = 13;
    pub const BOUNDS: usize = 14;
    pub const COUNTS: usize = 15;
    pub const EXEMPLARS: usize = 16;
}

/// Rows per batch, when writing and when reading: less than two milliseconds of work.
pub(super) const BATCH_ROWS: usize = 1_024;
/// Rows per page. Of a page with one wanted row, the whole page is decompressed.
const PAGE_ROWS: usize = 1_024;
/// Rows per row group. A writer holds one row group in memory, encoded.
const GROUP_ROWS: usize = 131_072;

/// How files are written.
///
/// Pages have their least and greatest service and time in the column index. Other columns have
/// statistics per row group only, because the column index of all columns would be a fifth of a
/// small file.
pub(super) fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .set_column_dictionary_enabled("receipt".into(), false)
        .set_column_encoding("receipt".into(), Encoding::DELTA_BINARY_PACKED)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_column_statistics_enabled("service_name".into(), EnabledStatistics::Page)
        .set_column_statistics_enabled("time".into(), EnabledStatistics::Page)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(BATCH_ROWS)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .build()
}
