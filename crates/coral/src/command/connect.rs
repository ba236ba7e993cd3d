//! `coral connect` and `coral disconnect`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Failure, print, usual_data_dir};
use crate::args::{ConnectArgs, DisconnectArgs, Service, ServiceChoice};
use crate::client::Server;
use crate::show;
use crate::terminal::Progress;
use coral_agent::status::AgentSelfStatus;
use coral_beyla::status::BeylaStatus;
use coral_beyla::{Change, ChangeOutcome, key};
use coral_server::addresses::Addresses;
use coral_trace::sanitize;
use coral_trace::units::counted;

/// The interval of questions to the agent while spans are awaited.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// How many other services are named when no span of the service came.
const MAX_NAMED: usize = 5;

pub(super) fn connect(args: &ConnectArgs) -> Result<(), Failure> {
    let agent = Agent::running(args.agent.data_dir.clone())?;
    let service = match &args.service {
        None => {
            let beyla = agent.server.agent_status()?.beyla.unwrap_or_default();
            let page = show::beyla::listening(&agent.server.listening()?);
            return print(&format!("{page}Beyla: {}\n", sanitize::ends(&beyla.line())));
        }
        Some(ServiceChoice::Given(service)) => service.clone(),
        Some(ServiceChoice::Listed(name)) => agent.listed(name)?,
    };
    let Service { name, port } = &service;
    let before = args.wait.map(|_| agent.server.agent_status()).transpose()?;
    let outcome = agent.order(&Change { name: name.clone(), port: Some(*port) })?;
    let done = if outcome.changed { "Connected" } else { "Already connected:" };
    let name = sanitize::line(name);
    print(&format!("{done} {name} on port {port}.\n{}", consequences(&outcome)))?;
    match (args.wait, before) {
        (Some(within), Some(before)) => {
            let wait = Wait { before, changed: outcome.changed, service: &service };
            wait.run(&agent.server, within)
        }
        _ => Ok(()),
    }
}

pub(super) fn disconnect(args: &DisconnectArgs) -> Result<(), Failure> {
    let change = Change { name: args.name.clone(), port: None };
    let outcome = Agent::running(args.agent.data_dir.clone())?.order(&change)?;
    let name = sanitize::line(&args.name);
    print(&format!("Disconnected {name}.\n{}", consequences(&outcome)))
}

/// What a change means for Beyla: its state, and the cost of its restart.
fn consequences(outcome: &ChangeOutcome) -> String {
    let state = format!("Beyla: {}\n", sanitize::ends(&outcome.beyla));
    match outcome.unseen_seconds {
        0 => state,
        unseen => {
            state + &format!("Beyla restarts; all services may be unseen for up to {unseen} s.\n")
        }
    }
}

/// The agent that runs on a data directory of this host.
struct Agent {
    server: Server,
    data_dir: PathBuf,
}

impl Agent {
    fn running(data_dir: Option<PathBuf>) -> Result<Self, Failure> {
        let (data_dir, _) = usual_data_dir(data_dir);
        let running = Addresses::read(&data_dir).and_then(|addresses| addresses.agent_rpc);
        if running.is_none() {
            let error = format!("no agent runs with the data directory `{}`", data_dir.display());
            let hint = "start an agent with `coral agent start`, or name its data directory with --data-dir";
            return Err(Failure::with_hint(error, hint));
        }
        Ok(Self { server: Server::agent(None, Some(&data_dir)), data_dir })
    }

    /// The listening service that `coral connect` lists as `name`.
    fn listed(&self, name: &str) -> Result<Service, Failure> {
        let all = self.server.listening()?.services;
        let found = all.iter().filter(|of| of.name == name).filter_map(|of| of.ports.first());
        let ports: BTreeSet<u16> = found.copied().collect();
        let shown = sanitize::line(name);
        match ports.iter().collect::<Vec<_>>()[..] {
            [port] => Ok(Service { name: name.to_owned(), port: *port }),
            [] => {
                let error = format!("`coral connect` lists no service `{shown}`");
                let hint = "for a service that is not listed, add its port: NAME:PORT";
                Err(Failure::with_hint(error, hint))
            }
            [port, ..] => {
                let error = format!("`coral connect` lists several services `{shown}`");
                Err(Failure::with_hint(error, format!("add the port: {shown}:{port}")))
            }
        }
    }

    /// Sends a change to the agent.
    fn order(&self, change: &Change) -> Result<ChangeOutcome, Failure> {
        let key = key(&self.data_dir).map_err(|error| {
            let file = self.data_dir.join("run/control.key");
            let error = format!("cannot read `{}`: {error}", file.display());
            Failure::with_hint(error, "run this command as the user of the agent")
        })?;
        Ok(self.server.order("/api/v1/beyla/connections", &key, change)?)
    }
}

/// A wait for the first spans of a connected service.
struct Wait<'a> {
    /// The status of the agent before the change.
    before: AgentSelfStatus,
    changed: bool,
    service: &'a Service,
}

impl Wait<'_> {
    /// Waits until spans of the service came, at most for `within`.
    fn run(&self, server: &Server, within: Duration) -> Result<(), Failure> {
        let _waiting = Progress::of(format!("Waiting for spans of {}", self.service.name));
        let begin = Instant::now();
        // A Beyla that knew the service with another port may still send spans: they do not count.
        let known = spans(&self.before, &self.service.name);
        let mut base = (known == 0 || !self.changed).then_some(known);
        loop {
            let now = server.agent_status()?;
            let seen = spans(&now, &self.service.name);
            if base.is_none() && starts(&now) > starts(&self.before) {
                base = Some(seen);
            }
            if base.is_some_and(|base| seen > base) {
                let name = sanitize::line(&self.service.name);
                let seconds = begin.elapsed().as_secs();
                return print(&format!("Spans of {name} came after {seconds} s.\n"));
            }
            let is_off = now.beyla.as_ref().is_some_and(|beyla| beyla.state == "off");
            if is_off || begin.elapsed() >= within {
                return Err(self.instead(&now, begin.elapsed()));
            }
            std::thread::sleep(LOOK_INTERVAL.min(within.saturating_sub(begin.elapsed())));
        }
    }

    /// The error when no span of the service came within `waited`: says what came instead.
    fn instead(&self, now: &AgentSelfStatus, waited: Duration) -> Failure {
        let Service { name, port } = self.service;
        let name = sanitize::line(name);
        let state = now.beyla.as_ref().map_or("not known".to_owned(), BeylaStatus::line);
        let others = now.beyla.iter().flat_map(|beyla| &beyla.spans_by_service);
        let came = others.filter_map(|(other, seen)| {
            let came = seen.saturating_sub(spans(&self.before, other));
            let of = format!("{} of {}", counted(came, "span"), sanitize::line(other));
            (came > 0 && other != &self.service.name).then_some(of)
        });
        let came: Vec<String> = came.take(MAX_NAMED).collect();
        let came = match &*came {
            [] => "no span of another service came either".to_owned(),
            came => format!("instead came {}", came.join(", ")),
        };
        let is_restarted = !self.changed || starts(now) > starts(&self.before);
        let restart = if is_restarted { "" } else { "; Beyla was not restarted yet" };
        let error = format!(
            "no span of `{name}` came within {} s; {came}{restart}; Beyla: {}",
            waited.as_secs(),
            sanitize::ends(&state)
        );
        let hint = format!(
            "send requests to port {port}, and wait again with `coral connect {name}:{port} --wait`; \
             `coral beyla doctor` says what this host allows"
        );
        Failure::with_hint(error, hint)
    }
}

/// The number of spans of `service` that Beyla has sent.
fn spans(status: &AgentSelfStatus, service: &str) -> u64 {
    let beyla = status.beyla.as_ref();
    beyla.and_then(|beyla| beyla.spans_by_service.get(service)).copied().unwrap_or_default()
}

/// How often the agent has started Beyla.
fn starts(status: &AgentSelfStatus) -> u64 {
    status.counters.get("coral.agent.beyla.starts").copied().unwrap_or_default()
}
