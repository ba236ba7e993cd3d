//! A statement of a user: one SELECT, as a user of ClickHouse who only reads.

use std::ops::ControlFlow;
use std::time::Duration;

use coral_engine::Budget;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::error::ClusterError;

/// Limits of a statement.
#[derive(Clone, Copy, Debug)]
pub struct SelectLimits {
    /// Memory at the server, in bytes.
    pub memory: u64,
    /// Threads at the server.
    pub threads: usize,
    /// Longest time.
    pub time: Duration,
}

/// A part of an answer.
#[derive(Clone, PartialEq, Debug)]
pub enum SelectPart {
    /// Name and type of each column: always the first part.
    Columns(Vec<(String, String)>),
    /// The values of a row.
    Row(Vec<Value>),
}

/// Names, types, then rows: a line each, with values between tabs.
const FORMAT: &str = "TabSeparatedWithNamesAndTypes";

impl Cluster {
    /// Runs `statement` on the only shard as [`ClusterConfig::reader`](crate::ClusterConfig::reader), and
    /// calls `tell` with each part of the answer until it breaks.
    ///
    /// # Errors
    /// [`ClusterError::Request`] in ClickHouse's words; [`ClusterError::SeveralShards`], each of which has a
    /// part of the rows; [`ClusterError::NoReader`] and [`ClusterError::ReaderWrites`].
    pub fn select(
        &self,
        statement: &str,
        limits: SelectLimits,
        budget: &Budget,
        tell: &mut dyn FnMut(SelectPart) -> ControlFlow<()>,
    ) -> Result<(), ClusterError> {
        let reader = self.reader()?;
        let sql = "SELECT value FROM system.settings WHERE name = 'readonly'";
        let modes: Vec<String> = reader.plain_rows(sql, budget)?;
        // With 1, a user may not even bring settings: the limits are those of the user's profile, and of
        // `budget`.
        let may_set = match modes.first().map(String::as_str) {
            Some("1") => false,
            Some("2") => true,
            _ => return Err(ClusterError::ReaderWrites),
        };
        let (mut lines, mut rows) = (Lines::default(), Rows::default());
        let settings = [
            ("max_memory_usage", limits.memory.to_string()),
            ("max_threads", limits.threads.to_string()),
            ("max_execution_time", limits.time.as_secs().max(1).to_string()),
        ];
        let settings = if may_set { &settings[..] } else { &[] };
        reader.bytes(statement, FORMAT, settings, budget, &mut |bytes| {
            lines.add(bytes);
            while let Some(line) = lines.next() {
                if let Some(part) = rows.part(&line)?
                    && tell(part).is_break()
                {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}

impl Cluster {
    /// The URL of the server that [`select`](Self::select) asks.
    ///
    /// # Errors
    /// [`ClusterError::SeveralShards`] and [`ClusterError::NoReader`].
    pub fn selects_from(&self) -> Result<&str, ClusterError> {
        Ok(self.reader()?.url())
    }
}

/// Splits a stream of bytes into lines.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Where the next line begins.
    at: usize,
}

impl Lines {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend(bytes);
    }

    fn next(&mut self) -> Option<String> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n')?;
        let line = String::from_utf8_lossy(&rest[..length]).into_owned();
        self.at += length + 1;
        Some(line)
    }
}

/// Reads the lines of an answer.
#[derive(Default)]
struct Rows {
    names: Option<Vec<String>>,
    types: Option<Vec<String>>,
}

impl Rows {
    fn part(&mut self, line: &str) -> Result<Option<SelectPart>, ClusterError> {
        let Some(names) = &self.names else {
            self.names = Some(line.split('\t').map(unescaped).collect());
            return Ok(None);
        };
        let Some(types) = &self.types else {
            let types: Vec<String> = line.split('\t').map(unescaped).collect();
            if types.len() != names.len() {
                return Err(ClusterError::value("types", line));
            }
            let columns = names.iter().cloned().zip(types.iter().cloned()).collect();
            self.types = Some(types);
            return Ok(Some(SelectPart::Columns(columns)));
        };
        let values: Vec<Value> =
            line.split('\t').zip(types).map(|(text, kind)| value(text, kind)).collect();
        match values.len() == types.len() {
            true => Ok(Some(SelectPart::Row(values))),
            false => Err(ClusterError::value("row", line)),
        }
    }
}

/// A value as JSON: numbers that JSON can express, null, and everything else as text.
fn value(text: &str, kind: &str) -> Value {
    if text == "\\N" {
        return Value::Null;
    }
    let inner = |outer: &str| kind.strip_prefix(outer).and_then(|kind| kind.strip_suffix(')'));
    let kind = inner("Nullable(").or_else(|| inner("LowCardinality(")).unwrap_or(kind);
    let number = match kind {
        "UInt8" | "UInt16" | "UInt32" | "UInt64" => text.parse::<u64>().ok().map(Value::from),
        "Int8" | "Int16" | "Int32" | "Int64" => text.parse::<i64>().ok().map(Value::from),
        "Float32" | "Float64" => {
            text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number)
        }
        "Bool" => text.parse::<bool>().ok().map(Value::from),
        _ => None,
    };
    number.unwrap_or_else(|| Value::String(unescaped(text)))
}

/// A text without ClickHouse's escapes.
///
/// Source: ClickHouse's documentation of the format `TabSeparated`.
fn unescaped(text: &str) -> String {
    let (mut plain, mut letters) = (String::with_capacity(text.len()), text.chars());
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        plain.push(match letters.next() {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('r') => '\r',
            Some('n') => '\n',
            Some('t') => '\t',
            Some('0') => '\0',
            Some(other) => other,
            None => '\\',
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parts(chunks: &[&str]) -> Vec<SelectPart> {
        let (mut lines, mut rows, mut parts) = (Lines::default(), Rows::default(), Vec::new());
        for chunk in chunks {
            lines.add(chunk.as_bytes());
            while let Some(line) = lines.next() {
                parts.extend(rows.part(&line).unwrap());
            }
        }
        parts
    }

    #[test]
    fn rows_are_the_same_however_the_stream_is_cut() {
        let text = "n\tt\tx\ty\nUInt64\tString\tNullable(Float64)\tArray(String)\n18446744073709551615\ta\\tb\\n\\'\\\\\t\\N\t['a','b']\n1\té\tnan\t[]\n";
        let expected = vec![
            SelectPart::Columns(
                [
                    ("n", "UInt64"),
                    ("t", "String"),
                    ("x", "Nullable(Float64)"),
                    ("y", "Array(String)"),
                ]
                .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
                .into(),
            ),
            SelectPart::Row(vec![
                json!(u64::MAX),
                json!("a\tb\n'\\"),
                json!(null),
                json!("['a','b']"),
            ]),
            SelectPart::Row(vec![json!(1), json!("é"), json!("nan"), json!("[]")]),
        ];
        assert_eq!(parts(&[text]), expected);
        for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            let (one, two) = text.split_at(at);
            assert_eq!(parts(&[one, two]), expected, "{at}");
        }
    }

    #[test]
    fn a_line_with_another_number_of_values_is_refused() {
        let mut rows = Rows::default();
        assert!(rows.part("a\tb").unwrap().is_none());
        assert!(rows.part("String").is_err());
        assert!(rows.part("String\tString").unwrap().is_some());
        assert!(rows.part("x").is_err());
    }
}
