//! Parses a line of Beyla's log, in the formats of Go's slog: `key=value` text, or JSON.

use serde_json::Value;
use tracing::Level;

use super::process::Pipe;
use coral_trace::sanitize;

/// One line of the log. A line in neither format, or without a valid level, becomes a message
/// without a level and fields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// The level; `None` if the line has none.
    pub level: Option<Level>,
    /// The value of `msg`; the whole line if the line has no level.
    pub message: String,
    /// All fields but `time`, `level` and `msg`, in the order of the line.
    pub fields: Vec<(String, String)>,
}

/// The largest number of characters of a summary. Programs in Go wrap errors, and the cause comes
/// last: the errors of Beyla's tracers have up to 280 characters.
const MAX_SUMMARY_CHARS: usize = 300;

impl LogLine {
    /// Parses any line.
    pub fn parse(line: &str) -> Self {
        let pairs = if line.starts_with('{') { json(line) } else { text(line) };
        let structured = pairs.and_then(Self::of_pairs);
        structured.unwrap_or_else(|| Self {
            level: None,
            message: line.trim_end().to_owned(),
            fields: Vec::new(),
        })
    }

    /// The value of a field.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// The message, followed by the error if there is one: "wrong configuration: missing port". The
    /// summary is safe to print, and a long one keeps its beginning and its end.
    pub fn summary(&self) -> String {
        let summary = match self.field("error").or_else(|| self.field("err")) {
            Some(error) => format!("{}: {error}", self.message),
            None => self.message.clone(),
        };
        sanitize::whole(&sanitize::without_middle(&summary, MAX_SUMMARY_CHARS))
    }

    /// Whether the line may say why Beyla has ended: an error, or what stands on stderr and is not
    /// part of the log of a Beyla that works.
    pub fn may_be_last_words(&self, pipe: Pipe) -> bool {
        match self.level {
            Some(Level::ERROR) => true,
            Some(Level::WARN) | None => pipe == Pipe::Err && !self.message.is_empty(),
            Some(_) => false,
        }
    }

    /// All fields as one text: `key=value`, separated by spaces.
    pub fn rest(&self) -> String {
        let pairs: Vec<_> =
            self.fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(" ")
    }

    fn of_pairs(pairs: Vec<(String, String)>) -> Option<Self> {
        let mut line = Self { level: None, message: String::new(), fields: Vec::new() };
        for (key, value) in pairs {
            match key.as_str() {
                "time" => {}
                "level" => line.level = Some(level(&value)?),
                "msg" => line.message = value,
                _ => line.fields.push((key, value)),
            }
        }
        line.level.is_some().then_some(line)
    }
}

/// Parses `DEBUG`, `INFO`, `WARN` and `ERROR`, also with an offset, such as `ERROR+4` and
/// `DEBUG-1`. The offset is ignored.
fn level(text: &str) -> Option<Level> {
    match text.split(['+', '-']).next()? {
        "DEBUG" => Some(Level::DEBUG),
        "INFO" => Some(Level::INFO),
        "WARN" => Some(Level::WARN),
        "ERROR" => Some(Level::ERROR),
        _ => None,
    }
}

fn json(line: &str) -> Option<Vec<(String, String)>> {
    let Value::Object(fields) = serde_json::from_str(line).ok()? else { return None };
    let plain = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Some(fields.into_iter().map(|(key, value)| (key, plain(value))).collect())
}

/// Parses `key=value key="quoted value"`; keys may be quoted too.
fn text(line: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (key, after) = word(rest, '=')?;
        let after = after.strip_prefix('=')?;
        let Some((value, after)) = word(after, ' ') else {
            // Accepts a line without the end of its last, quoted value.
            let is_log = pairs.iter().any(|(key, _)| key == "msg");
            pairs.push((key, after.strip_prefix('"').filter(|_| is_log)?.to_owned()));
            break;
        };
        pairs.push((key, value));
        rest = after.trim_start();
    }
    Some(pairs)
}

/// Splits `text` after its first word: a quoted text, or everything before `end`. Returns the word
/// without quotes, and the rest, which begins with `end` if there is one.
fn word(text: &str, end: char) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        return unquote(quoted);
    }
    let length = text.find(end).unwrap_or(text.len());
    let word = &text[..length];
    // A word without quotes has no space inside; a text with one is prose, and not a log line.
    (!word.contains([' ', '"'])).then(|| (word.to_owned(), &text[length..]))
}

/// Unquotes a text that Go's `strconv.Quote` wrote; `text` begins after the opening quote. Returns
/// the unquoted text and the rest of the line, or `None` if the text is not quoted correctly.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut bytes = Vec::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((String::from_utf8_lossy(&bytes).into_owned(), &text[at + 1..])),
            '\\' => escape(&mut chars, &mut bytes)?,
            c => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    None
}

fn escape(chars: &mut std::str::CharIndices<'_>, bytes: &mut Vec<u8>) -> Option<()> {
    let simple = |c| "abfnrtv".find(c).map(|at| b"\x07\x08\x0c\n\r\t\x0b"[at]);
    let (_, c) = chars.next()?;
    let digits = match c {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        c => {
            match simple(c) {
                Some(control) => bytes.push(control),
                None => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            }
            return Some(());
        }
    };
    let mut code = 0_u32;
    for _ in 0..digits {
        code = code.checked_mul(16)? + chars.next()?.1.to_digit(16)?;
    }
    match c {
        'x' => bytes.push(u8::try_from(code).ok()?),
        _ => bytes.extend(char::from_u32(code)?.encode_utf8(&mut [0; 4]).bytes()),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, level: Option<Level>, message: &str, rest: &str) {
        let parsed = LogLine::parse(line);
        assert_eq!(parsed.level, level, "{line}");
        assert_eq!((parsed.message.as_str(), parsed.rest().as_str()), (message, rest), "{line}");
    }

    #[test]
    fn text_of_slog_is_parsed_with_quoted_keys_and_values() {
        check(
            r#"time=2026-11-23T07:00:00.123Z level=INFO msg="Grafana Beyla" Version=v3.31.0 "OpenTelemetry SDK Version"=1.44.0"#,
            Some(Level::INFO),
            "Grafana Beyla",
            "Version=v3.31.0 OpenTelemetry SDK Version=1.44.0",
        );
        check(
            r#"level=ERROR msg="Unable to load eBPF watcher for process events" component=discover.watcher error="line one\nsaid \"no\" \u00e9\x41""#,
            Some(Level::ERROR),
            "Unable to load eBPF watcher for process events",
            "component=discover.watcher error=line one\nsaid \"no\" éA",
        );
        check(
            "level=ERROR msg=\"couldn't trace process\" error=\"a verifier's log without",
            Some(Level::ERROR),
            "couldn't trace process",
            "error=a verifier's log without",
        );
        check("level=WARN msg=short a=", Some(Level::WARN), "short", "a=");
    }

    #[test]
    fn slogs_json_is_read_too() {
        check(
            r#"{"time":"2026-11-23T07:00:00Z","level":"DEBUG","msg":"poll","pid":42,"ports":[80]}"#,
            Some(Level::DEBUG),
            "poll",
            "pid=42 ports=[80]",
        );
    }

    #[test]
    fn anything_else_is_a_message_without_a_level() {
        for line in [
            "",
            "Error Log:",
            "load program: permission denied: 0: (bf) r6 = r1",
            "{ not json",
            "{\"msg\":\"no level\"}",
            "level=LOUD msg=x",
            "level=INFO msg=\"never closed",
            "level=INFO msg=\"bad \\xzz\"",
            "a=b",
            "[1,2]",
        ] {
            check(line, None, line, "");
        }
    }

    #[test]
    fn the_summary_of_an_error_has_its_cause() {
        let line = r#"level=ERROR msg="wrong configuration" error="missing port""#;
        assert_eq!(LogLine::parse(line).summary(), "wrong configuration: missing port");
    }
    /// An error of Beyla that the kernel's verifier caused, in 277 bytes.
    const LONG: &str = r#"time=2026-11-23T07:00:01.000Z level=ERROR msg="couldn't trace process. Stopping process tracer" component=ebpf.ProcessTracer path=/bin/cart pid=7 error="loading and assigning BPF objects: field ObiUprobeServeHTTP: program obi_uprobe_serve_http: load program: permission denied""#;

    #[test]
    fn an_error_of_277_bytes_has_its_cause_in_the_summary() {
        assert_eq!(LONG.len(), 277);
        let summary = LogLine::parse(LONG).summary();
        assert!(summary.starts_with("couldn't trace process. Stopping process tracer: loading"));
        assert!(summary.ends_with(": load program: permission denied"), "{summary}");
    }

    #[test]
    fn a_longer_error_loses_its_middle_and_keeps_its_cause() {
        let line = LONG.replace("field", &"wrapped: ".repeat(100));
        let summary = LogLine::parse(&line).summary();
        assert_eq!(summary.chars().count(), MAX_SUMMARY_CHARS);
        assert!(summary.starts_with("couldn't trace process. Stopping process tracer: loading"));
        assert!(summary.contains('…') && summary.ends_with("permission denied"), "{summary}");
    }

    #[test]
    fn no_line_of_a_beyla_that_works_is_the_reason_of_an_end() {
        let may_be = |pipe, line| LogLine::parse(line).may_be_last_words(pipe);
        assert!(may_be(Pipe::Out, "level=ERROR msg=x"));
        assert!(may_be(Pipe::Err, "level=WARN msg=x"));
        assert!(may_be(Pipe::Err, "panic: nil map"));
        for (pipe, line) in [
            (Pipe::Err, ""),
            (Pipe::Err, "level=INFO msg=x"),
            (Pipe::Err, "level=DEBUG msg=x"),
            (Pipe::Out, "level=INFO msg=x"),
            (Pipe::Out, "level=WARN msg=x"),
            (Pipe::Out, "a printed span"),
        ] {
            assert!(!may_be(pipe, line), "{pipe:?} {line}");
        }
    }
}
