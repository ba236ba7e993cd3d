//! Strangers who show certificates that are not theirs, and handshakes that are not ones.

use coral_trust::material::Material;
use coral_wire::agent_rpc::proto::QueryBeylaMetricsRequest;
use coral_wire::agent_rpc::proto::agent_service_client::AgentServiceClient;
use coral_wire::colony_rpc::proto::colony_service_client::ColonyServiceClient;
use coral_wire::colony_rpc::proto::{
    JoinAgentRequest, RegisterAgentRequest, RenewCertificateRequest,
};
use rcgen::{CertificateParams, Issuer, KeyPair, SanType};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tonic::Code;

use super::*;

fn registration(agent_id: &str) -> RegisterAgentRequest {
    RegisterAgentRequest {
        agent_id: agent_id.to_owned(),
        address: "https://127.0.0.1:1".to_owned(),
        version: "1.2.3".to_owned(),
        store_id: "a store".to_owned(),
    }
}

/// Tries to register `id` with `own`. Returns the code of the refusal; [`Code::Unavailable`] if the
/// colony ended the connection.
async fn register(besieged: &Besieged, own: Option<Material>, id: &str) -> Result<(), Code> {
    let config = besieged.world.client(own, Workload::Colony);
    let channel = channel(besieged.address(), config).await.map_err(|_| Code::Unavailable)?;
    let registered = ColonyServiceClient::new(channel).register_agent(registration(id)).await;
    registered.map(drop).map_err(|status| match std::error::Error::source(&status) {
        Some(_) => Code::Unavailable,
        None => status.code(),
    })
}

/// A certificate for `name` that `signer`, a certificate which is no CA, signed.
fn signed_by_leaf(signer: &Material, name: &str) -> Material {
    let PrivateKeyDer::Pkcs8(key) = &signer.key else { panic!("rcgen writes PKCS #8") };
    let key = KeyPair::try_from(key.secret_pkcs8_der()).unwrap();
    let issuer = Issuer::from_ca_cert_der(&signer.chain[0], key).unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::URI(agent_named(name).uri().try_into().unwrap())];
    let own = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&own, &issuer).unwrap();
    let chain = [&[leaf.der().clone()], &signer.chain[..]].concat();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
    Material { chain, key, roots: signer.roots.clone() }
}

#[tokio::test]
async fn nobody_registers_an_agent_without_the_certificate_of_that_agent() {
    let besieged = Besieged::new(&[]);
    let (world, (_dir, rogue)) = (&besieged.world, World::rogue());
    let web = || world.agent("web-1", now());
    for (what, own, id, code) in [
        ("no certificate", None, "web-1", Code::Unauthenticated),
        ("one of another CA", Some(rogue.agent("web-1", now())), "web-1", Code::Unavailable),
        ("an expired one", Some(world.agent("web-1", days_ago(31))), "web-1", Code::Unavailable),
        (
            "one that an agent signed",
            Some(signed_by_leaf(&web(), "web-2")),
            "web-2",
            Code::Unavailable,
        ),
        ("that of another agent", Some(web()), "web-2", Code::PermissionDenied),
        ("that of a colony", Some(world.colony()), "web-1", Code::PermissionDenied),
    ] {
        assert_eq!(register(&besieged, own, id).await, Err(code), "{what}");
    }
    assert_eq!(register(&besieged, Some(web()), "web-1").await, Ok(()));
    besieged.still_answers();
}

#[tokio::test]
async fn nobody_reads_or_controls_an_agent_but_its_colony() {
    let besieged = Besieged::new(&[]);
    let (world, (_dir, rogue)) = (&besieged.world, World::rogue());
    let agent = besieged.joined_agent("web-1");
    let to = address(&agent, "agent_rpc");
    for (what, own) in [
        ("no certificate", None),
        ("that of another agent", Some(world.agent("web-2", now()))),
        ("its own", Some(world.agent("web-1", now()))),
        ("a colony of another CA", Some(rogue.colony())),
    ] {
        let config = world.client(own, agent_named("web-1"));
        let Ok(channel) = channel(to, config).await else { continue };
        let request = QueryBeylaMetricsRequest { include_traces: true, ..Default::default() };
        let refused = AgentServiceClient::new(channel).query_beyla_metrics(request).await;
        let refused = refused.expect_err(what);
        let is_refused = matches!(refused.code(), Code::Unauthenticated | Code::PermissionDenied);
        assert!(is_refused || std::error::Error::source(&refused).is_some(), "{what}: {refused}");
    }
    // Beyla is stopped and started by this host alone: not even by the colony.
    for own in [None, Some(world.agent("web-2", now())), Some(world.colony())] {
        let config = world.client(own, agent_named("web-1"));
        let mut stream = tls_over(connect(to), config);
        for path in ["/api/v1/beyla/connections", "/api/v1/status", "/metrics"] {
            let head =
                format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
        }
        let get = "GET /api/v1/status HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        let answers = exchange(&mut stream, get.as_bytes());
        assert!(
            !answers.contains("HTTP/1.1 200") && !answers.contains("HTTP/1.1 204"),
            "{answers}"
        );
        assert!(!answers.contains("counters"), "{answers}");
    }
}

#[tokio::test]
async fn a_revoked_agent_neither_registers_nor_renews_and_comes_back_with_a_new_certificate_only() {
    let besieged = Besieged::new(&[]);
    let world = &besieged.world;
    let mut before = besieged.rpc(Some(world.agent("web-1", now()))).await;
    before.register_agent(registration("web-1")).await.unwrap();
    world.ledger(|ledger| {
        ledger.revoke_agent(&"web-1".parse().unwrap(), now());
    });
    // The connection from before the revocation is open still. A renewal is refused at once, also
    // before the colony has looked at its ledger.
    let (_, certificate_request) = new_request().unwrap();
    let renewal = RenewCertificateRequest { certificate_request };
    let refused = before.renew_certificate(renewal).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
    // So is everything else, within seconds.
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(20));
    let asked = async {
        while register(&besieged, Some(world.agent("web-1", now())), "web-1").await
            != Err(Code::Unauthenticated)
        {
            looks.tick().await;
        }
    };
    tokio::time::timeout(ANSWER_TIMEOUT, asked).await.expect("the revoked agent still registers");
    let (key, certificate_request) = new_request().unwrap();
    let secret = world.join_token("web-1", 7_200).secret();
    let request = JoinAgentRequest { secret, certificate_request };
    let asked = async {
        loop {
            match besieged.rpc(None).await.join_agent(request.clone()).await {
                Ok(answer) => return answer.into_inner(),
                Err(_) => looks.tick().await,
            };
        }
    };
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, asked).await.unwrap();
    let chain = answer.chain.into_iter().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let again = Material { chain, key, roots: world.authority.roots().to_vec() };
    assert_eq!(register(&besieged, Some(again), "web-1").await, Ok(()));
}

#[test]
fn neither_plain_text_nor_an_older_tls_gets_an_answer_from_an_encrypted_port() {
    let besieged = Besieged::new(&[]);
    let plain = format!(
        "GET /healthz HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
        besieged.viewer
    );
    let h2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let attempts: [(&str, Vec<u8>); 6] = [
        ("HTTP/1.1", plain.into_bytes()),
        ("HTTP/2", h2.to_vec()),
        ("TLS 1.0", hello(1)),
        ("TLS 1.1", hello(2)),
        ("TLS 1.2", hello(3)),
        ("SSL 2", vec![0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10]),
    ];
    for (what, bytes) in attempts {
        let mut socket = connect(besieged.address());
        let _ = socket.write_all(&bytes);
        let _ = socket.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        // At most an alert (content type 21, and two bytes), or the advice to write https.
        let is_alert = answer.first() == Some(&21) && answer.len() <= 7;
        let is_advice =
            answer.starts_with(b"HTTP/1.1 400 ") && answer.ends_with(b"in the URL\"}\n");
        assert!(answer.is_empty() || is_alert || is_advice, "{what}: {answer:?}");
    }
    besieged.still_answers();
}

/// A ClientHello of TLS 1.`minor - 1`, without the extension that offers a later version.
fn hello(minor: u8) -> Vec<u8> {
    let suites = [0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x13, 0x00, 0x2f];
    // supported_groups: x25519; signature_algorithms: ecdsa_secp256r1_sha256, rsa_pkcs1_sha256.
    let extensions = [0, 10, 0, 4, 0, 2, 0, 0x1d, 0, 13, 0, 6, 0, 4, 4, 3, 4, 1, 0, 11, 0, 2, 1, 0];
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.extend([0, 0, suites.len() as u8]);
    body.extend(suites);
    body.extend([1, 0, 0, extensions.len() as u8]);
    body.extend(extensions);
    let mut record = vec![22, 3, 1, 0, body.len() as u8 + 4, 1, 0, 0, body.len() as u8];
    record.extend(body);
    record
}
