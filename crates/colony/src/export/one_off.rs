//! An export of given spans, once: for `coral export`.

use std::sync::Arc;
use std::time::Duration;

use coral_trace::Span;
use tokio::time::{Instant, sleep};

use super::backoff;
use super::batch::{Window, max_request_bytes};
use super::client::{OtlpClient, Receiver};
use super::refusal::{Refusal, Remedy};
use super::selection::Selected;
use super::target::Target;

/// Sends spans to a target, and counts what became of them.
pub struct OneOff<R> {
    receiver: R,
    target: Arc<Target>,
    /// What became of the spans so far.
    pub counts: Counts,
}

/// What became of the spans of an export.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Spans that the target took.
    pub exported: u64,
    /// Spans that the target rejected.
    pub rejected: u64,
    /// Requests that the target acknowledged.
    pub requests: u64,
    /// Why the target rejected spans at last; empty if it rejected none or did not say.
    pub last_rejection: String,
}

/// How often a request is sent at most.
const MAX_ATTEMPTS: u32 = 6;
/// How long a target may leave requests without an answer, one after the other. Two requests have then
/// been given up.
const MAX_SILENCE: Duration = Duration::from_secs(60);
/// The longest wait between two attempts: somebody waits for the command.
const MAX_WAIT: Duration = Duration::from_secs(30);

impl OneOff<OtlpClient> {
    /// An export to `target`.
    pub fn new(target: Target) -> Self {
        let target = Arc::new(target);
        Self { receiver: OtlpClient::new(target.clone()), target, counts: Counts::default() }
    }
}

impl<R: Receiver> OneOff<R> {
    /// Sends `spans`, in as many requests as they need. Requests that may be repeated are, up to six
    /// times, unless the target is silent for a minute.
    ///
    /// # Errors
    /// [`Refusal`]: what was not counted may not have been taken.
    pub async fn send(&mut self, spans: Vec<Span>) -> Result<(), Refusal> {
        let (receipts, all) = ((1..=spans.len() as u64).collect(), spans.len() as u64);
        let selected = Selected { spans, receipts, ..Selected::default() };
        let mut window = Window::new(selected, all);
        let (mut bytes, mut attempts) = (max_request_bytes(self.target.protocol), 0);
        let mut silence = Duration::ZERO;
        while !window.is_done() {
            let batch = window.batch(bytes);
            let body = batch.encode(self.target.protocol, self.target.gzip);
            let n_spans = batch.n_spans();
            let begin = Instant::now();
            let delivered = self.receiver.deliver(body).await;
            silence += begin.elapsed();
            match delivered {
                Ok(taken) => {
                    let rejected = taken.rejected_spans.min(n_spans as u64);
                    self.counts.requests += 1;
                    self.passed(n_spans, rejected, &taken.message);
                    window.pass(n_spans);
                    (attempts, silence) = (0, Duration::ZERO);
                }
                Err(refusal) if refusal.remedy == Remedy::Smaller && n_spans == 1 => {
                    self.passed(1, 1, &refusal.reason);
                    window.pass(1);
                }
                Err(refusal) if refusal.remedy == Remedy::Smaller => bytes = (bytes / 2).max(1),
                Err(refusal) => {
                    attempts += 1;
                    let may_help = matches!(refusal.remedy, Remedy::Repeat(_));
                    if !may_help || attempts >= MAX_ATTEMPTS || silence >= MAX_SILENCE {
                        return Err(given_up(refusal, attempts));
                    }
                    let wait = backoff::wait(&self.target.name, attempts, refusal.remedy);
                    sleep(wait.min(MAX_WAIT)).await;
                }
            }
        }
        Ok(())
    }

    fn passed(&mut self, n_spans: usize, rejected: u64, reason: &str) {
        self.counts.rejected += rejected;
        self.counts.exported += n_spans as u64 - rejected;
        if rejected > 0 {
            self.counts.last_rejection = reason.to_owned();
        }
    }
}

/// `refusal` with the number of attempts, if there were several.
fn given_up(refusal: Refusal, attempts: u32) -> Refusal {
    match attempts {
        0 | 1 => refusal,
        _ => {
            Refusal { reason: format!("{} (after {attempts} attempts)", refusal.reason), ..refusal }
        }
    }
}

#[cfg(test)]
impl<R: Receiver> OneOff<R> {
    /// An export through `receiver`.
    pub(super) fn through(receiver: R, target: Arc<Target>) -> Self {
        Self { receiver, target, counts: Counts::default() }
    }
}
