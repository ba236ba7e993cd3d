//! What happens in the demo: an hour of simulated requests, and a fault that began twelve minutes
//! ago.

use std::iter::Peekable;

use coral_scenario::{Arrival, Incident, IncidentKind, MINUTE, Topology, Traffic};
use coral_trace::{Span, TraceId, UnixNanos};

/// How much history the demo begins with, and how much of it has the fault.
const HISTORY: u64 = 60 * MINUTE;
pub const FAULT_AGE_MINUTES: u64 = 12;
/// Requests per second.
const RATE: f64 = 0.7;
/// The place of the fault, and all durations, follow from this number.
const SEED: u64 = 2;

/// How long the query takes that a cache spares.
const CACHED_QUERY_MILLIS: f64 = 25.0;

/// An application with a fault.
pub struct Story {
    incident: Incident,
    since: UnixNanos,
}

/// The requests of a story, in the order of their arrival.
pub struct Requests<'a> {
    traffic: Peekable<Traffic<'a>>,
}

/// A request that has ended.
pub struct Ended {
    /// Its spans.
    pub spans: Vec<Span>,
    /// Whether the fault changed the request.
    pub is_affected: bool,
}

impl Story {
    /// The story of an incident of this kind, at the time `now`.
    pub fn new(kind: IncidentKind, now: UnixNanos) -> Self {
        let began = UnixNanos(now.0 - FAULT_AGE_MINUTES * MINUTE);
        let incident = Incident::new(kind, application(), began, SEED);
        let incident = incident.expect("a test makes a story of every kind");
        Self { incident, since: UnixNanos(now.0 - HISTORY) }
    }

    /// All requests from the beginning of the history on.
    pub fn requests(&self) -> Requests<'_> {
        Requests { traffic: self.incident.traffic(RATE, self.since).peekable() }
    }

    /// When the incident began.
    pub fn began(&self) -> UnixNanos {
        self.incident.began
    }

    /// The names that a right answer may give to the cause; none without a fault.
    pub fn culprits(&self) -> Vec<String> {
        let faults = self.incident.faults().iter();
        faults.flat_map(|(fault, _)| fault.culprits(&self.incident.topology)).collect()
    }

    /// The host, version or statement that an answer has to name, if there is one.
    pub fn culprit_value(&self) -> Option<String> {
        self.incident.culprit_value()
    }
}

impl Requests<'_> {
    /// The next request, if it has ended by `now`.
    pub fn next_by(&mut self, now: UnixNanos) -> Option<Ended> {
        let has_ended = |arrival: &Arrival| {
            arrival.at <= now && arrival.request.spans.iter().all(|span| span.end <= now)
        };
        let request = self.traffic.next_if(has_ended)?.request;
        Some(Ended { spans: request.spans, is_affected: request.is_affected })
    }
}

/// The checkout, with an expensive query behind its cache: a miss of the cache takes long enough to be
/// seen in the durations of the service.
fn application() -> Topology {
    let mut checkout = Topology::checkout();
    let operations = checkout.services.iter_mut().flat_map(|service| &mut service.operations);
    let databases = operations.filter_map(|operation| operation.database.as_mut());
    for database in databases.filter(|database| database.cache.is_some()) {
        database.read.name = "SELECT items";
        database.read.text = "SELECT * FROM items JOIN reviews USING (item) WHERE item = $1";
        database.read.millis = CACHED_QUERY_MILLIS;
    }
    checkout
}

/// Of the requests that the fault changed, one to show: it fails if most of them fail, and took a
/// typical time. Without such requests, one of all.
pub fn showcase(requests: &[Showable]) -> Option<TraceId> {
    let affected = requests.iter().any(|request| request.is_affected);
    let of_interest = requests.iter().filter(|request| request.is_affected == affected);
    let (failed, others): (Vec<&Showable>, Vec<&Showable>) =
        of_interest.partition(|request| request.fails);
    let mut found = if failed.len() > others.len() { failed } else { others };
    found.sort_by_key(|request| request.nanos);
    found.get(found.len() / 2).map(|request| request.trace_id)
}

/// What decides whether a request is worth showing.
#[derive(Clone, Copy)]
pub struct Showable {
    trace_id: TraceId,
    nanos: u64,
    fails: bool,
    is_affected: bool,
}

impl Showable {
    /// The request with these spans; `None` without spans.
    pub fn new(request: &Ended) -> Option<Self> {
        let root = request.spans.first()?;
        Some(Self {
            trace_id: root.trace_id,
            nanos: root.duration().as_nanos() as u64,
            fails: root.is_error(),
            is_affected: request.is_affected,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_790_000_000_000_000_000);

    #[test]
    fn every_fault_has_a_place_and_changes_requests_of_the_last_twelve_minutes_only() {
        let began = UnixNanos(NOW.0 - FAULT_AGE_MINUTES * MINUTE);
        for kind in IncidentKind::faults() {
            let story = Story { since: UnixNanos(began.0 - MINUTE), ..Story::new(kind, NOW) };
            assert!(!story.culprits().is_empty());
            let (mut requests, mut affected, mut shown) = (story.requests(), 0, Vec::new());
            while let Some(request) = requests.next_by(NOW) {
                let is_after = request.spans.iter().all(|span| span.start >= began);
                assert!(is_after || !request.is_affected, "{kind:?}");
                affected += u32::from(request.is_affected);
                shown.extend(Showable::new(&request));
            }
            assert!(affected >= 20, "{kind:?}: {affected}");
            let shown = shown.iter().find(|request| Some(request.trace_id) == showcase(&shown));
            assert!(shown.is_some_and(|request| request.is_affected), "{kind:?}");
        }
    }

    #[test]
    fn a_request_is_held_back_until_it_has_ended_and_none_is_lost() {
        let since = UnixNanos(NOW.0 - 5 * MINUTE);
        let story = Story { since, ..Story::new(IncidentKind::Nothing, NOW) };
        assert!(story.culprits().is_empty());
        let count = |mut nows: Vec<u64>| {
            let mut requests = story.requests();
            nows.push(NOW.0);
            let mut spans = 0;
            for now in nows.into_iter().map(UnixNanos) {
                while let Some(request) = requests.next_by(now) {
                    assert!(request.spans.iter().all(|span| span.end <= now));
                    spans += request.spans.len();
                }
            }
            spans
        };
        let seconds = (0..300).map(|second| since.0 + second * MINUTE / 60).collect();
        assert_eq!(count(seconds), count(Vec::new()));
    }
}
