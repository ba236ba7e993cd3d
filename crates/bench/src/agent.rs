//! `coral-bench agent`: measures an agent from outside.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;

use crate::ask::Ask;
use crate::ask::agent::AgentRpc;
use crate::exporter::Protocol;
use crate::figures::Figures;
use crate::load::Sending;
use crate::process::Process;
use crate::program::Program;
use crate::server::Server;
use crate::traffic::Traffic;
use crate::traffic::question::ListQuery;
use crate::{Failure, clock, encryption, output, queries};

/// Starts an agent, sends it traffic as fast as it accepts it, and asks questions about the
/// traffic.
#[derive(Args)]
pub struct AgentCommand {
    #[command(flatten)]
    program: Program,
    #[command(flatten)]
    traffic: Traffic,
    #[command(flatten)]
    sending: Sending,
    /// Compare exports over TLS with exports without TLS, and measure nothing else.
    #[arg(long)]
    tls: bool,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The settings of the measurement.
pub struct AgentBench<'a> {
    pub program: &'a Program,
    pub traffic: &'a Traffic,
    pub sending: &'a Sending,
}

/// How long a process may take to become idle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(600);

impl AgentCommand {
    /// Runs the measurement and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        let traffic = self.traffic.ending(clock::now());
        let bench =
            AgentBench { program: &self.program, traffic: &traffic, sending: &self.sending };
        let figures = match self.tls {
            true => encryption::exports(&self.program, &traffic, &self.sending).await?,
            false => bench.run().await?,
        };
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }
}

impl AgentBench<'_> {
    /// Runs all measurements: the sink's CPU time as the lower limit, then the agent under load,
    /// its answers, and its disk space.
    ///
    /// # Errors
    /// A lost span, a wrong answer, or an agent that does not run.
    pub async fn run(&self) -> Result<Figures, Failure> {
        let mut figures = Figures::default();
        let floor = self.floor().await?;
        figures.add("decode and forget (sink), CPU", floor, "µs/span");
        let agent = self.program.agent(&[]).await?;
        self.ingest(&agent, floor, &mut figures).await?;
        self.complete(&agent, 0).await?;
        self.served(&agent, &mut figures).await?;
        figures.extend("agent", self.questions(&agent).await?);
        let mut ask = Ask::Agent(AgentRpc::new(&agent.url("agent_rpc")?)?);
        figures.0.extend(queries::findable(&mut ask, &agent.url("otlp_grpc")?).await?.0);
        self.sealed(agent, &mut figures).await?;
        Ok(figures)
    }

    /// CPU time per span, in µs, of a receiver that decodes and discards.
    pub async fn floor(&self) -> Result<f64, Failure> {
        let sink = SinkProcess::start()?;
        let before = sink.process().cpu_seconds();
        // The sink supports only gRPC.
        let sending = Sending { protocol: Protocol::Grpc, ..self.sending.clone() };
        sending.send_all(sink.url.as_str(), self.traffic).await?.complete(self.traffic)?;
        Ok(self.each(sink.process().cpu_seconds() - before))
    }

    /// Sends the agent the load that the sink received. Measures the agent's CPU time until the
    /// last acknowledgement, and until the agent is idle.
    async fn ingest(
        &self,
        agent: &Server,
        floor: f64,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        let (process, before) = (agent.process(), agent.process().cpu_seconds());
        let socket = match self.sending.protocol {
            Protocol::Grpc => "otlp_grpc",
            Protocol::Http => "otlp_http",
        };
        let sent = self.sending.send_all(agent.target(socket)?, self.traffic).await?;
        let acknowledged = self.each(process.cpu_seconds() - before);
        sent.complete(self.traffic)?;
        figures.add("durable", sent.rate(), "spans/s");
        figures.at_most("agent CPU, until acknowledged", acknowledged, "µs/span", 8.0);
        figures.at_most("… of the sink's", acknowledged / floor, "×", 2.5);
        let rested =
            process.until_idle(IDLE_TIMEOUT).await.ok_or("the agent does not become idle")?;
        figures.at_most("agent CPU, until idle", self.each(rested - before), "µs/span", 12.0);
        figures.at_most("agent memory, peak", process.peak_mib(), "MiB", 250.0);
        figures.latency("acknowledged", &sent.acknowledged_after, [None, Some(500.0)]);
        figures.add("acknowledged, slowest", sent.acknowledged_after.max_ms, "ms");
        figures.add("retries", sent.retries as f64, "");
        let generator = self.each(sent.generator_cpu_seconds);
        figures.add("generator's own CPU, not counted", generator, "µs/span");
        Ok(())
    }

    /// Checks that the agent has stored exactly the spans of the traffic and `more` further spans.
    async fn complete(&self, agent: &Server, more: u64) -> Result<(), Failure> {
        let sent = self.traffic.total_spans() + more;
        let stored = agent.counter("coral.agent.store.spans").await?;
        match stored == sent {
            true => Ok(()),
            false => Err(format!("the agent holds {stored} of {sent} acknowledged spans").into()),
        }
    }

    /// Measures the agent's CPU time while it serves all its spans: by column, and as OTLP.
    async fn served(&self, agent: &Server, figures: &mut Figures) -> Result<(), Failure> {
        let mut rpc = AgentRpc::new(&agent.url("agent_rpc")?)?;
        for by_column in [true, false] {
            let before = agent.process().cpu_seconds();
            let spans = rpc.fetch_all(by_column).await?;
            if spans != self.traffic.total_spans() {
                return Err(format!("the agent served {spans} spans").into());
            }
            let each = self.each(agent.process().cpu_seconds() - before);
            match by_column {
                true => figures.at_most("agent CPU, serving pages by column", each, "µs/span", 0.8),
                false => figures.add("agent CPU, serving pages as OTLP", each, "µs/span"),
            }
        }
        Ok(())
    }

    async fn questions(&self, agent: &Server) -> Result<Figures, Failure> {
        let questions = self.traffic.answer_all(ListQuery::for_bench(self.traffic));
        let mut ask = Ask::Agent(AgentRpc::new(&agent.url("agent_rpc")?)?);
        queries::measure(&mut ask, self.traffic, &questions).await
    }

    /// Kills the agent, restarts it on its data so that it seals every row, and measures its disk
    /// space.
    async fn sealed(&self, agent: Server, figures: &mut Figures) -> Result<(), Failure> {
        let begin = Instant::now();
        let agent = agent.restart(&["storage.segment_rows=1"]).await?;
        figures.add("reopened after kill -9", begin.elapsed().as_secs_f64() * 1e3, "ms");
        agent.process().until_idle(IDLE_TIMEOUT).await.ok_or("the agent does not become idle")?;
        self.complete(&agent, queries::FINDABLE_SPANS).await?;
        let bytes = agent.counter("coral.agent.store.bytes").await? as f64;
        let each = bytes / self.traffic.total_spans() as f64;
        figures.at_most("on disk, sealed", each, "B/span", 50.0);
        let segments = agent.segment_bytes("agent")? as f64 / self.traffic.total_spans() as f64;
        figures.add("… of that, segments", segments, "B/span");
        Ok(())
    }

    /// Converts CPU `seconds` of all spans to µs per span.
    fn each(&self, seconds: f64) -> f64 {
        seconds * 1e6 / self.traffic.total_spans() as f64
    }
}

/// A sink in a process of its own, so that its CPU time is not mixed with the generator's.
struct SinkProcess {
    child: Child,
    url: String,
}

impl SinkProcess {
    fn start() -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("sink")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        let stdout = child.stdout.take().ok_or("the sink has no output")?;
        BufReader::new(stdout).read_line(&mut address)?;
        Ok(Self { child, url: format!("http://{}", address.trim()) })
    }

    fn process(&self) -> Process {
        Process(self.child.id())
    }
}

impl Drop for SinkProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
