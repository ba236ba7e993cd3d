//! What a connection costs: CPU time of the handshake, and memory after many connections.

use std::sync::Arc;

use coral_trust::workload::Workload;
use rustls::ClientConfig;
use rustls::client::Resumption;

use crate::authority::BenchAuthority;
use crate::figures::Figures;
use crate::process::Process;
use crate::program::Program;
use crate::server::Server;
use crate::target::Target;
use crate::{Failure, web};

/// Connections of each kind that are measured.
const CONNECTIONS: u32 = 1_000;
/// Connections before those, which fill caches.
const FIRST_CONNECTIONS: u32 = 300;
/// How much memory may grow during the measured connections over TLS.
const MAX_GROWTH_MIB: f64 = 4.0;
const AGENT: &str = "bench";

/// Opens HTTP/2 connections to the port of an agent, with and without TLS, makes one request over
/// each, and closes it.
///
/// # Errors
/// An agent that does not run or does not answer.
pub async fn measure(program: &Program) -> Result<Figures, Failure> {
    let authority = BenchAuthority::create()?;
    let plain = program.agent(&[]).await?;
    let encrypted = program.certified_agent(&authority, AGENT, &[]).await?;
    let agent = Workload::Agent(AGENT.parse()?);
    let mut figures = Figures::default();
    let without = connect(&plain, &plain.target("agent_rpc")?).await?;
    figures.add("connection and a request, without TLS, CPU", without.server_us, "µs");
    let url = encrypted.url("agent_rpc")?;
    let kinds = [
        ("handshake, certificate of the server", None, false),
        ("handshake, certificates of both sides", Some(&Workload::Colony), false),
        ("handshake, the client offers a session", Some(&Workload::Colony), true),
    ];
    let mut growth = 0.0;
    for (kind, own, offers_session) in kinds {
        let mut config = ClientConfig::clone(&*authority.client(own, agent.clone())?);
        if !offers_session {
            config.resumption = Resumption::disabled();
        }
        let over_tls =
            connect(&encrypted, &Target::encrypted(url.clone(), Arc::new(config))).await?;
        figures.add(format!("{kind}, CPU"), over_tls.server_us - without.server_us, "µs");
        figures.add("… of the client", over_tls.client_us - without.client_us, "µs");
        growth += over_tls.growth_mib;
    }
    let connections = CONNECTIONS * kinds.len() as u32;
    let what = format!("memory of the agent, growth in {connections} connections");
    figures.at_most(what, growth.max(0.0), "MiB", MAX_GROWTH_MIB);
    Ok(figures)
}

/// What one connection costs.
struct Cost {
    server_us: f64,
    client_us: f64,
    /// The growth of the server's memory during all connections.
    growth_mib: f64,
}

async fn connect(server: &Server, target: &Target) -> Result<Cost, Failure> {
    open(target, FIRST_CONNECTIONS).await?;
    let process = server.process();
    let used = || [process.cpu_seconds(), Process::this().cpu_seconds()];
    let (before, memory) = (used(), process.resident_mib());
    open(target, CONNECTIONS).await?;
    let after = used();
    let each = [0, 1].map(|of| (after[of] - before[of]) * 1e6 / f64::from(CONNECTIONS));
    let growth_mib = process.resident_mib() - memory;
    Ok(Cost { server_us: each[0], client_us: each[1], growth_mib })
}

/// Opens `connections` to `target` one after another.
async fn open(target: &Target, connections: u32) -> Result<(), Failure> {
    for _ in 0..connections {
        let (status, _) = web::get(target.connect().await?, "/healthz", None).await?;
        if !status.is_success() {
            return Err(format!("{}: {status}", target.url).into());
        }
    }
    Ok(())
}
