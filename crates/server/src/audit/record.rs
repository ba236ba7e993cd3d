//! One question as the audit log records it.

use std::net::SocketAddr;

use coral_trace::UnixNanos;
use serde::{Deserialize, Serialize};

/// One question: who asked what, and what the answer was.
///
/// The JSON form has the fields in this order, without those that are empty. Fields are added and
/// never renamed or removed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditRecord {
    /// When the question arrived. The JSON form is RFC 3339 in UTC with microseconds.
    #[serde(with = "super::rfc3339")]
    pub time: UnixNanos,
    /// Who asked.
    pub requester: Requester,
    /// The address from which the question came; `None` if the address is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_address: Option<SocketAddr>,
    /// The way by which the question was asked.
    pub surface: AuditSurface,
    /// The HTTP method, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// The template of the path, such as `/api/v1/traces/{trace_id}`, or the name of the RPC.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The question itself: path and query, or the SQL statement. The caller removes secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub question: String,
    /// The services that the question names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// The start of the time range of the question.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::rfc3339::option")]
    pub since: Option<UnixNanos>,
    /// The end of the time range of the question, exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::rfc3339::option")]
    pub until: Option<UnixNanos>,
    /// The trace ids, or their beginnings, that the question names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace_ids: Vec<String>,
    /// Every other condition of the question, such as `status:error`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// The number of rows in the answer: traces, spans, services or rows of SQL.
    pub rows: u64,
    /// The size of the answer in bytes.
    pub bytes: u64,
    /// The time from the arrival of the question to its answer, in microseconds.
    pub duration_us: u64,
    /// What became of the question.
    pub decision: Decision,
    /// Why the question was denied, was cancelled or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The HTTP status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// Who asked a question.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Requester {
    /// The name of a person or program; empty if the requester is unknown.
    #[serde(default)]
    pub name: String,
    /// What the requester may do, such as `reader`.
    #[serde(default)]
    pub role: String,
    /// How the identity was proved: `token 3f2a`, `certificate`, `loopback`, `none`.
    #[serde(default)]
    pub proof: String,
}

/// A way to ask questions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditSurface {
    /// The HTTP API with JSON answers.
    Http,
    /// An RPC.
    Grpc,
    /// A statement in SQL.
    Sql,
    /// A surface of a newer version.
    #[serde(other)]
    Other,
}

/// What became of a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The question was answered.
    Allowed,
    /// The requester may not ask the question.
    Denied,
    /// The requester went away before the answer.
    Cancelled,
    /// The question was allowed, and has no answer because of an error.
    Failed,
    /// A decision of a newer version.
    #[serde(other)]
    Other,
}

impl AuditSurface {
    /// The word of the JSON form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::Sql => "sql",
            Self::Other => "other",
        }
    }
}

impl Decision {
    /// The word of the JSON form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Other => "other",
        }
    }
}
