//! The route behind `coral connect` and `coral disconnect`. The agent accepts requests from its own
//! host only, with a key from a file that only the agent's user can read.

use coral_server::private_file;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::connections::{Connections, ConnectionsError};
use super::left_out;
use super::listener::Listener;
use super::monitor::BeylaMonitor;
use coral_config::AgentConfig;
use coral_server::door::{Method, Permission, Route};
use coral_trace::chain;

/// Changes the set of connected services, on request.
pub struct Control {
    data_dir: PathBuf,
    /// Names of the services in the configuration file, which only an edit of the file can change.
    configured: Vec<String>,
    /// Whether every listening service is instrumented, because the configuration names none.
    is_everything: bool,
    /// The ports of this process, which Beyla does not instrument.
    own_ports: Vec<u16>,
    key: String,
    change: watch::Sender<u64>,
    monitor: Arc<BeylaMonitor>,
    /// Held while a change is applied: changes are applied one after another.
    turn: Mutex<()>,
}

/// Request to connect or disconnect a service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Name of the service.
    pub name: String,
    /// Port on which the service listens; null disconnects the service.
    pub port: Option<u16>,
}

/// Answer to a [`Change`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeOutcome {
    /// Whether the request changed anything; false if the service was already in the requested
    /// state.
    pub changed: bool,
    /// How long the restart that follows may leave every service unseen, in seconds; 0 if Beyla is
    /// not restarted, or does not run.
    #[serde(default)]
    pub unseen_seconds: u64,
    /// State of Beyla, in one line.
    pub beyla: String,
}

/// Why a change was refused.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(
        "only a process of this host that knows the key in `DATA_DIR/run/control.key` may connect services"
    )]
    Stranger,
    #[error("`{0}` is set in the configuration file; change it there")]
    Configured(String),
    #[error(
        "this agent itself listens on port {0}, and Beyla does not trace the agent; name the port on which the service listens"
    )]
    OwnPort(u16),
    #[error(
        "`{program}` listens on port {port}, and Beyla leaves out programs of the system while \
         `beyla.discovery.services` is empty; name the service there"
    )]
    LeftOut { program: String, port: u16 },
    #[error("{0}")]
    Request(String),
    #[error(transparent)]
    Connections(#[from] ConnectionsError),
}

const KEY_BYTES: usize = 16;
const MAX_KEY_BYTES: u64 = 256;

impl Control {
    /// Generates a key for this process and writes it to `run/control.key` in the data directory.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn new(
        config: &AgentConfig,
        own_ports: Vec<u16>,
        change: watch::Sender<u64>,
        monitor: Arc<BeylaMonitor>,
    ) -> std::io::Result<Self> {
        let key = random_key()?;
        private_file::replace(&key_file(&config.data_dir), key.as_bytes())?;
        let configured = config.beyla.services.iter().filter_map(|service| service.name.clone());
        Ok(Self {
            data_dir: config.data_dir.clone(),
            configured: configured.collect(),
            is_everything: config.beyla.services.is_empty(),
            own_ports,
            key,
            change,
            monitor,
            turn: Mutex::new(()),
        })
    }

    /// The key of this process, which is in `run/control.key` of the data directory.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The route `POST /api/v1/beyla/connections`. Its body is a [`Change`]; its answer is a
    /// [`ChangeOutcome`].
    pub fn route(self: Arc<Self>) -> Route {
        let path = "/api/v1/beyla/connections";
        Route::new(Method::Post, path, Permission::BeylaControl, post(answer).with_state(self))
    }

    /// Applies one change. Blocks until the file of connections is on disk.
    fn apply(&self, change: &Change) -> Result<ChangeOutcome, Refusal> {
        if self.configured.contains(&change.name) {
            return Err(Refusal::Configured(change.name.clone()));
        }
        if let Some(port) = change.port.filter(|port| self.own_ports.contains(port)) {
            return Err(Refusal::OwnPort(port));
        }
        if let Some(port) = change.port.filter(|_| self.is_everything)
            && let Some(program) = left_out::sole_listener(port, &Listener::all())
        {
            return Err(Refusal::LeftOut { program, port });
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connections = Connections::load(&self.data_dir)?;
        let changed = match change.port {
            Some(port) => connections.connect(&change.name, port)?,
            None => connections.disconnect(&change.name).map(|()| true)?,
        };
        if changed {
            self.change.send_modify(|changes| *changes += 1);
            tracing::info!(name = change.name, port = change.port, "connected services changed");
        }
        let unseen = self.monitor.restart_gap().filter(|_| changed).unwrap_or_default();
        Ok(ChangeOutcome {
            changed,
            unseen_seconds: unseen.as_secs_f64().ceil() as u64,
            beyla: self.monitor.status().line(),
        })
    }

    fn admits(&self, peer: SocketAddr, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        // Compares digests, so that the time of the comparison reveals nothing about the key.
        let same = Sha256::digest(given) == Sha256::digest(&self.key);
        same && peer.ip().to_canonical().is_loopback()
    }
}

async fn answer(
    State(control): State<Arc<Control>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    change: Result<Json<Change>, JsonRejection>,
) -> Response {
    if !control.admits(peer, &headers) {
        return refused(&Refusal::Stranger);
    }
    let change = match change {
        Ok(Json(change)) => change,
        Err(rejection) => return refused(&Refusal::Request(rejection.body_text())),
    };
    match tokio::task::spawn_blocking(move || control.apply(&change)).await {
        Ok(Ok(changed)) => Json(changed).into_response(),
        Ok(Err(refusal)) => refused(&refusal),
        Err(panic) => {
            tracing::error!(%panic, "changing the connected services panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn refused(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Stranger => StatusCode::FORBIDDEN,
        Refusal::Configured(_) => StatusCode::CONFLICT,
        Refusal::Connections(ConnectionsError::Unknown { .. }) => StatusCode::NOT_FOUND,
        Refusal::Request(_)
        | Refusal::OwnPort(_)
        | Refusal::LeftOut { .. }
        | Refusal::Connections(ConnectionsError::Invalid { .. }) => StatusCode::BAD_REQUEST,
        Refusal::Connections(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(json!({"error": chain(refusal)}))).into_response()
}

/// Reads the control key of the agent whose data directory is `data_dir`.
///
/// # Errors
/// The operating system's error. Without access to the key file, a process cannot change
/// connections.
pub fn key(data_dir: &Path) -> std::io::Result<String> {
    private_file::read(&key_file(data_dir), MAX_KEY_BYTES)
}

fn key_file(data_dir: &Path) -> PathBuf {
    data_dir.join("run/control.key")
}

fn random_key() -> std::io::Result<String> {
    use std::io::Read as _;
    let mut bytes = [0; KEY_BYTES];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
