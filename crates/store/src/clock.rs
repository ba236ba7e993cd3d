//! Ages of rows, robust against changes of the wall clock.
//!
//! The age of a row received by this process is measured by the monotonic clock. The age of an
//! older row is the wall clock at the first round of maintenance minus the row's time of receipt,
//! plus monotonic time since then. If the wall clock is ahead of the newest row by more than the
//! retention, either the store was closed for that long or the clock is wrong. A wrong clock must
//! not delete data, so ages then start at 0 at the newest row.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use coral_trace::UnixNanos;

/// Time since a store was opened.
#[derive(Clone, Debug)]
pub(crate) enum Uptime {
    Since(Instant),
    /// A test sets the nanoseconds.
    #[cfg(test)]
    Controlled(std::sync::Arc<std::sync::atomic::AtomicU64>),
}

/// When a row was received, by both clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Received {
    /// Wall clock at the receipt.
    pub(crate) unix: UnixNanos,
    /// Uptime at the receipt; `None` for rows that another process received.
    pub(crate) uptime: Option<Duration>,
}

/// Computes ages of rows.
pub(crate) struct Ages {
    uptime: Uptime,
    /// The wall clock when the store was opened, once [`settle`](Self::settle) has decided it.
    opened: OnceLock<UnixNanos>,
}

impl Uptime {
    pub(crate) fn now(&self) -> Duration {
        match self {
            Self::Since(instant) => instant.elapsed(),
            #[cfg(test)]
            Self::Controlled(nanos) => {
                Duration::from_nanos(nanos.load(std::sync::atomic::Ordering::Relaxed))
            }
        }
    }
}

impl Received {
    /// The time of receipt of a row that was received before this process opened the store.
    pub(crate) fn before_opening(unix: UnixNanos) -> Self {
        Self { unix, uptime: None }
    }
}

impl Ages {
    pub(crate) fn new(uptime: Uptime) -> Self {
        Self { uptime, opened: OnceLock::new() }
    }

    /// The time of receipt of a row that is received now. `unix` is the wall-clock time.
    pub(crate) fn received(&self, unix: UnixNanos) -> Received {
        Received { unix, uptime: Some(self.uptime.now()) }
    }

    /// Decides, once, the wall-clock time at which the store was opened. Trusts `wall`, the current
    /// wall-clock time, unless it is later than `newest` by more than `kept_for`; then trusts
    /// `newest`. `newest` is when an earlier process received its newest row.
    pub(crate) fn settle(&self, wall: UnixNanos, newest: Option<UnixNanos>, kept_for: Duration) {
        self.opened.get_or_init(|| {
            let believed = match newest {
                Some(newest) if wall.since(newest) > kept_for => {
                    tracing::warn!(
                        newest_unix_s = newest.0 / 1_000_000_000,
                        wall_unix_s = wall.0 / 1_000_000_000,
                        "the wall clock is ahead of the newest row by more than the retention; ages are counted from that row"
                    );
                    newest
                }
                _ => wall,
            };
            believed.earlier(self.uptime.now())
        });
    }

    /// The wall-clock time, unaffected by changes of the wall clock since the store was opened.
    /// Returns `wall` before the first call of [`settle`](Self::settle).
    pub(crate) fn now(&self, wall: UnixNanos) -> UnixNanos {
        self.opened.get().map_or(wall, |opened| opened.later(self.uptime.now()))
    }

    /// Time since the store was opened.
    pub(crate) fn uptime(&self) -> Duration {
        self.uptime.now()
    }

    /// How long ago a row was received.
    pub(crate) fn of(&self, received: Received) -> Duration {
        let uptime = self.uptime.now();
        match (received.uptime, self.opened.get()) {
            (Some(then), _) => uptime.saturating_sub(then),
            (None, Some(opened)) => opened.later(uptime).since(received.unix).max(uptime),
            (None, None) => uptime,
        }
    }
}
