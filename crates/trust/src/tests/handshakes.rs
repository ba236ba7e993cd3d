//! Handshakes in memory between a colony, its agents and strangers.

use std::sync::Arc;

use crate::authority::{Authority, Fingerprint, is_signed_by};
use crate::directory::TrustDir;
use crate::material::{Holder, Material, MaterialFiles, check_agent, new_request, store_agent};
use crate::tls::{self, Anchor};
use crate::workload::Workload;
use coral_trace::UnixNanos;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use tempfile::TempDir;

const DAY: u64 = 24 * 3_600;

/// The real time, because rustls checks the validity of certificates against it.
fn now() -> UnixNanos {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    UnixNanos(u64::try_from(since.as_nanos()).unwrap())
}

fn days_ago(days: u64) -> UnixNanos {
    now().earlier(std::time::Duration::from_secs(days * DAY))
}

fn agent(name: &str) -> Workload {
    Workload::Agent(name.parse().unwrap())
}

/// A CA in a directory of its own.
struct World {
    _dir: TempDir,
    trust: TrustDir,
    authority: Authority,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let trust = TrustDir::of(dir.path());
        let authority = Authority::create(&trust, now()).unwrap();
        Self { _dir: dir, trust, authority }
    }

    fn colony(&self) -> Material {
        let (issued, key) = self.authority.issue_colony(&["localhost".into()], now()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Material { chain: issued.chain, key, roots: self.authority.roots().to_vec() }
    }

    /// The material of `name`, after it was on disk.
    fn agent(&self, name: &str, issued_at: UnixNanos) -> Material {
        let (key, request) = new_request().unwrap();
        let issued = self.authority.issue(&agent(name), &request, issued_at).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let trust = TrustDir::of(dir.path());
        store_agent(&trust, &key, &issued.chain, &self.authority.roots_pem()).unwrap();
        MaterialFiles::of_agent(&trust).read().unwrap()
    }

    fn roots(&self) -> Anchor {
        Anchor::Roots(self.authority.roots().to_vec())
    }
}

/// Shakes hands, and returns who the server thinks the client is.
fn shake(client: ClientConfig, server: ServerConfig) -> Result<Option<Holder>, String> {
    shake_as(client, server, tls::identity_name())
}

/// [`shake`], where the client asks for `name`.
fn shake_as(
    client: ClientConfig,
    server: ServerConfig,
    name: ServerName<'static>,
) -> Result<Option<Holder>, String> {
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets().map_err(|error| format!("server: {error}"))?;
        let mut bytes = Vec::new();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets().map_err(|error| format!("client: {error}"))?;
    }
    assert_eq!(server.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    Ok(server.peer_certificates().and_then(|chain| Holder::of(&chain[0])))
}

#[test]
fn an_agent_and_its_colony_know_each_other_by_identity_whatever_the_address() {
    let world = World::new();
    let client = |own| tls::client(own, world.roots(), Workload::Colony).unwrap();
    let server = || tls::server(world.colony(), None).unwrap();
    let holder = shake(client(Some(world.agent("web-1", now()))), server()).unwrap().unwrap();
    assert_eq!(holder.workload, agent("web-1"));
    assert!(holder.expires > now() && holder.begins < now() && holder.serial.len() == 32);
    assert_eq!(shake(client(None), server()), Ok(None), "a person has no certificate");
    // A colony polls: the agent is the server.
    let poll = tls::client(Some(world.colony()), world.roots(), agent("web-1")).unwrap();
    let served = tls::server(world.agent("web-1", now()), None).unwrap();
    assert_eq!(shake(poll, served).unwrap().unwrap().workload, Workload::Colony);
}

#[test]
fn a_certificate_of_another_ca_an_expired_one_and_one_of_somebody_else_are_refused() {
    let (world, other) = (World::new(), World::new());
    let client = |own| tls::client(Some(own), world.roots(), Workload::Colony).unwrap();
    let server = || tls::server(world.colony(), None).unwrap();
    let foreign = shake(client(other.agent("web-1", now())), server()).unwrap_err();
    assert!(foreign.contains("UnknownIssuer"), "{foreign}");
    let expired = shake(client(world.agent("web-1", days_ago(31))), server()).unwrap_err();
    assert!(expired.contains("expired"), "{expired}");
    // A server that is an agent says that it is a colony.
    let posing = tls::server(world.agent("web-1", now()), None).unwrap();
    let posed = shake(client(world.agent("web-2", now())), posing).unwrap_err();
    assert!(posed.contains("that of agent web-1, and not of a colony"), "{posed}");
    // One agent answers in place of another.
    let poll = tls::client(Some(world.colony()), world.roots(), agent("web-2")).unwrap();
    let swapped = shake(poll, tls::server(world.agent("web-1", now()), None).unwrap()).unwrap_err();
    assert!(swapped.contains("that of agent web-1, and not of agent web-2"), "{swapped}");
    let wrong_server =
        shake(client(world.agent("web-1", now())), tls::server(other.colony(), None).unwrap());
    assert!(wrong_server.unwrap_err().contains("UnknownIssuer"));
}

#[test]
fn a_host_that_joins_knows_the_colony_by_the_fingerprint_alone() {
    let (world, other) = (World::new(), World::new());
    let pinned = |pin| tls::client(None, Anchor::Pinned(pin), Workload::Colony).unwrap();
    let server = || tls::server(world.colony(), None).unwrap();
    assert_eq!(shake(pinned(world.authority.fingerprint()), server()), Ok(None));
    let wrong = shake(pinned(other.authority.fingerprint()), server()).unwrap_err();
    assert!(wrong.contains("UnknownIssuer"), "{wrong}");
    // The fingerprint of a certificate in the chain that is no CA is not enough.
    let leaf = Fingerprint::of(&world.colony().chain[0]);
    assert!(shake(pinned(leaf), server()).is_err());
}

#[test]
fn an_agent_takes_no_certificate_with_which_it_could_not_start_again() {
    let (world, other) = (World::new(), World::new());
    let (key, request) = new_request().unwrap();
    let chain =
        |of: &World, name: &str, at| of.authority.issue(&agent(name), &request, at).unwrap().chain;
    let roots = world.authority.roots_pem();
    let check = |key: &str, chain: &[_], roots: &str| {
        check_agent(&"web-1".parse().unwrap(), key, chain, roots)
    };
    let good = chain(&world, "web-1", now());
    check(&key, &good, &roots).unwrap();
    let other_key = new_request().unwrap().0;
    let colony = world.colony().chain;
    for (what, key, chain, roots) in [
        ("no certificate", &key, vec![], roots.as_str()),
        ("no certificate in DER", &key, vec![vec![7; 99].into()], &roots),
        ("the certificate of another agent", &key, chain(&world, "web-2", now()), &roots),
        ("the certificate of a colony", &key, colony, &roots),
        ("a certificate for another key", &other_key, good.clone(), &roots),
        ("an expired certificate", &key, chain(&world, "web-1", days_ago(31)), &roots),
        ("one of a CA that is not sent", &key, good.clone(), &other.authority.roots_pem()),
        ("no CA", &key, good.clone(), ""),
        ("too long a list of CAs", &key, good.clone(), &roots.repeat(200)),
    ] {
        assert!(check(key, &chain, roots).is_err(), "{what}");
    }
}

#[test]
fn a_rotation_leaves_no_gap_for_agents_that_have_not_heard_of_it() {
    let before = World::new();
    let (old_agent, old_roots) = (before.agent("web-1", now()), before.roots());
    let old_pin = before.authority.fingerprint();
    let authority = Authority::rotate(&before.trust, now()).unwrap();
    assert_ne!(authority.fingerprint(), old_pin);
    let after = World { authority, ..before };
    let server = || tls::server(after.colony(), None).unwrap();
    // An agent of before the rotation knows the old CA only.
    let client = tls::client(Some(old_agent), old_roots, Workload::Colony).unwrap();
    assert_eq!(shake(client, server()).unwrap().unwrap().workload, agent("web-1"));
    // So does a join token of before the rotation.
    let client = tls::client(None, Anchor::Pinned(old_pin), Workload::Colony).unwrap();
    assert_eq!(shake(client, server()), Ok(None));
    // An agent of after the rotation, and a second rotation.
    let new_agent = after.agent("web-2", now());
    let twice = Authority::rotate(&after.trust, now()).unwrap();
    let after_two = World { authority: twice, ..after };
    let colony = || tls::server(after_two.colony(), None).unwrap();
    let client = tls::client(Some(new_agent), after_two.roots(), Workload::Colony).unwrap();
    assert_eq!(shake(client, colony()).unwrap().unwrap().workload, agent("web-2"));
}

#[test]
fn a_ca_signs_messages_and_another_ca_does_not_confirm_them() {
    let (world, other) = (World::new(), World::new());
    let signature = world.authority.sign(b"seven lines").unwrap();
    let roots = world.authority.roots();
    assert!(is_signed_by(roots, b"seven lines", &signature));
    assert!(!is_signed_by(roots, b"six lines", &signature));
    assert!(!is_signed_by(other.authority.roots(), b"seven lines", &signature));
    assert!(!is_signed_by(roots, b"seven lines", b""));
}

#[test]
fn a_ca_is_made_once_and_ignores_what_a_request_asks_for() {
    let world = World::new();
    assert!(
        Authority::create(&world.trust, now()).is_err(),
        "a second CA would orphan every agent"
    );
    assert_eq!(Authority::load(&world.trust).unwrap().fingerprint(), world.authority.fingerprint());
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["colony.example".to_owned()]).unwrap();
    let uri = "spiffe://coral/colony".try_into().unwrap();
    params.subject_alt_names.push(rcgen::SanType::URI(uri));
    let request = params.serialize_request(&key).unwrap();
    let issued = world.authority.issue(&agent("web-1"), request.der(), now()).unwrap();
    assert_eq!(Holder::of(&issued.chain[0]).unwrap().workload, agent("web-1"));
    for bad in [&b""[..], b"not a request", &request.der()[..100], &[0; 9_000]] {
        assert!(world.authority.issue(&agent("web-1"), bad, now()).is_err());
    }
    // A request that was changed does not carry the signature of its key.
    let mut changed = request.der().to_vec();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    assert!(world.authority.issue(&agent("web-1"), &changed, now()).is_err());
}

#[test]
fn browsers_get_the_public_certificate_and_agents_the_one_with_the_identity() {
    let (world, public) = (World::new(), World::new());
    let issued = public.colony();
    let server = tls::server(world.colony(), Some((issued.chain, issued.key))).unwrap();
    let client = tls::client(Some(world.agent("web-1", now())), world.roots(), Workload::Colony);
    let shaken = shake(client.unwrap(), server.clone()).unwrap().unwrap();
    assert_eq!(shaken.workload, agent("web-1"));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(public.authority.roots()[0].clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let browser = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    assert_eq!(shake_as(browser, server, name), Ok(None));
}

#[test]
fn a_crash_in_a_rotation_or_before_the_first_key_leaves_a_ca_that_works() {
    let world = World::new();
    let old = world.authority.fingerprint();
    let key = world.trust.read("ca.key").unwrap().unwrap();
    Authority::rotate(&world.trust, now()).unwrap();
    // The crash came before the new key was written.
    world.trust.replace("ca.key", &key).unwrap();
    let authority = Authority::load(&world.trust).unwrap();
    assert_eq!(authority.fingerprint(), old);
    let after = World { authority, ..world };
    let client = tls::client(Some(after.agent("web-1", now())), after.roots(), Workload::Colony);
    let shaken = shake(client.unwrap(), tls::server(after.colony(), None).unwrap());
    assert_eq!(shaken.unwrap().unwrap().workload, agent("web-1"));
    assert!(Authority::rotate(&after.trust, now()).is_ok());
    // A first start that had not written its key.
    let dir = tempfile::tempdir().unwrap();
    let trust = TrustDir::of(dir.path());
    Authority::create(&trust, now()).unwrap();
    std::fs::remove_file(trust.path("ca.key")).unwrap();
    assert!(Authority::create(&trust, now()).is_ok());
}

#[test]
fn a_colony_does_not_believe_a_server_whose_certificate_was_revoked() {
    let world = World::new();
    let web = world.agent("web-1", now());
    let serial = Holder::of(&web.chain[0]).unwrap().serial;
    let poll = |believes: bool| {
        let serial = serial.clone();
        let belief: tls::Belief = Arc::new(move |holder| believes || holder.serial != serial);
        let own = Some(world.colony());
        tls::client_that(own, world.roots(), agent("web-1"), Some(belief)).unwrap()
    };
    let serve = || {
        let (chain, key, roots) = (web.chain.clone(), web.key.clone_key(), web.roots.clone());
        tls::server(Material { chain, key, roots }, None).unwrap()
    };
    assert!(shake(poll(true), serve()).is_ok());
    let revoked = shake(poll(false), serve()).unwrap_err();
    assert!(revoked.contains("Revoked"), "{revoked}");
}
