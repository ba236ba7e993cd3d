//! Operators between two vectors: which series belong together.

use std::collections::{BTreeMap, HashMap};

use super::super::error::PromqlError;
use super::super::labels::{Labels, NAME};
use super::super::syntax::{Binary, Many, Matching, Operator};
use super::super::value::{Row, distinct};
use super::binary::{keeps_name, kept};

/// `or`, `and` and `unless`, at each step.
pub(super) fn set(of: &Binary, left: Vec<Row>, right: Vec<Row>) -> Vec<Row> {
    let side = if of.operator == Operator::Or { &left } else { &right };
    let mut there: HashMap<Labels, Vec<bool>> = HashMap::new();
    for row in side {
        let key = key(&of.matching, &row.labels);
        let seen = there.entry(key).or_insert_with(|| vec![false; row.values.len()]);
        seen.iter_mut().zip(&row.values).for_each(|(seen, value)| *seen |= value.is_some());
    }
    let filtered = |rows: Vec<Row>, wants_other: bool| {
        let filter = |mut row: Row| {
            let seen = there.get(&key(&of.matching, &row.labels));
            for (at, value) in row.values.iter_mut().enumerate() {
                let has_other = seen.is_some_and(|seen| seen[at]);
                *value = value.filter(|_| has_other == wants_other);
            }
            row
        };
        rows.into_iter().map(filter).filter(|row| !row.is_empty()).collect::<Vec<Row>>()
    };
    match of.operator {
        Operator::Or => {
            let more = filtered(right, false);
            joined(left, more)
        }
        operator => filtered(left, operator == Operator::And),
    }
}

/// `left`, and the values of `more` at steps at which `left` has none of the same labels.
fn joined(left: Vec<Row>, more: Vec<Row>) -> Vec<Row> {
    let mut rows: BTreeMap<Labels, Vec<Option<f64>>> = BTreeMap::new();
    for row in left.into_iter().chain(more) {
        match rows.get_mut(&row.labels) {
            None => drop(rows.insert(row.labels, row.values)),
            Some(known) => {
                known
                    .iter_mut()
                    .zip(row.values)
                    .for_each(|(known, value)| *known = known.or(value));
            }
        }
    }
    rows.into_iter().map(|(labels, values)| Row { labels, values }).collect()
}

/// Arithmetic and comparisons: each series of one side with its only match on the other side.
///
/// # Errors
/// [`PromqlError::Execution`] when a series has several matches at one step.
pub(super) fn matched(
    of: &Binary,
    left: Vec<Row>,
    right: Vec<Row>,
) -> Result<Vec<Row>, PromqlError> {
    let is_swapped = of.matching.many == Some(Many::Right);
    let (many, one) = if is_swapped { (right, left) } else { (left, right) };
    let mut ones: HashMap<Labels, Vec<Row>> = HashMap::new();
    for row in one {
        ones.entry(key(&of.matching, &row.labels)).or_default().push(row);
    }
    let mut taken: HashMap<Labels, Vec<bool>> = HashMap::new();
    let mut found = Vec::new();
    for row in many {
        let key = key(&of.matching, &row.labels);
        let Some(partners) = ones.get(&key) else { continue };
        let taken = taken.entry(key.clone()).or_insert_with(|| vec![false; row.values.len()]);
        let mut by_labels: BTreeMap<Labels, Vec<Option<f64>>> = BTreeMap::new();
        for step in 0..row.values.len() {
            let mut here = partners.iter().filter(|one| one.values[step].is_some());
            let (Some(value), Some(partner)) = (row.values[step], here.next()) else { continue };
            if here.next().is_some() {
                return Err(several(&key, if is_swapped { "left" } else { "right" }));
            }
            if std::mem::replace(&mut taken[step], true) && of.matching.many.is_none() {
                return Err(PromqlError::Execution(
                    "multiple matches for labels: many-to-one matching must be explicit \
                     (group_left/group_right)"
                        .to_owned(),
                ));
            }
            let other = partner.values[step].unwrap_or(f64::NAN);
            let (left, right) = if is_swapped { (other, value) } else { (value, other) };
            if let Some(result) = kept(of, left, right, left) {
                let labels = result_labels(of, &row.labels, &partner.labels);
                let values =
                    by_labels.entry(labels).or_insert_with(|| vec![None; row.values.len()]);
                values[step] = Some(result);
            }
        }
        found.extend(by_labels.into_iter().map(|(labels, values)| Row { labels, values }));
    }
    distinct(found)
}

/// The labels by which series are matched.
fn key(matching: &Matching, labels: &Labels) -> Labels {
    let is_listed = |label: &str| matching.labels.iter().any(|one| one == label);
    labels.only(|label| match matching.on {
        true => is_listed(label),
        false => label != NAME && !is_listed(label),
    })
}

/// The labels of the result of two series.
fn result_labels(of: &Binary, many: &Labels, one: &Labels) -> Labels {
    let matching = &of.matching;
    let is_listed = |label: &str| matching.labels.iter().any(|one| one == label);
    let keeps = |label: &str| match (label == NAME, matching.many) {
        (true, _) if !keeps_name(of) => false,
        (_, Some(_)) => true,
        _ => is_listed(label) == matching.on,
    };
    let mut labels = many.only(keeps);
    for label in &matching.include {
        labels.set(label, one.get(label));
    }
    labels
}

fn several(key: &Labels, side: &str) -> PromqlError {
    let pairs: Vec<String> = key.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    PromqlError::Execution(format!(
        "found duplicate series for the match group {{{}}} on the {side} hand-side of the \
         operation; many-to-many matching not allowed: matching labels must be unique on one side",
        pairs.join(", ")
    ))
}
