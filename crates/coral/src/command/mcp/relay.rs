//! Passes messages of the Model Context Protocol between an assistant and a colony: a line is one
//! message. The colony answers; nothing is answered here but that it cannot be reached.
//!
//! Source: Model Context Protocol, "stdio" and "Streamable HTTP"; JSON-RPC 2.0, 5.1 (error codes).

use std::io::{BufRead, Write};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::super::Failure;
use crate::client::{AskError, Server};
use coral_trace::chain;

/// Questions that are asked at the same time. A colony runs two of one user.
const WORKERS: usize = 4;
/// Longest message of an assistant, in bytes. A colony takes less.
const MAX_LINE: u64 = 1 << 20;
/// The key of the protocol's revision in the metadata of a request.
const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
/// The first code that a server may choose.
const UNREACHABLE: i32 = -32000;

/// Answers the messages of `input` on `output` until `input` ends.
///
/// # Errors
/// [`Failure`] if `input` cannot be read.
pub(super) fn run(
    colony: &Server,
    input: impl BufRead,
    output: impl Write + Send,
) -> Result<(), Failure> {
    let relay = Relay { colony, version: Mutex::default(), output: Mutex::new(output) };
    let (lines, queue) = sync_channel(WORKERS);
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| relay.work(&queue));
        }
        // The sender is dropped at the end, so that the workers end.
        let lines = lines;
        each_line(input, |line| {
            let Some(line) = line else {
                let reason = format!("a message has at most {MAX_LINE} bytes: send less");
                return relay.write(&error(&Value::Null, INVALID_REQUEST, &reason));
            };
            // `initialize` decides the revision of all that follows.
            match line.contains("\"initialize\"") {
                true => relay.answer(&line),
                false => drop(lines.send(line)),
            }
        })
    })
}

/// Passes each line of `input` to `each`; `None` for one that is too long, of which nothing is kept.
fn each_line(mut input: impl BufRead, mut each: impl FnMut(Option<String>)) -> Result<(), Failure> {
    let failed = |error| Failure::new(format!("cannot read messages: {error}"));
    loop {
        let mut line = Vec::new();
        // One byte more is a line break, or too much.
        let read = std::io::Read::take(&mut input, MAX_LINE + 1).read_until(b'\n', &mut line);
        if read.map_err(failed)? == 0 {
            return Ok(());
        }
        if line.len() as u64 > MAX_LINE && !line.ends_with(b"\n") {
            each(None);
            input.skip_until(b'\n').map_err(failed)?;
            continue;
        }
        let line = String::from_utf8_lossy(&line);
        if !line.trim().is_empty() {
            each(Some(line.trim().to_owned()));
        }
    }
}

struct Relay<'a, W> {
    colony: &'a Server,
    /// The revision that `initialize` has agreed on.
    version: Mutex<Option<String>>,
    output: Mutex<W>,
}

impl<W: Write> Relay<'_, W> {
    fn work(&self, queue: &Mutex<Receiver<String>>) {
        loop {
            let line = locked(queue).recv();
            match line {
                Ok(line) => self.answer(&line),
                Err(_) => return,
            }
        }
    }

    /// Answers one message.
    fn answer(&self, line: &str) {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            return self.write(&error(&Value::Null, PARSE_ERROR, "the message is not JSON"));
        };
        if message.is_array() {
            let reason = "a batch is not accepted: send one message on each line";
            return self.write(&error(&Value::Null, INVALID_REQUEST, reason));
        }
        let answer = match self.colony.relay(line.as_bytes(), &self.headers(&message)) {
            Ok(answer) => answer,
            Err(failed) if message.get("id").is_some() => {
                error(&message["id"], UNREACHABLE, &words(&failed))
            }
            // A notification has no answer.
            Err(_) => return,
        };
        if message["method"] == "initialize" {
            let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
            let version = answer["result"]["protocolVersion"].as_str();
            *locked(&self.version) = version.map(str::to_owned);
        }
        self.write(&answer);
    }

    /// The headers of a message, which repeat parts of it.
    fn headers(&self, message: &Value) -> Vec<(&'static str, String)> {
        let params = &message["params"];
        let method = message["method"].as_str();
        let version = params["_meta"][VERSION_KEY].as_str().map(str::to_owned);
        let version = version.or_else(|| match method {
            Some("initialize") => None,
            _ => locked(&self.version).clone(),
        });
        let name = match method {
            Some("tools/call" | "prompts/get") => params["name"].as_str(),
            Some("resources/read") => params["uri"].as_str(),
            _ => None,
        };
        let own = [
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json, text/event-stream".to_owned()),
        ];
        let repeated = [
            ("mcp-protocol-version", version),
            ("mcp-method", method.map(str::to_owned)),
            ("mcp-name", name.map(str::to_owned)),
        ];
        let repeated = repeated.into_iter().filter_map(|(name, value)| Some((name, value?)));
        own.into_iter().chain(repeated.map(|(name, value)| (name, header(value)))).collect()
    }

    /// Writes one line. If the assistant has gone, nobody reads it.
    fn write(&self, answer: &str) {
        let answer = answer.trim();
        if answer.is_empty() {
            return;
        }
        let mut output = locked(&self.output);
        // A line break within JSON is between two values.
        let line = answer.replace(['\n', '\r'], " ") + "\n";
        let _ = output.write_all(line.as_bytes()).and_then(|()| output.flush());
    }
}

/// `value` as a header has it: as it is, or encoded if a header cannot have it.
fn header(value: String) -> String {
    let is_plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && value.trim() == value
        && !value.starts_with("=?base64?");
    if is_plain { value } else { format!("=?base64?{}?=", BASE64_STANDARD.encode(value)) }
}

fn words(error: &AskError) -> String {
    let hint = match error {
        AskError::Unreachable { hint, .. } => Some(hint.as_str()),
        AskError::Refused { hint, .. } => hint.as_deref(),
        AskError::Foreign { .. } => Some("check the address of `coral mcp --colony URL`"),
    };
    let hint = hint.map(|hint| format!(". Hint: {hint}")).unwrap_or_default();
    format!("{}{hint}", chain(error))
}

fn error(id: &Value, code: i32, message: &str) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }).to_string()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A port of loopback that nobody listens on.
    fn nobody() -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    fn answers(lines: &str) -> Vec<Value> {
        let mut output = Vec::new();
        let colony = Server::colony_with_token(&nobody(), "none", None);
        run(&colony, lines.as_bytes(), &mut output).unwrap();
        let text = String::from_utf8(output).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn each_request_is_answered_when_no_colony_can_be_reached_and_no_notification_is() {
        let answers = answers(
            "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"initialize\",\"params\":{}}\n\n\
             {\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n",
        );
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(
            (&answers[0]["id"], &answers[0]["error"]["code"]),
            (&json!("a"), &json!(-32000))
        );
        let message = answers[0]["error"]["message"].as_str().unwrap();
        assert!(message.contains("cannot reach the colony"), "{message}");
        assert!(message.contains("Hint: start a colony"), "{message}");
    }

    #[test]
    fn a_line_that_is_no_json_is_answered_and_the_next_one_is_read() {
        let answers = answers("{\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}");
        let codes: Vec<&Value> = answers.iter().map(|answer| &answer["error"]["code"]).collect();
        assert!(codes.contains(&&json!(-32700)) && codes.contains(&&json!(-32000)), "{answers:?}");
    }

    #[test]
    fn a_batch_is_answered_with_the_reason() {
        let answers = answers("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]\n");
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers[0]["error"]["code"], -32600);
    }

    #[test]
    fn a_message_that_is_too_long_is_answered_and_the_next_one_is_read() {
        for length in [(1 << 20) + 1, 3 << 20] {
            let long = "x".repeat(length);
            let ping = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
            let answers = answers(&format!("{long}\n{ping}\n{long}"));
            let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
            assert_eq!(ids.iter().filter(|id| id.is_null()).count(), 2, "{answers:?}");
            assert!(ids.contains(&&json!(2)), "{answers:?}");
            let wrong = answers.iter().find(|answer| answer["id"].is_null()).unwrap();
            assert_eq!(wrong["error"]["code"], -32600);
            assert!(wrong["error"]["message"].to_string().contains("at most 1048576 bytes"));
        }
        let whole = format!("{}\n", "x".repeat(1 << 20));
        assert_eq!(answers(&whole)[0]["error"]["code"], -32700);
    }

    #[test]
    fn a_value_that_no_header_can_have_is_encoded() {
        assert_eq!(header("tools/call".to_owned()), "tools/call");
        assert_eq!(header("a\r\nx-evil: 1".to_owned()), "=?base64?YQ0KeC1ldmlsOiAx?=");
        assert_eq!(header("wärum".to_owned()), "=?base64?d8OkcnVt?=");
        assert_eq!(header(" a".to_owned()), "=?base64?IGE=?=");
    }
}
