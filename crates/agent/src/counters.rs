//! What became of every span, data point and request that reached the agent's receivers.

mod fates;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use coral_wire::otlp_metrics_in::IgnoredMetrics;

use self::fates::Fates;
use crate::ingest::inlet::{ExportCounts, Refusal};
use crate::privacy::RemovedCounts;

/// Counts of one agent's spans, data points and requests since it started. Shared by all its receivers.
///
/// At rest, that is when no request is in flight, `received = stored + duplicate + refused +
/// dropped`, for spans and for points of RED metrics. A request that could not be decoded counts as a request only: nobody knows how many
/// spans it held. An exporter that repeats a refused export is counted again each time.
#[derive(Debug, Default)]
pub struct IntakeCounters {
    spans: Fates,
    points: Fates,
    links_dropped: AtomicU64,
    unknown_points: AtomicU64,
    sdk_points: AtomicU64,
    idle_resources: AtomicU64,
    removed: [AtomicU64; 4],
    requests: [[AtomicU64; End::ALL.len()]; Protocol::ALL.len()],
}

/// How a request came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP, protobuf or JSON.
    Http,
}

/// How a request ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Answered with success, which may be a partial one.
    Accepted,
    /// No such path or gRPC method, logs among them.
    UnknownPath,
    /// Not POST.
    Method,
    /// A content type that is not OTLP's.
    ContentType,
    /// A compression that is not supported.
    ContentEncoding,
    /// A body over the limit, before or after decompression.
    TooLarge,
    /// The body did not come in time.
    TooSlow,
    /// Not what its content type and compression say.
    Undecodable,
    /// The client went before it was answered. Its spans may be stored all the same.
    Disconnected,
    /// The queue or the budget for bodies in flight was full.
    Busy,
    /// The store could not write.
    CannotStore,
    /// The agent was stopping.
    ShuttingDown,
    /// A defect of ours.
    Internal,
}

/// A request that has not ended. Dropped before [`end`](Self::end), its client has gone.
#[derive(Debug)]
pub struct OpenRequest<'a> {
    counters: &'a IntakeCounters,
    protocol: Protocol,
    end: End,
}

impl IntakeCounters {
    /// Begins to count a request.
    pub fn request(&self, protocol: Protocol) -> OpenRequest<'_> {
        OpenRequest { counters: self, protocol, end: End::Disconnected }
    }

    /// Counts what a request held: `valid` spans, `invalid` ones and `links` cut from valid ones.
    pub fn decoded(&self, valid: u64, invalid: u64, links: u64) {
        self.spans.decoded(valid, invalid);
        add(&self.links_dropped, links);
    }

    /// Counts what a request held: `valid` points of RED metrics, `invalid` ones, and what was `ignored`.
    pub fn decoded_points(&self, valid: u64, invalid: u64, ignored: IgnoredMetrics) {
        self.points.decoded(valid, invalid);
        add(&self.unknown_points, ignored.unknown);
        add(&self.sdk_points, ignored.sdk);
        add(&self.idle_resources, ignored.idle);
    }

    /// Counts what was taken out for privacy.
    pub fn removed(&self, removed: RemovedCounts) {
        for (counter, (_, count)) in self.removed.iter().zip(removed.counts()) {
            add(counter, count);
        }
    }

    /// Counts the end of `offered` valid spans.
    ///
    /// Returns how many of them the writer left out of its answer; these count as dropped.
    pub fn exported(&self, offered: u64, outcome: &Result<ExportCounts, Refusal>) -> u64 {
        self.spans.exported(offered, outcome)
    }

    /// Likewise of points; dropped are those of series that are too many.
    pub fn exported_points(&self, offered: u64, outcome: &Result<ExportCounts, Refusal>) {
        self.points.exported(offered, outcome);
    }

    /// Every count under its OpenTelemetry-style name, such as `coral.agent.spans.received`.
    pub fn snapshot(&self) -> BTreeMap<String, u64> {
        let others = [
            ("links.dropped", &self.links_dropped),
            ("metric_points.ignored.unknown", &self.unknown_points),
            ("metric_points.ignored.sdk", &self.sdk_points),
            ("metric_resources.idle", &self.idle_resources),
        ];
        let others = others.map(|(name, count)| (format!("coral.agent.{name}"), get(count)));
        let removed = RemovedCounts::default()
            .counts()
            .into_iter()
            .zip(&self.removed)
            .map(|((name, _), count)| (format!("coral.agent.privacy.{name}"), get(count)));
        self.spans
            .snapshot("spans")
            .into_iter()
            .chain(self.points.snapshot("metric_points"))
            .chain(others)
            .chain(removed)
            .chain(self.request_counts())
            .collect()
    }

    fn request_counts(&self) -> impl Iterator<Item = (String, u64)> {
        Protocol::ALL.into_iter().flat_map(move |protocol| {
            End::ALL.into_iter().map(move |end| {
                let name = format!("coral.agent.requests.{}.{}", protocol.as_str(), end.as_str());
                (name, get(&self.requests[protocol as usize][end as usize]))
            })
        })
    }
}

impl OpenRequest<'_> {
    /// Counts the request under `end`.
    pub fn end(mut self, end: End) {
        self.end = end;
    }
}

impl Drop for OpenRequest<'_> {
    fn drop(&mut self) {
        add(&self.counters.requests[self.protocol as usize][self.end as usize], 1);
    }
}

impl Protocol {
    const ALL: [Self; 2] = [Self::Grpc, Self::Http];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }
}

impl End {
    /// In the order of declaration, which is the order of the array of counts.
    const ALL: [Self; 13] = [
        Self::Accepted,
        Self::UnknownPath,
        Self::Method,
        Self::ContentType,
        Self::ContentEncoding,
        Self::TooLarge,
        Self::TooSlow,
        Self::Undecodable,
        Self::Disconnected,
        Self::Busy,
        Self::CannotStore,
        Self::ShuttingDown,
        Self::Internal,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::UnknownPath => "refused.unknown_path",
            Self::Method => "refused.method",
            Self::ContentType => "refused.content_type",
            Self::ContentEncoding => "refused.content_encoding",
            Self::TooLarge => "refused.too_large",
            Self::TooSlow => "refused.too_slow",
            Self::Undecodable => "refused.undecodable",
            Self::Disconnected => "refused.disconnected",
            Self::Busy => "refused.busy",
            Self::CannotStore => "refused.cannot_store",
            Self::ShuttingDown => "refused.shutting_down",
            Self::Internal => "refused.internal",
        }
    }
}

fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn received_spans_are_stored_duplicate_refused_or_dropped() {
        let retry_after = Duration::from_secs(1);
        let cannot_store = Refusal::CannotStore {
            source: std::sync::Arc::new(std::io::Error::other("disk full")),
            retry_after,
        };
        let counters = IntakeCounters::default();
        for (valid, outcome) in [
            (10, Ok(ExportCounts { new: 7, duplicate: 3, grown: 0 })),
            (10, Ok(ExportCounts { new: 7, duplicate: 1, grown: 0 })),
            (10, Err(Refusal::Busy { retry_after })),
            (10, Err(cannot_store)),
            (10, Err(Refusal::ShuttingDown)),
        ] {
            counters.decoded(valid, 1, 0);
            counters.exported(valid, &outcome);
        }
        let counts = counters.snapshot();
        let of = |name: &str| counts[&format!("coral.agent.spans.{name}")];
        assert_eq!((of("received"), of("stored"), of("duplicate"), of("dropped")), (55, 14, 4, 2));
        assert_eq!(of("refused.invalid"), 5);
        for reason in ["busy", "cannot_store", "shutting_down"] {
            assert_eq!(of(&format!("refused.{reason}")), 10, "{reason}");
        }
    }

    #[test]
    fn every_end_of_a_request_is_counted_under_its_own_name() {
        let counters = IntakeCounters::default();
        for protocol in Protocol::ALL {
            End::ALL.into_iter().for_each(|end| counters.request(protocol).end(end));
        }
        assert!(counters.request_counts().all(|(name, count)| (count == 1) || panic!("{name}")));
        assert_eq!(counters.snapshot().len(), 2 * 8 + 4 + 4 + 2 * End::ALL.len());
    }

    #[test]
    fn a_request_that_never_ends_is_a_client_that_went_away() {
        let counters = IntakeCounters::default();
        drop(counters.request(Protocol::Grpc));
        assert_eq!(counters.snapshot()["coral.agent.requests.grpc.refused.disconnected"], 1);
    }
}
