//! Questions as OpenTelemetry logs.
//!
//! Source: OTLP specification 1.9.0, "JSON Protobuf Encoding" and "OTLP/HTTP Response".

use coral_server::audit::{Decision, rfc3339};
use coral_trace::sanitize::sentences;
use coral_trace::units::counted;
use coral_trace::{UnixNanos, chain};
use serde::Deserialize;
use serde_json::{Value, json};

use super::NumberedQuestion;
use crate::client::http_client;
use crate::command::Failure;

/// Largest number of questions in one request.
const MAX_QUESTIONS: usize = 500;
/// Size of the texts of questions from which on a request is sent, in bytes.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// An `ExportLogsServiceRequest` in JSON. 64-bit numbers are decimal strings.
pub(super) fn request(questions: &[NumberedQuestion]) -> Value {
    let records: Vec<Value> = questions.iter().map(record).collect();
    json!({ "resourceLogs": [{
        "resource": { "attributes": [text("service.name", "coral-colony")] },
        "scopeLogs": [{
            "scope": { "name": "coral.audit", "version": env!("CARGO_PKG_VERSION") },
            "logRecords": records,
        }],
    }] })
}

/// One question as a log record.
fn record(question: &NumberedQuestion) -> Value {
    let NumberedQuestion { seq, record } = question;
    let (severity, severity_text) = match record.decision {
        Decision::Denied => (13, "WARN"),
        Decision::Failed => (17, "ERROR"),
        _ => (9, "INFO"),
    };
    let list = |key: &str, values: &[String]| {
        let values: Vec<Value> =
            values.iter().map(|value| json!({ "stringValue": value })).collect();
        let filled = !values.is_empty();
        filled.then(|| json!({ "key": key, "value": { "arrayValue": { "values": values } } }))
    };
    let named = |key: &str, value: &str| (!value.is_empty()).then(|| text(key, value));
    let time = |key: &str, time: Option<UnixNanos>| Some(text(key, &rfc3339(time?)));
    let role = match record.requester.role.as_str() {
        "" => vec![],
        role => vec![role.to_owned()],
    };
    let attributes = [
        Some(number("coral.audit.seq", *seq)),
        named("user.name", &record.requester.name),
        list("user.roles", &role),
        named("coral.audit.proof", &record.requester.proof),
        record.remote_address.map(|address| text("client.address", &address.ip().to_string())),
        record.remote_address.map(|address| number("client.port", address.port().into())),
        named("coral.audit.surface", record.surface.as_str()),
        named("http.request.method", &record.method),
        named("http.route", &record.path),
        list("coral.audit.services", &record.services),
        time("coral.audit.since", record.since),
        time("coral.audit.until", record.until),
        list("coral.audit.trace_ids", &record.trace_ids),
        list("coral.audit.filters", &record.filters),
        Some(number("coral.audit.rows", record.rows)),
        Some(number("http.response.body.size", record.bytes)),
        Some(number("coral.audit.duration_us", record.duration_us)),
        named("coral.audit.decision", record.decision.as_str()),
        record.reason.as_ref().map(|reason| text("coral.audit.reason", reason)),
        record.status.map(|status| number("http.response.status_code", status.into())),
    ];
    let nanos = record.time.0.to_string();
    json!({
        "timeUnixNano": nanos,
        "observedTimeUnixNano": nanos,
        "severityNumber": severity,
        "severityText": severity_text,
        "eventName": "coral.audit.question",
        "body": { "stringValue": record.question },
        "attributes": attributes.into_iter().flatten().collect::<Vec<Value>>(),
    })
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn number(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

/// Sends questions to an endpoint, in requests of several questions.
pub(super) struct Sender<'a> {
    url: &'a str,
    client: ureq::Agent,
    waiting: Vec<NumberedQuestion>,
    waiting_bytes: usize,
    sent: u64,
    rejected: u64,
    /// Why the endpoint rejected questions, in its own words.
    reason: Option<String>,
}

/// The part of an `ExportLogsServiceResponse` that is read.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    partial_success: Option<PartialSuccess>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PartialSuccess {
    /// A decimal string, or a number.
    rejected_log_records: Value,
    error_message: String,
}

impl<'a> Sender<'a> {
    /// A sender to the whole URL of an endpoint.
    pub fn new(url: &'a str) -> Self {
        let (waiting, reason) = (Vec::new(), None);
        Self { url, client: http_client(), waiting, waiting_bytes: 0, sent: 0, rejected: 0, reason }
    }

    /// Adds a question, and sends a request if it is full.
    pub fn add(&mut self, question: NumberedQuestion) -> Result<(), Failure> {
        self.waiting_bytes += question.record.question.len();
        self.waiting.push(question);
        if self.waiting.len() >= MAX_QUESTIONS || self.waiting_bytes >= MAX_TEXT_BYTES {
            self.send()?;
        }
        Ok(())
    }

    /// Sends what is left, and says how many questions were sent.
    pub fn finish(mut self) -> Result<String, Failure> {
        if !self.waiting.is_empty() {
            self.send()?;
        }
        if self.rejected == 0 {
            return Ok(format!("Sent {} to {}.\n", counted(self.sent, "question"), self.url));
        }
        let reason = match self.reason.as_deref() {
            None | Some("") => String::new(),
            Some(reason) => format!(": {}", sentences(reason)),
        };
        Err(Failure::new(format!(
            "{} rejected {} of {}{reason}",
            self.url,
            self.rejected,
            counted(self.sent, "question")
        )))
    }

    fn send(&mut self) -> Result<(), Failure> {
        let first = self.waiting.first().map(|question| rfc3339(question.record.time));
        let failed = |why: String| {
            let error = format!(
                "cannot send questions to {}: {why}; {} sent before",
                self.url,
                counted(self.sent, "question")
            );
            let hint = format!(
                "check the URL, which ends in /v1/logs, and send the rest with --since {}",
                first.unwrap_or_default()
            );
            Failure::with_hint(error, hint)
        };
        let answer = self.client.post(self.url).send_json(request(&self.waiting));
        let mut answer = match answer {
            Ok(answer) if answer.status().is_success() => answer,
            Ok(mut answer) => {
                let body = answer.body_mut().read_to_string().unwrap_or_default();
                return Err(failed(format!("{} {}", answer.status(), sentences(&body))));
            }
            Err(error) => return Err(failed(chain(&error))),
        };
        self.sent += self.waiting.len() as u64;
        self.waiting.clear();
        self.waiting_bytes = 0;
        // An endpoint may answer without a body.
        let response: Response = answer.body_mut().read_json().unwrap_or_default();
        if let Some(partial) = response.partial_success {
            let rejected = &partial.rejected_log_records;
            let text = rejected.as_str().and_then(|text| text.parse().ok());
            self.rejected += rejected.as_u64().or(text).unwrap_or(0);
            self.reason = Some(partial.error_message).filter(|reason| !reason.is_empty());
        }
        Ok(())
    }
}
