//! The contents of traces as numbers: ids, times, services, outcomes.

use coral_scenario::mix;

use super::{Nanos, Traffic};

/// Trace `number` of the traffic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trace {
    /// The number of the trace, from 0, in the order of sending.
    pub number: u64,
    /// The trace id, as a big-endian number.
    pub id: u128,
    /// The start of the root, in Unix nanoseconds.
    pub start: Nanos,
    /// The duration of the root, in nanoseconds.
    pub length: Nanos,
    /// Whether the trace failed: each hop answered with status 500.
    pub failed: bool,
    /// Whether the last SQL query ends after the root.
    pub outlasts_root: bool,
    /// Random bits of the trace.
    pub random: u64,
}

/// One span of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The span id; unique in the whole traffic.
    pub id: u64,
    /// The id of the parent span; `None` for the root.
    pub parent: Option<u64>,
    /// The role of the span in its hop.
    pub role: Role,
    /// The hop of the trace that the span belongs to; 0 is that of the root.
    pub hop: u64,
    /// The start in Unix nanoseconds.
    pub start: Nanos,
    /// The end in Unix nanoseconds.
    pub end: Nanos,
}

/// The spans that Beyla makes of one request to a Go server, parents first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The request; its parent is the caller's [`Role::Call`].
    Server,
    /// The time in a queue: an internal span without attributes.
    InQueue,
    /// The handler: an internal span without attributes, parent of the calls.
    Processing,
    /// An SQL query.
    Sql,
    /// A request to the next hop, or to an external host.
    Call,
}

/// The number of spans of one hop.
pub const PER_HOP: u64 = 5;
const ROLES: [Role; PER_HOP as usize] =
    [Role::Server, Role::InQueue, Role::Processing, Role::Sql, Role::Call];

const MILLISECOND: Nanos = 1_000_000;
const SECOND: Nanos = 1_000 * MILLISECOND;
/// The largest random delay of a start time: traces are sent out of order by up to this long.
const JITTER: Nanos = 16 * SECOND;
/// The longest duration of a trace, including spans that end after the root.
const MAX_DURATION: Nanos = 4 * SECOND;

impl Traffic {
    /// Trace `number`.
    pub fn trace(&self, number: u64) -> Trace {
        let random = mix(mix(self.seed) ^ number);
        let id = u128::from(mix(random ^ 0x7472)) << 64 | u128::from(mix(random ^ 0x6964));
        let slow = share(mix(random ^ 0x736c)) < self.slow;
        let length = match slow {
            true => SECOND + mix(random ^ 0x6c65) % (2 * SECOND),
            false => 2 * MILLISECOND + mix(random ^ 0x6c65) % (48 * MILLISECOND),
        };
        Trace {
            number,
            id,
            start: self.start(number, random),
            length,
            failed: share(mix(random ^ 0x6572)) < self.errors,
            outlasts_root: random.is_multiple_of(64) && self.spans_per_trace >= PER_HOP,
            random,
        }
    }

    /// The start of trace `number`. Start times are spread evenly, with some jitter. The last trace
    /// ends before the traffic does.
    fn start(&self, number: u64, random: u64) -> Nanos {
        let jitter = JITTER.min(self.spread / 4);
        let room = self.spread.saturating_sub(jitter + MAX_DURATION).max(1);
        let even = (u128::from(room) * u128::from(number) / u128::from(self.traces())) as Nanos;
        self.end - jitter - MAX_DURATION - room + even + mix(random ^ 0x6a69) % jitter.max(1)
    }

    /// Span `index` of `trace`. Indices run from 0 to `spans_per_trace` - 1, parents before
    /// children.
    pub fn span(&self, trace: &Trace, index: u64) -> Span {
        let (hop, role) = (index / PER_HOP, ROLES[(index % PER_HOP) as usize]);
        let id = |index: u64| self.span_id(trace, index);
        let parent = match role {
            Role::Server if hop == 0 => None,
            Role::Server => Some(id(index - 1)),
            Role::InQueue | Role::Processing => Some(id(hop * PER_HOP)),
            Role::Sql | Role::Call => Some(id(hop * PER_HOP + 2)),
        };
        let (start, end) = self.times(trace, hop, role);
        Span { id: id(index), parent, role, hop, start, end }
    }

    fn span_id(&self, trace: &Trace, index: u64) -> u64 {
        // `mix` is a bijection, so all span ids of the traffic are different.
        mix((trace.number * self.spans_per_trace + index) ^ mix(self.seed ^ 0x7370))
    }

    fn times(&self, trace: &Trace, hop: u64, role: Role) -> (Nanos, Nanos) {
        // Each hop begins later and ends earlier than its caller.
        let step = trace.length / (2 * self.hops() + 2);
        let hop_start = |hop: u64| trace.start + hop * step;
        let hop_end = |hop: u64| trace.start + trace.length - hop * step / 2;
        let (start, end) = (hop_start(hop), hop_end(hop));
        match role {
            Role::Server => (start, end),
            Role::InQueue => (start, start + step / 64),
            Role::Processing => (start + step / 64, end),
            Role::Sql if trace.outlasts_root && hop == 0 => {
                (start + step / 8, trace.start + trace.length + MILLISECOND)
            }
            Role::Sql => (start + step / 8, start + step / 2),
            Role::Call => (hop_start(hop + 1) - step / 8, hop_end(hop + 1) + step / 8),
        }
    }

    /// The number of hops of each trace; the last hop may be incomplete.
    pub fn hops(&self) -> u64 {
        self.spans_per_trace.div_ceil(PER_HOP)
    }

    /// The indices of the spans of one hop, parents before children.
    pub fn hop_spans(&self, hop: u64) -> std::ops::Range<u64> {
        hop * PER_HOP..((hop + 1) * PER_HOP).min(self.spans_per_trace)
    }

    /// The index of the service that handles `hop`.
    pub fn service(&self, trace: &Trace, hop: u64) -> u64 {
        (mix(trace.random ^ 0x7365) % self.services + hop) % self.services
    }
}

impl Trace {
    /// The number of the route of `hop`, below [`ROUTES`].
    pub fn route(&self, hop: u64) -> u64 {
        mix(self.random ^ (hop << 8) ^ 0x726f) % ROUTES
    }

    /// The number of the item that `hop` is about. Route and item determine the path.
    pub fn item(&self, hop: u64) -> u64 {
        mix(self.random ^ (hop << 8) ^ 0x6974) % ITEMS
    }
}

impl Span {
    /// Whether the span has the status `error` when its trace fails.
    pub fn fails(&self) -> bool {
        matches!(self.role, Role::Server | Role::Call)
    }
}

/// The number of routes of a service.
pub const ROUTES: u64 = 50;
/// The number of items of a route.
pub const ITEMS: u64 = 2_000;

fn share(random: u64) -> f64 {
    random as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn traces_start_within_the_spread_and_end_before_the_end_of_the_traffic() {
        let traffic = sample(10_000);
        for number in 0..traffic.traces() {
            let trace = traffic.trace(number);
            assert!(trace.start >= traffic.end - traffic.spread, "{number}");
            for index in 0..traffic.spans_per_trace {
                let span = traffic.span(&trace, index);
                assert!(span.start >= trace.start && span.end > span.start, "{trace:?} {span:?}");
                assert!(span.end < traffic.end, "{trace:?} {span:?}");
            }
        }
    }

    #[test]
    fn traces_depend_on_the_seed_and_on_nothing_else() {
        let (one, mut other) = (sample(100), sample(100));
        assert_eq!(one.trace(3), other.trace(3));
        other.seed = 2;
        assert_ne!(one.trace(3).id, other.trace(3).id);
    }
}
