//! The layout of column pages.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Schema, SchemaRef};
use coral_engine::ColumnsLayout;

use crate::row::batch::SCHEMA;
use coral_record::promoted;

/// The layout that this version writes and reads. It follows from the columns' names and types, from
/// the keys of promoted attributes, and from the form of the JSON in columns.
pub(crate) static LAYOUT: LazyLock<ColumnsLayout> = LazyLock::new(|| {
    let mut meaning = format!("JSON {}\n", coral_record::FORM);
    for field in PAGE_SCHEMA.fields() {
        let (name, of) = (field.name(), field.data_type());
        let _ = writeln!(meaning, "{name} {of} {}", field.is_nullable());
    }
    meaning.push_str(&promoted::meaning());
    // FNV-1a.
    ColumnsLayout(meaning.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
});

/// The columns of a hot row that a reader of a page knows already, or gives its own values.
const NOT_SENT: [&str; 5] = ["receipt", "received_at", "agent_id", "service_name", "ebpf"];

/// The indexes in [`SCHEMA`] of the columns of a page. The last one is `origin_id`.
pub(crate) static SENT: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let fields = SCHEMA.fields().iter().enumerate();
    fields
        .filter(|(_, field)| !NOT_SENT.contains(&field.name().as_str()))
        .map(|(at, _)| at)
        .collect()
});

/// The schema of the rows of a page.
pub(crate) static PAGE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let fields: Vec<_> = SENT.iter().map(|at| SCHEMA.fields()[*at].clone()).collect();
    Arc::new(Schema::new(fields))
});

/// The size of a row in a message without its texts, in bytes.
pub(crate) static FIXED_ROW_BYTES: LazyLock<usize> = LazyLock::new(|| {
    let widths = PAGE_SCHEMA.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => size_of::<i32>(),
        of => width(of),
    });
    widths.sum::<usize>() + PAGE_SCHEMA.fields().len().div_ceil(8)
});

/// The size of a value of a type with fixed size, in bytes.
pub(super) fn width(of: &DataType) -> usize {
    match of {
        DataType::FixedSizeBinary(bytes) => *bytes as usize,
        other => other.primitive_width().expect("the other columns are numbers or texts"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_changes_only_on_purpose() {
        // A new number makes agents and colonies of both versions send spans to each other.
        assert_eq!(format!("{:016x}", LAYOUT.0), "5344ac9dd5a5ec78");
        assert_eq!(
            PAGE_SCHEMA.fields().last().map(|field| field.name().as_str()),
            Some("origin_id")
        );
    }
}
