//! Whether a message is one of the protocol, and what is wrong with one that is none.
//!
//! `rmcp` reads a request whose parameters have a wrong type as one of a method that it does not know.
//! The checks here name what is wrong.
//!
//! Source: JSON-RPC 2.0, 4 and 5.1 (error codes); Model Context Protocol, "Streamable HTTP".

use coral_trace::sanitize::line;
use http::StatusCode;
use rmcp::ErrorData;
use serde_json::Value;

/// Codes of JSON-RPC 2.0.
const PARSE_ERROR: i32 = -32700;
pub(super) const INVALID_REQUEST: i32 = -32600;
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;

/// The requests that are answered, each with the parameters that it has.
const METHODS: [(&str, &str); 11] = [
    ("initialize", "`protocolVersion`, `capabilities` and `clientInfo`"),
    ("server/discover", "`_meta` with the revision of the protocol"),
    ("ping", "none"),
    ("tools/list", "`cursor`, or none"),
    ("tools/call", "`name`, and `arguments` as an object"),
    ("prompts/list", "`cursor`, or none"),
    ("prompts/get", "`name`, and `arguments` as an object"),
    ("resources/list", "`cursor`, or none"),
    ("resources/templates/list", "`cursor`, or none"),
    ("resources/read", "`uri`"),
    ("completion/complete", "`ref` and `argument`"),
];

/// A message that is answered with an error.
#[derive(Debug)]
pub(super) struct WrongMessage {
    pub status: StatusCode,
    /// The id of the request; null if it has none.
    pub id: Value,
    pub code: i32,
    pub reason: String,
}

/// Checks that `message` is a request, a notification or an answer.
///
/// # Errors
/// [`WrongMessage`] if it is none, or a request of an unknown method or with parameters that are no
/// object.
pub(super) fn check(message: &[u8]) -> Result<(), WrongMessage> {
    let message = serde_json::from_slice::<Value>(message)
        .map_err(|error| none(PARSE_ERROR, format!("the message is not JSON: {error}")))?;
    if message.is_array() {
        return Err(none(
            INVALID_REQUEST,
            "a batch is not accepted: send one message in each request",
        ));
    }
    if message["jsonrpc"] != "2.0" {
        return Err(none(INVALID_REQUEST, "the message has no member `jsonrpc` that is \"2.0\""));
    }
    let Some(method) = message["method"].as_str() else {
        let is_answer = !message["result"].is_null() || !message["error"].is_null();
        let reason = "the message is no request: it has no `method`";
        return if is_answer { Ok(()) } else { Err(none(INVALID_REQUEST, reason)) };
    };
    let id = message.get("id");
    if id.is_some_and(|id| !id.is_string() && !id.is_i64()) {
        return Err(none(INVALID_REQUEST, "the `id` of a request is a string or a whole number"));
    }
    let wrong = |code, reason| {
        let status = if id.is_some() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        WrongMessage { status, id: id.cloned().unwrap_or_default(), code, reason }
    };
    let known = METHODS.iter().find(|(name, _)| *name == method);
    if id.is_some() && known.is_none() {
        let names: Vec<&str> = METHODS.iter().map(|(name, _)| *name).collect();
        let (method, names) = (line(method), names.join(", "));
        let reason = format!("there is no method `{method}`; there are {names}");
        return Err(wrong(METHOD_NOT_FOUND, reason));
    }
    match &message["params"] {
        Value::Null | Value::Object(_) => Ok(()),
        _ => {
            let reason = format!("the `params` of `{}` are not an object", line(method));
            Err(wrong(INVALID_PARAMS, reason))
        }
    }
}

/// The error of a request of the known method `method` whose parameters have a wrong type.
pub(super) fn wrong_params(method: &str) -> ErrorData {
    let params = METHODS.iter().find(|(name, _)| *name == method).map_or("other", |(_, it)| it);
    let reason =
        format!("the `params` of `{}` are missing or of a wrong type: {params}", line(method));
    ErrorData::invalid_params(reason, None)
}

/// A message that is no request.
fn none(code: i32, reason: impl Into<String>) -> WrongMessage {
    WrongMessage { status: StatusCode::BAD_REQUEST, id: Value::Null, code, reason: reason.into() }
}
