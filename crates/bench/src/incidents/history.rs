//! Hours of simulated requests in a store: calm, then with a fault.

use std::time::Duration;

use coral_engine::{Checkpoint, Page, PageContent, PageWriter as _};
use coral_query::answer::{AgentStatus, ColonyStatus};
use coral_query::{FleetState, Sources};
use coral_store::{Store, StoreConfig};
use coral_trace::{Collector, Span, TraceId, UnixNanos};
use tempfile::TempDir;

use crate::Failure;
use crate::rca::simulator::{DataQuality, Fault, Kind, Simulation, Topology};
use crate::traffic::trace::mix;

/// A minute, in nanoseconds.
pub const MINUTE: u64 = 60_000_000_000;
/// When every fault begins.
const BEGAN: u64 = 1_790_000_000_000_000_000;
/// How long a fault is simulated, in minutes.
const FAULT: u64 = 90;
/// How long a fault that comes and goes is there, and how long it is not, in minutes.
const COMES_FOR: u64 = 5;
/// Spans in one page of an agent's stream.
const PAGE: usize = 20_000;

/// What happens.
pub struct Incident {
    /// The name in the output.
    pub name: &'static str,
    topology: Topology,
    fault: Fault,
    event: Event,
    seed: u64,
}

/// What begins at the beginning.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The fault.
    Fault,
    /// The fault, for five minutes in each ten.
    ComesAndGoes,
    /// Three times as many requests.
    Load,
    /// One of two agents becomes unreachable. Its services run on.
    AgentDies,
    /// The second of two agents joins.
    AgentJoins,
    /// Nothing.
    Nothing,
}

/// A store with the requests of an incident.
pub struct History {
    /// When the incident began.
    pub began: UnixNanos,
    event: Event,
    store: Store,
    _dir: TempDir,
}

impl Incident {
    /// All incidents, with services chosen by `seed`.
    pub fn all(seed: u64) -> Vec<Self> {
        let topologies = || Topology::all().into_iter().take(3).collect::<Vec<_>>();
        let mut number = seed;
        let mut incident = |name, kind: Kind, event| {
            number += 1;
            let topology = topologies().swap_remove((mix(number) % 3) as usize);
            let places = kind.places(&topology);
            let at = places[(mix(number ^ 1) % places.len() as u64) as usize];
            Self { name, topology, fault: Fault { kind, at }, event, seed: mix(number ^ 2) }
        };
        let mut all: Vec<Self> = Kind::FAULTS
            .into_iter()
            .map(|kind| incident(kind.as_str(), kind, Event::Fault))
            .collect();
        all.extend([
            incident("slow node, comes and goes", Kind::SlowNode, Event::ComesAndGoes),
            incident("early error, comes and goes", Kind::EarlyError, Event::ComesAndGoes),
            incident("nothing", Kind::None, Event::Nothing),
            incident("load step", Kind::LoadStep, Event::Load),
            incident("agent dies", Kind::None, Event::AgentDies),
            incident("agent joins", Kind::None, Event::AgentJoins),
        ]);
        all
    }

    /// The services that a right answer may name; empty when nothing is at fault.
    pub fn culprits(&self) -> Vec<String> {
        match self.event {
            Event::Fault | Event::ComesAndGoes => self.fault.culprits(&self.topology),
            _ => Vec::new(),
        }
    }

    /// Whether the fault is there, some nanoseconds after the beginning.
    const fn is_faulty(&self, since: u64) -> bool {
        match self.event {
            Event::ComesAndGoes => (since / MINUTE / COMES_FOR).is_multiple_of(2),
            _ => true,
        }
    }

    /// The agent of `service`, of two.
    fn agent(&self, service: &str) -> usize {
        let has_two = matches!(self.event, Event::AgentDies | Event::AgentJoins);
        let at = self.topology.services.iter().position(|other| other.name == service);
        usize::from(has_two && at.is_some_and(|at| at % 3 == 2))
    }

    /// Whether the agent reports a span that started at `start`.
    fn is_seen(&self, agent: usize, start: UnixNanos) -> bool {
        match self.event {
            Event::AgentDies => agent == 0 || start.0 < BEGAN,
            Event::AgentJoins => agent == 0 || start.0 >= BEGAN,
            _ => true,
        }
    }
}

impl History {
    /// Stores `minutes` of requests before the incident, and the requests since.
    ///
    /// # Errors
    /// An error of the store.
    pub fn store(incident: &Incident, rate: f64, minutes: u64) -> Result<Self, Failure> {
        let dir = tempfile::tempdir()?;
        let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 262_144 };
        let store = Store::open(config)?;
        let fault = [incident.fault];
        let simulate = |faults| Simulation { topology: &incident.topology, faults, decoy: None };
        let (usual, faulty) = (simulate(&[]), simulate(&fault));
        let mut agents = [Agent::new("web-1"), Agent::new("web-2")];
        let (mut at, end) = (BEGAN - minutes * MINUTE, BEGAN + FAULT * MINUTE);
        let mut number = mix(incident.seed);
        while at < end {
            number += 1;
            let is_faulty = at >= BEGAN && incident.is_faulty(at - BEGAN);
            let simulation = if is_faulty { &faulty } else { &usual };
            let trace = simulation.trace(number, DataQuality::Clean);
            for span in trace.into_iter().flat_map(|trace| moved(trace, at)) {
                let agent = incident.agent(span.origin.service_name());
                if incident.is_seen(agent, span.start) {
                    agents[agent].spans.push(span);
                }
            }
            for agent in &mut agents {
                agent.store(&store, PAGE)?;
            }
            let factor = if at >= BEGAN && incident.event == Event::Load { 3.0 } else { 1.0 };
            // Requests come at random: the pauses are distributed exponentially.
            let uniform = (mix(number ^ 41) >> 11) as f64 / (1u64 << 53) as f64;
            let pause = -(1.0 - uniform).ln() / (rate * factor);
            at += 1 + Duration::from_secs_f64(pause).as_nanos() as u64;
        }
        for agent in &mut agents {
            agent.store(&store, 1)?;
        }
        Ok(Self { began: UnixNanos(BEGAN), event: incident.event, store, _dir: dir })
    }

    /// What a colony answers from at `now`; without the state of its agents unless `with_agents`.
    pub fn sources(&self, now: UnixNanos, with_agents: bool) -> Sources<'_> {
        let is_dead = self.event == Event::AgentDies && now > self.began;
        let fleet: &dyn FleetState = if with_agents && is_dead { &OneIsDead } else { &AllAnswer };
        Sources { traces: &self.store, metrics: &self.store, fleet, now }
    }
}

/// A stream of spans on its way to the store.
struct Agent {
    id: &'static str,
    spans: Vec<Span>,
    receipts: u64,
}

impl Agent {
    const fn new(id: &'static str) -> Self {
        Self { id, spans: Vec::new(), receipts: 0 }
    }

    /// Stores the spans when there are at least `least`.
    fn store(&mut self, store: &Store, least: usize) -> Result<(), Failure> {
        if self.spans.len() < least {
            return Ok(());
        }
        let spans = std::mem::take(&mut self.spans);
        let received = spans.iter().map(|span| span.end).max().unwrap_or_default();
        let stored = self.receipts;
        self.receipts += spans.len() as u64;
        let checkpoint = Checkpoint {
            agent_id: self.id.to_owned(),
            collector: Collector::Ebpf,
            store_id: self.id.to_owned(),
            next_receipt: self.receipts,
            spans_stored: stored,
            spans_missed: 0,
        };
        let page = Page { content: PageContent::Spans(spans), received, checkpoint };
        for answer in store.append_pages(vec![page]) {
            answer?;
        }
        Ok(())
    }
}

/// The spans of a trace, moved so that the first one starts at `at`.
fn moved(trace: Vec<Span>, at: u64) -> Vec<Span> {
    let first = trace.iter().map(|span| span.start.0).min().unwrap_or_default();
    let id = trace[0].trace_id.as_u128() ^ u128::from(mix(at));
    let moved = |mut span: Span| {
        span.start = UnixNanos(span.start.0 - first + at);
        span.end = UnixNanos(span.end.0 - first + at);
        span.trace_id = TraceId::try_from(id).unwrap_or(span.trace_id);
        span
    };
    trace.into_iter().map(moved).collect()
}

/// A colony whose agents answer; nothing is known of them.
struct AllAnswer;

impl FleetState for AllAnswer {
    fn status(&self, _: UnixNanos) -> ColonyStatus {
        ColonyStatus::default()
    }
}

/// A colony whose second agent became unreachable when the incident began.
struct OneIsDead;

impl FleetState for OneIsDead {
    fn status(&self, now: UnixNanos) -> ColonyStatus {
        let agent = |id: &str, state: &str, answered: UnixNanos| AgentStatus {
            agent_id: id.to_owned(),
            address: String::new(),
            known_by: "registered".to_owned(),
            state: state.to_owned(),
            version: None,
            answered_at: Some(answered),
            spans_at: None,
            spans_per_second: None,
            reachable: state == "ok",
            lag_receipts: None,
            lag_seconds: None,
            last_error: None,
            spans_stored: 0,
            spans_missed: 0,
            spans_refused: 0,
            last_refusal: None,
            beyla: None,
        };
        let agents =
            vec![agent("web-1", "ok", now), agent("web-2", "unreachable", UnixNanos(BEGAN))];
        ColonyStatus { agents, ..ColonyStatus::default() }
    }
}
