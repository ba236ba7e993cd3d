//! `coral.colony.v1.ColonyService`: agents say where they are polled.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use coral_store::KnownAgent;
use coral_wire::colony_rpc::proto::colony_service_server::ColonyService;
use coral_wire::colony_rpc::proto::{RegisterAgentRequest, RegisterAgentResponse};
use http::Uri;
use tonic::{Request, Response, Status};

use crate::clock;
use crate::colony::registry::{Agent, Registry};
use crate::errors::chain;

pub(super) struct Registration {
    pub(super) registry: Arc<Registry>,
}

/// How often an agent says that it is there.
const HEARTBEAT_SECONDS: u32 = 30;
const LONGEST_ID: usize = 128;
/// Agents that a colony knows; each costs a poller and its connection.
const MOST_AGENTS: usize = 1_000;

#[tonic::async_trait]
impl ColonyService for Registration {
    async fn register_agent(
        &self,
        request: Request<RegisterAgentRequest>,
    ) -> Result<Response<RegisterAgentResponse>, Status> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let RegisterAgentRequest { agent_id, address, version: _ } = request.into_inner();
        check_id(&agent_id)?;
        check_room(&self.registry.watch().borrow(), &agent_id)?;
        let address = reachable_address(&address, peer)?;
        let registry = self.registry.clone();
        let agent = KnownAgent { agent_id, address };
        tokio::task::spawn_blocking(move || registry.register(&agent, clock::now()))
            .await
            .map_err(|panic| Status::internal(panic.to_string()))?
            .map_err(|error| Status::unavailable(chain(&error)))?;
        Ok(Response::new(RegisterAgentResponse { heartbeat_seconds: HEARTBEAT_SECONDS }))
    }
}

fn check_id(id: &str) -> Result<(), Status> {
    let long = id.chars().count();
    if long == 0 || long > LONGEST_ID || id.chars().any(char::is_control) {
        let rule =
            format!("agent_id: 1 to {LONGEST_ID} characters, none of them a control character");
        return Err(Status::invalid_argument(rule));
    }
    Ok(())
}

/// Anybody can register, so what all of them cost together has a limit.
fn check_room(agents: &BTreeMap<String, Agent>, id: &str) -> Result<(), Status> {
    if agents.len() < MOST_AGENTS || agents.contains_key(id) {
        return Ok(());
    }
    tracing::warn!(agent_id = id, "refused an agent: there are too many");
    Err(Status::resource_exhausted(format!("this colony knows {MOST_AGENTS} agents already")))
}

/// `address`, with a host that means "every interface" replaced by where the agent called from.
fn reachable_address(address: &str, peer: Option<IpAddr>) -> Result<String, Status> {
    let invalid = |reason: &str| Status::invalid_argument(format!("address: `{address}` {reason}"));
    let uri: Uri = address.parse().map_err(|_| invalid("is no URL"))?;
    let (Some("http"), Some(host), Some(port)) = (uri.scheme_str(), uri.host(), uri.port_u16())
    else {
        return Err(invalid("is not of the form http://HOST:PORT"));
    };
    let unspecified =
        host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified());
    match (unspecified, peer) {
        (true, Some(peer)) => Ok(format!("http://{}", SocketAddr::new(peer, port))),
        (true, None) => Err(invalid("names no host")),
        (false, _) => Ok(format!("http://{host}:{port}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colony::registry::KnownBy;

    #[test]
    fn a_stranger_is_refused_when_there_are_too_many_agents_and_a_known_one_is_not() {
        let agent = || Agent { address: "http://a:1".into(), known_by: KnownBy::Registration };
        let mut agents: BTreeMap<String, Agent> =
            (1..MOST_AGENTS).map(|number| (number.to_string(), agent())).collect();
        check_room(&agents, "last").unwrap();
        agents.insert("last".into(), agent());
        check_room(&agents, "last").unwrap();
        let refused = check_room(&agents, "one more").unwrap_err();
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    }

    #[test]
    fn an_agent_that_listens_everywhere_is_polled_where_it_called_from() {
        let peer = Some("10.0.0.5".parse().unwrap());
        for (address, expected) in [
            ("http://web-1:9001", Ok("http://web-1:9001")),
            ("http://0.0.0.0:9001", Ok("http://10.0.0.5:9001")),
            ("http://[::]:9001", Ok("http://10.0.0.5:9001")),
            ("web-1:9001", Err("is not of the form")),
            ("http://web-1", Err("is not of the form")),
            ("ftp://web-1:9001", Err("is not of the form")),
            ("", Err("is no")),
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
