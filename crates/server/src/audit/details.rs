//! What a handler says about a question, for the audit log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use coral_trace::UnixNanos;

/// What a question names. A handler adds this to the extensions of its response.
#[derive(Clone, Debug, Default)]
pub struct AuditDetails {
    /// The question, if it is not the URL: a statement in SQL.
    pub question: Option<String>,
    /// The services that it names.
    pub services: Vec<String>,
    /// The start of its time range.
    pub since: Option<UnixNanos>,
    /// The end of its time range, exclusive.
    pub until: Option<UnixNanos>,
    /// The trace ids, or their beginnings, that it names.
    pub trace_ids: Vec<String>,
    /// Every other condition.
    pub filters: Vec<String>,
    /// Whether the question is not recorded, because strangers can ask it without end and learn
    /// nothing.
    pub is_noise: bool,
    /// Why the handler denied the question, although its caller may use the route.
    pub denial: Option<String>,
    /// Rows of the answer. A streamed answer counts them while it is sent.
    pub rows: RowCount,
    /// Whether the answer is an error: a streamed one ended with it, or its status does not tell.
    pub failure: FailureSign,
}

/// A number of rows that may still grow. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct RowCount(Arc<AtomicU64>);

/// A sign that an answer failed after it began. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct FailureSign(Arc<AtomicBool>);

impl FailureSign {
    /// Gives the sign.
    pub fn give(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the sign was given.
    pub fn is_given(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl RowCount {
    /// Adds `rows`.
    pub fn add(&self, rows: u64) {
        self.0.fetch_add(rows, Ordering::Relaxed);
    }

    /// The rows so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl AuditDetails {
    /// The details of a question with these parameters of a URL, whose values are not encoded.
    pub fn of_parameters<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut details = Self::default();
        let time = |text: &str| text.parse().ok().map(UnixNanos::from_micros);
        for (key, value) in parameters {
            match key {
                _ if value.is_empty() => {}
                "service" | "services" | "from" | "to" => details.services.push(value.to_owned()),
                "since_unix_us" => details.since = time(value),
                "until_unix_us" => details.until = time(value),
                "id" | "trace" | "trace_id" => details.trace_ids.push(value.to_owned()),
                _ => details.filters.push(format!("{key}={value}")),
            }
        }
        details
    }
}
