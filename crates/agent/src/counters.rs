//! Counters of spans, data points and requests that reached the agent's receivers, by outcome.

mod fates;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use coral_wire::otlp_metrics_in::IgnoredMetrics;

use self::fates::Fates;
use crate::ingest::inlet::{ExportCounts, Refusal};
use crate::privacy::RemovedCounts;

/// Counts the spans, data points and requests of one agent since its start. Shared by all its
/// receivers.
///
/// When no request is in flight, `received = stored + duplicate + refused + dropped`, for spans and
/// for points of RED metrics. A request that could not be decoded is only counted as a request,
/// because the number of its spans is not known. An exporter that repeats a refused export is
/// counted again each time.
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

/// The protocol of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP, protobuf or JSON.
    Http,
}

/// The outcome of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Answered with success, possibly a partial success.
    Accepted,
    /// Without the token or certificate that this agent asks exporters for.
    Unauthenticated,
    /// From a page of a browser, of a site whose name is not allowed.
    ForeignPage,
    /// Unknown path or gRPC method, including those for logs.
    UnknownPath,
    /// A method other than POST.
    Method,
    /// A content type that OTLP or Zipkin does not define.
    ContentType,
    /// A compression that is not supported.
    ContentEncoding,
    /// A body above the size limit, before or after decompression.
    TooLarge,
    /// The body was not received in time.
    TooSlow,
    /// The body does not match its content type and compression.
    Undecodable,
    /// The client disconnected before it was answered. Its spans may have been stored.
    Disconnected,
    /// The queue, or the memory for bodies in flight, was full.
    Busy,
    /// The store could not write.
    CannotStore,
    /// The agent was stopping.
    ShuttingDown,
    /// A defect of Coral.
    Internal,
}

/// A request that has not ended. If it is dropped before [`end`](Self::end) is called, it counts as
/// [`End::Disconnected`].
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

    /// Counts the contents of a request: `valid` spans, `invalid` spans, and `links` removed from
    /// valid spans.
    pub fn count_decoded(&self, valid: u64, invalid: u64, links: u64) {
        self.spans.count_decoded(valid, invalid);
        add(&self.links_dropped, links);
    }

    /// Counts the contents of a request: `valid` and `invalid` points of RED metrics, and points
    /// that were `ignored`.
    pub fn count_decoded_points(&self, valid: u64, invalid: u64, ignored: IgnoredMetrics) {
        self.points.count_decoded(valid, invalid);
        add(&self.unknown_points, ignored.unknown);
        add(&self.sdk_points, ignored.sdk);
        add(&self.idle_resources, ignored.idle);
    }

    /// Counts the attributes that were changed for privacy.
    pub fn count_removed(&self, removed: RemovedCounts) {
        for (counter, (_, count)) in self.removed.iter().zip(removed.counts()) {
            add(counter, count);
        }
    }

    /// Counts the outcome of an export of `offered` valid spans.
    ///
    /// Returns how many of these spans ingest reported neither as stored nor as duplicates; they
    /// count as dropped.
    pub fn count_exported(&self, offered: u64, outcome: &Result<ExportCounts, Refusal>) -> u64 {
        self.spans.count_exported(offered, outcome)
    }

    /// Counts the outcome of an export of `offered` valid points. Points whose series exceeds the
    /// limit count as dropped.
    pub fn count_exported_points(&self, offered: u64, outcome: &Result<ExportCounts, Refusal>) {
        self.points.count_exported(offered, outcome);
    }

    /// All counts, by names in the style of OpenTelemetry, such as `coral.agent.spans.received`.
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
    /// Counts the request with the outcome `end`.
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
    /// Every outcome, in order of declaration, which is also the order of the counters of a
    /// protocol.
    const ALL: [Self; 15] = [
        Self::Accepted,
        Self::Unauthenticated,
        Self::ForeignPage,
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
            Self::Unauthenticated => "refused.unauthenticated",
            Self::ForeignPage => "refused.foreign_page",
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
    fn every_received_span_is_stored_duplicate_refused_or_dropped() {
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
            counters.count_decoded(valid, 1, 0);
            counters.count_exported(valid, &outcome);
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
    fn every_outcome_of_a_request_has_its_own_counter() {
        let counters = IntakeCounters::default();
        for protocol in Protocol::ALL {
            End::ALL.into_iter().for_each(|end| counters.request(protocol).end(end));
        }
        assert!(counters.request_counts().all(|(name, count)| (count == 1) || panic!("{name}")));
        assert_eq!(counters.snapshot().len(), 2 * 8 + 4 + 4 + 2 * End::ALL.len());
    }

    #[test]
    fn a_request_without_an_outcome_counts_as_disconnected() {
        let counters = IntakeCounters::default();
        drop(counters.request(Protocol::Grpc));
        assert_eq!(counters.snapshot()["coral.agent.requests.grpc.refused.disconnected"], 1);
    }
}
