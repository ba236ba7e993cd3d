//! Admission control: a bounded number of questions runs, a bounded number waits, and the queue is
//! fair.
//!
//! The queue is round-robin on two levels: surfaces take turns, and within a surface, identities
//! take turns. A client that asks without pause therefore delays every other identity by at most
//! one question.

mod refused;
#[cfg(test)]
mod tests;
mod turns;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ConnectInfo;
use http::Extensions;
use tokio::sync::oneshot;

pub use self::refused::NotAdmitted;
use self::turns::{Ticket, Turns};
use crate::identity::{Caller, Principal};

/// Source of a question. Questions of one identity are queued in order; different identities take
/// turns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Identity {
    /// Surface on which the question was asked.
    pub surface: Surface,
    /// Who asks.
    pub who: Who,
}

/// Whose questions are queued in order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Who {
    /// Whoever asks from this network; `None` when the address is unknown.
    Network(Option<IpAddr>),
    /// The owner of the token whose hash begins so.
    Token([u8; 4]),
}

/// A way to ask questions. Each surface has an equal share of the turns, however many identities
/// use the others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Surface {
    /// The HTTP API with JSON answers.
    Json,
    /// The APIs of Jaeger, over HTTP and gRPC.
    Jaeger,
    /// The APIs of Tempo, over HTTP and gRPC.
    Tempo,
    /// The API of Zipkin.
    Zipkin,
    /// The API of Prometheus.
    Prometheus,
    /// The tools of assistants (MCP).
    Mcp,
    /// Questions in SQL.
    Sql,
    /// The RPCs with which colonies poll an agent.
    AgentRpc,
}

/// Limits of admission.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionLimits {
    /// Largest number of questions that run at the same time.
    pub max_running: usize,
    /// Largest number of questions of one address or token that run at the same time.
    pub max_running_per_identity: usize,
    /// Largest number of waiting questions of all identities together.
    pub max_waiting: usize,
    /// Largest number of waiting questions of one identity.
    pub max_waiting_per_identity: usize,
    /// Longest time that a question waits for its turn.
    pub wait_timeout: Duration,
}

/// Admits questions within [`AdmissionLimits`]. Clones share the limits and the queue.
#[derive(Clone)]
pub struct Admission {
    limits: AdmissionLimits,
    state: Arc<Mutex<State>>,
}

/// Permission to run one question. Dropping the permit passes it on.
pub struct Permit {
    admission: Admission,
    who: Who,
    outcome: Outcome,
}

/// Running and waiting questions, and counts of the questions that ended.
#[derive(Default)]
struct State {
    running: usize,
    /// How many questions of each asker run; nobody without one is here.
    running_of: HashMap<Who, usize>,
    turns: Turns,
    last_ticket: u64,
    answered: u64,
    refused: u64,
    cancelled: u64,
}

/// Outcome of a question that ran, for the counters.
enum Outcome {
    Answered,
    Cancelled,
}

impl Identity {
    /// The identity of a peer. IPv6 peers of one /64 network have one identity, because one host
    /// may use all of its addresses.
    pub fn new(surface: Surface, peer: Option<IpAddr>) -> Self {
        Self { surface, who: Who::Network(peer.map(network)) }
    }

    /// The identity of a request that [`crate::listen`] accepted, from the `extensions` of the
    /// request.
    pub fn of_request(surface: Surface, extensions: &Extensions) -> Self {
        if let Some(Caller { principal: Principal::Person(token), .. }) = extensions.get() {
            let [a, b, c, d, ..] = token.hash.0;
            return Self { surface, who: Who::Token([a, b, c, d]) };
        }
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Self::new(surface, peer)
    }
}

/// The network of a peer: an IPv4 address, or an IPv6 /64.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

impl Admission {
    /// An admission control without running or waiting questions.
    pub fn new(limits: AdmissionLimits) -> Self {
        Self { limits, state: Arc::default() }
    }

    /// Waits until a question of `who` may run. Dropping the future leaves the queue.
    ///
    /// # Errors
    /// [`NotAdmitted`] when too many questions wait, or when the wait exceeds the limit.
    pub async fn admit(&self, who: &Identity) -> Result<Permit, NotAdmitted> {
        let mut waiting = match self.enter(who)? {
            Entrance::Runs(permit) => return Ok(permit),
            Entrance::Waits(waiting) => waiting,
        };
        let turn = tokio::time::timeout(self.limits.wait_timeout, &mut waiting.turn).await;
        match turn {
            Ok(_granted) => Ok(waiting.granted()),
            Err(_elapsed) => waiting.timed_out(),
        }
    }

    /// Counters and gauges of the questions of `role`.
    pub fn counters(&self, role: &str) -> [(String, u64); 5] {
        let state = self.state();
        [
            ("running", state.running as u64),
            ("waiting", state.turns.len() as u64),
            ("answered", state.answered),
            ("refused", state.refused),
            ("cancelled", state.cancelled),
        ]
        .map(|(name, value)| (format!("coral.{role}.queries.{name}"), value))
    }

    fn enter(&self, who: &Identity) -> Result<Entrance, NotAdmitted> {
        let mut state = self.state();
        // While fewer than `max_running` run, only those wait who have their share: a question that
        // ends passes its permit on.
        if state.running < self.limits.max_running && state.may_run(&who.who, &self.limits) {
            state.begin(who.who);
            return Ok(Entrance::Runs(self.permit(who.who)));
        }
        let of_identity = state.turns.len_of(who);
        if of_identity >= self.limits.max_waiting_per_identity {
            state.refused += 1;
            return Err(NotAdmitted::TooManyOfOne { waiting: of_identity });
        }
        if state.turns.len() >= self.limits.max_waiting {
            state.refused += 1;
            return Err(NotAdmitted::TooMany { waiting: state.turns.len() });
        }
        state.last_ticket += 1;
        let (granted, turn) = oneshot::channel();
        let number = state.last_ticket;
        state.turns.push(who, Ticket { number, granted });
        let admission = self.clone();
        Ok(Entrance::Waits(Waiting { admission, who: *who, number, turn, settled: false }))
    }

    /// The permit of a question of `who` that is counted as running.
    fn permit(&self, who: Who) -> Permit {
        Permit { admission: self.clone(), who, outcome: Outcome::Answered }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that holds this lock panics in the middle of a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Returns the permit, and counts the question as cancelled: its client went away.
    pub fn cancel(mut self) {
        self.outcome = Outcome::Cancelled;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.admission.state();
        match self.outcome {
            Outcome::Answered => state.answered += 1,
            Outcome::Cancelled => state.cancelled += 1,
        }
        state.pass_on(self.who, &self.admission.limits);
    }
}

impl State {
    /// Whether `who` has fewer running questions than its share.
    fn may_run(&self, who: &Who, limits: &AdmissionLimits) -> bool {
        self.running_of.get(who).is_none_or(|running| *running < limits.max_running_per_identity)
    }

    fn begin(&mut self, who: Who) {
        self.running += 1;
        *self.running_of.entry(who).or_default() += 1;
    }

    /// Passes the permit of a question of `ended` on to the next waiting question that may run.
    fn pass_on(&mut self, ended: Who, limits: &AdmissionLimits) {
        self.running -= 1;
        if let Entry::Occupied(mut running) = self.running_of.entry(ended) {
            *running.get_mut() -= 1;
            if *running.get() == 0 {
                running.remove();
            }
        }
        let mut turns = std::mem::take(&mut self.turns);
        if let Some((who, next)) = turns.pop(|who| self.may_run(who, limits)) {
            self.begin(who);
            // `Waiting::drop` removes its ticket under this lock; the receiver therefore still
            // exists.
            let _ = next.granted.send(());
        }
        self.turns = turns;
    }
}

/// What happens to a new question: it runs at once, or it waits.
enum Entrance {
    Runs(Permit),
    Waits(Waiting),
}

/// One waiting question. Dropping the question removes its ticket from the queue and counts the
/// question as cancelled.
struct Waiting {
    admission: Admission,
    who: Identity,
    number: u64,
    turn: oneshot::Receiver<()>,
    settled: bool,
}

impl Waiting {
    fn granted(mut self) -> Permit {
        self.settled = true;
        self.admission.permit(self.who.who)
    }

    /// Handles a timeout. The permit may have been granted at the same moment.
    fn timed_out(mut self) -> Result<Permit, NotAdmitted> {
        self.settled = true;
        let mut state = self.admission.state();
        if !state.turns.remove(&self.who, self.number) {
            return Ok(self.admission.permit(self.who.who));
        }
        state.refused += 1;
        Err(NotAdmitted::TimedOut { after: self.admission.limits.wait_timeout })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let mut state = self.admission.state();
        state.cancelled += 1;
        if !state.turns.remove(&self.who, self.number) {
            // The permit was granted, but the client had gone.
            state.pass_on(self.who.who, &self.admission.limits);
        }
    }
}
