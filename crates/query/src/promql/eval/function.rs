//! Functions of instant vectors and scalars.

use super::super::error::PromqlError;
use super::super::labels::Labels;
use super::super::syntax::{Function, Math};
use super::super::value::{Row, Value, distinct};
use super::{label, quantile};

/// The values of the arguments of a call, in their order by kind.
#[derive(Default)]
pub(super) struct Arguments {
    pub scalars: Vec<Vec<f64>>,
    pub texts: Vec<String>,
    pub rows: Vec<Row>,
}

/// The value of `function` at `steps` steps.
pub(super) fn called(
    function: Function,
    arguments: Arguments,
    steps: usize,
) -> Result<Value, PromqlError> {
    let Arguments { mut scalars, texts, rows } = arguments;
    let no_number = || vec![f64::NAN; steps];
    let second = (scalars.len() > 1).then(|| scalars.remove(1));
    let first = scalars.pop();
    let rows = match function {
        Function::Vector => {
            let values = first.unwrap_or_else(no_number).into_iter().map(Some).collect();
            vec![Row { labels: Labels::default(), values }]
        }
        Function::Scalar => return Ok(Value::Scalar(only_values(&rows, steps))),
        Function::HistogramQuantile => {
            quantile::of_histograms(&first.unwrap_or_else(no_number), rows)
        }
        Function::LabelJoin => return Ok(Value::Vector(label::joined(rows, &texts)?)),
        Function::LabelReplace => return Ok(Value::Vector(label::replaced(rows, &texts)?)),
        Function::Sort => sorted(rows, false),
        Function::SortDesc => sorted(rows, true),
        Function::Clamp => {
            let (least, most) = (first.unwrap_or_else(no_number), second.unwrap_or_else(no_number));
            distinct(each(rows, |at, value| {
                // No value is between bounds that are swapped.
                let is_empty = most[at] < least[at];
                (!is_empty).then(|| larger(smaller(value, most[at]), least[at]))
            }))?
        }
        Function::ClampMin => {
            let least = first.unwrap_or_else(no_number);
            distinct(each(rows, |at, value| Some(larger(value, least[at]))))?
        }
        Function::ClampMax => {
            let most = first.unwrap_or_else(no_number);
            distinct(each(rows, |at, value| Some(smaller(value, most[at]))))?
        }
        Function::Round => {
            let to = first.unwrap_or_else(|| vec![1.0; steps]);
            distinct(each(rows, |at, value| {
                let inverse = 1.0 / to[at];
                Some((value * inverse + 0.5).floor() / inverse)
            }))?
        }
        Function::Math(math) => distinct(each(rows, |_, value| Some(computed(math, value))))?,
        Function::OfRange(_)
        | Function::Absent
        | Function::AbsentOverTime
        | Function::Time
        | Function::Timestamp => {
            return Err(PromqlError::Refused("expected type range vector".to_owned()));
        }
    };
    Ok(Value::Vector(rows))
}

/// `rows` without names, with `change` applied to each value.
fn each(rows: Vec<Row>, change: impl Fn(usize, f64) -> Option<f64>) -> Vec<Row> {
    let changed = |row: Row| {
        let mut row = row.unnamed();
        for (at, value) in row.values.iter_mut().enumerate() {
            *value = value.and_then(|value| change(at, value));
        }
        row
    };
    rows.into_iter().map(changed).collect()
}

/// The larger number; none if one is none, unlike [`f64::max`].
fn larger(one: f64, other: f64) -> f64 {
    if one.is_nan() || other.is_nan() { f64::NAN } else { one.max(other) }
}

/// The smaller number; none if one is none, unlike [`f64::min`].
fn smaller(one: f64, other: f64) -> f64 {
    if one.is_nan() || other.is_nan() { f64::NAN } else { one.min(other) }
}

/// The value of the only row at each step; not a number where there is none or several.
fn only_values(rows: &[Row], steps: usize) -> Vec<f64> {
    let only = |step: usize| {
        let mut found = rows.iter().filter_map(|row| row.values[step]);
        found.next().filter(|_| found.next().is_none()).unwrap_or(f64::NAN)
    };
    (0..steps).map(only).collect()
}

/// Sorted by the last value. Only answers at one moment keep the order.
fn sorted(mut rows: Vec<Row>, is_descending: bool) -> Vec<Row> {
    let last = |row: &Row| row.values.last().copied().flatten().unwrap_or(f64::NAN);
    rows.sort_by(|one, other| {
        let [one, other] = [last(one), last(other)];
        // What is no number comes last in both orders.
        one.is_nan().cmp(&other.is_nan()).then_with(|| match is_descending {
            true => other.total_cmp(&one),
            false => one.total_cmp(&other),
        })
    });
    rows
}

fn computed(math: Math, value: f64) -> f64 {
    match math {
        Math::Abs => value.abs(),
        Math::Ceil => value.ceil(),
        Math::Exp => value.exp(),
        Math::Floor => value.floor(),
        Math::Ln => value.ln(),
        Math::Log10 => value.log10(),
        Math::Log2 => value.log2(),
        Math::Sqrt => value.sqrt(),
        Math::Sgn if value > 0.0 => 1.0,
        Math::Sgn if value < 0.0 => -1.0,
        Math::Sgn => value,
    }
}
