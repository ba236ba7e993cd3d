//! The agent's side of its relation to a colony: whether the colony knows the agent, and polls it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use coral_trace::UnixNanos;

use crate::status::ColonyLinkStatus;

/// What the agent knows of its colony. Written by registration and by the RPC, read by the status.
#[derive(Default)]
pub struct ColonyLink(Mutex<ColonyLinkStatus>);

impl ColonyLink {
    /// The link to the colony at `url`; `None` when no colony is configured.
    pub fn new(url: Option<String>) -> Self {
        Self(Mutex::new(ColonyLinkStatus { url, ..ColonyLinkStatus::default() }))
    }

    /// Records that the colony accepted a registration at `now`.
    pub(crate) fn registered(&self, now: UnixNanos) {
        let mut link = self.lock();
        link.registered_at_unix_us = Some(now.as_micros());
        link.last_error = None;
    }

    /// Records that a registration failed with `error`.
    pub(crate) fn failed(&self, error: &str) {
        self.lock().last_error = Some(error.to_owned());
    }

    /// Records that a colony requested spans or metrics at `now`.
    pub(crate) fn polled(&self, now: UnixNanos) {
        self.lock().polled_at_unix_us = Some(now.as_micros());
    }

    /// The link as it is now.
    pub(crate) fn status(&self) -> ColonyLinkStatus {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, ColonyLinkStatus> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
