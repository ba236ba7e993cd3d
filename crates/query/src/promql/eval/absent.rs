//! `absent` and `absent_over_time`.

use super::super::labels::{Labels, NAME};
use super::super::syntax::Expr;
use super::super::value::Row;

/// One series that is 1 at the steps at which none of `rows` has a value; none if there is no such
/// step.
pub(super) fn absent(labels: Labels, rows: &[Row], steps: usize) -> Vec<Row> {
    let value =
        |step: usize| rows.iter().all(|row: &Row| row.values[step].is_none()).then_some(1.0);
    let row = Row { labels, values: (0..steps).map(value).collect() };
    if row.is_empty() { Vec::new() } else { vec![row] }
}

/// The labels of series that are missing: of a selector, those that it names with `=`, once each and
/// with no other matcher after it.
pub(super) fn labels(of: &Expr) -> Labels {
    let mut labels = Labels::default();
    let Expr::Selector(selector) = of else { return labels };
    let mut seen: Vec<&str> = Vec::new();
    for matcher in selector.matchers.iter().filter(|matcher| matcher.label != NAME) {
        let is_first = matcher.is_equality() && !seen.contains(&&*matcher.label);
        labels.set(&matcher.label, if is_first { matcher.value.as_str() } else { "" });
        if is_first {
            seen.push(&matcher.label);
        }
    }
    labels
}
