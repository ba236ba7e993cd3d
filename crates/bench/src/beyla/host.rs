//! A host with a Coral that supervises Beyla, and three services that call each other.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::load::Load;
use super::seen::SeenSpans;
use super::service::Service;
use crate::ask::agent::AgentRpc;
use crate::process::Process;
use crate::program::Program;
use crate::server::Server;
use crate::{Failure, clock};

/// The services, each of which calls the next.
pub const SERVICES: [&str; 3] = ["front", "middle", "back"];
/// How long Beyla may take until it traces all services.
const TRACE_TIMEOUT: Duration = Duration::from_secs(120);
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// Interval of the looks for what is to be noticed soon.
const SHORT_INTERVAL: Duration = Duration::from_millis(20);

/// The host.
pub struct Host {
    server: Server,
    agent: AgentRpc,
    /// The spans that were read so far.
    pub seen: SeenSpans,
    receipt: u64,
    chain: [Service; 3],
}

impl Host {
    /// Starts the services, and a Coral that runs `beyla`.
    ///
    /// # Errors
    /// A process does not start.
    pub async fn start(
        program: &Program,
        beyla: &Path,
        observer: Option<&PathBuf>,
    ) -> Result<Self, Failure> {
        let back = Service::start(None, observer).await?;
        let middle = Service::start(Some(back.port), observer).await?;
        let front = Service::start(Some(middle.port), observer).await?;
        let chain = [front, middle, back];
        let traced = SERVICES.iter().zip(&chain);
        let traced: Vec<_> =
            traced.map(|(name, of)| format!("{{name: {name}, open_port: {}}}", of.port)).collect();
        let settings = [
            "beyla.enabled=true".to_owned(),
            format!("beyla.path={}", beyla.display()),
            format!("beyla.discovery.services=[{}]", traced.join(", ")),
        ];
        let server = program.standalone(&settings.each_ref().map(String::as_str)).await?;
        let agent = AgentRpc::new(&server.url("agent_rpc")?)?;
        Ok(Self { server, agent, seen: SeenSpans::default(), receipt: 0, chain })
    }

    /// Kills Coral, and starts it again on its data with another setting.
    ///
    /// # Errors
    /// The process does not start.
    pub async fn restart(self, setting: &str) -> Result<Self, Failure> {
        let server = self.server.restart(&[setting]).await?;
        let agent = AgentRpc::new(&server.url("agent_rpc")?)?;
        Ok(Self { server, agent, ..self })
    }

    /// Sends `rate` requests a second to the first service.
    ///
    /// # Errors
    /// There is no HTTP client.
    pub fn load(&self, rate: u32) -> Result<Load, Failure> {
        Load::start(&self.chain[0].url(), rate)
    }

    /// Requests `path` from the first service.
    ///
    /// # Errors
    /// The service does not answer.
    pub async fn request(&self, path: &str) -> Result<(), Failure> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        http.get(format!("{}{path}", self.chain[0].url())).send().await?.error_for_status()?;
        Ok(())
    }

    /// Beyla's status.
    ///
    /// # Errors
    /// The agent does not answer.
    pub async fn beyla(&self) -> Result<Value, Failure> {
        Ok(self.agent_status().await?["beyla"].take())
    }

    /// The process of Beyla.
    ///
    /// # Errors
    /// No Beyla runs.
    pub async fn process(&self) -> Result<Process, Failure> {
        let pid = self.beyla().await?["pid"].as_u64().ok_or("no Beyla runs")?;
        Ok(Process(pid.try_into()?))
    }

    /// Waits until all services are traced that requests reach from `moment` on.
    ///
    /// # Errors
    /// Beyla does not trace them within two minutes; the error names its state.
    pub async fn until_traced(&mut self, moment: u64) -> Result<(), Failure> {
        let begin = Instant::now();
        loop {
            self.read_spans().await?;
            let is_traced = |name: &&str| self.seen.first_start_from(name, moment).is_some();
            if SERVICES.iter().all(is_traced) {
                return Ok(());
            }
            if begin.elapsed() > TRACE_TIMEOUT {
                let status = self.beyla().await?;
                let text = |key: &str| status[key].as_str().unwrap_or_default();
                let untraced = SERVICES.iter().filter(|name| !is_traced(name)).copied();
                return Err(format!(
                    "no span of {} within {} s: {} ({})",
                    untraced.collect::<Vec<_>>().join(", "),
                    TRACE_TIMEOUT.as_secs(),
                    text("state"),
                    text("reason")
                )
                .into());
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Reads the spans that the agent has received since the last call.
    ///
    /// # Errors
    /// The agent does not answer.
    pub async fn read_spans(&mut self) -> Result<(), Failure> {
        loop {
            let page = self.agent.page_after(self.receipt).await?;
            self.receipt = page.next;
            self.seen.add(page.spans);
            if !page.more {
                return Ok(());
            }
        }
    }

    /// How long after now the colony finds the trace of the request for `path`.
    ///
    /// # Errors
    /// It is not found within `within`.
    pub async fn found_after(&self, path: &str, within: Duration) -> Result<Duration, Failure> {
        let begin = Instant::now();
        let since = clock::now() / 1_000 - 60_000_000;
        let query = format!("/api/v1/traces?attributes=url.path%3D{path}&since_unix_us={since}");
        loop {
            let found = self.server.get(&query).await?;
            if found["traces"].as_array().is_some_and(|traces| !traces.is_empty()) {
                return Ok(begin.elapsed());
            }
            if begin.elapsed() > within {
                return Err(format!("`{path}` is not found after {within:?}").into());
            }
            tokio::time::sleep(LOOK_INTERVAL / 5).await;
        }
    }

    /// Sends Beyla a signal, such as `KILL`. Returns when, and how long the agent took to notice that
    /// Beyla has ended.
    ///
    /// # Errors
    /// The agent does not notice within a minute.
    pub async fn signal_beyla(&self, signal: &str) -> Result<(u64, Duration), Failure> {
        let pid = self.process().await?.0.to_string();
        let exits = self.exits().await?;
        let (moment, begin) = (clock::now(), Instant::now());
        let mut kill = tokio::process::Command::new("kill");
        if !kill.arg(format!("-{signal}")).arg(&pid).status().await?.success() {
            return Err(format!("cannot send {signal} to process {pid}").into());
        }
        while self.exits().await? == exits {
            if begin.elapsed() > Duration::from_secs(60) {
                return Err(format!("the end of Beyla after {signal} is not noticed").into());
            }
            tokio::time::sleep(SHORT_INTERVAL).await;
        }
        Ok((moment, begin.elapsed()))
    }

    /// How many requests of the first service metrics have counted since `moment`.
    ///
    /// # Errors
    /// The colony does not answer.
    pub async fn counted_since(&self, moment: u64) -> Result<u64, Failure> {
        let (since, until) = (moment / 1_000, clock::now() / 1_000);
        let name = SERVICES[0];
        let query = format!(
            "/api/v1/red/http?service={name}&source=metrics&since_unix_us={since}&until_unix_us={until}"
        );
        let table = self.server.get(&query).await?;
        Ok(table["overall"]["requests"].as_u64().ok_or("the answer has no requests")?)
    }

    /// Runs `coral connect NAME:PORT --wait`. Returns whether spans came, and what the command
    /// printed.
    ///
    /// # Errors
    /// The command cannot be run.
    pub async fn connect(&self, name: &str, port: u16) -> Result<(bool, String), Failure> {
        let arguments = ["connect", &format!("{name}:{port}"), "--wait=60s"];
        let output = self.server.command(&arguments).output().await?;
        let printed = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        Ok((output.status.success(), printed.concat()))
    }

    async fn exits(&self) -> Result<u64, Failure> {
        let exits = &self.agent_status().await?["counters"]["coral.agent.beyla.exits"];
        Ok(exits.as_u64().ok_or("the agent does not count Beyla's exits")?)
    }

    async fn agent_status(&self) -> Result<Value, Failure> {
        self.server.get_from("agent_rpc", "/api/v1/status").await
    }
}
