//! Exports spans to an agent, over OTLP/HTTP.

use std::time::Duration;

use coral_trace::chain;
use coral_trace::sanitize::line;
use coral_wire::status;

use super::access::normal;
use super::http_client;

/// How often an export is repeated that the agent cannot take at the moment.
const MAX_RETRIES: u32 = 8;
/// The longest wait before an export is repeated.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Where spans are exported to.
pub(crate) struct Exporter {
    url: String,
    token: Option<String>,
}

/// What the agent said of spans.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Accepted {
    /// The accepted spans, new or stored before.
    pub spans: u64,
    /// The refused spans.
    pub refused: u64,
    /// Why spans were refused.
    pub message: String,
}

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error("cannot reach the agent at {url}: {reason}")]
    Unreachable { url: String, reason: String },
    #[error("the agent at {url} takes no spans: {reason}")]
    Refused { url: String, reason: String },
}

impl Exporter {
    /// An exporter to the OTLP/HTTP port at `url`, with or without the path of traces.
    pub fn new(url: &str, token: Option<String>) -> Self {
        let url = normal(url);
        let url = url.strip_suffix("/v1/traces").map(str::to_owned).unwrap_or(url);
        Self { url, token }
    }

    /// The URL of the port.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends one request with `spans` spans in protobuf, and again while the agent is busy.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn export(&self, body: Vec<u8>, spans: u64) -> Result<Accepted, ExportError> {
        let mut tries = 0;
        loop {
            let (status, wait, answer) = self.post(&body)?;
            match status {
                200 => {
                    let (refused, message) = status::rejected_spans(&answer);
                    let refused = refused.min(spans);
                    return Ok(Accepted { spans: spans - refused, refused, message });
                }
                429 | 503 if tries < MAX_RETRIES => {
                    std::thread::sleep(wait.min(MAX_WAIT));
                    tries += 1;
                }
                _ => {
                    let reason = status::http_error_message(&answer)
                        .unwrap_or_else(|| String::from_utf8_lossy(&answer).into_owned());
                    let reason = line(&format!("{reason} (status {status})"));
                    return Err(ExportError::Refused { url: self.url.clone(), reason });
                }
            }
        }
    }

    /// The status, the time to wait before another try, and the body of the answer.
    fn post(&self, body: &[u8]) -> Result<(u16, Duration, Vec<u8>), ExportError> {
        let unreachable = |error: ureq::Error| ExportError::Unreachable {
            url: self.url.clone(),
            reason: chain(&error),
        };
        let mut request = http_client()
            .post(format!("{}/v1/traces", self.url))
            .header("content-type", "application/x-protobuf");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer = request.send(body).map_err(unreachable)?;
        let wait = answer.headers().get("retry-after");
        let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok()).unwrap_or(1);
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_vec().map_err(unreachable)?;
        Ok((status, Duration::from_secs(wait), body))
    }
}

impl Accepted {
    /// Adds the answer to a later request. The first reason is kept.
    pub fn add(&mut self, later: Self) {
        self.spans += later.spans;
        self.refused += later.refused;
        if self.message.is_empty() {
            self.message = later.message;
        }
    }
}
