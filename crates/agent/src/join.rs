//! Gets the first certificate of an agent from a colony.

use coral_server::connect::Connector;
use coral_wire::colony_rpc::proto::JoinAgentRequest;
use coral_wire::colony_rpc::proto::colony_service_client::ColonyServiceClient;
use tonic::transport::Endpoint;

/// What a colony gives to an agent that joins.
pub struct Joined {
    /// The agent's id.
    pub agent: String,
    /// The certificate in DER, and those that lead from it to a CA.
    pub chain: Vec<Vec<u8>>,
    /// The CAs that the agent believes, in PEM.
    pub authorities: String,
}

/// Why an agent cannot join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The colony cannot be reached, or is another one.
    #[error("cannot reach the colony: {0}")]
    Unreachable(String),
    /// The colony does not accept the join token or the request.
    #[error("the colony refused: {0}")]
    Refused(String),
}

/// Shows the `secret` of a join token to the colony at `url`, with a certificate request in DER.
///
/// # Errors
/// [`JoinError`].
pub async fn join(
    url: &str,
    connector: Connector,
    secret: String,
    certificate_request: Vec<u8>,
) -> Result<Joined, JoinError> {
    let unreachable =
        |error: tonic::transport::Error| JoinError::Unreachable(coral_trace::chain(&error));
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(unreachable)?;
    let channel = endpoint.connect_with_connector(connector).await.map_err(unreachable)?;
    let request = JoinAgentRequest { secret, certificate_request };
    let answer = ColonyServiceClient::new(channel).join_agent(request).await;
    let answer = answer.map_err(|status| match std::error::Error::source(&status) {
        Some(transport) => JoinError::Unreachable(coral_trace::chain(transport)),
        None => JoinError::Refused(status.message().to_owned()),
    })?;
    let answer = answer.into_inner();
    Ok(Joined { agent: answer.agent_id, chain: answer.chain, authorities: answer.authorities })
}
