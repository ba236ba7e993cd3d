//! How soon a revocation works: the time from the changed ledger until the colony lets the agent or
//! the token in no more.

use std::time::{Duration, Instant};

use coral_trace::UnixNanos;
use coral_trust::directory::TrustDir;
use coral_trust::ledger::{Ledger, LedgerError, TokenEntry, seconds};
use coral_trust::role::Role;
use coral_trust::token::Token;
use coral_trust::workload::Workload;
use coral_wire::colony_rpc::proto::RegisterAgentRequest;
use coral_wire::colony_rpc::proto::colony_service_client::ColonyServiceClient;
use http::StatusCode;
use tonic::Code;
use tonic::transport::Channel;

use crate::authority::BenchAuthority;
use crate::colony::SPANS;
use crate::exporter::{Answer, Exporter, Protocol};
use crate::figures::Figures;
use crate::program::{Program, agent_id};
use crate::server::Server;
use crate::target::Target;
use crate::traffic::Traffic;
use crate::traffic::encode::Encoder;
use crate::{Failure, clock, web};

/// How many agents and how many tokens are revoked, one after another.
const REVOCATIONS: usize = 3;
/// The limit of the time until a revocation works, in seconds.
const LIMIT_SECONDS: f64 = 60.0;
const TIMEOUT: Duration = Duration::from_secs(90);
/// Pause between two tries. The colony allows 50 requests of one token per second.
const TRY_INTERVAL: Duration = Duration::from_millis(40);
/// Several times as long as a revoked agent may still be polled.
const POLLS: Duration = Duration::from_secs(2);
const ANSWERED: &str = "/api/v1/status";

/// Revokes agents and tokens of a running colony.
///
/// # Errors
/// A revocation that does not work within [`TIMEOUT`], or a process that does not run.
pub async fn measure(program: &Program) -> Result<Figures, Failure> {
    let authority = BenchAuthority::create()?;
    let settings = ["colony.auth=on", "colony.poll_interval=200ms"];
    let configured = program.certified_agent(&authority, &agent_id(0), &[]).await?;
    let agents = std::slice::from_ref(&configured);
    let colony = program.certified_colony(&authority, agents, &settings).await?;
    let mut slowest = Slowest::default();
    for number in 0..REVOCATIONS {
        agent(program, &authority, &colony, &format!("revoked-{number}"), &mut slowest).await?;
        slowest.token = slowest.token.max(token(&colony).await?);
    }
    until("the agent is polled", async || is_polled(&colony, &agent_id(0)).await).await?;
    let of_configured = revoke_and_wait(&configured, &colony, &agent_id(0)).await?;
    let mut figures = Figures::default();
    let mut add = |what: &str, slowest: Duration| {
        figures.at_most(what, slowest.as_secs_f64(), "s", LIMIT_SECONDS);
    };
    add("revoked agent, until it cannot register, slowest of 3", slowest.registration);
    add("revoked agent, until it is not polled, slowest of 3", slowest.polling);
    add("revoked agent of `colony.agents`, until it is not polled", of_configured);
    add("revoked token, until it is refused, slowest of 3", slowest.token);
    Ok(figures)
}

/// The slowest revocation of each kind.
#[derive(Default)]
struct Slowest {
    registration: Duration,
    polling: Duration,
    token: Duration,
}

/// Lets an agent register, revokes it, and waits until it can do nothing more.
async fn agent(
    program: &Program,
    authority: &BenchAuthority,
    colony: &Server,
    id: &str,
    slowest: &mut Slowest,
) -> Result<(), Failure> {
    let registers = format!("agent.colony={}", colony.url("colony")?);
    let agent = program.certified_agent(authority, id, &[&registers]).await?;
    until("the agent is polled", async || is_polled(colony, id).await).await?;
    let mut client = Registering::new(authority, colony, &agent, id).await?;
    if let Some(status) = client.register().await? {
        return Err(format!("{id} is not revoked, and cannot register: {status}").into());
    }
    let revoked = revoke(colony, id).await?;
    until("the revoked agent cannot register", async || Ok(client.register().await?.is_some()))
        .await?;
    slowest.registration = slowest.registration.max(revoked.elapsed());
    until("the revoked agent is not polled", async || Ok(!is_polled(colony, id).await?)).await?;
    slowest.polling = slowest.polling.max(revoked.elapsed());
    gives_nothing(&agent, colony, id).await
}

/// Revokes an agent that is polled. Returns the time until it is not polled.
async fn revoke_and_wait(agent: &Server, colony: &Server, id: &str) -> Result<Duration, Failure> {
    let revoked = revoke(colony, id).await?;
    until("the revoked agent is not polled", async || Ok(!is_polled(colony, id).await?)).await?;
    let after = revoked.elapsed();
    gives_nothing(agent, colony, id).await?;
    Ok(after)
}

/// Revokes an agent. Returns when.
async fn revoke(colony: &Server, id: &str) -> Result<Instant, Failure> {
    let name = id.parse()?;
    change(colony, move |ledger, now| {
        ledger.revoke_agent(&name, now);
    })
    .await?;
    Ok(Instant::now())
}

/// Checks that nothing is polled that a revoked agent receives.
async fn gives_nothing(agent: &Server, colony: &Server, id: &str) -> Result<(), Failure> {
    let before = colony.counter(SPANS).await?;
    let exporter = Exporter::new(agent.target("otlp_grpc")?, Protocol::Grpc)?;
    let body = Encoder::new(&Traffic::of_traces(1, 5, clock::now())).export(0).0;
    let answer = exporter.export(body.into()).await;
    if answer != (Answer::Acknowledged { rejected: 0 }) {
        return Err(format!("{id} does not receive spans: {answer:?}").into());
    }
    tokio::time::sleep(POLLS).await;
    match colony.counter(SPANS).await? == before && !is_polled(colony, id).await? {
        true => Ok(()),
        false => Err(format!("{id} is revoked, and is polled again").into()),
    }
}

/// Creates a token, revokes it, and returns the time until it is refused.
async fn token(colony: &Server) -> Result<Duration, Failure> {
    let token = Token::random()?;
    let (hash, text) = (token.hash(), token.text());
    let channel = colony.target("colony")?.connect().await?;
    let is = async |wanted| {
        let (status, _) = web::get(channel.clone(), ANSWERED, Some(&text)).await?;
        Ok(status == wanted)
    };
    change(colony, move |ledger, now| {
        ledger.tokens.push(TokenEntry {
            hash,
            user: "bench".to_owned(),
            role: Role::Viewer,
            services: Vec::new(),
            sql: false,
            created: seconds(now),
            expires: None,
            revoked: None,
        });
    })
    .await?;
    // The colony pauses callers with many wrong tokens: one that is known is not tried before the
    // colony has read the ledger.
    tokio::time::sleep(LEDGER_READ).await;
    until("the token is accepted", async || is(StatusCode::OK).await).await?;
    change(colony, move |ledger, now| {
        for entry in ledger.tokens.iter_mut().filter(|entry| entry.hash == hash) {
            entry.revoked = Some(seconds(now));
        }
    })
    .await?;
    let revoked = Instant::now();
    until("the revoked token is refused", async || is(StatusCode::UNAUTHORIZED).await).await?;
    Ok(revoked.elapsed())
}

/// Longer than the colony takes to read a changed ledger.
const LEDGER_READ: Duration = Duration::from_millis(1_500);

/// Whether the colony knows the agent `id`, and has polled it.
async fn is_polled(colony: &Server, id: &str) -> Result<bool, Failure> {
    let status = colony.get(ANSWERED).await?;
    let agents = status["agents"].as_array().ok_or("the status has no `agents`")?;
    Ok(agents.iter().any(|agent| agent["agent_id"] == id && agent["state"] == "ok"))
}

/// Changes the ledger of `colony`, as the command line does.
async fn change(
    colony: &Server,
    change: impl FnOnce(&mut Ledger, UnixNanos) + Send + 'static,
) -> Result<(), Failure> {
    let (dir, now) = (TrustDir::of(colony.data_dir()), UnixNanos(clock::now()));
    let changed = tokio::task::spawn_blocking(move || {
        Ledger::change(&dir, now, |ledger| {
            change(ledger, now);
            Ok::<_, LedgerError>(())
        })
    });
    changed.await??;
    Ok(())
}

/// Tries until `done`, which `what` names.
async fn until(
    what: &str,
    mut done: impl AsyncFnMut() -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let begin = Instant::now();
    while !done().await? {
        if begin.elapsed() > TIMEOUT {
            return Err(format!("not within {TIMEOUT:?}: {what}").into());
        }
        tokio::time::sleep(TRY_INTERVAL).await;
    }
    Ok(())
}

/// A client that registers an agent with the agent's certificate.
struct Registering {
    client: ColonyServiceClient<Channel>,
    request: RegisterAgentRequest,
}

impl Registering {
    async fn new(
        authority: &BenchAuthority,
        colony: &Server,
        agent: &Server,
        id: &str,
    ) -> Result<Self, Failure> {
        let own = Workload::Agent(id.parse()?);
        let config = authority.client(Some(&own), Workload::Colony)?;
        let channel = Target::encrypted(colony.url("colony")?, config).connect().await?;
        let address = agent.url("agent_rpc")?;
        let request =
            RegisterAgentRequest { agent_id: id.to_owned(), address, ..Default::default() };
        Ok(Self { client: ColonyServiceClient::new(channel), request })
    }

    /// Registers the agent. Returns the status if the certificate is refused.
    ///
    /// # Errors
    /// The registration fails for another reason.
    async fn register(&mut self) -> Result<Option<tonic::Status>, Failure> {
        match self.client.register_agent(self.request.clone()).await {
            Ok(_) => Ok(None),
            Err(status) if status.code() == Code::Unauthenticated => Ok(Some(status)),
            Err(status) => Err(status.into()),
        }
    }
}
