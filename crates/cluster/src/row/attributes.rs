//! The attributes of a span in columns: those that [`coral_record::promoted`] names have a column of
//! their own, and the others are in the JSON of `attributes`.

use coral_record::promoted::{self, NUMBERS, Sorted, TEXT};
use coral_trace::{Attributes, KeyValue, Value};
use serde::Deserialize;

use super::read_attributes;
use crate::error::ClusterError;

/// The bit of the column `promoted` of a row that has, in its JSON, an attribute with the key of a
/// column. The lower half of `promoted` has [`Sorted::spellings`], and the bits from
/// [`FIRST_PRESENT`] on say which columns have a value, text columns first.
pub(crate) const MISPLACED: u64 = 1 << 63;
/// `status_code` of a span without a response status.
pub(crate) const NO_STATUS: i32 = -1;
const FIRST_PRESENT: usize = 32;

/// The columns of the attributes of one row.
#[derive(Deserialize)]
pub(crate) struct AttributeColumns {
    promoted: u64,
    status_code: i32,
    text: [String; TEXT.len()],
    numbers: [i64; NUMBERS.len()],
    /// The JSON of the other attributes.
    rest: String,
}

/// The columns to select for [`AttributeColumns`].
pub(crate) fn select() -> String {
    let columns = TEXT.iter().chain(&NUMBERS).map(|column| column.column);
    format!("promoted, status_code, {}, attributes", columns.collect::<Vec<_>>().join(", "))
}

/// The value of the column `promoted`.
pub(crate) fn mask(sorted: &Sorted<'_>) -> u64 {
    let text = sorted.text.iter().map(Option::is_some);
    let present = text.chain(sorted.numbers.iter().map(Option::is_some));
    let mask =
        present.enumerate().map(|(at, is_there)| u64::from(is_there) << (FIRST_PRESENT + at));
    let misplaced = if sorted.is_misplaced { MISPLACED } else { 0 };
    mask.sum::<u64>() | misplaced | u64::from(sorted.spellings)
}

/// The condition that a row has a value in the column, among text columns and then integer columns.
pub(crate) fn has_value(column: usize) -> String {
    format!("bitAnd(promoted, {}) != 0", 1_u64 << (FIRST_PRESENT + column))
}

/// The condition that a row has a value in the text column `column`, which was sent under its older
/// key or not.
pub(crate) fn has_text(column: usize, older: bool) -> String {
    let (present, spelled) =
        (1_u64 << (FIRST_PRESENT + column), u64::from(promoted::older_bit(column)));
    let value = present | if older { spelled } else { 0 };
    format!("bitAnd(promoted, {}) = {value}", present | spelled)
}

impl AttributeColumns {
    /// The attributes: those with columns in the order of the columns, then the others in theirs.
    pub(crate) fn attributes(self) -> Result<Attributes, ClusterError> {
        let Self { promoted: mask, status_code, text, numbers, rest } = self;
        let rest = read_attributes(&rest)?;
        if mask & !MISPLACED == 0 {
            return Ok(rest);
        }
        let spellings = mask as u32;
        let has = |column: usize| mask >> (FIRST_PRESENT + column) & 1 == 1;
        let mut all: Vec<KeyValue> =
            promoted::status_attribute(spellings, u16::try_from(status_code).ok())
                .into_iter()
                .collect();
        for (column, text) in text.into_iter().enumerate().filter(|(column, _)| has(*column)) {
            let key = promoted::text_key(spellings, column).to_owned();
            all.push(KeyValue { key, value: Value::String(text) });
        }
        for (column, number) in numbers.into_iter().enumerate() {
            if has(TEXT.len() + column) {
                let key = promoted::number_key(column).to_owned();
                all.push(KeyValue { key, value: Value::Int(number) });
            }
        }
        all.extend(rest.0);
        Ok(Attributes(all))
    }
}
