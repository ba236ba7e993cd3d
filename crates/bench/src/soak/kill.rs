//! Kills processes at random moments under load.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::outcome::Outcome;
use super::verify::StoredSpans;
use crate::ask::agent::AgentRpc;
use crate::ask::colony::ColonyApi;
use crate::load::Sending;
use crate::program::Program;
use crate::server::Server;
use crate::traffic::Traffic;
use crate::{Failure, clock, output};
use coral_scenario::mix;

/// Kills and restarts processes on the same data, and checks after each kill that every
/// acknowledged span is there.
#[derive(Args)]
pub struct Kill {
    #[command(flatten)]
    pub program: Program,
    #[command(flatten)]
    pub traffic: Traffic,
    #[command(flatten)]
    pub sending: Sending,
    /// Which process is killed: the agent, or with a colony one of the two at random.
    #[arg(long, value_enum, default_value = "agent")]
    pub role: Role,
    /// Number of kills.
    #[arg(long, default_value_t = 50)]
    pub moments: u64,
    /// Seconds after which no further kill is begun.
    #[arg(long, default_value_t = 300)]
    pub seconds_max: u64,
    /// Write the results to this file as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The agent is killed.
    Agent,
    /// The agent or the colony is killed.
    Colony,
}

/// The default number of spans per second.
const RATE: u64 = 20_000;
/// The longest time from the beginning of the load to a kill, apart from a fixed delay of 20 ms.
const MAX_KILL_DELAY: Duration = Duration::from_millis(1_500);
/// Settings of the processes. Frequent sealing makes it likely that a kill interrupts a seal.
const SETTINGS: [&str; 2] = ["storage.segment_rows=20000", "log=warn"];
/// How many traces of each round are read from the colony and compared.
const SAMPLE: u64 = 20;

/// The processes, and what they should contain.
struct Soak {
    role: Role,
    sending: Sending,
    agent: Server,
    colony: Option<Server>,
    seen: StoredSpans,
    outcome: Outcome,
    /// Whether file operations fail at random. Then an answer may be an error, but it must not be
    /// wrong.
    with_faults: bool,
}

impl Kill {
    /// Runs the test and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        let json = self.json.clone();
        let outcome = self.measure().await?;
        println!("{}", serde_json::to_string_pretty(&outcome)?);
        output::write_json_if(json.as_deref(), &outcome)
    }

    /// Runs the test.
    ///
    /// # Errors
    /// A span that is lost or stored twice, or a process that does not start again.
    pub async fn measure(mut self) -> Result<Outcome, Failure> {
        if self.sending.rate == 0 {
            self.sending.rate = RATE;
        }
        let begin = Instant::now();
        let mut soak = Soak::start(&self).await?;
        let deadline = Duration::from_secs(self.seconds_max);
        while soak.outcome.moments < self.moments && begin.elapsed() < deadline {
            let traffic = self.round(soak.outcome.moments);
            soak.moment(&traffic).await?;
            let (done, of) = (soak.outcome.moments, self.moments);
            eprintln!("  moment {done} of {of}: {} spans, all there once", soak.seen.len());
        }
        soak.everything_again().await?;
        soak.outcome.seconds = begin.elapsed().as_secs_f64();
        Ok(soak.outcome)
    }

    /// The traffic of a round: different in each round, and more than can be sent before the kill.
    fn round(&self, round: u64) -> Traffic {
        let spans = self.sending.rate * MAX_KILL_DELAY.as_secs().max(1) * 2;
        let seed = mix(self.traffic.seed) ^ round;
        Traffic { spans, seed, end: 0, ..self.traffic.clone() }.ending(clock::now())
    }
}

impl Soak {
    async fn start(kill: &Kill) -> Result<Self, Failure> {
        // After a restart, the agent must listen on the same port, because the colony polls that
        // address.
        let listen = format!("agent.listen=127.0.0.1:{}", free_port()?);
        let settings = [&SETTINGS[..], &[listen.as_str()]].concat();
        let agent = kill.program.agent(&settings).await?;
        let colony = match kill.role {
            Role::Agent => None,
            Role::Colony => {
                let settings = [&SETTINGS[..], &["colony.poll_interval=50ms"]].concat();
                Some(kill.program.colony(&agent, &settings).await?)
            }
        };
        Ok(Self {
            role: kill.role,
            sending: kill.sending.clone(),
            agent,
            colony,
            seen: StoredSpans::default(),
            outcome: Outcome::default(),
            with_faults: kill.program.faults.is_some(),
        })
    }

    /// Kills a process under load, restarts it, and runs all checks.
    async fn moment(&mut self, traffic: &Traffic) -> Result<(), Failure> {
        let random = mix(traffic.seed);
        let after =
            MAX_KILL_DELAY.mul_f64((random % 1_000) as f64 / 1_000.0) + Duration::from_millis(20);
        let of_colony = self.role == Role::Colony && random & (1 << 20) != 0;
        let acknowledged = self.load_until_killed(traffic, after, of_colony).await?;
        self.outcome.moments += 1;
        self.restart(of_colony).await?;
        let mut rpc = AgentRpc::new(&self.agent.url("agent_rpc")?)?;
        self.seen.read_on(&mut rpc).await?;
        for number in &acknowledged {
            self.seen.check(traffic, *number)?;
            self.outcome.acknowledged += traffic.spans_of_export(*number);
        }
        self.repeat(traffic, acknowledged.len() as u64, &mut rpc).await?;
        self.colony_agrees(traffic).await
    }

    /// Sends `traffic` until the kill, and returns which exports were acknowledged before.
    async fn load_until_killed(
        &mut self,
        traffic: &Traffic,
        after: Duration,
        of_colony: bool,
    ) -> Result<HashSet<u64>, Failure> {
        let acknowledged: Arc<Mutex<HashSet<u64>>> = Arc::default();
        let noted = acknowledged.clone();
        let note = move |number| {
            noted.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
        };
        let endpoint = self.agent.url("otlp_grpc")?;
        let load = self.sending.send(endpoint.as_str(), traffic, 0..traffic.exports(), note);
        let mut load = std::pin::pin!(load);
        tokio::select! {
            sent = &mut load => { sent?; }
            () = tokio::time::sleep(after) => {}
        }
        match (&mut self.colony, of_colony) {
            (Some(colony), true) => colony.kill()?,
            _ => self.agent.kill()?,
        }
        let acknowledged = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(acknowledged.clone())
    }

    async fn restart(&mut self, of_colony: bool) -> Result<(), Failure> {
        let begin = Instant::now();
        match (&mut self.colony, of_colony) {
            (Some(colony), true) => {
                colony.start_again().await?;
                self.outcome.colony_killed += 1;
            }
            _ => self.agent.start_again().await?,
        }
        let took = begin.elapsed().as_secs_f64() * 1e3;
        self.outcome.slowest_start_ms = self.outcome.slowest_start_ms.max(took);
        Ok(())
    }

    /// Sends exports again: those without an answer, and those that were acknowledged. Afterwards
    /// the agent must have exactly the spans that were ever sent, each once.
    async fn repeat(
        &mut self,
        traffic: &Traffic,
        acknowledged: u64,
        rpc: &mut AgentRpc,
    ) -> Result<(), Failure> {
        // Exports are sent in order, with at most this many in flight.
        let open = (self.sending.connections * self.sending.in_flight) as u64;
        let sent = (acknowledged + open).min(traffic.exports());
        let quickly = Sending { rate: 0, ..self.sending.clone() };
        let endpoint = self.agent.url("otlp_grpc")?;
        quickly.send(endpoint.as_str(), traffic, 0..sent, |_| {}).await?;
        self.seen.read_on(rpc).await?;
        for number in 0..sent {
            self.seen.check(traffic, number)?;
            self.outcome.spans += traffic.spans_of_export(number);
        }
        let stored = self.agent.counter("coral.agent.store.spans").await?;
        let expected = self.outcome.spans;
        if stored != expected || self.seen.len() != expected {
            let seen = self.seen.len();
            return Err(format!(
                "the agent counts {stored} spans and shows {seen}; sent were {expected}"
            )
            .into());
        }
        Ok(())
    }

    async fn colony_agrees(&self, traffic: &Traffic) -> Result<(), Failure> {
        let Some(colony) = &self.colony else { return Ok(()) };
        let expected = self.outcome.spans;
        let stored =
            colony.until_counter("coral.colony.store.spans", |spans| spans >= expected).await?;
        if stored != expected {
            return Err(format!("the colony holds {stored} spans; sent were {expected}").into());
        }
        let api = ColonyApi::new(colony)?;
        for number in 0..SAMPLE.min(traffic.traces_per_export()) {
            let facts = traffic.facts(&traffic.trace(number));
            let mut found = api.trace(&facts.trace_id).await;
            while found.is_err() && self.with_faults {
                found = api.trace(&facts.trace_id).await;
            }
            let found = found?;
            if found.as_ref() != Some(&facts) {
                return Err(format!("the colony answers {found:?}, not {facts:?}").into());
            }
        }
        Ok(())
    }

    /// Reads all spans again from the beginning, because spans that were found earlier may have
    /// been lost since.
    async fn everything_again(&mut self) -> Result<(), Failure> {
        let mut again = StoredSpans::default();
        again.read_on(&mut AgentRpc::new(&self.agent.url("agent_rpc")?)?).await?;
        match again.len() == self.outcome.spans {
            true => Ok(()),
            false => {
                Err(format!("{} of {} spans are there", again.len(), self.outcome.spans).into())
            }
        }
    }
}

/// A port that is free at the moment.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
