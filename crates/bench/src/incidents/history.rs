//! Hours of simulated requests in a store, as a colony has them at each moment.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::time::Duration;

use coral_engine::{Checkpoint, Page, PageContent, PageWriter as _};
use coral_query::answer::{AgentStatus, ColonyStatus};
use coral_query::{FleetState, Sources};
use coral_scenario::{Incident, Traffic};
use coral_store::{Store, StoreConfig};
use coral_trace::{Collector, Span, UnixNanos};
use tempfile::TempDir;

use super::metrics::Metrics;
use super::timeline::{self, Timeline};
use crate::Failure;

/// Spans in one page of an agent's stream, at most.
const PAGE: usize = 20_000;
/// How long after its end a span is stored in the colony.
pub const DELIVERY: Duration = Duration::from_secs(10);

/// A store with the spans of an incident that are stored until now.
pub struct History<'a> {
    incident: &'a Incident,
    traffic: Peekable<Traffic<'a>>,
    /// Spans of requests up to now that are not stored yet. The resource of a span names its host.
    waiting: Vec<Span>,
    /// How many spans of each agent are stored.
    receipts: BTreeMap<String, u64>,
    /// How many sampled requests that a fault changed have arrived.
    affected: u64,
    /// How many spans are stored.
    spans: u64,
    timeline: Timeline,
    /// The metrics of all requests; `None` in a colony without metrics.
    metrics: Option<Metrics>,
    /// The part of the traces that are sampled: 0 to 1.
    sampled: f64,
    store: Store,
    /// How many of the stored spans are sealed.
    sealed: u64,
    _dir: TempDir,
}

/// How many unsealed rows are sealed: the default of a colony.
const SEGMENT_ROWS: u64 = 262_144;

impl<'a> History<'a> {
    /// An empty store of a colony that started at `since`, before the first of `traffic`.
    ///
    /// # Errors
    /// An error of the store.
    pub fn open(
        incident: &'a Incident,
        traffic: Traffic<'a>,
        since: UnixNanos,
        sampled: f64,
        has_metrics: bool,
    ) -> Result<Self, Failure> {
        let dir = tempfile::tempdir()?;
        let store =
            Store::open(StoreConfig { dir: dir.path().to_owned(), segment_rows: SEGMENT_ROWS })?;
        Ok(Self {
            incident,
            traffic: traffic.peekable(),
            waiting: Vec::new(),
            receipts: BTreeMap::new(),
            affected: 0,
            spans: 0,
            sealed: 0,
            timeline: Timeline::new(incident, since),
            metrics: has_metrics.then(Metrics::new),
            sampled,
            store,
            _dir: dir,
        })
    }

    /// Stores what is received until `now`.
    ///
    /// # Errors
    /// An error of the store.
    pub fn advance(&mut self, now: UnixNanos) -> Result<(), Failure> {
        while let Some(arrival) = self.traffic.next_if(|arrival| arrival.at < now) {
            let incident = self.incident;
            let spans = arrival.request.spans;
            if let Some(metrics) = &mut self.metrics {
                spans
                    .iter()
                    .filter(|span| !incident.is_lost(span))
                    .for_each(|span| metrics.count(span));
            }
            let is_sampled = |span: &Span| coral_scenario::is_sampled(span.trace_id, self.sampled);
            if spans.first().is_some_and(is_sampled) {
                self.affected += u64::from(arrival.request.is_affected);
                self.waiting.extend(spans.into_iter().filter_map(|span| incident.reported(span)));
            }
            if self.waiting.len() >= PAGE {
                self.deliver(arrival.at)?;
            }
        }
        self.deliver(now)
    }

    /// What a colony answers from at `now`.
    pub fn sources<'s>(&'s self, fleet: &'s Fleet<'_>, now: UnixNanos) -> Sources<'s> {
        Sources { traces: &self.store, metrics: &self.store, fleet, now }
    }

    /// How many sampled requests that a fault changed have arrived.
    pub const fn affected(&self) -> u64 {
        self.affected
    }

    /// How many spans are stored.
    pub const fn spans(&self) -> u64 {
        self.spans
    }

    /// Stores the spans that have been delivered by `now`.
    fn deliver(&mut self, now: UnixNanos) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        let is_delivered = |span: &Span| span.end.later(DELIVERY) <= now;
        let (delivered, waiting) = waiting.into_iter().partition::<Vec<_>, _>(is_delivered);
        self.waiting = waiting;
        let mut hosts: BTreeMap<String, Vec<Span>> = BTreeMap::new();
        for span in delivered {
            let host = span.origin.resource.attributes.text("host.name").unwrap_or_default();
            match hosts.get_mut(host) {
                Some(spans) => spans.push(span),
                None => {
                    hosts.insert(host.to_owned(), vec![span]);
                }
            }
        }
        let mut minutes = self.timeline.ended(now);
        hosts.iter().for_each(|(host, spans)| minutes.extend(timeline::counted(host, spans)));
        self.store.append_agent_minutes(minutes)?;
        let pages = hosts.into_iter().map(|(host, spans)| self.page(host, spans, now)).collect();
        for stored in self.store.append_pages(pages) {
            stored?;
        }
        // As the maintenance of a colony does.
        if self.spans >= self.sealed + SEGMENT_ROWS {
            self.store.seal()?;
            self.sealed = self.spans;
        }
        match &mut self.metrics {
            Some(metrics) => metrics.deliver(&self.store, now),
            None => Ok(()),
        }
    }

    /// The next page of the agent of a host.
    fn page(&mut self, host: String, spans: Vec<Span>, received: UnixNanos) -> Page {
        self.spans += spans.len() as u64;
        let stored = *self.receipts.get(&host).unwrap_or(&0);
        self.receipts.insert(host.clone(), stored + spans.len() as u64);
        let checkpoint = Checkpoint {
            agent_id: host.clone(),
            collector: Collector::Ebpf,
            store_id: host,
            next_receipt: stored + spans.len() as u64,
            spans_stored: stored,
            spans_missed: 0,
        };
        Page { content: PageContent::Spans(spans), received, checkpoint }
    }
}

/// The agents of the hosts of an incident: each host has an agent of the same name.
pub struct Fleet<'a>(pub &'a Incident);

impl FleetState for Fleet<'_> {
    fn status(&self, now: UnixNanos) -> ColonyStatus {
        let gap = self.0.gap().filter(|gap| !gap.agent_runs && gap.range.contains(now));
        let hosts = self.0.topology.hosts();
        let status = |host: &str| match &gap {
            Some(gap) if gap.host == host && gap.range.start.0 == 0 => None,
            Some(gap) if gap.host == host => Some(agent(host, false, gap.range.start)),
            _ => Some(agent(host, true, now)),
        };
        let agents = hosts.into_iter().filter_map(status).collect();
        ColonyStatus { agents, ..ColonyStatus::default() }
    }
}

fn agent(id: &str, reachable: bool, answered: UnixNanos) -> AgentStatus {
    AgentStatus {
        agent_id: id.to_owned(),
        address: String::new(),
        known_by: "registered".to_owned(),
        state: if reachable { "ok" } else { "unreachable" }.to_owned(),
        version: None,
        answered_at: Some(answered),
        spans_at: None,
        spans_per_second: None,
        reachable,
        lag_receipts: None,
        lag_seconds: None,
        last_error: None,
        spans_stored: 0,
        spans_missed: 0,
        spans_refused: 0,
        last_refusal: None,
        beyla: None,
        untraced: Vec::new(),
    }
}
