//! What a call says for the audit log: it is put into the extensions of the request, filled by the
//! tool, and taken for the response.

use std::sync::{Arc, Mutex, PoisonError};

use coral_server::audit::AuditDetails;

/// What the audit log records of one request. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Noted(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    question: Option<String>,
    details: Option<AuditDetails>,
}

impl Noted {
    /// Notes that `question` is asked: the tool and its arguments.
    pub fn asks(&self, question: String) {
        let details = AuditDetails { question: Some(question.clone()), ..AuditDetails::default() };
        *self.notes() = Notes { question: Some(question), details: Some(details) };
    }

    /// The question of [`asks`](Self::asks).
    pub fn question(&self) -> Option<String> {
        self.notes().question.clone()
    }

    /// Replaces the details.
    pub fn note(&self, details: AuditDetails) {
        self.notes().details = Some(details);
    }

    /// Notes that the question is denied.
    pub fn denied(&self, reason: String) {
        if let Some(details) = &mut self.notes().details {
            details.denial = Some(reason);
        }
    }

    /// Notes that the question has no answer.
    pub fn failed(&self) {
        if let Some(details) = &self.notes().details {
            details.failure.give();
        }
    }

    /// The details; a request that asks nothing of the data is not recorded.
    pub fn take(&self) -> AuditDetails {
        let details = self.notes().details.take();
        details.unwrap_or_else(|| AuditDetails { is_noise: true, ..AuditDetails::default() })
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
