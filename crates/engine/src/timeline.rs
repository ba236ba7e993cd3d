//! The coverage timeline: what a colony knows of each agent, minute by minute.

use std::collections::BTreeMap;

use coral_trace::red::Protocol;
use coral_trace::{Collector, TimeRange, UnixNanos};

/// A minute of the wall clock: the number of minutes since the Unix epoch, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Minute(pub u32);

/// What a colony knows of one agent in one minute.
///
/// Several records of the same agent and minute describe it together: see
/// [`absorb`](Self::absorb). A minute without a record is unknown: the colony did not run, or did
/// not know the agent.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AgentMinute {
    /// The agent's id.
    pub agent_id: String,
    /// The minute.
    pub minute: Minute,
    /// How the agent was polled in the minute; `None` in a record that only adds spans.
    pub polled: Option<PolledMinute>,
    /// Spans of the agent that started in the minute, by service and collector, sorted.
    pub services: BTreeMap<(String, Collector), u64>,
    /// Whether there were more services than [`AgentMinute::MAX_SERVICES`], so that some are
    /// missing in `services`.
    pub services_cut: bool,
    /// Requests that services served over HTTP and gRPC in the minute, by service and protocol,
    /// sorted; of at most [`AgentMinute::MAX_SERVICES`] pairs.
    pub requests: BTreeMap<(String, Protocol), RequestCounts>,
}

/// How many requests of one service and protocol are known from each signal. Their ratio tells how
/// traces are sampled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RequestCounts {
    /// Server spans that started in the minute and are stored, of all collectors.
    pub spans: u64,
    /// Requests that metrics counted. Those of a longer interval are spread over its minutes.
    pub counted: u64,
}

/// How an agent was polled in one minute.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct PolledMinute {
    /// Whether the agent answered the last poll before the end of the minute.
    pub reachable: bool,
    /// Every span that the agent received at or after the start of this range, and before its end,
    /// was stored by the end of the minute. `None` when nothing is known to be complete. In the
    /// minute in which the agent's process was replaced, the range is that of the old process.
    pub complete: Option<TimeRange>,
    /// Whether the agent's Beyla instrumented processes in most of the minute; `None` when the agent
    /// runs no Beyla, does not report its state, or runs a Beyla without a request to report.
    pub instrumenting: Option<bool>,
    /// The fraction of traces of which spans are recorded and stored, above 0 and at most 1; `None`
    /// when it is unknown.
    pub sampling_ratio: Option<f64>,
}

impl Minute {
    /// The minute of `time`.
    pub const fn at(time: UnixNanos) -> Self {
        Self((time.0 / NANOS) as u32)
    }

    /// The first instant of the minute.
    pub const fn start(self) -> UnixNanos {
        UnixNanos((self.0 as u64).saturating_mul(NANOS))
    }

    /// The first instant after the minute.
    pub const fn end(self) -> UnixNanos {
        UnixNanos((self.0 as u64 + 1).saturating_mul(NANOS))
    }

    /// Whether some instant of the minute is in `range`.
    pub fn touches(self, range: TimeRange) -> bool {
        self.start() < range.end && range.start < self.end()
    }
}

impl AgentMinute {
    /// The largest number of entries in [`services`](Self::services), and in
    /// [`requests`](Self::requests).
    pub const MAX_SERVICES: usize = 256;

    /// Adds what a later record of the same agent and minute says: counts of spans are added, and
    /// `polled` is replaced if the later record has it.
    pub fn absorb(&mut self, later: Self) {
        self.polled = later.polled.or(self.polled);
        self.services_cut |= later.services_cut;
        for ((service, collector), spans) in later.services {
            self.count(service, collector, spans);
        }
        for ((service, protocol), counts) in later.requests {
            self.count_requests(service, protocol, counts);
        }
    }

    /// Counts requests of a service. Those beyond [`MAX_SERVICES`](Self::MAX_SERVICES) are not
    /// counted.
    pub fn count_requests(&mut self, service: String, protocol: Protocol, counts: RequestCounts) {
        let is_full = self.requests.len() >= Self::MAX_SERVICES;
        match self.requests.entry((service, protocol)) {
            std::collections::btree_map::Entry::Vacant(_) if is_full => {}
            entry => {
                let known = entry.or_default();
                known.spans = known.spans.saturating_add(counts.spans);
                known.counted = known.counted.saturating_add(counts.counted);
            }
        }
    }

    /// Counts `spans` of a service. The spans of a service beyond
    /// [`MAX_SERVICES`](Self::MAX_SERVICES) are not counted.
    pub fn count(&mut self, service: String, collector: Collector, spans: u64) {
        let is_full = self.services.len() >= Self::MAX_SERVICES;
        match self.services.entry((service, collector)) {
            std::collections::btree_map::Entry::Vacant(_) if is_full => self.services_cut = true,
            entry => {
                let count = entry.or_insert(0);
                *count = count.saturating_add(spans);
            }
        }
    }
}

/// One minute in nanoseconds.
const NANOS: u64 = 60_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_begins_at_its_start_and_ends_before_the_next() {
        let minute = Minute::at(UnixNanos(125 * 1_000_000_000));
        assert_eq!((minute, minute.start()), (Minute(2), UnixNanos(120 * 1_000_000_000)));
        assert_eq!(Minute::at(minute.end()), Minute(3));
        let until = |end| TimeRange { start: UnixNanos(0), end };
        assert!(!minute.touches(until(minute.start())));
        assert!(minute.touches(until(UnixNanos(minute.start().0 + 1))));
    }

    #[test]
    fn later_records_of_a_minute_add_spans_and_replace_how_it_was_polled() {
        let record = |spans, reachable: Option<bool>| {
            let polled =
                reachable.map(|reachable| PolledMinute { reachable, ..Default::default() });
            let services = [(("cart".to_owned(), Collector::Ebpf), spans)].into();
            let counts = RequestCounts { spans, counted: 10 * spans };
            let requests = [(("cart".to_owned(), Protocol::Http), counts)].into();
            AgentMinute { polled, services, requests, ..AgentMinute::default() }
        };
        let mut minute = record(3, Some(true));
        minute.absorb(record(4, None));
        assert_eq!(minute, record(7, Some(true)));
        minute.absorb(record(0, Some(false)));
        assert_eq!(minute, record(7, Some(false)));
    }

    #[test]
    fn services_beyond_the_limit_are_left_out_and_that_is_recorded() {
        let mut minute = AgentMinute::default();
        for number in 0..=AgentMinute::MAX_SERVICES {
            minute.count(format!("s{number}"), Collector::Sdk, 1);
            let counts = RequestCounts { spans: 1, counted: 1 };
            minute.count_requests(format!("s{number}"), Protocol::Grpc, counts);
        }
        assert!(minute.services.len() == AgentMinute::MAX_SERVICES && minute.services_cut);
        assert_eq!(minute.requests.len(), AgentMinute::MAX_SERVICES);
        minute.count("s0".to_owned(), Collector::Sdk, 1);
        assert_eq!(minute.services[&("s0".to_owned(), Collector::Sdk)], 2);
    }
}
