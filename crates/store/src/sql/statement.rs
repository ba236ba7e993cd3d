//! Checks that a question is one statement that only reads.

use super::engine::Engine;
use super::quoted;
use super::request::{SqlFailure, SqlFailureKind};

/// The first words of statements that only read.
const READING: [&str; 5] = ["SELECT", "WITH", "FROM", "VALUES", "DESCRIBE"];
/// The longest statement, in bytes.
const MAX_STATEMENT: usize = 64 << 10;

/// The statement in `text`, without a final semicolon, if its first word is one of [`READING`].
///
/// This is the first of three checks, for a clear message. The second is [`check_parsed`]. The
/// third is that the statement runs in the parentheses of another SELECT.
pub(super) fn reading(text: &str) -> Result<&str, SqlFailure> {
    let refused = |why: String| Err(SqlFailure::new(SqlFailureKind::Statement, why));
    if text.len() > MAX_STATEMENT {
        return refused(format!("the statement is longer than {MAX_STATEMENT} bytes"));
    }
    if text.contains('\0') {
        return refused("the statement holds a zero byte".to_owned());
    }
    let body = text.trim_end().trim_end_matches(';');
    let word = first_word(body);
    match READING.iter().any(|reading| word.eq_ignore_ascii_case(reading)) {
        true => Ok(body),
        false if word.is_empty() => refused("the statement is empty".to_owned()),
        false => {
            let word: String = word.chars().take(40).collect();
            let may = READING.join(", ");
            refused(format!("a statement that begins with `{word}` is not allowed: only {may}"))
        }
    }
}

/// Checks with DuckDB's parser that `statement` is one SELECT.
pub(super) fn check_parsed(engine: &mut Engine, statement: &str) -> Result<(), SqlFailure> {
    #[derive(serde::Deserialize)]
    struct Parsed {
        #[serde(default)]
        error_type: String,
        #[serde(default)]
        error_message: String,
        #[serde(default)]
        statements: Vec<serde::de::IgnoredAny>,
    }
    let parsed =
        engine.text(&format!("SELECT json_serialize_sql({})::VARCHAR", quoted(statement)))?;
    let parsed: Parsed = serde_json::from_str(&parsed).map_err(|error| {
        SqlFailure::new(
            SqlFailureKind::Engine,
            format!("cannot read the answer of DuckDB's parser: {error}"),
        )
    })?;
    let refused = |why: String| Err(SqlFailure::new(SqlFailureKind::Statement, why));
    match (parsed.statements.len(), parsed.error_type.as_str()) {
        (1, "") => Ok(()),
        (0, "not implemented") => refused("only SELECT statements are allowed".to_owned()),
        (0, "") => refused("the statement is empty".to_owned()),
        (0, kind) => refused(format!("{kind} error: {}", parsed.error_message)),
        (several, _) => refused(format!("expected one statement, found {several}")),
    }
}

/// The first word after white space, comments and opening parentheses.
fn first_word(statement: &str) -> &str {
    let mut rest = statement;
    loop {
        rest = rest.trim_start().trim_start_matches('(').trim_start();
        rest = match rest {
            _ if rest.starts_with("--") => rest.split_once('\n').map_or("", |(_, rest)| rest),
            _ if rest.starts_with("/*") => rest.split_once("*/").map_or("", |(_, rest)| rest),
            _ => break,
        };
    }
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    // A single other character counts as a word too, so that the error message can show it.
    let end = if end == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { end };
    &rest[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_statements_that_begin_with_a_reading_word_are_allowed() {
        for asked in [
            "select 1",
            " -- why\n SELECT 1 ;",
            "/* why */ WITH a AS (SELECT 1) FROM a",
            "(SELECT 1)",
            "VALUES (1)",
            "describe beyla_traces",
        ] {
            assert!(reading(asked).is_ok(), "{asked}");
        }
        assert_eq!(reading("SELECT 1; ").unwrap(), "SELECT 1");
        for (refused, why) in [
            ("COPY (SELECT 1) TO 'x'", "`COPY` is not allowed"),
            ("/* SELECT */ drop table x", "`drop` is not allowed"),
            ("-- only a comment", "is empty"),
            ("", "is empty"),
            ("'x'", "`'` is not allowed"),
            ("SELECT '\0'", "zero byte"),
        ] {
            let error = reading(refused).unwrap_err().text;
            assert!(error.contains(why), "{refused}: {error}");
        }
        assert!(reading(&format!("SELECT '{}'", "x".repeat(MAX_STATEMENT))).is_err());
    }
}
