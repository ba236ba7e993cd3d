//! Admission of questions: a bounded number runs at a time, a bounded number waits, and the turns are fair.
//!
//! Turns are taken round-robin on two levels: surfaces take turns, and within a surface its identities take turns. So
//! a page that is refreshed all the time delays every other identity by one question at most.

mod refused;
#[cfg(test)]
mod tests;
mod turns;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ConnectInfo;
use http::Extensions;
use tokio::sync::oneshot;

pub use self::refused::NotAdmitted;
use self::turns::{Ticket, Turns};

/// Who asks: questions of one identity wait for each other, and those of different identities take turns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Identity {
    /// Where the question was asked.
    pub surface: Surface,
    /// The network address that the question came from; `None` when the address is not known.
    pub peer: Option<IpAddr>,
}

/// A way to ask questions. Each has a fair share of the turns, however many identities use the other ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Surface {
    /// The JSON API.
    Json,
    /// Questions in SQL.
    Sql,
    /// The RPCs that an agent answers to colonies.
    AgentRpc,
}

/// How many questions may run and wait.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionLimits {
    /// Questions that run at a time.
    pub max_running: usize,
    /// Questions of all identities that wait.
    pub max_waiting: usize,
    /// Questions of one identity that wait.
    pub max_waiting_per_identity: usize,
    /// How long a question may wait for its turn.
    pub wait_timeout: Duration,
}

/// Admits questions within [`AdmissionLimits`]. Clones share the limits and the turns.
#[derive(Clone)]
pub struct Admission {
    limits: AdmissionLimits,
    state: Arc<Mutex<State>>,
}

/// The right to run one question, given back on drop.
pub struct Permit {
    admission: Admission,
    outcome: Outcome,
}

/// Running and waiting questions, and what became of the others.
#[derive(Default)]
struct State {
    running: usize,
    turns: Turns,
    last_ticket: u64,
    answered: u64,
    refused: u64,
    cancelled: u64,
}

/// How a question that ran is counted.
enum Outcome {
    Answered,
    Cancelled,
}

impl Identity {
    /// The identity of a peer. An IPv6 peer is known by its network of 64 bits, all of which one host has.
    pub fn new(surface: Surface, peer: Option<IpAddr>) -> Self {
        let network = |address: IpAddr| match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address @ IpAddr::V4(_) => address,
        };
        Self { surface, peer: peer.map(network) }
    }

    /// The identity behind a request on a port of [`crate::listen`], from the request's `extensions`.
    pub fn of_request(surface: Surface, extensions: &Extensions) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Self::new(surface, peer)
    }
}

impl Admission {
    /// Admits nobody yet.
    pub fn new(limits: AdmissionLimits) -> Self {
        Self { limits, state: Arc::default() }
    }

    /// Waits for the turn of `who`. Dropping the future gives the turn up.
    ///
    /// # Errors
    /// [`NotAdmitted`] when too many questions wait, or when the turn does not come in time.
    pub async fn admit(&self, who: &Identity) -> Result<Permit, NotAdmitted> {
        let mut waiting = match self.enter(who)? {
            Entry::Runs(permit) => return Ok(permit),
            Entry::Waits(waiting) => waiting,
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

    fn enter(&self, who: &Identity) -> Result<Entry, NotAdmitted> {
        let mut state = self.state();
        // Nobody waits while fewer run: a question that ends passes its permit on.
        if state.running < self.limits.max_running {
            state.running += 1;
            return Ok(Entry::Runs(self.permit()));
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
        Ok(Entry::Waits(Waiting { admission, who: *who, number, turn, settled: false }))
    }

    /// The permit of a question that is counted as running.
    fn permit(&self) -> Permit {
        Permit { admission: self.clone(), outcome: Outcome::Answered }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Gives the permit back for a question that nobody waits for any more, which is counted as cancelled.
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
        state.pass_on();
    }
}

impl State {
    /// Gives the permit of a question that ended to the next question that waits.
    fn pass_on(&mut self) {
        match self.turns.pop() {
            // `Waiting::drop` takes its ticket out under this lock, so the receiver still exists.
            Some(next) => drop(next.granted.send(())),
            None => self.running -= 1,
        }
    }
}

/// What became of a question that came.
enum Entry {
    Runs(Permit),
    Waits(Waiting),
}

/// One question that waits. When the question is dropped before it is settled, it leaves no trace but a count.
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
        self.admission.permit()
    }

    /// The turn may have come in the moment in which the time was up.
    fn timed_out(mut self) -> Result<Permit, NotAdmitted> {
        self.settled = true;
        let mut state = self.admission.state();
        if !state.turns.remove(&self.who, self.number) {
            return Ok(self.admission.permit());
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
            // The turn was granted and nobody was there to take it.
            state.pass_on();
        }
    }
}
