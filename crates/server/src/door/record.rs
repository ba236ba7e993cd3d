//! Records questions in the audit log. An answer is handed out only after its question is recorded.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use coral_trace::chain;
use http::StatusCode;
use hyper::body::{Frame, SizeHint};

use super::Permission;
use super::unmatched::{is_grpc, status};
use crate::audit::{
    AuditDetails, AuditLog, AuditRecord, AuditSurface, Decision, LineHash, Requester,
};
use crate::clock;
use crate::identity::policy::Kind;
use crate::identity::{Caller, Denied};
use crate::listen::Peer;
use crate::refusal::refusal;

/// Longest statement in SQL that a line has, in characters: more than a request can have. Who may ask
/// in SQL may read everything, so what was asked stands there whole.
const MAX_STATEMENT_CHARS: usize = 65_536;
/// Longest URL, and longest part of one, that a line has, in characters. Of what is longer, the line
/// has the length and the hash, so that a caller cannot fill the disk.
const MAX_TEXT_CHARS: usize = 4_096;
/// Status code `UNAVAILABLE` of gRPC.
const UNAVAILABLE: u16 = 14;

/// A question that has not been recorded yet. If it is dropped, its client went away: it is recorded
/// as cancelled.
pub(super) struct Pending {
    log: AuditLog,
    record: Option<AuditRecord>,
    began: Instant,
    is_grpc: bool,
    /// Whether only a denial is recorded.
    is_noise: bool,
}

impl Pending {
    /// The question of `request`. Of heartbeats, of the files of the page and of questions about the
    /// health of the process, only denials are recorded.
    pub fn new(
        log: Option<&AuditLog>,
        request: &Request,
        peer: &Peer,
        permission: Permission,
        path: &Arc<str>,
    ) -> Option<Self> {
        use Permission as Needs;
        let is_noise = matches!(
            permission,
            Needs::HealthRead
                | Needs::PageRead
                | Needs::SpecRead
                | Needs::ExpositionRead
                | Needs::AgentRegister
        );
        let log = log?.clone();
        let is_grpc = is_grpc(request.headers());
        let surface = match permission {
            Needs::SqlRead => AuditSurface::Sql,
            _ if is_grpc => AuditSurface::Grpc,
            _ => AuditSurface::Http,
        };
        let question = match permission {
            // The query of a sign-in has the provider's secrets.
            Needs::SessionChange => request.uri().path(),
            _ => request.uri().path_and_query().map_or("", |text| text.as_str()),
        };
        let record = AuditRecord {
            time: clock::now(),
            requester: Requester::default(),
            remote_address: Some(peer.address),
            surface,
            method: request.method().to_string(),
            path: path.to_string(),
            question: recorded(question, MAX_TEXT_CHARS),
            services: Vec::new(),
            since: None,
            until: None,
            trace_ids: Vec::new(),
            filters: Vec::new(),
            rows: 0,
            bytes: 0,
            duration_us: 0,
            decision: Decision::Cancelled,
            reason: None,
            status: None,
        };
        Some(Self { log, record: Some(record), began: Instant::now(), is_grpc, is_noise })
    }

    /// Notes who asks.
    pub fn asked_by(&mut self, caller: &Caller) {
        if let Some(record) = &mut self.record {
            record.requester = Requester {
                name: caller.principal.to_string(),
                role: Kind::of(caller).as_str().to_owned(),
                proof: caller.proof.clone(),
            };
        }
    }

    /// Records that the question was denied. A denial is not held back if it cannot be recorded.
    pub fn denied(mut self, denied: &Denied, status: StatusCode) {
        let Some(mut record) = self.take() else { return };
        (record.decision, record.status) = (Decision::Denied, Some(status.as_u16()));
        record.reason = Some(denied.to_string());
        if let Err(error) = self.log.append(&record) {
            tracing::error!(error = chain(&error), "a denied question is not in the audit log");
        }
    }

    /// Records the question with its answer, and returns the answer; an error instead if the
    /// question cannot be recorded. A streamed answer is recorded when it begins and when it ends.
    pub fn answered(mut self, response: Response) -> Response {
        if self.is_noise {
            self.record = None;
        }
        let Some(mut record) = self.take() else { return response };
        let (mut head, body) = response.into_parts();
        let details = head.extensions.remove::<AuditDetails>().unwrap_or_default();
        if details.is_noise {
            return Response::from_parts(head, body);
        }
        let (rows, failure) = (details.rows.clone(), details.failure.clone());
        let denial = details.denial.clone();
        record.add(details);
        record.status = Some(head.status.as_u16());
        // A failed call of gRPC has the HTTP status 200, and its own status in a header.
        let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let is_refused_call = text("grpc-status").is_some_and(|code| code != "0");
        record.decision = match head.status {
            _ if denial.is_some() => Decision::Denied,
            _ if is_refused_call || failure.is_given() => Decision::Failed,
            status if status.is_success() || status.is_redirection() => Decision::Allowed,
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Decision::Denied,
            _ => Decision::Failed,
        };
        let reason = denial.as_deref().or_else(|| text("grpc-message"));
        record.reason = reason.map(|reason| recorded(reason, MAX_TEXT_CHARS));
        let bytes = body.size_hint().exact();
        record.bytes = bytes.unwrap_or_default();
        record.rows = rows.get();
        let is_stream = bytes.is_none() && record.surface == AuditSurface::Sql;
        if is_stream {
            record.reason =
                Some("the answer begins; a later line has its rows and bytes".to_owned());
        }
        if let Err(error) = self.log.append(&record) {
            tracing::error!(
                error = chain(&error),
                "a question is refused: the audit log cannot record it"
            );
            return self.refused();
        }
        if !is_stream {
            return Response::from_parts(head, body);
        }
        (record.reason, record.decision) = (None, Decision::Cancelled);
        let pending = Self {
            log: self.log.clone(),
            record: Some(record),
            began: self.began,
            is_grpc: false,
            is_noise: false,
        };
        let body = RecordedBody { body, bytes: 0, rows, failure, pending: Some(pending) };
        Response::from_parts(head, Body::new(body))
    }

    /// Drops the question unrecorded.
    pub fn forget(mut self) {
        self.record = None;
    }

    fn take(&mut self) -> Option<AuditRecord> {
        let mut record = self.record.take()?;
        record.duration_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        Some(record)
    }

    fn refused(&self) -> Response {
        const ERROR: &str =
            "the question cannot be recorded in the audit log, so it is not answered";
        match self.is_grpc {
            true => status(UNAVAILABLE, ERROR),
            false => refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                ERROR,
                Some(
                    "make room on the colony's disk; the colony's log says more (`audit.refuse_when_full`)",
                ),
            ),
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let Some(record) = self.take().filter(|_| !self.is_noise) else { return };
        if let Err(error) = self.log.append(&record) {
            tracing::error!(error = chain(&error), "a cancelled question is not in the audit log");
        }
    }
}

impl AuditRecord {
    /// Adds what the handler said.
    fn add(&mut self, details: AuditDetails) {
        if let Some(question) = details.question {
            self.question = recorded(&question, MAX_STATEMENT_CHARS);
        }
        let shown =
            |texts: Vec<String>| texts.iter().map(|text| recorded(text, MAX_TEXT_CHARS)).collect();
        (self.since, self.until) = (details.since, details.until);
        self.services = shown(details.services);
        self.trace_ids = shown(details.trace_ids);
        self.filters = shown(details.filters);
    }
}

/// `text` as a line has it: without tokens of Coral, and of at most `most` characters, after which
/// stand its length and its SHA-256.
pub(super) fn recorded(text: &str, most: usize) -> String {
    let shown = without_secrets(text);
    match shown.char_indices().nth(most) {
        None => shown,
        Some((end, _)) => {
            let (length, hash) = (text.len(), LineHash::of(text.as_bytes()));
            format!("{}… ({length} bytes, sha256:{hash})", &shown[..end])
        }
    }
}

/// `text`, with what looks like a token of Coral hidden.
fn without_secrets(text: &str) -> String {
    const SIGN: &str = "coral_";
    /// Shorter words are no tokens.
    const MIN_TOKEN: usize = 40;
    let is_of_token = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    let mut shown = String::new();
    let mut rest = text.to_owned();
    while let Some(at) = rest.find(SIGN) {
        let tail = rest.split_off(at);
        shown += &rest;
        let end = tail.find(|char| !is_of_token(char)).unwrap_or(tail.len());
        shown += if end >= MIN_TOKEN { "coral_(hidden)" } else { &tail[..end] };
        rest = tail[end..].to_owned();
    }
    shown + &rest
}

/// The body of a streamed answer, which is recorded when it ends.
struct RecordedBody {
    body: Body,
    bytes: u64,
    rows: crate::audit::RowCount,
    failure: crate::audit::FailureSign,
    pending: Option<Pending>,
}

impl RecordedBody {
    fn end(&mut self, decision: Decision) {
        let Some(mut pending) = self.pending.take() else { return };
        let decision = if self.failure.is_given() { Decision::Failed } else { decision };
        if let Some(record) = &mut pending.record {
            (record.bytes, record.rows, record.decision) = (self.bytes, self.rows.get(), decision);
        }
        // Dropping it records it.
    }
}

impl HttpBody for RecordedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(None) => self.end(Decision::Allowed),
            Poll::Ready(Some(Err(_))) => self.end(Decision::Failed),
            Poll::Ready(Some(Ok(frame))) => {
                self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            Poll::Pending => {}
        }
        polled
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RecordedBody {
    fn drop(&mut self) {
        self.end(Decision::Cancelled);
    }
}
