//! What TLS costs: the CPU time of exports and of polls over TLS, compared with those without.
//!
//! Both run in turns, so that what else runs on the machine slows down both alike.

use std::time::Duration;

use crate::Failure;
use crate::authority::BenchAuthority;
use crate::colony::SPANS;
use crate::figures::Figures;
use crate::load::Sending;
use crate::load_result::LoadResult;
use crate::program::{Program, agent_id};
use crate::server::Server;
use crate::traffic::Traffic;

/// How many turns the exports with TLS have, and those without.
const EXPORT_TURNS: u64 = 10;
/// How many colonies drain the agent with TLS, and how many the one without.
const DRAINS: u64 = 3;
/// The limit of the CPU time of an agent over TLS, as a multiple of that without.
const MAX_EXPORT_CPU: f64 = 1.2;
/// The limit of spans per core over TLS, as a part of those without.
const MIN_POLL_RATE: f64 = 0.9;
/// Pause between two looks at the count of spans, which cost the colony CPU time too.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
const IDLE_TIMEOUT: Duration = Duration::from_secs(600);

/// Sends `traffic` to an agent with TLS on its OTLP ports, and to one without.
///
/// # Errors
/// A lost span, or an agent that does not run.
pub async fn exports(
    program: &Program,
    traffic: &Traffic,
    sending: &Sending,
) -> Result<Figures, Failure> {
    let authority = BenchAuthority::create()?;
    let encrypted = program.certified_agent(&authority, "bench", &["otlp.tls=true"]).await?;
    let agents = [program.agent(&[]).await?, encrypted];
    let before = agents.each_ref().map(|agent| agent.process().cpu_seconds());
    let mut sent = [LoadResult::default(), LoadResult::default()];
    for turn in 0..EXPORT_TURNS {
        let share = |turn| traffic.exports() * turn / EXPORT_TURNS;
        for side in in_turn(turn) {
            let (target, exports) =
                (agents[side].target("otlp_grpc")?, share(turn)..share(turn + 1));
            sent[side].add(sending.send(target, traffic, exports, |_| {}).await?);
        }
    }
    let mut cpu = [0.0; 2];
    for side in [0, 1] {
        sent[side].complete(traffic)?;
        let rested = agents[side].process().until_idle(IDLE_TIMEOUT).await;
        cpu[side] = rested.ok_or("an agent does not become idle")? - before[side];
        holds(&agents[side], "coral.agent.store.spans", traffic).await?;
    }
    let [plain, encrypted] = cpu.map(|seconds| seconds * 1e6 / traffic.total_spans() as f64);
    let mut figures = Figures::default();
    figures.add("agent CPU, exports without TLS", plain, "µs/span");
    figures.add("agent CPU, exports over TLS", encrypted, "µs/span");
    figures.at_most("… of that without", encrypted / plain, "×", MAX_EXPORT_CPU);
    Ok(figures)
}

/// Fills two agents with `traffic`, and lets colonies drain them: one over TLS with certificates of
/// both sides, and one without TLS.
///
/// # Errors
/// A lost span, or a process that does not run.
pub async fn polls(
    program: &Program,
    traffic: &Traffic,
    sending: &Sending,
) -> Result<Figures, Failure> {
    let authority = BenchAuthority::create()?;
    let encrypted = program.certified_agent(&authority, &agent_id(0), &[]).await?;
    let agents = [program.agent(&[]).await?, encrypted];
    for agent in &agents {
        sending.send_all(agent.target("otlp_grpc")?, traffic).await?.complete(traffic)?;
        agent.process().until_idle(IDLE_TIMEOUT).await.ok_or("an agent does not become idle")?;
    }
    let (mut of_colony, mut of_agent) = ([0.0; 2], [0.0; 2]);
    for drain in 0..DRAINS {
        for side in in_turn(drain) {
            let agent = &agents[side];
            let before = agent.process().cpu_seconds();
            let (polled, settings) = (std::slice::from_ref(agent), ["colony.poll_interval=100ms"]);
            let colony = match side {
                0 => program.colony_of(polled, &settings).await?,
                _ => program.certified_colony(&authority, polled, &settings).await?,
            };
            let all = |spans| spans >= traffic.total_spans();
            colony.until_counter_every(LOOK_INTERVAL, SPANS, all).await?;
            of_colony[side] += colony.process().cpu_seconds();
            of_agent[side] += agent.process().cpu_seconds() - before;
            holds(&colony, SPANS, traffic).await?;
        }
    }
    let drained = (traffic.total_spans() * DRAINS) as f64;
    let rate = of_colony.map(|seconds| drained / seconds);
    let each = of_agent.map(|seconds| seconds * 1e6 / drained);
    let mut figures = Figures::default();
    figures.add("drained per core of the colony, without TLS", rate[0], "spans/s");
    figures.add("drained per core of the colony, over mTLS", rate[1], "spans/s");
    figures.at_least("… of that without", rate[1] / rate[0], "×", MIN_POLL_RATE);
    figures.add("agent CPU, being drained without TLS", each[0], "µs/span");
    figures.add("agent CPU, being drained over mTLS", each[1], "µs/span");
    Ok(figures)
}

/// The side without TLS (0) and the side with TLS (1), in the order of a turn.
fn in_turn(turn: u64) -> [usize; 2] {
    if turn.is_multiple_of(2) { [0, 1] } else { [1, 0] }
}

/// Checks that `counter` counts exactly the spans of `traffic`.
async fn holds(server: &Server, counter: &str, traffic: &Traffic) -> Result<(), Failure> {
    let (stored, sent) = (server.counter(counter).await?, traffic.total_spans());
    match stored == sent {
        true => Ok(()),
        false => Err(format!("`{counter}` is {stored}, and {sent} spans were sent").into()),
    }
}
