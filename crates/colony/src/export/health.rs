//! How the export to a target goes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use coral_config::ExportProtocol;
use coral_trace::UnixNanos;

use super::cursor::Cursor;
use super::refusal::{Refusal, Remedy};
use super::selection::Selected;
use super::target::Target;

/// The status of one target.
#[derive(Clone, PartialEq, Debug)]
pub struct ExportStatus {
    /// The name of the target.
    pub name: String,
    /// The URL to which spans are sent.
    pub url: String,
    /// `grpc` or `http`.
    pub protocol: &'static str,
    /// What the last request led to.
    pub state: ExportState,
    /// Receipts that the colony has given out and the target has not acknowledged; `None` before
    /// the cursor is read.
    pub lag_receipts: Option<u64>,
    /// Seconds since the oldest of them was received; 0 without any.
    pub lag_seconds: Option<f64>,
    /// Spans that the target took, since its cursor was made.
    pub exported: u64,
    /// Spans that the target rejected for good, since its cursor was made.
    pub rejected: u64,
    /// Spans that expired before the target took them, since its cursor was made.
    pub missed: u64,
    /// Spans that the filter left out, since the colony started.
    pub filtered: u64,
    /// Spans that were left out because this colony exported them before, since it started.
    pub returned: u64,
    /// Requests that failed, since the colony started.
    pub failures: u64,
    /// Why the last request failed; `None` when it succeeded.
    pub last_error: Option<String>,
    /// Why the target rejected spans at last; `None` when it rejected none.
    pub last_rejection: Option<String>,
}

/// What the last request to a target led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ExportState {
    /// Nothing was sent yet.
    #[default]
    Waiting,
    /// The target took the last request.
    Ok,
    /// The last request failed, and is repeated soon.
    Retrying,
    /// The target refuses requests until somebody changes something. The last one is repeated
    /// slowly.
    Refused,
    /// The colony's store or the file of the cursor cannot be used now.
    CannotRead,
}

impl ExportState {
    /// The state as one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ok => "ok",
            Self::Retrying => "retrying",
            Self::Refused => "refused",
            Self::CannotRead => "cannot_read",
        }
    }
}

/// Records how the export to one target goes.
pub struct ExportHealth(Mutex<Record>);

struct Record {
    status: ExportStatus,
    next_receipt: Option<u64>,
    /// When the oldest span that is not acknowledged was received.
    oldest: Option<UnixNanos>,
    /// When the target last had everything.
    caught_up: Option<UnixNanos>,
}

impl ExportHealth {
    /// Of a target to which nothing was sent yet.
    pub fn new(target: &Target) -> Self {
        let protocol = match target.protocol {
            ExportProtocol::Grpc => "grpc",
            ExportProtocol::Http => "http",
        };
        let status = ExportStatus {
            name: target.name.clone(),
            url: target.url.to_string(),
            protocol,
            state: ExportState::Waiting,
            lag_receipts: None,
            lag_seconds: None,
            exported: 0,
            rejected: 0,
            missed: 0,
            filtered: 0,
            returned: 0,
            failures: 0,
            last_error: None,
            last_rejection: None,
        };
        let (next_receipt, oldest, caught_up) = (None, None, None);
        Self(Mutex::new(Record { status, next_receipt, oldest, caught_up }))
    }

    /// The status at `now`. `last_receipt` is the newest of the colony's store.
    pub fn status(&self, now: UnixNanos, last_receipt: u64) -> ExportStatus {
        let record = self.record();
        let lag = record.next_receipt.map(|next| last_receipt.saturating_sub(next));
        let since = record.oldest.or(record.caught_up).map(|at| now.since(at).as_secs_f64());
        ExportStatus {
            lag_receipts: lag,
            lag_seconds: if lag == Some(0) { Some(0.0) } else { since },
            ..record.status.clone()
        }
    }

    pub(super) fn moved(&self, cursor: &Cursor) {
        let mut record = self.record();
        record.next_receipt = Some(cursor.next_receipt);
        let status = &mut record.status;
        (status.exported, status.rejected) = (cursor.exported, cursor.rejected);
        status.missed = cursor.missed;
    }

    /// Spans were read of which the first was received at `oldest`.
    pub(super) fn read(&self, selected: &Selected, oldest: Option<UnixNanos>) {
        let mut record = self.record();
        record.oldest = oldest;
        record.status.filtered += selected.filtered;
        record.status.returned += selected.returned;
    }

    /// The target had everything at `now`.
    pub(super) fn caught_up(&self, now: UnixNanos) {
        let mut record = self.record();
        (record.oldest, record.caught_up) = (None, Some(now));
    }

    pub(super) fn accepted(&self) {
        let mut record = self.record();
        record.status.state = ExportState::Ok;
        record.status.last_error = None;
    }

    pub(super) fn rejected(&self, reason: &str) {
        self.record().status.last_rejection = Some(reason.to_owned());
    }

    pub(super) fn refused(&self, refusal: &Refusal) {
        let state = match refusal.remedy {
            Remedy::Repeat(_) | Remedy::Smaller => ExportState::Retrying,
            Remedy::SmallerLater | Remedy::Change => ExportState::Refused,
        };
        self.failed(state, &refusal.reason);
    }

    pub(super) fn failed(&self, state: ExportState, reason: &str) {
        let mut record = self.record();
        record.status.failures += 1;
        record.status.state = state;
        record.status.last_error = Some(reason.to_owned());
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
