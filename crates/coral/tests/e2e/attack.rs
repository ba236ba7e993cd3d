//! Attacks on real processes, with raw sockets and with certificates: `docs/threat-model.md` names
//! each test.

mod exposure;
mod flood;
mod http;
mod identity;
mod malicious_agent;
mod malicious_bytes;
mod malicious_colony;
mod page;
mod rights;
mod secrets;
mod server;
mod tokens;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use coral_server::connect::Connector;
use coral_trace::UnixNanos;
use coral_trust::authority::Authority;
use coral_trust::directory::TrustDir;
use coral_trust::join::JoinToken;
use coral_trust::ledger::{JoinEntry, Ledger, LedgerError, TokenEntry, seconds};
use coral_trust::material::{Material, MaterialFiles, new_request, store_agent};
use coral_trust::role::Role;
use coral_trust::tls::{self, Anchor};
use coral_trust::token::Token;
use coral_trust::workload::Workload;
use coral_wire::colony_rpc::proto::colony_service_client::ColonyServiceClient;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

use super::process::Coral;

const DAY: u64 = 24 * 3_600;
/// Longest time that an attacker waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

fn now() -> UnixNanos {
    coral_server::clock::now()
}

fn days_ago(days: u64) -> UnixNanos {
    now().earlier(Duration::from_secs(days * DAY))
}

fn agent_named(name: &str) -> Workload {
    Workload::Agent(name.parse().unwrap())
}

/// A certificate authority, with the directory where it is.
struct World {
    authority: Authority,
    trust: TrustDir,
}

/// A running colony with TLS that asks callers who they are.
struct Besieged {
    world: World,
    colony: Coral,
    /// The token of a viewer.
    viewer: Token,
}

impl World {
    fn in_dir(dir: &TempDir) -> Self {
        let trust = TrustDir::of(dir.path());
        Self { authority: Authority::create(&trust, now()).unwrap(), trust }
    }

    /// A certificate authority that nobody trusts.
    fn rogue() -> (TempDir, Self) {
        let dir = tempfile::tempdir().unwrap();
        let world = Self::in_dir(&dir);
        (dir, world)
    }

    fn ledger(&self, change: impl FnOnce(&mut Ledger)) {
        let changed = Ledger::change(&self.trust, now(), |ledger| {
            change(ledger);
            Ok::<_, LedgerError>(())
        });
        changed.unwrap();
    }

    fn token(&self, role: Role) -> Token {
        let token = Token::random().unwrap();
        self.ledger(|ledger| {
            ledger.tokens.push(TokenEntry {
                hash: token.hash(),
                user: "ana".to_owned(),
                role,
                services: Vec::new(),
                sql: false,
                created: seconds(now()),
                expires: None,
                revoked: None,
            });
        });
        token
    }

    /// A join token for `agent` that is valid for `valid` seconds from one hour ago.
    fn join_token(&self, agent: &str, valid: u64) -> JoinToken {
        let token = JoinToken::random(self.authority.fingerprint()).unwrap();
        let created = seconds(now()) - 3_600;
        self.ledger(|ledger| {
            let (agent, expires) = (agent.to_owned(), created + valid);
            ledger.joins.push(JoinEntry {
                hash: token.hash(),
                agent,
                created,
                expires,
                used: None,
            });
        });
        token
    }

    /// The certificate of the agent `name`, issued at `at`, in a data directory of its own.
    fn joined(&self, name: &str, at: UnixNanos) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        let (key, request) = new_request().unwrap();
        let issued = self.authority.issue(&agent_named(name), &request, at).unwrap();
        let roots = self.authority.roots_pem();
        store_agent(&TrustDir::of(dir.path()), &key, &issued.chain, &roots).unwrap();
        dir
    }

    fn agent(&self, name: &str, at: UnixNanos) -> Material {
        let dir = self.joined(name, at);
        MaterialFiles::of_agent(&TrustDir::of(dir.path())).read().unwrap()
    }

    /// The certificate of a colony.
    fn colony(&self) -> Material {
        let (issued, key) = self.authority.issue_colony(&["localhost".into()], now()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Material { chain: issued.chain, key, roots: self.authority.roots().to_vec() }
    }

    /// TLS of a client that shows `own`, and knows the server `expected` by this authority.
    fn client(&self, own: Option<Material>, expected: Workload) -> ClientConfig {
        let anchor = Anchor::Roots(self.authority.roots().to_vec());
        tls::client(own, anchor, expected).unwrap()
    }
}

impl Besieged {
    fn new(settings: &[&str]) -> Self {
        Self::prepared(settings, |_| ())
    }

    /// A colony for whose start `prepare` changes what it trusts.
    fn prepared(settings: &[&str], prepare: impl FnOnce(&World)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = World::in_dir(&dir);
        let viewer = world.token(Role::Viewer);
        prepare(&world);
        let colony = Coral::in_dir("colony", dir, &[&["colony.auth=on"], settings].concat());
        Self { world, colony, viewer }
    }

    fn address(&self) -> SocketAddr {
        address(&self.colony, "colony")
    }

    /// A TLS connection of a client without a certificate.
    fn connect(&self) -> Tls {
        self.over(connect(self.address()))
    }

    fn over(&self, socket: TcpStream) -> Tls {
        tls_over(socket, self.world.client(None, Workload::Colony))
    }

    /// The status and the whole answer to `GET path` with these header lines.
    fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        let answer = exchange(&mut self.connect(), format!("{head}{headers}\r\n").as_bytes());
        (status(&answer), answer)
    }

    /// The colony's RPCs for a client that shows `own`.
    async fn rpc(&self, own: Option<Material>) -> ColonyServiceClient<Channel> {
        let config = self.world.client(own, Workload::Colony);
        ColonyServiceClient::new(channel(self.address(), config).await.unwrap())
    }

    /// An agent that joined this colony and registers there.
    fn joined_agent(&self, name: &str) -> Coral {
        let id = format!("agent.id={name}");
        let colony = format!("agent.colony=https://{}", self.address());
        Coral::in_dir("agent", self.world.joined(name, now()), &[&id, &colony])
    }

    /// Checks that the colony still answers a viewer.
    fn still_answers(&self) {
        let bearer = format!("authorization: Bearer {}\r\n", self.viewer);
        let (status, answer) = self.get("/api/v1/traces?limit=1", &bearer);
        assert_eq!(status, 200, "{answer}");
    }
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn address(coral: &Coral, socket: &str) -> SocketAddr {
    coral.addresses[socket].as_str().unwrap().parse().unwrap()
}

fn connect(to: SocketAddr) -> TcpStream {
    patient(TcpStream::connect_timeout(&to, ANSWER_TIMEOUT).unwrap())
}

/// Connects to `to` from the address `source`.
fn connect_from(source: &str, to: SocketAddr) -> TcpStream {
    let source = SocketAddr::new(source.parse().unwrap(), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let connected = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(source).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    });
    connected.set_nonblocking(false).unwrap();
    patient(connected)
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(ANSWER_TIMEOUT)).unwrap();
    stream.set_write_timeout(Some(ANSWER_TIMEOUT)).unwrap();
    stream
}

fn tls_over(socket: TcpStream, config: ClientConfig) -> Tls {
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), socket)
}

/// Writes `bytes`, and reads until the server closes the connection or is silent for too long.
fn exchange(stream: &mut (impl Read + Write), bytes: &[u8]) -> String {
    // A server may refuse while the bytes are written.
    let _ = stream.write_all(bytes).and_then(|()| stream.flush());
    let (mut answer, mut piece) = (Vec::new(), [0; 4_096]);
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of an answer over HTTP/1.1; 0 if it is none.
fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

async fn channel(to: SocketAddr, config: ClientConfig) -> Result<Channel, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(format!("http://{to}")).unwrap().timeout(ANSWER_TIMEOUT);
    endpoint.connect_with_connector(Connector::configured(Arc::new(config))).await
}
