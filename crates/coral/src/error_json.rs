//! Errors of commands with `--format json`.

use serde_json::{Value, json};

/// The JSON of an error, as a command prints it on standard output:
/// `{"error": {"message": …, "hint": …, "exit_code": 1}}`.
pub fn error_json(message: &str, hint: Option<&str>, exit_code: u8) -> Value {
    json!({ "error": { "message": message, "hint": hint, "exit_code": exit_code } })
}
