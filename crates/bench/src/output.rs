//! Writes measurements to files.

use std::path::Path;

use serde::Serialize;

use crate::Failure;

/// Writes `value` to `file` as JSON.
///
/// # Errors
/// When `value` has no JSON form, or when the file cannot be written: that error names the file.
pub fn write_json(file: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(value)? + "\n";
    std::fs::write(file, json).map_err(|e| format!("cannot write `{}`: {e}", file.display()).into())
}

/// Like [`write_json`], when `file` is given.
///
/// # Errors
/// When `value` has no JSON form, or when the file cannot be written: that error names the file.
pub fn write_json_if(file: Option<&Path>, value: &impl Serialize) -> Result<(), Failure> {
    file.map_or(Ok(()), |file| write_json(file, value))
}

/// An error followed by its causes, separated by colons.
pub fn chain(error: &Failure) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
