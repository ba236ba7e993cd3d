//! Functions that make labels from labels.

use super::super::error::PromqlError;
use super::super::matcher::anchored;
use super::super::value::{Row, distinct};

/// The longest value of a label that a function makes, and the longest text that it makes it from.
/// Nested calls would double the value each.
const MAX_LABEL_BYTES: usize = 4_096;
const MAX_REPLACEMENT_BYTES: usize = 1_024;

/// `label_replace`: sets a label from another label that matches a pattern.
pub(super) fn replaced(rows: Vec<Row>, texts: &[String]) -> Result<Vec<Row>, PromqlError> {
    let [target, replacement, source, pattern] = texts else {
        return Err(PromqlError::Refused("label_replace needs four strings".to_owned()));
    };
    let pattern = anchored(pattern).map_err(|_| {
        PromqlError::Execution(format!("invalid regular expression in label_replace(): {pattern}"))
    })?;
    if !is_name(target) {
        let reason = format!("invalid destination label name in label_replace(): {target}");
        return Err(PromqlError::Execution(reason));
    }
    if replacement.len() > MAX_REPLACEMENT_BYTES {
        let reason = format!("the replacement has more than {MAX_REPLACEMENT_BYTES} bytes");
        return Err(PromqlError::Execution(reason));
    }
    let replace = |mut row: Row| {
        if let Some(found) = pattern.captures(row.labels.get(source)) {
            let mut value = String::new();
            found.expand(replacement, &mut value);
            set(&mut row, target, value)?;
        }
        Ok(row)
    };
    distinct(rows.into_iter().map(replace).collect::<Result<_, PromqlError>>()?)
}

/// `label_join`: sets a label to the values of other labels, with a text between them.
pub(super) fn joined(rows: Vec<Row>, texts: &[String]) -> Result<Vec<Row>, PromqlError> {
    let [target, between, sources @ ..] = texts else {
        return Err(PromqlError::Refused("label_join needs two strings".to_owned()));
    };
    if !is_name(target) {
        let reason = format!("invalid destination label name in label_join(): {target}");
        return Err(PromqlError::Execution(reason));
    }
    if let Some(source) = sources.iter().find(|source| !is_name(source)) {
        let reason = format!("invalid source label name in label_join(): {source}");
        return Err(PromqlError::Execution(reason));
    }
    let join = |mut row: Row| {
        let values: Vec<&str> = sources.iter().map(|source| row.labels.get(source)).collect();
        let length = values.iter().map(|value| value.len()).sum::<usize>();
        let between_all = between.len().saturating_mul(values.len().saturating_sub(1));
        let value = match length.saturating_add(between_all) > MAX_LABEL_BYTES {
            true => return Err(too_long(target)),
            false => values.join(between),
        };
        set(&mut row, target, value)?;
        Ok(row)
    };
    distinct(rows.into_iter().map(join).collect::<Result<_, PromqlError>>()?)
}

/// Whether `label` is a name of a label.
pub(super) fn is_name(label: &str) -> bool {
    let is_part = |(at, c): (usize, char)| {
        c == '_' || c.is_ascii_alphabetic() || (at > 0 && c.is_ascii_digit())
    };
    !label.is_empty() && label.chars().enumerate().all(is_part)
}

fn set(row: &mut Row, label: &str, value: String) -> Result<(), PromqlError> {
    match value.len() > MAX_LABEL_BYTES {
        true => Err(too_long(label)),
        false => {
            row.labels.set(label, value);
            Ok(())
        }
    }
}

fn too_long(label: &str) -> PromqlError {
    PromqlError::Execution(format!("the label `{label}` has more than {MAX_LABEL_BYTES} bytes"))
}
