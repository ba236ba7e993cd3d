//! Registers the agent with its colony, so that the colony polls it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use coral_wire::colony_rpc::proto::RegisterAgentRequest;
use coral_wire::colony_rpc::proto::colony_service_client::ColonyServiceClient;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;

use crate::colony_link::ColonyLink;
use coral_config::AgentConfig;
use coral_server::clock;

/// Registers with a colony at regular intervals, because the colony may have been restarted or lost
/// its data.
pub struct Register {
    colony: String,
    request: RegisterAgentRequest,
    link: Arc<ColonyLink>,
}

/// Why a registration failed.
#[derive(Debug, thiserror::Error)]
enum RegisterError {
    #[error("cannot reach it")]
    Unreachable(#[from] tonic::transport::Error),
    #[error("it refused: {}: {}", .0.code(), .0.message())]
    Refused(Box<tonic::Status>),
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
    ) -> Option<Self> {
        let colony = config.colony.clone()?;
        let address = config.advertise.clone().unwrap_or_else(|| format!("http://{listening}"));
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let (agent_id, store_id) = (config.id.clone(), store_id.to_owned());
        let request = RegisterAgentRequest { agent_id, address, version, store_id };
        Some(Self { colony, request, link })
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
                    let error = coral_trace::chain(&error);
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
        let endpoint = Endpoint::from_shared(self.colony.clone())?
            .connect_timeout(ANSWER_TIMEOUT)
            .timeout(ANSWER_TIMEOUT);
        let channel = endpoint.connect().await?;
        let answer = ColonyServiceClient::new(channel)
            .register_agent(self.request.clone())
            .await
            .map_err(|status| RegisterError::Refused(Box::new(status)))?;
        let seconds = answer.into_inner().heartbeat_seconds.clamp(1, 3_600);
        Ok(Duration::from_secs(seconds.into()))
    }
}
