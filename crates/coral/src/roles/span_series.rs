//! The requests of services and edges on `/metrics`, if the setting `colony.metrics.spans` is on.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use coral_query::span_metrics::{MAX_EXPOSED, SpanExposition};
use coral_query::{Budget, Sources};
use coral_server::exposition::Format;
use coral_trace::{UnixNanos, chain};

/// Time limit of counting for one scrape. Prometheus waits 10 seconds unless told otherwise.
const COUNT_TIMEOUT: Duration = Duration::from_secs(8);

/// Whether the requests since the last scrape are counted.
const UP: &str = "coral_colony_span_metrics_up";

/// Counters that rise from one scrape to the next. Scrapes at the same time wait for each other.
pub(super) struct SpanSeries(Mutex<SpanExposition>);

impl SpanSeries {
    /// Counts requests that end after `start`.
    pub fn new(start: UnixNanos) -> Self {
        Self(Mutex::new(SpanExposition::new(start, MAX_EXPOSED)))
    }

    /// The series in Prometheus's format, with exemplars for [`Format::OpenMetrics`]. If they cannot be counted now, only the gauge that says
    /// so; the next scrape counts what this one did not.
    pub fn exposition(&self, from: &Sources<'_>, format: Format) -> String {
        let budget = Budget::unlimited().with_timeout(COUNT_TIMEOUT);
        let mut series = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (text, up) = match series.count(from, &budget) {
            Ok(()) if format == Format::OpenMetrics => (series.text_with_exemplars(), 1),
            Ok(()) => (series.text(), 1),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "could not count requests for /metrics");
                (String::new(), 0)
            }
        };
        format!(
            "# HELP {UP} Whether the requests since the last scrape could be counted.\n\
             # TYPE {UP} gauge\n{UP} {up}\n{text}"
        )
    }
}
