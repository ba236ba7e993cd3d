//! `coral.colony.v1.ColonyService`: agents get certificates, and register the address at which they
//! are polled.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use coral_engine::{Checkpoint, EngineError, KnownAgent};
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_server::identity::{Caller, Principal};
use coral_server::listen::Peer;
use coral_trust::authority::AuthorityError;
use coral_wire::colony_rpc::proto::colony_service_server::ColonyService;
use coral_wire::colony_rpc::proto::{
    CertificateResponse, JoinAgentRequest, RegisterAgentRequest, RegisterAgentResponse,
    RenewCertificateRequest,
};
use http::Uri;
use tonic::{Request, Response, Status};

use super::elsewhere;
use crate::Colony;
use crate::poll::MAX_STORE_ID_BYTES;
use crate::poll::health::POLLS_HELD;
use crate::registry::{Agent, KnownBy};
use crate::trust::{Admitted, ColonyTrust, IssueError};
use coral_trace::chain;

pub(super) struct Registration {
    pub(super) colony: Colony,
}

/// How often an agent registers again, in seconds.
const HEARTBEAT_SECONDS: u32 = 30;
const MAX_ID_CHARS: usize = 128;
const MAX_ADDRESS_BYTES: usize = 512;
/// The most agents that a colony knows. Each agent costs a poller and a connection.
const MAX_AGENTS: usize = 1_000;

#[tonic::async_trait]
impl ColonyService for Registration {
    async fn register_agent(
        &self,
        request: Request<RegisterAgentRequest>,
    ) -> Result<Response<RegisterAgentResponse>, Status> {
        let caller = request.extensions().get::<Caller>().cloned().unwrap_or_else(Caller::nobody);
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let RegisterAgentRequest { agent_id, address, version, store_id } = request.into_inner();
        let refused = |_: &Status| self.colony.registry.refuse();
        check_id(&agent_id).inspect_err(refused)?;
        check_store_id(&store_id).inspect_err(refused)?;
        speaks_for(&caller, &agent_id).inspect_err(refused)?;
        check_room(&self.colony.registry.watch().borrow(), &agent_id).inspect_err(refused)?;
        let address = reachable_address(&address, peer).inspect_err(refused)?;
        check_encryption(&address, peer, self.colony.trust.is_plaintext).inspect_err(refused)?;
        let is_proven = matches!(caller.principal, Principal::Agent(_));
        let (colony, agent) = (self.colony.clone(), KnownAgent { agent_id, address });
        tokio::task::spawn_blocking(move || {
            register(&colony, &agent, is_proven, &version, &store_id)?;
            let authority = colony.trust.authority();
            Ok(Response::new(RegisterAgentResponse {
                heartbeat_seconds: HEARTBEAT_SECONDS,
                authority: authority.map(|authority| authority.0.to_vec()).unwrap_or_default(),
            }))
        })
        .await
        .map_err(|panic| Status::internal(panic.to_string()))?
    }

    async fn join_agent(
        &self,
        request: Request<JoinAgentRequest>,
    ) -> Result<Response<CertificateResponse>, Status> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let JoinAgentRequest { secret, certificate_request } = request.into_inner();
        self.issue(move |trust| {
            let admitted = trust.join(&secret, &certificate_request, clock::now())?;
            tracing::info!(agent_id = %admitted.agent, ?peer, "an agent joined");
            Ok(admitted)
        })
        .await
    }

    async fn renew_certificate(
        &self,
        request: Request<RenewCertificateRequest>,
    ) -> Result<Response<CertificateResponse>, Status> {
        let caller = request.extensions().get::<Caller>().map(|caller| caller.principal.clone());
        let Some(Principal::Agent(agent)) = caller else {
            return Err(Status::unauthenticated("this needs the certificate of an agent"));
        };
        let shown = request.extensions().get::<Peer>().and_then(|peer| peer.certificate.clone());
        let shown = shown.map(|holder| holder.serial.clone()).unwrap_or_default();
        let request = request.into_inner().certificate_request;
        self.issue(move |trust| trust.renew(&agent, &shown, &request, clock::now())).await
    }
}

impl Registration {
    /// Issues a certificate on a blocking thread.
    async fn issue(
        &self,
        issue: impl FnOnce(&ColonyTrust) -> Result<Admitted, IssueError> + Send + 'static,
    ) -> Result<Response<CertificateResponse>, Status> {
        let trust = self.colony.trust.clone();
        let issued = tokio::task::spawn_blocking(move || issue(&trust)).await;
        let admitted = issued.map_err(|panic| Status::internal(panic.to_string()))?;
        let Admitted { agent, issued, authorities } = admitted.map_err(|error| {
            self.colony.registry.refuse();
            not_issued(&error)
        })?;
        let details = AuditDetails {
            filters: vec![format!("agent={agent}"), format!("certificate={}", issued.serial)],
            ..AuditDetails::default()
        };
        let mut response = Response::new(CertificateResponse {
            agent_id: agent.to_string(),
            chain: issued.chain.iter().map(|certificate| certificate.to_vec()).collect(),
            authorities,
        });
        response.extensions_mut().insert(details);
        Ok(response)
    }
}

/// Refuses an address without TLS, unless the colony is told not to encrypt, or unless agent and
/// colony are on one host. An agent on another host could make the colony poll what listens on the
/// loopback of the colony.
fn check_encryption(address: &str, peer: Option<IpAddr>, is_plaintext: bool) -> Result<(), Status> {
    let is_local = peer.is_none_or(|peer| peer.to_canonical().is_loopback())
        && coral_config::is_encrypted_or_local(address);
    match is_plaintext || is_local || address.starts_with("https://") {
        true => Ok(()),
        false => Err(Status::failed_precondition(format!(
            "address: `{address}` has no TLS: `coral agent join` gives the agent a certificate, or set \
             `insecure_plaintext: true` on both hosts"
        ))),
    }
}

/// Refuses an agent that says that it is another.
fn speaks_for(caller: &Caller, agent_id: &str) -> Result<(), Status> {
    match &caller.principal {
        Principal::Agent(name) if name.as_str() != agent_id => Err(Status::permission_denied(
            format!("agent_id: the certificate is that of agent `{name}`: set `agent.id` to that"),
        )),
        _ => Ok(()),
    }
}

fn not_issued(error: &IssueError) -> Status {
    let reason = chain(error);
    match error {
        IssueError::Join(_) | IssueError::Revoked => Status::unauthenticated(reason),
        IssueError::Name(_) | IssueError::Authority(AuthorityError::Request(_)) => {
            Status::invalid_argument(reason)
        }
        IssueError::Authority(AuthorityError::None(_)) => {
            Status::failed_precondition("this colony has no certificate authority of its own")
        }
        IssueError::Ledger(_) | IssueError::Authority(_) => {
            tracing::error!(error = reason, "a certificate was not issued");
            Status::unavailable("the colony cannot issue certificates now; its log says why")
        }
    }
}

/// Registers `agent`, or returns why the registration is refused. Blocks.
fn register(
    colony: &Colony,
    agent: &KnownAgent,
    is_proven: bool,
    version: &str,
    store_id: &str,
) -> Result<(), Status> {
    let registry = &colony.registry;
    // A certificate proves that this is the agent, wherever it is now.
    if !is_proven
        && let Some(holder) = other_holder(colony, agent)
        && !may_take(&colony.engine.checkpoints().map_err(unavailable)?, colony, agent, store_id)
    {
        registry.refuse();
        // The next registration of this agent finds out sooner whether the holder is gone.
        colony.health.poll_soon(&agent.agent_id);
        let (id, address) = (&agent.agent_id, &agent.address);
        tracing::warn!(agent_id = %id, %address, %holder, "refused an agent: its id belongs to another agent");
        return Err(Status::already_exists(refusal(id, &holder, colony.health.answers(id))));
    }
    registry.register(agent).map_err(unavailable)?;
    // An agent without a poller has no status yet: the version is recorded at the next heartbeat.
    colony.health.registered(&agent.agent_id, version);
    Ok(())
}

/// Why the agent at `holder` keeps the id.
fn refusal(id: &str, holder: &str, answers: bool) -> String {
    let way_out = match answers {
        true => {
            "which answers polls: stop that one, or give this one another `agent.id`".to_owned()
        }
        false => format!(
            "which has another store: this one can have the id when {POLLS_HELD} polls of that one in a row \
             have failed, or give this one another `agent.id`"
        ),
    };
    format!("agent_id `{id}` is that of the agent at {holder}, {way_out}")
}

fn unavailable(error: EngineError) -> Status {
    Status::unavailable(chain(&error))
}

/// The address of another agent that holds the id of `agent`. `None` if no agent holds the id, if
/// the holder has the same address, if the last polls of the holder failed, or if the holder is
/// configured: a registration then changes nothing.
fn other_holder(colony: &Colony, agent: &KnownAgent) -> Option<String> {
    let known = colony.registry.watch().borrow().get(&agent.agent_id)?.clone();
    let stays = known.address == agent.address || known.known_by == KnownBy::Configuration;
    let gone = || match colony.health.is_polled_elsewhere(&agent.agent_id) {
        true => elsewhere::is_gone(&*colony.engine, &agent.agent_id, clock::now()),
        false => colony.health.is_gone(&agent.agent_id, &known.address),
    };
    (!stays && !gone()).then_some(known.address)
}

/// Whether `agent` may take its id from another address: the colony has polled the id from the store
/// `store_id`, so that the same agent has moved; or no agent was ever polled with the id.
fn may_take(
    checkpoints: &[Checkpoint],
    colony: &Colony,
    agent: &KnownAgent,
    store_id: &str,
) -> bool {
    let id = &agent.agent_id;
    let mut of_agent =
        checkpoints.iter().filter(|checkpoint| checkpoint.agent_id == *id).peekable();
    match of_agent.peek() {
        None => !colony.health.answers(id),
        Some(_) => !store_id.is_empty() && of_agent.any(|known| known.store_id == store_id),
    }
}

fn check_store_id(id: &str) -> Result<(), Status> {
    match id.len() {
        0..=MAX_STORE_ID_BYTES => Ok(()),
        _ => Err(Status::invalid_argument(format!("store_id: at most {MAX_STORE_ID_BYTES} bytes"))),
    }
}

fn check_id(id: &str) -> Result<(), Status> {
    let long = id.chars().count();
    if long == 0 || long > MAX_ID_CHARS || id.chars().any(char::is_control) {
        let rule =
            format!("agent_id: 1 to {MAX_ID_CHARS} characters, none of them a control character");
        return Err(Status::invalid_argument(rule));
    }
    Ok(())
}

/// Refuses new agents beyond [`MAX_AGENTS`], because registration needs no authentication.
fn check_room(agents: &BTreeMap<String, Agent>, id: &str) -> Result<(), Status> {
    if agents.len() < MAX_AGENTS || agents.contains_key(id) {
        return Ok(());
    }
    tracing::warn!(agent_id = id, "refused an agent: the registry is full");
    Err(Status::resource_exhausted(format!("this colony already knows {MAX_AGENTS} agents")))
}

/// `address`, but with the caller's IP address in place of an unspecified one (`0.0.0.0` or `::`).
fn reachable_address(address: &str, peer: Option<IpAddr>) -> Result<String, Status> {
    if address.len() > MAX_ADDRESS_BYTES {
        let rule = format!("address: at most {MAX_ADDRESS_BYTES} bytes");
        return Err(Status::invalid_argument(rule));
    }
    let invalid = |reason: &str| Status::invalid_argument(format!("address: `{address}` {reason}"));
    let uri: Uri = address.parse().map_err(|_| invalid("is not a URL"))?;
    let (Some(scheme @ ("http" | "https")), Some(host), Some(port)) =
        (uri.scheme_str(), uri.host(), uri.port_u16())
    else {
        return Err(invalid("is not of the form http://HOST:PORT or https://HOST:PORT"));
    };
    let unspecified =
        host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified());
    match (unspecified, peer) {
        (true, Some(peer)) => Ok(format!("{scheme}://{}", SocketAddr::new(peer, port))),
        (true, None) => Err(invalid("names no host")),
        (false, _) => Ok(format!("{scheme}://{host}:{port}")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use coral_engine::{AgentMinute, Engine, Minute, Page, PageContent, PolledMinute};
    use coral_store::{Store, StoreConfig};
    use coral_trace::Collector;

    use super::*;
    use crate::poll::PollError;
    use crate::registry::Registry;

    /// A colony that knows `web-1` at `http://a:1` and has polled it from the store `mine`.
    fn known_agent(dir: &std::path::Path) -> Colony {
        let store = Store::open(StoreConfig { dir: dir.to_owned(), segment_rows: 1_000 });
        let store = store.unwrap();
        let engine: Arc<dyn Engine> = Arc::new(store);
        let registry = Arc::new(Registry::load(&[], engine.clone()).unwrap());
        let trust = ColonyTrust::none(dir).unwrap();
        let (health, retained) = (Arc::default(), Arc::default());
        let exports = Default::default();
        let member = None;
        let colony = Colony { engine, registry, health, trust, exports, member, retained };
        register(&colony, &at("http://a:1"), false, "", "mine").unwrap();
        colony.health.know("web-1", &colony.registry.watch().borrow()["web-1"]);
        let checkpoint = Checkpoint {
            agent_id: "web-1".into(),
            collector: Collector::Ebpf,
            store_id: "mine".into(),
            next_receipt: 1,
            spans_stored: 0,
            spans_missed: 0,
        };
        let (content, received) = (PageContent::Spans(vec![]), coral_trace::UnixNanos(1));
        let page = Page { content, received, checkpoint };
        colony.engine.append_pages(vec![page]).remove(0).unwrap();
        colony
    }

    fn at(address: &str) -> KnownAgent {
        KnownAgent { agent_id: "web-1".into(), address: address.into() }
    }

    fn address(colony: &Colony) -> String {
        colony.registry.watch().borrow()["web-1"].address.clone()
    }

    #[test]
    fn another_agent_cannot_register_the_id_of_an_agent_that_answers() {
        let dir = tempfile::tempdir().unwrap();
        let colony = known_agent(dir.path());
        for stranger in ["another", ""] {
            let refused = register(&colony, &at("http://b:2"), false, "", stranger).unwrap_err();
            assert_eq!(refused.code(), tonic::Code::AlreadyExists);
            let reason = "the agent at http://a:1, which has another store: this one can";
            assert!(refused.message().contains(reason), "{}", refused.message());
        }
        assert_eq!((address(&colony).as_str(), colony.registry.refused()), ("http://a:1", 2));
        register(&colony, &at("http://a:1"), false, "", "another").unwrap();
        register(&colony, &at("http://b:2"), false, "", "mine").unwrap();
        assert_eq!(address(&colony), "http://b:2");
    }

    #[test]
    fn another_agent_can_register_an_id_after_three_failed_polls() {
        let dir = tempfile::tempdir().unwrap();
        let colony = known_agent(dir.path());
        let fail = |error: PollError| colony.health.failed("web-1", &error);
        let register = || register(&colony, &at("http://b:2"), false, "", "another");
        fail(PollError::CannotStore(EngineError::unavailable("disk full")));
        for _ in 0..3 {
            register().unwrap_err();
            fail(PollError::unreachable("gone"));
        }
        register().unwrap();
        assert_eq!(address(&colony), "http://b:2");
    }

    #[test]
    fn another_agent_cannot_register_an_id_only_because_another_colony_polls_it() {
        let dir = tempfile::tempdir().unwrap();
        let colony = known_agent(dir.path());
        colony.health.polled_by("web-1", "west");
        let register = || register(&colony, &at("http://b:2"), false, "", "another");
        assert_eq!(register().unwrap_err().code(), tonic::Code::AlreadyExists);
        // That colony records that it does not reach the agent.
        let minute = Minute::at(clock::now()).0;
        let record = |minute: u32| AgentMinute {
            agent_id: "web-1".into(),
            minute: Minute(minute),
            polled: Some(PolledMinute::default()),
            ..AgentMinute::default()
        };
        let records = (minute - 3..minute).map(record).collect();
        colony.engine.append_agent_minutes(records).unwrap();
        register().unwrap();
    }

    #[test]
    fn a_refusal_says_that_the_holder_answers_polls_only_if_it_does() {
        let dir = tempfile::tempdir().unwrap();
        let colony = known_agent(dir.path());
        let reason = || {
            let refused = register(&colony, &at("http://b:2"), false, "", "another").unwrap_err();
            refused.message().to_owned()
        };
        assert!(reason().contains("when 3 polls of that one in a row have failed"), "{}", reason());
        colony.health.caught_up("web-1", coral_trace::UnixNanos(1), 1.0);
        assert!(reason().contains("which answers polls: stop that one"), "{}", reason());
        colony.health.failed("web-1", &PollError::unreachable("gone"));
        assert!(!reason().contains("answers polls"), "{}", reason());
    }

    #[test]
    fn an_agent_that_moves_before_it_was_ever_polled_is_known_at_its_new_address() {
        let dir = tempfile::tempdir().unwrap();
        let colony = known_agent(dir.path());
        let agent = |address: &str| KnownAgent { agent_id: "new".into(), ..at(address) };
        register(&colony, &agent("http://a:3"), false, "", "its store").unwrap();
        register(&colony, &agent("http://a:4"), false, "", "its store").unwrap();
        assert_eq!(colony.registry.watch().borrow()["new"].address, "http://a:4");
        assert_eq!(colony.registry.refused(), 0);
    }

    #[test]
    fn an_agent_that_was_not_polled_yet_keeps_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let mut colony = known_agent(dir.path());
        colony.health = Arc::default();
        register(&colony, &at("http://b:2"), false, "", "another").unwrap_err();
        assert_eq!(address(&colony), "http://a:1");
    }

    #[test]
    fn a_full_registry_refuses_new_agents_and_accepts_known_ones() {
        let agent = || Agent { address: "http://a:1".into(), known_by: KnownBy::Registration };
        let mut agents: BTreeMap<String, Agent> =
            (1..MAX_AGENTS).map(|number| (number.to_string(), agent())).collect();
        check_room(&agents, "last").unwrap();
        agents.insert("last".into(), agent());
        check_room(&agents, "last").unwrap();
        let refused = check_room(&agents, "one more").unwrap_err();
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    }

    #[test]
    fn ids_and_addresses_of_any_length_or_with_control_characters_are_refused() {
        let megabyte = "a".repeat(1 << 20);
        for id in ["", &megabyte, "web\n1", "web\u{1b}[31m", "web\u{9b}1"] {
            assert_eq!(check_id(id).unwrap_err().code(), tonic::Code::InvalidArgument);
        }
        check_id("web-1").unwrap();
        let refused = reachable_address(&format!("http://{megabyte}:1"), None).unwrap_err();
        assert!(refused.message().len() < 100, "the address is not repeated");
    }

    #[test]
    fn an_agent_of_another_host_cannot_name_the_loopback_of_the_colony() {
        let (here, there) = ("127.0.0.1".parse().unwrap(), "10.0.0.5".parse().unwrap());
        let mapped = "::ffff:127.0.0.1".parse().unwrap();
        for (address, peer, is_taken) in [
            ("http://127.0.0.1:9001", here, true),
            ("http://localhost:9001", mapped, true),
            ("http://127.0.0.1:9001", there, false),
            ("http://[::1]:9001", there, false),
            ("http://localhost:9001", there, false),
            ("http://10.0.0.5:9001", there, false),
            ("https://127.0.0.1:9001", there, true),
        ] {
            let taken = check_encryption(address, Some(peer), false);
            assert_eq!(taken.is_ok(), is_taken, "{address} from {peer}");
            check_encryption(address, Some(peer), true).unwrap();
        }
    }

    #[test]
    fn an_agent_that_listens_on_all_interfaces_is_polled_at_its_source_address() {
        let peer = Some("10.0.0.5".parse().unwrap());
        for (address, expected) in [
            ("http://web-1:9001", Ok("http://web-1:9001")),
            ("http://0.0.0.0:9001", Ok("http://10.0.0.5:9001")),
            ("http://[::]:9001", Ok("http://10.0.0.5:9001")),
            ("web-1:9001", Err("is not of the form")),
            ("http://web-1", Err("is not of the form")),
            ("ftp://web-1:9001", Err("is not of the form")),
            ("", Err("is not a URL")),
        ] {
            match (reachable_address(address, peer), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(status), Err(reason)) => {
                    assert!(status.message().contains(reason), "{address}: {}", status.message());
                }
                (found, _) => panic!("{address}: {found:?}"),
            }
        }
    }
}
