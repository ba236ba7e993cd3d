//! How polling goes, for `coral colony status` and `/metrics`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use coral_engine::{AgentMinute, Checkpoint, Minute};
use coral_trace::UnixNanos;
use coral_wire::agent_rpc::proto::{self, SpanPage};
use tokio::sync::watch;

use super::error::{PollError, PollState};
use super::minutes::AgentMinutes;
use super::page::{LeftOut, RefusedBy};
use super::span_counts::SpanCounts;
use super::span_rate::SpanRate;
use crate::poll::status::{AgentStatus, UntracedService};
use crate::registry::{Agent, KnownBy};
use coral_trace::chain;
use coral_trace::sanitize::{line, whole, without_middle};

/// The polling status of all agents. Counts never decrease while the process runs.
#[derive(Default)]
pub struct Health(Mutex<BTreeMap<String, AgentHealth>>);

#[derive(Default)]
struct AgentHealth {
    address: String,
    known_by: Option<KnownBy>,
    state: PollState,
    /// The colony that polls the agent, if the state is [`PollState::PolledElsewhere`].
    polled_by: String,
    /// Consecutive polls that failed because of the agent. Failures of the colony's own store do
    /// not count.
    unanswered: u32,
    /// Forgotten agents are not listed, but their counts remain in the sums.
    is_forgotten: bool,
    version: Option<String>,
    lag_receipts: Option<u64>,
    answered_at: Option<UnixNanos>,
    caught_up_at: Option<UnixNanos>,
    /// When a page with spans was last stored.
    spans_at: Option<UnixNanos>,
    rate: SpanRate,
    last_error: Option<String>,
    last_refusal: Option<String>,
    spans_stored: u64,
    spans_missed: u64,
    spans_sampled_out: u64,
    spans_duplicate: u64,
    spans_refused: [u64; RefusedBy::ALL.len()],
    links_dropped: u64,
    polls_failed: u64,
    panics: u64,
    metrics_refused: u64,
    beyla: Option<String>,
    untraced: Vec<UntracedService>,
    minutes: AgentMinutes,
    /// Told when the agent may be reachable again.
    poll_soon: watch::Sender<()>,
}

/// How many consecutive polls must fail before another agent may register the id.
pub(crate) const POLLS_HELD: u32 = 3;
/// The longest status line of Beyla that is kept, in characters. A longer line loses its middle.
const MAX_LINE_CHARS: usize = 500;
const MAX_VERSION_CHARS: usize = 40;
/// The longest name of a service that is not traced, in characters, and the largest number of such
/// services of one agent.
const MAX_NAME_CHARS: usize = 256;
const MAX_UNTRACED: usize = 64;

impl Health {
    /// Records that an agent is polled at its address from now on.
    pub fn know(&self, id: &str, agent: &Agent) {
        let mut all = self.lock();
        let health = all.entry(id.to_owned()).or_default();
        if health.address != agent.address {
            (health.state, health.unanswered) = (PollState::NotPolled, 0);
        }
        health.address.clone_from(&agent.address);
        health.known_by = Some(agent.known_by);
        health.is_forgotten = false;
    }

    /// Records the version of Coral that the agent registered with. An empty version is recorded as
    /// unknown. If the last poll of the agent failed, it is polled again at once.
    pub fn registered(&self, id: &str, version: &str) {
        let version = line(&version.chars().take(MAX_VERSION_CHARS).collect::<String>());
        self.update(id, |health| health.version = (!version.is_empty()).then_some(version));
        self.poll_soon(id);
    }

    /// Asks the poller of the agent to end its backoff.
    pub fn poll_soon(&self, id: &str) {
        self.update(id, |health| {
            health.poll_soon.send_replace(());
        });
    }

    /// What [`Health::poll_soon`] tells the poller of the agent.
    pub(super) fn wishes(&self, id: &str) -> watch::Receiver<()> {
        self.lock().entry(id.to_owned()).or_default().poll_soon.subscribe()
    }

    /// Marks the agent as forgotten.
    pub fn forget(&self, id: &str) {
        self.update(id, |health| health.is_forgotten = true);
    }

    /// Takes the counts of stored and missed spans from the stored checkpoints, before the first
    /// poll.
    pub fn resume(&self, id: &str, checkpoints: &[Checkpoint]) {
        self.update(id, |health| health.count(checkpoints));
    }

    /// Records that a page was stored at `now`, without the spans in `left_out`. The agent still
    /// has `lag` receipts that were not polled.
    pub fn progress(
        &self,
        id: &str,
        now: UnixNanos,
        lag: u64,
        checkpoints: &[Checkpoint],
        left_out: &LeftOut,
    ) {
        self.update(id, |health| {
            (health.state, health.unanswered) = (PollState::Ok, 0);
            health.lag_receipts = Some(lag);
            health.answered_at = Some(now);
            let stored_before = health.spans_stored;
            health.count(checkpoints);
            if health.spans_stored > stored_before {
                health.spans_at = Some(now);
            }
            health.rate.add(now, health.spans_stored);
            health.spans_sampled_out += left_out.sampled_out;
            health.spans_duplicate += left_out.duplicate;
            health.links_dropped += left_out.links;
            if let Some(refused) = &left_out.refused {
                health.spans_refused[refused.by as usize] += refused.spans;
                health.last_refusal = Some(line(&refused.reason));
            }
        });
    }

    /// Records that a page was received and could not be stored: the agent has `lag` receipts that
    /// are not stored.
    pub(super) fn lags(&self, id: &str, lag: u64) {
        self.update(id, |health| health.lag_receipts = Some(lag));
    }

    /// Records that everything the agent had at `now` is stored. The colony keeps the fraction
    /// `sampling_rate` of all traces.
    pub fn caught_up(&self, id: &str, now: UnixNanos, sampling_rate: f64) {
        self.update(id, |health| {
            health.minutes.caught_up(now, sampling_rate);
            health.caught_up_at = Some(now);
            health.answered_at = Some(now);
            health.last_error = None;
            health.rate.add(now, health.spans_stored);
        });
    }

    /// Records what a page that was received at `now` says besides its spans. Agents that are too
    /// old to report the state of Beyla send an empty line. With `is_lossy`, older spans expired on
    /// the agent before they were polled.
    pub fn page(&self, id: &str, page: &SpanPage, is_lossy: bool, now: UnixNanos) {
        let line = without_middle(&page.beyla, MAX_LINE_CHARS).into_owned();
        self.update(id, |health| {
            health.beyla = (!line.is_empty()).then_some(line);
            health.minutes.note_page(page, is_lossy, now);
        });
    }

    /// Records the services that listen on the host of the agent and that its Beyla is not told to
    /// trace. Services without a valid port are left out.
    pub(super) fn surveyed(&self, id: &str, untraced: &[proto::UntracedService]) {
        let service = |service: &proto::UntracedService| {
            let name = line(&service.name.chars().take(MAX_NAME_CHARS).collect::<String>());
            let program = without_middle(&service.program, MAX_LINE_CHARS);
            let port = u16::try_from(service.port).ok().filter(|port| *port > 0)?;
            (!name.is_empty()).then(|| UntracedService { name, port, program: line(&program) })
        };
        let untraced = untraced.iter().take(MAX_UNTRACED).filter_map(service).collect();
        self.update(id, |health| health.untraced = untraced);
    }

    /// Counts spans that were stored, for the coverage timeline.
    pub(super) fn count_spans(&self, id: &str, counts: SpanCounts) {
        self.update(id, |health| health.minutes.count(id, counts));
    }

    /// Counts requests that metrics counted, for the coverage timeline.
    pub(super) fn count_requests(&self, id: &str, minutes: BTreeMap<Minute, AgentMinute>) {
        self.update(id, |health| health.minutes.add_minutes(id, minutes));
    }

    /// Ends `minute`, and returns the records of the coverage timeline that are not stored yet, of
    /// all agents that are not forgotten.
    pub(super) fn end_minute(&self, minute: Minute) -> Vec<AgentMinute> {
        let mut all = self.lock();
        let known = all.iter_mut().filter(|(_, health)| !health.is_forgotten);
        let records = known.flat_map(|(id, health)| {
            let is_polled =
                !matches!(health.state, PollState::NotPolled | PollState::PolledElsewhere);
            let reachable = is_polled.then(|| health.state.is_reachable());
            health.minutes.end(id, minute, reachable)
        });
        records.collect()
    }

    /// Takes back records that could not be stored.
    pub(super) fn put_back(&self, records: Vec<AgentMinute>) {
        let mut all = self.lock();
        for record in records {
            if let Some(health) = all.get_mut(&record.agent_id) {
                health.minutes.put_back(record);
            }
        }
    }

    /// Counts metrics that cannot be stored.
    pub fn metrics_refused(&self, id: &str, metrics: u64, reason: &str) {
        self.update(id, |health| {
            health.metrics_refused += metrics;
            health.last_refusal = Some(line(reason));
        });
    }

    /// Records a failed poll.
    pub fn failed(&self, id: &str, error: &PollError) {
        self.update(id, |health| {
            let Some(state) = error.state() else { return };
            health.state = state;
            health.unanswered += u32::from(state != PollState::CannotStore);
            health.polls_failed += 1;
            health.last_error = Some(whole(&chain(error)));
        });
    }

    /// Records that another colony of the cluster polls the agent. What only that colony knows of the
    /// agent is unknown here from now on.
    pub fn polled_by(&self, id: &str, colony_id: &str) {
        self.update(id, |health| {
            if health.state != PollState::PolledElsewhere {
                health.minutes.end_range();
                (health.lag_receipts, health.caught_up_at) = (None, None);
                (health.beyla, health.untraced) = (None, Vec::new());
            }
            (health.state, health.unanswered) = (PollState::PolledElsewhere, 0);
            health.polled_by = colony_id.to_owned();
        });
    }

    /// Records a panic of the agent's poller.
    pub fn panicked(&self, id: &str, reason: &str) {
        self.update(id, |health| {
            health.panics += 1;
            health.last_error = Some(format!("the poller panicked: {}", line(reason)));
        });
    }

    /// Whether at least [`POLLS_HELD`] consecutive polls of the agent at `address` failed because
    /// of the agent. `false` for an agent that was not polled yet.
    pub fn is_gone(&self, id: &str, address: &str) -> bool {
        let all = self.lock();
        all.get(id)
            .is_some_and(|health| health.address == address && health.unanswered >= POLLS_HELD)
    }

    /// Whether the agent answers: a page of the agent was stored, and since then no poll failed
    /// because of the agent. `false` for an agent that another colony polls.
    pub fn answers(&self, id: &str) -> bool {
        let answers = |health: &AgentHealth| {
            health.unanswered == 0
                && health.answered_at.is_some()
                && health.state != PollState::PolledElsewhere
        };
        self.lock().get(id).is_some_and(answers)
    }

    /// Whether another colony of the cluster polls the agent.
    pub fn is_polled_elsewhere(&self, id: &str) -> bool {
        self.lock().get(id).is_some_and(|health| health.state == PollState::PolledElsewhere)
    }

    /// The number of agents that are not forgotten.
    pub(super) fn agents(&self) -> u32 {
        self.lock().values().filter(|health| !health.is_forgotten).count() as u32
    }

    /// The status at `now` of all agents that are not forgotten, by id.
    pub fn snapshot(&self, now: UnixNanos) -> Vec<AgentStatus> {
        let all = self.lock();
        let shown = all.iter().filter(|(_, health)| !health.is_forgotten);
        let statuses = shown.map(|(id, health)| AgentStatus {
            agent_id: id.clone(),
            address: health.address.clone(),
            known_by: health.known_by.unwrap_or(KnownBy::Registration),
            state: health.state,
            reachable: health.state.is_reachable(),
            lag_receipts: health.lag_receipts,
            version: health.version.clone(),
            answered_at: health.answered_at,
            spans_at: health.spans_at,
            spans_per_second: health.rate.per_second(now),
            lag_seconds: health.caught_up_at.map(|at| now.since(at).as_secs_f64()),
            last_error: health.last_error(),
            spans_stored: health.spans_stored,
            spans_missed: health.spans_missed,
            spans_refused: sum(health.spans_refused.iter().copied()),
            last_refusal: health.last_refusal.clone(),
            beyla: health.beyla.clone(),
            untraced: health.untraced.clone(),
        });
        statuses.collect()
    }

    /// Counts of all agents together. Stored and missed spans are counted since the store was made,
    /// all others since the process started.
    pub fn counters(&self) -> impl Iterator<Item = (String, u64)> {
        let all = self.lock();
        let total = |count: fn(&AgentHealth) -> u64| sum(all.values().map(count));
        let refused = RefusedBy::ALL.map(|by| {
            let spans = all.values().map(|health| health.spans_refused[by as usize]);
            (format!("coral.colony.spans.refused.{}", by.as_str()), sum(spans))
        });
        let others = [
            ("agents", all.values().filter(|health| !health.is_forgotten).count() as u64),
            ("spans.stored", total(|health| health.spans_stored)),
            ("spans.missed", total(|health| health.spans_missed)),
            ("spans.duplicate", total(|health| health.spans_duplicate)),
            ("spans.sampled_out", total(|health| health.spans_sampled_out)),
            ("metrics.refused", total(|health| health.metrics_refused)),
            ("links.dropped", total(|health| health.links_dropped)),
            ("polls.failed", total(|health| health.polls_failed)),
            ("pollers.panicked", total(|health| health.panics)),
            ("minutes.dropped", total(|health| health.minutes.dropped())),
        ];
        let others = others.map(|(name, count)| (format!("coral.colony.{name}"), count));
        refused.into_iter().chain(others)
    }

    fn update(&self, id: &str, change: impl FnOnce(&mut AgentHealth)) {
        if let Some(health) = self.lock().get_mut(id) {
            change(health);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, AgentHealth>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AgentHealth {
    /// What a person should know of the last poll, if it was not answered with data.
    fn last_error(&self) -> Option<String> {
        match self.state {
            PollState::PolledElsewhere => Some(format!("polled by colony `{}`", self.polled_by)),
            _ => self.last_error.clone(),
        }
    }

    fn count(&mut self, checkpoints: &[Checkpoint]) {
        self.spans_stored = sum(checkpoints.iter().map(|checkpoint| checkpoint.spans_stored));
        // The eBPF and the SDK stream both skip the same gap of receipts, so the gap counts once.
        let missed = checkpoints.iter().map(|checkpoint| checkpoint.spans_missed);
        self.spans_missed = missed.max().unwrap_or(0);
    }
}

/// Saturating sum: agents report their own losses, and a huge number must not wrap a sum to 0.
fn sum(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}
