//! Values of expressions at all moments of a question.

use super::error::PromqlError;
use super::labels::{Labels, NAME};

/// The largest number of values of one expression, of all series at all moments.
const MAX_POINTS: usize = 4_000_000;

/// The value of an expression.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    /// A number at each moment.
    Scalar(Vec<f64>),
    /// Series.
    Vector(Vec<Row>),
}

/// A series with its value at each moment; `None` where it has none.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Row {
    pub labels: Labels,
    pub values: Vec<Option<f64>>,
}

impl Row {
    /// The same without the name of the metric.
    pub fn unnamed(mut self) -> Self {
        self.labels.set(NAME, "");
        self
    }

    /// The same with `change` applied to each value.
    pub fn map(mut self, change: impl Fn(usize, f64) -> f64) -> Self {
        for (at, value) in self.values.iter_mut().enumerate() {
            *value = value.map(|value| change(at, value));
        }
        self
    }

    pub fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }
}

/// An error if `rows` of `steps` values are more than fit into memory.
pub(super) fn check_size(rows: usize, steps: usize) -> Result<(), PromqlError> {
    match rows.saturating_mul(steps) > MAX_POINTS {
        true => Err(PromqlError::Execution(format!(
            "query processing would load too many samples into memory: {rows} series at {steps} \
             moments; ask for fewer series or a larger step"
        ))),
        false => Ok(()),
    }
}

/// `rows`, of which those with the same labels are one.
///
/// # Errors
/// [`PromqlError::Execution`] if two of them have a value at the same moment.
pub(super) fn distinct(mut rows: Vec<Row>) -> Result<Vec<Row>, PromqlError> {
    rows.retain(|row| !row.is_empty());
    rows.sort_by(|one, other| one.labels.cmp(&other.labels));
    let mut found: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        match found.last_mut().filter(|last| last.labels == row.labels) {
            None => found.push(row),
            Some(last) => {
                for (known, value) in last.values.iter_mut().zip(row.values) {
                    if known.is_some() && value.is_some() {
                        let reason = "vector cannot contain metrics with the same labelset";
                        return Err(PromqlError::Execution(reason.to_owned()));
                    }
                    *known = known.or(value);
                }
            }
        }
    }
    Ok(found)
}
