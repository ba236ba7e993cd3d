//! How old rows are, whatever the wall clock does meanwhile.
//!
//! The age of what was received since the store was opened is measured by the monotonic clock alone. Of what was
//! there before, the wall clock at the first round of maintenance says how old it was then, unless it is ahead of the
//! newest row by more than everything is kept for: then either the store was closed for that long, or the clock
//! is wrong, and what may be wrong must not cost data. In both cases age goes on by the monotonic clock.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use coral_trace::UnixNanos;

/// Time since a store was opened.
#[derive(Clone, Debug)]
pub(crate) enum Uptime {
    Since(Instant),
    /// A test says how many nanoseconds.
    #[cfg(test)]
    Told(std::sync::Arc<std::sync::atomic::AtomicU64>),
}

/// When a row was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Received {
    /// By the wall clock of that moment.
    pub(crate) unix: UnixNanos,
    /// By the uptime of this process; `None` when it was another process.
    pub(crate) uptime: Option<Duration>,
}

/// Tells ages.
pub(crate) struct Ages {
    uptime: Uptime,
    /// The wall clock when the store was opened, as far as it is believed.
    opened: OnceLock<UnixNanos>,
}

impl Uptime {
    pub(crate) fn now(&self) -> Duration {
        match self {
            Self::Since(instant) => instant.elapsed(),
            #[cfg(test)]
            Self::Told(nanos) => {
                Duration::from_nanos(nanos.load(std::sync::atomic::Ordering::Relaxed))
            }
        }
    }
}

impl Received {
    /// A row that another process received.
    pub(crate) fn before_opening(unix: UnixNanos) -> Self {
        Self { unix, uptime: None }
    }
}

impl Ages {
    pub(crate) fn new(uptime: Uptime) -> Self {
        Self { uptime, opened: OnceLock::new() }
    }

    /// A row that is received now, when the wall clock says `unix`.
    pub(crate) fn received(&self, unix: UnixNanos) -> Received {
        Received { unix, uptime: Some(self.uptime.now()) }
    }

    /// Decides, once, what the wall clock is believed to be: `wall` unless the newest row that another process received
    /// is older than `kept_for`.
    pub(crate) fn settle(&self, wall: UnixNanos, newest: Option<UnixNanos>, kept_for: Duration) {
        self.opened.get_or_init(|| {
            let believed = match newest {
                Some(newest) if wall.since(newest) > kept_for => {
                    tracing::warn!(
                        newest_unix_s = newest.0 / 1_000_000_000,
                        wall_unix_s = wall.0 / 1_000_000_000,
                        "the wall clock is ahead of the newest row by more than the retention; ages count from that row"
                    );
                    newest
                }
                _ => wall,
            };
            believed.earlier(self.uptime.now())
        });
    }

    /// What the wall clock says now if nobody has set it since the store was opened; `wall` before that is known.
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
