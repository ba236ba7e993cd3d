//! A guarded door over real sockets: who comes in with what.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::routing::{get, post};
use coral_trust::authority::Authority;
use coral_trust::directory::TrustDir;
use coral_trust::ledger::{CertificateEntry, Ledger, LedgerError, TokenEntry};
use coral_trust::material::{Material, new_request};
use coral_trust::role::Role;
use coral_trust::tls::{self, Anchor};
use coral_trust::token::Token;
use coral_trust::workload::Workload;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use super::policy::{Kind, POLICY};
use super::*;
use crate::clock;
use crate::door::hosts::AllowedHosts;
use crate::door::{Door, Method, Permission, Route};
use crate::listen::{self, tls::Tls};

const LOCAL_KEY: &str = "the key in a file of this host";

/// A guarded port with one route for each permission, in TLS and without.
struct World {
    _dir: TempDir,
    trust: TrustDir,
    authority: Authority,
    trusted: Arc<Trusted>,
    plain: SocketAddr,
    encrypted: SocketAddr,
    _served: JoinSet<()>,
}

impl World {
    async fn new(settle: impl FnOnce(Guard) -> Guard) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let trust = TrustDir::of(dir.path());
        let authority = Authority::create(&trust, clock::now()).unwrap();
        let trusted = Arc::new(Trusted::load(trust.clone()).unwrap());
        let guard = Guard::new().with_tokens(trusted.clone()).with_local_key(LOCAL_KEY);
        let guard = Arc::new(settle(guard));
        let tls = Tls::new(colony_material(&authority), None).unwrap();
        let mut served = JoinSet::new();
        let mut open = async |tls: Option<Tls>| {
            let listener = listen::bind(([127, 0, 0, 1], 0).into(), "a test").await.unwrap();
            let address = listen::local_address(&listener);
            let door = door().guarded(guard.clone());
            served.spawn(async move {
                listen::serve(listener, tls, door, CancellationToken::new()).await.unwrap();
            });
            address
        };
        let (plain, encrypted) = (open(None).await, open(Some(tls)).await);
        Self { _dir: dir, trust, authority, trusted, plain, encrypted, _served: served }
    }

    /// A new token for a person.
    fn token(&self, role: Role, change: impl FnOnce(&mut TokenEntry)) -> Token {
        let token = Token::random().unwrap();
        let mut entry = TokenEntry {
            hash: token.hash(),
            user: "ana".into(),
            role,
            services: Vec::new(),
            sql: false,
            created: 0,
            expires: None,
            revoked: None,
        };
        change(&mut entry);
        self.ledger(|ledger| ledger.tokens.push(entry));
        token
    }

    /// Changes the ledger on disk, as a command would, and lets the port read it again.
    fn ledger(&self, change: impl FnOnce(&mut Ledger)) {
        Ledger::change(&self.trust, clock::now(), |ledger| {
            change(ledger);
            Ok::<_, LedgerError>(())
        })
        .unwrap();
        assert!(self.trusted.refresh() && !self.trusted.refresh());
    }

    fn agent(&self, name: &str) -> Material {
        let (key, request) = new_request().unwrap();
        let workload = Workload::Agent(name.parse().unwrap());
        let issued = self.authority.issue(&workload, &request, clock::now()).unwrap();
        let entry = CertificateEntry {
            serial: issued.serial,
            agent: name.to_owned(),
            issued: 0,
            expires: u64::MAX,
            revoked: false,
        };
        self.ledger(|ledger| ledger.certificates.push(entry));
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        Material { chain: issued.chain, key, roots: self.authority.roots().to_vec() }
    }

    /// The status of the answer to a request with these headers, without TLS.
    async fn plain(&self, permission: Permission, headers: &str) -> u16 {
        let stream = TcpStream::connect(self.plain).await.unwrap();
        status(&ask(stream, permission, headers).await)
    }

    /// The answer to a request over TLS.
    async fn over_tls(&self, own: Option<Material>, permission: Permission) -> String {
        let roots = Anchor::Roots(self.authority.roots().to_vec());
        let config = tls::client(own, roots, Workload::Colony).unwrap();
        let stream = TcpStream::connect(self.encrypted).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        ask(stream, permission, "").await
    }
}

fn colony_material(authority: &Authority) -> Material {
    let (issued, key) = authority.issue_colony(&[], clock::now()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Material { chain: issued.chain, key, roots: authority.roots().to_vec() }
}

fn door() -> Door {
    let hosts = AllowedHosts::of_this_host(&[], "colony.allowed_hosts");
    let who = async |Extension(caller): Extension<Caller>| {
        format!("{} by {}", caller.principal, caller.proof)
    };
    let (read, change) = (get(who), post(who));
    let routes = Permission::ALL.into_iter().flat_map(|needs| {
        let path = format!("/{needs}");
        [
            Route::new(Method::Get, path.clone(), needs, read.clone()),
            Route::new(Method::Post, path, needs, change.clone()),
        ]
    });
    Door::new(hosts, "ask nothing").merge(routes)
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    permission: Permission,
    headers: &str,
) -> String {
    send(stream, "GET", permission, headers).await
}

async fn send(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    method: &str,
    permission: Permission,
    headers: &str,
) -> String {
    let head = format!(
        "{method} /{permission} HTTP/1.1\r\nhost: localhost\r\n{headers}connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn status(answer: &str) -> u16 {
    answer[9..12].parse().unwrap()
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

#[test]
fn every_permission_has_one_row_and_nobody_has_what_is_not_listed() {
    for permission in Permission::ALL {
        let rows = POLICY.iter().filter(|(listed, _)| *listed == permission).count();
        assert_eq!(rows, 1, "{permission}");
    }
    assert_eq!(POLICY.len(), Permission::ALL.len());
}

#[tokio::test]
async fn each_kind_of_caller_gets_what_the_table_says_and_nothing_else() {
    let world = World::new(|guard| guard).await;
    let scope = |entry: &mut TokenEntry| entry.services = vec!["payments-*".into()];
    let sql = |entry: &mut TokenEntry| entry.sql = true;
    let shown: BTreeMap<Kind, String> = [
        (Kind::Anybody, String::new()),
        (Kind::Viewer, bearer(&world.token(Role::Viewer, |_| {}).text())),
        (Kind::Limited, bearer(&world.token(Role::Admin, scope).text())),
        (Kind::Analyst, bearer(&world.token(Role::Analyst, |_| {}).text())),
        (Kind::AnalystWithSql, bearer(&world.token(Role::Analyst, sql).text())),
        (Kind::Admin, bearer(&world.token(Role::Admin, |_| {}).text())),
        (Kind::Local, bearer(LOCAL_KEY)),
    ]
    .into();
    let [mut allowed, mut denied] = [0, 0];
    for permission in Permission::ALL {
        for (kind, headers) in &shown {
            let expected = match (kind.may(permission), kind) {
                (true, _) => 200,
                (false, Kind::Anybody) => 401,
                (false, _) => 403,
            };
            let got = world.plain(permission, headers).await;
            assert_eq!(got, expected, "{} and {permission}", kind.as_str());
            if got == 200 { allowed += 1 } else { denied += 1 }
        }
        let by_certificate = [
            (Kind::Agent, world.agent("web-1")),
            (Kind::Colony, colony_material(&world.authority)),
        ];
        for (kind, material) in by_certificate {
            let expected = if kind.may(permission) { 200 } else { 403 };
            let got = status(&world.over_tls(Some(material), permission).await);
            assert_eq!(got, expected, "{} and {permission}", kind.as_str());
        }
    }
    assert!(allowed > 40 && denied > 20, "{allowed} {denied}");
}

#[tokio::test]
async fn a_caller_is_named_with_its_proof() {
    let world = World::new(|guard| guard).await;
    let agent = world.over_tls(Some(world.agent("web-1")), Permission::AgentRegister).await;
    assert!(agent.contains("agent web-1 by certificate "), "{agent}");
    let nobody = world.over_tls(None, Permission::HealthRead).await;
    assert!(nobody.ends_with("anybody by none"), "{nobody}");
    let token = world.token(Role::Viewer, |_| {});
    let stream = TcpStream::connect(world.plain).await.unwrap();
    let person = ask(stream, Permission::SelfRead, &bearer(&token.text())).await;
    assert!(person.ends_with(&format!("ana by token {}", token.hash().id())), "{person}");
}

#[tokio::test]
async fn a_token_or_certificate_that_was_revoked_or_is_malformed_opens_nothing() {
    let world = World::new(|guard| guard).await;
    let token = world.token(Role::Admin, |_| {});
    let health = Permission::HealthRead;
    assert_eq!(world.plain(health, &bearer(&token.text())).await, 200);
    world.ledger(|ledger| ledger.tokens[0].revoked = Some(1));
    assert_eq!(world.plain(health, &bearer(&token.text())).await, 401);
    let expired = world.token(Role::Admin, |entry| entry.expires = Some(1));
    assert_eq!(world.plain(health, &bearer(&expired.text())).await, 401);
    let valid = world.token(Role::Admin, |_| {}).text();
    for wrong in [
        bearer("coral_wrong"),
        format!("authorization: Basic {valid}\r\n"),
        format!("authorization: {valid}\r\n"),
    ] {
        assert_eq!(world.plain(health, &wrong).await, 401, "{wrong}");
    }
    let web = world.agent("web-1");
    let renewed =
        Material { chain: web.chain.clone(), key: web.key.clone_key(), roots: web.roots.clone() };
    assert_eq!(status(&world.over_tls(Some(web), Permission::AgentRegister).await), 200);
    world.ledger(|ledger| {
        ledger.revoke_agent(&"web-1".parse().unwrap(), clock::now());
    });
    let refused = status(&world.over_tls(Some(renewed), Permission::AgentRegister).await);
    assert!(refused == 401 || refused == 429, "{refused}");
    assert_eq!(
        status(&world.over_tls(Some(world.agent("web-1")), Permission::AgentRegister).await),
        200
    );
}

#[tokio::test]
async fn wrong_tokens_are_answered_with_a_pause_and_right_ones_never() {
    let world = World::new(|guard| guard).await;
    let token = world.token(Role::Viewer, |_| {});
    let twice = bearer(&token.text()).repeat(2);
    for _ in 0..5 {
        assert_eq!(world.plain(Permission::SelfRead, &twice).await, 401);
    }
    assert_eq!(world.plain(Permission::SelfRead, &bearer("coral_guess")).await, 429);
    assert_eq!(world.plain(Permission::SelfRead, &bearer(&token.text())).await, 200);
}

#[tokio::test]
async fn who_shows_nothing_or_a_session_that_has_ended_is_401_however_often_and_delays_nobody() {
    let sessions = Arc::new(Sessions::new("http://localhost", Duration::from_secs(3_600)));
    let known = sessions.clone();
    let world = World::new(move |guard| guard.with_sessions(known)).await;
    let ended = coral_trust::secret::Secret::random().unwrap().text();
    let ended = format!("cookie: coral={ended}\r\n");
    for _ in 0..20 {
        assert_eq!(world.plain(Permission::SelfRead, "").await, 401);
        assert_eq!(world.plain(Permission::SelfRead, &ended).await, 401);
        assert_eq!(world.plain(Permission::AgentRegister, "").await, 401);
    }
    // Somebody who pastes a wrong token afterwards may try as often as anybody.
    for _ in 0..5 {
        assert_eq!(world.plain(Permission::SelfRead, &bearer("coral_guess")).await, 401);
    }
    assert_eq!(world.plain(Permission::SelfRead, &bearer("coral_guess")).await, 429);
    assert_eq!(world.plain(Permission::SelfRead, &ended).await, 401);
}

#[test]
fn who_shows_nothing_again_and_again_does_not_fill_the_audit_log() {
    let (guard, here) = (Guard::new(), std::net::Ipv4Addr::LOCALHOST.into());
    let recorded = (0..1_000).filter(|_| guard.is_recorded(&Denied::NoToken, here)).count();
    assert!((5..100).contains(&recorded), "{recorded}");
    assert!(guard.is_recorded(&Denied::WrongToken, here));
    assert!(!guard.is_recorded(&Denied::Pause(Duration::from_secs(1)), here));
}

#[tokio::test]
async fn without_encryption_agents_are_believed_and_people_are_not() {
    let world = World::new(Guard::plaintext).await;
    assert_eq!(world.plain(Permission::AgentRegister, "").await, 200);
    assert_eq!(world.plain(Permission::AgentPoll, "").await, 200);
    assert_eq!(world.plain(Permission::TracesRead, "").await, 401);
    assert_eq!(world.plain(Permission::BeylaControl, "").await, 401);
}

#[tokio::test]
async fn a_handshake_that_is_not_one_and_a_certificate_of_another_ca_get_no_answer() {
    let world = World::new(|guard| guard).await;
    let mut stream = TcpStream::connect(world.encrypted).await.unwrap();
    stream.write_all(b"GET /health.read HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https://"), "{answer}");
    let other = World::new(|guard| guard).await;
    let foreign = Material { roots: world.authority.roots().to_vec(), ..other.agent("web-1") };
    let roots = Anchor::Roots(world.authority.roots().to_vec());
    let config = tls::client(Some(foreign), roots, Workload::Colony).unwrap();
    let stream = TcpStream::connect(world.encrypted).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    // In TLS 1.3 a client hears of its refused certificate when it reads.
    if let Ok(mut stream) = shaken {
        let _ = stream.write_all(b"GET /health.read HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        assert!(stream.read_to_end(&mut Vec::new()).await.is_err());
    }
}

#[tokio::test]
async fn the_address_of_each_use_is_stored() {
    let world = World::new(|guard| guard).await;
    let token = world.token(Role::Viewer, |_| {});
    assert_eq!(world.plain(Permission::SelfRead, &bearer(&token.text())).await, 200);
    world.trusted.store_uses();
    let uses = coral_trust::ledger::Uses::load(&world.trust);
    assert_eq!(uses[&token.hash().id()].addresses[0].0, "127.0.0.1");
}

#[tokio::test]
async fn a_browser_that_signed_in_is_a_person_and_other_sites_cannot_use_it() {
    let sessions = Arc::new(Sessions::new("http://localhost", Duration::from_secs(3_600)));
    let known = sessions.clone();
    let world = World::new(move |guard| guard.with_sessions(known)).await;
    let ana = SignedIn {
        subject: "7f3a".into(),
        name: "ana".into(),
        role: Role::Viewer,
        services: Vec::new(),
        sql: false,
    };
    let secret = sessions.begin(ana, clock::now()).unwrap();
    let cookie = format!("cookie: coral={}\r\n", secret.text());
    for permission in Permission::ALL {
        let expected = if Kind::Viewer.may(permission) { 200 } else { 403 };
        assert_eq!(world.plain(permission, &cookie).await, expected, "{permission}");
    }
    let said = async |method: &str, headers: &str| {
        let stream = TcpStream::connect(world.plain).await.unwrap();
        send(stream, method, Permission::SelfRead, headers).await
    };
    let own = said("GET", &cookie).await;
    assert!(own.ends_with("ana by oidc 7f3a"), "{own}");
    let foreign = said("POST", &format!("{cookie}origin: https://evil.example\r\n")).await;
    assert!(status(&foreign) == 403 && foreign.contains("another site"), "{foreign}");
    assert_eq!(status(&said("POST", &cookie).await), 403);
    let page = said("POST", &format!("{cookie}origin: http://localhost\r\n")).await;
    assert!(page.ends_with("ana by oidc 7f3a"), "{page}");
    // A token is not sent by a browser on its own, and needs no origin.
    let token = world.token(Role::Viewer, |_| {}).text();
    let tool = said("POST", &format!("{cookie}{}", bearer(&token))).await;
    assert!(tool.contains("ana by token "), "{tool}");
    // A session that is not known is nobody.
    let other = coral_trust::secret::Secret::random().unwrap().text();
    let unknown = format!("cookie: coral={other}\r\n");
    assert_eq!(world.plain(Permission::SelfRead, &unknown).await, 401);
    assert_eq!(world.plain(Permission::HealthRead, &unknown).await, 200);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_registers_without_pause_is_told_to_wait() {
    let guard = Guard::new();
    let caller =
        |name: &str| Caller::new(Principal::Agent(name.parse().unwrap()), "certificate 41");
    let register = |name| {
        guard.admit(&caller(name), std::net::Ipv4Addr::LOCALHOST.into(), Permission::AgentRegister)
    };
    let outcomes = (0..10_000).map(|_| register("web-1"));
    let told = outcomes.filter(|outcome| matches!(outcome, Err(Denied::TooMuch(_)))).count();
    assert_eq!(told, 9_500);
    assert_eq!(register("web-2"), Ok(()));
}

#[tokio::test]
async fn the_bytes_of_a_streamed_answer_are_taken_of_the_allowance_too() {
    let dir = tempfile::tempdir().unwrap();
    let trust = TrustDir::of(dir.path());
    let trusted = Arc::new(Trusted::load(trust.clone()).unwrap());
    let guard = Arc::new(Guard::new().with_tokens(trusted.clone()));
    let token = Token::random().unwrap();
    let entry = TokenEntry {
        hash: token.hash(),
        user: "ana".into(),
        role: Role::Admin,
        services: Vec::new(),
        sql: false,
        created: 0,
        expires: None,
        revoked: None,
    };
    Ledger::change(&trust, clock::now(), |ledger| {
        ledger.tokens.push(entry.clone());
        Ok::<_, LedgerError>(())
    })
    .unwrap();
    trusted.refresh();
    let piece = axum::body::Bytes::from(vec![b'x'; 1 << 20]);
    let rows = get(async move || {
        let pieces =
            std::iter::repeat_n(piece.clone(), 2_000).map(Ok::<_, std::convert::Infallible>);
        axum::body::Body::from_stream(tokio_stream::iter(pieces))
    });
    let hosts = AllowedHosts::of_this_host(&[], "colony.allowed_hosts");
    let route =
        Route::new(Method::Get, format!("/{}", Permission::SqlRead), Permission::SqlRead, rows);
    let door = Door::new(hosts, "ask").route(route).guarded(guard);
    let listener = listen::bind(([127, 0, 0, 1], 0).into(), "a test").await.unwrap();
    let address = listen::local_address(&listener);
    let mut served = JoinSet::new();
    served.spawn(async move {
        listen::serve(listener, None, door, CancellationToken::new()).await.unwrap();
    });
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /sql.read HTTP/1.1\r\nhost: localhost\r\n{}connection: close\r\n\r\n",
        bearer(&token.text())
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let read = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.unwrap();
    assert!(read > 2_000 << 20);
    // More than 1 GiB, and more than is given back meanwhile: the next request has to wait.
    let stream = TcpStream::connect(address).await.unwrap();
    let answer = ask(stream, Permission::SqlRead, &bearer(&token.text())).await;
    assert_eq!(status(&answer), 429, "{answer}");
}
