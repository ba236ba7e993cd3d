//! Registers the agent with its colony, so that the colony polls it, and renews the agent's
//! certificate there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use coral_config::AgentConfig;
use coral_server::clock;
use coral_server::connect::over_connector;
use coral_trace::sanitize::ends;
use coral_trust::material::{self, MaterialError};
use coral_trust::workload::AgentName;
use coral_wire::colony_rpc::proto::colony_service_client::ColonyServiceClient;
use coral_wire::colony_rpc::proto::{RegisterAgentRequest, RenewCertificateRequest};
use rustls::pki_types::CertificateDer;
use tokio_util::sync::CancellationToken;
use tonic::Request;
use tonic::transport::{Channel, Endpoint};

use crate::colony_link::ColonyLink;
use crate::trust::AgentTrust;

/// Registers with a colony at regular intervals, because the colony may have been restarted or lost
/// its data.
pub struct Register {
    colony: String,
    request: RegisterAgentRequest,
    link: Arc<ColonyLink>,
    trust: AgentTrust,
}

/// Why a registration failed.
#[derive(Debug, thiserror::Error)]
enum RegisterError {
    #[error("cannot reach it")]
    Unreachable(#[from] tonic::transport::Error),
    #[error("it refused: {}: {}", .0.code(), .0.message())]
    Refused(Box<tonic::Status>),
    #[error("the key of this process cannot be sent")]
    Key,
    #[error("the renewed certificate cannot be taken")]
    Material(#[from] MaterialError),
    #[error("the id of this agent cannot stand in a certificate")]
    Name,
    #[error("storing the certificate panicked")]
    Panic(#[from] tokio::task::JoinError),
}

/// The delay after the first failure. Each further failure doubles the delay, up to `LAST_RETRY`.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

impl Register {
    /// Returns `None` when no colony is configured. `listening` is the address of the agent's RPC,
    /// `store_id` the id of its store. Outcomes are noted in `link`.
    pub fn new(
        config: &AgentConfig,
        listening: SocketAddr,
        store_id: &str,
        link: Arc<ColonyLink>,
        trust: AgentTrust,
    ) -> Option<Self> {
        let colony = config.colony.clone()?;
        let scheme = if trust.certificate.is_some() { "https" } else { "http" };
        let address = config.advertise.clone().unwrap_or_else(|| format!("{scheme}://{listening}"));
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let (agent_id, store_id) = (config.id.clone(), store_id.to_owned());
        let request = RegisterAgentRequest { agent_id, address, version, store_id };
        Some(Self { colony, request, link, trust })
    }

    /// Registers at regular intervals until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        let mut retry = FIRST_RETRY;
        let mut registered = false;
        loop {
            let Some(outcome) = stop.run_until_cancelled(self.register()).await else { return };
            let wait = match outcome {
                Ok(heartbeat) => {
                    if !registered {
                        tracing::info!(colony = %self.colony, "registered with the colony");
                    }
                    self.link.registered(clock::now());
                    registered = true;
                    retry = FIRST_RETRY;
                    heartbeat
                }
                Err(error) => {
                    let next_try_in_ms = retry.as_millis() as u64;
                    let error = ends(&coral_trace::chain(&error));
                    self.link.failed(&error);
                    tracing::warn!(colony = %self.colony, error, next_try_in_ms, "could not register");
                    registered = false;
                    let wait = retry;
                    retry = (retry * 2).min(LAST_RETRY);
                    wait
                }
            };
            if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                return;
            }
        }
    }

    /// Registers once. Returns how long to wait before the next registration: as long as the colony
    /// says, from one second to one hour.
    async fn register(&self) -> Result<Duration, RegisterError> {
        let endpoint = Endpoint::from_shared(over_connector(&self.colony))?
            .connect_timeout(ANSWER_TIMEOUT)
            .timeout(ANSWER_TIMEOUT);
        let channel = endpoint.connect_with_connector(self.trust.connector(&self.colony)).await?;
        let mut colony = ColonyServiceClient::new(channel);
        let mut request = Request::new(self.request.clone());
        if let Some(key) = &self.trust.colony_key {
            let bearer = format!("Bearer {key}").parse().map_err(|_| RegisterError::Key)?;
            request.metadata_mut().insert("authorization", bearer);
        }
        let answer = colony.register_agent(request).await.map_err(refused)?.into_inner();
        if self.trust.is_renewal_due(&answer.authority)
            && let Err(error) = self.renew(&mut colony).await
        {
            let error = ends(&coral_trace::chain(&error));
            tracing::warn!(colony = %self.colony, error, "the certificate was not renewed; the next try is at the next heartbeat");
        }
        Ok(Duration::from_secs(answer.heartbeat_seconds.clamp(1, 3_600).into()))
    }

    /// Gets a further certificate with a new key, and stores both.
    async fn renew(&self, colony: &mut ColonyServiceClient<Channel>) -> Result<(), RegisterError> {
        let Some(dir) = self.trust.renews_in.clone() else { return Ok(()) };
        let (key, certificate_request) = material::new_request()?;
        let request = RenewCertificateRequest { certificate_request };
        let answer = colony.renew_certificate(request).await.map_err(refused)?.into_inner();
        let chain: Vec<CertificateDer<'static>> =
            answer.chain.into_iter().map(CertificateDer::from).collect();
        let agent: AgentName = self.request.agent_id.parse().map_err(|_| RegisterError::Name)?;
        let authorities = answer.authorities;
        material::check_agent(&agent, &key, &chain, &authorities)?;
        let store = move || material::store_agent(&dir, &key, &chain, &authorities);
        tokio::task::spawn_blocking(store).await??;
        tracing::info!(colony = %self.colony, "the certificate was renewed");
        Ok(())
    }
}

fn refused(status: tonic::Status) -> RegisterError {
    RegisterError::Refused(Box::new(status))
}
