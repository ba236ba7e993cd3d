//! A colony with a valid certificate that answers its agents with nonsense.

use std::sync::Mutex;

use coral_wire::colony_rpc::proto::colony_service_server::{ColonyService, ColonyServiceServer};
use coral_wire::colony_rpc::proto::{
    CertificateResponse, JoinAgentRequest, RegisterAgentRequest, RegisterAgentResponse,
    RenewCertificateRequest,
};
use tonic::{Request, Response, Status};

use super::super::process::eventually;
use super::server::Server;
use super::*;

/// Sends the next answer of a list to each renewal and each agent that joins, and then an error.
struct Malicious {
    renewals: Vec<CertificateResponse>,
    asked: Arc<Mutex<usize>>,
}

#[tonic::async_trait]
impl ColonyService for Malicious {
    async fn register_agent(
        &self,
        _: Request<RegisterAgentRequest>,
    ) -> Result<Response<RegisterAgentResponse>, Status> {
        // An authority that nobody knows: the agent asks for another certificate at each heartbeat.
        let authority = vec![7; 5_000];
        Ok(Response::new(RegisterAgentResponse { heartbeat_seconds: 0, authority }))
    }

    async fn join_agent(
        &self,
        _: Request<JoinAgentRequest>,
    ) -> Result<Response<CertificateResponse>, Status> {
        self.next()
    }

    async fn renew_certificate(
        &self,
        _: Request<RenewCertificateRequest>,
    ) -> Result<Response<CertificateResponse>, Status> {
        self.next()
    }
}

impl Malicious {
    fn next(&self) -> Result<Response<CertificateResponse>, Status> {
        let mut asked = self.asked.lock().unwrap();
        let next = self.renewals.get(*asked).cloned();
        *asked += 1;
        next.map(Response::new).ok_or_else(|| Status::internal("\u{1b}[2J\n".repeat(500)))
    }
}

fn files(agent: &Coral) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(agent.dir.path().join("trust")).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.display().to_string(), std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_certificate_a_colony_sends_the_agent_keeps_the_one_that_works() {
    let (_dir, world) = World::rogue();
    let (_other_dir, other) = World::rogue();
    let issue = |world: &World, name: &str| {
        let (_, request) = new_request().unwrap();
        let issued = world.authority.issue(&agent_named(name), &request, now()).unwrap();
        issued.chain.iter().map(|certificate| certificate.to_vec()).collect::<Vec<_>>()
    };
    let roots = world.authority.roots_pem();
    let answer = |chain: Vec<Vec<u8>>, authorities: &str| CertificateResponse {
        agent_id: "web-1".to_owned(),
        chain,
        authorities: authorities.to_owned(),
    };
    let renewals = vec![
        answer(vec![], &roots),
        answer(vec![vec![0x30; 4_096]], &roots),
        answer(issue(&world, "web-2"), &roots),
        answer(issue(&other, "web-1"), &roots),
        // For a key that is not the agent's.
        answer(issue(&world, "web-1"), &roots),
        answer(issue(&world, "web-1"), "no PEM at all"),
        answer(vec![vec![0x30; 3 << 20]], &"x".repeat(500_000)),
    ];
    let (asked, all) = (Arc::default(), renewals.len());
    let service = Malicious { renewals, asked: Arc::clone(&asked) };
    let server = Server::start(world.colony(), ColonyServiceServer::new(service)).await;
    let colony = format!("agent.colony=https://{}", server.address);
    let agent = Coral::in_dir("agent", world.joined("web-1", now()), &["agent.id=web-1", &colony]);
    let before = files(&agent);
    eventually(|| match *asked.lock().unwrap() {
        asked if asked > all + 1 => Ok(()),
        asked => Err(format!("{asked} of {all} renewals")),
    });
    assert_eq!(files(&agent), before);
    let said = agent.said();
    assert!(!said.contains('\u{1b}') && !said.contains("panicked"), "{said}");
    assert!(said.lines().all(|line| line.len() < 6_000), "{said}");
    // The agent starts again with what it has.
    let agent = agent.restart();
    assert_eq!(agent.export(&super::super::path::reference_trace(now())), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sends_nothing_to_who_only_says_that_it_is_the_colony() {
    let (_dir, world) = World::rogue();
    let (_other_dir, other) = World::rogue();
    // A colony of another authority, and an agent of the right one.
    for posing in [other.colony(), world.agent("web-2", now())] {
        let asked = Arc::<Mutex<usize>>::default();
        let service = Malicious { renewals: vec![], asked: Arc::clone(&asked) };
        let server = Server::start(posing, ColonyServiceServer::new(service)).await;
        let colony = format!("agent.colony=https://{}", server.address);
        let agent =
            Coral::in_dir("agent", world.joined("web-1", now()), &["agent.id=web-1", &colony]);
        eventually(|| match agent.said() {
            said if said.contains("could not register") => Ok(()),
            said => Err(said),
        });
        assert_eq!(*asked.lock().unwrap(), 0);
    }
    // A port that speaks no TLS at all gets no request in plain text.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let colony = format!("agent.colony=https://{}", listener.local_addr().unwrap());
    let _agent = Coral::in_dir("agent", world.joined("web-1", now()), &["agent.id=web-1", &colony]);
    let mut first = patient(listener.accept().unwrap().0);
    let mut record = [0; 3];
    first.read_exact(&mut record).unwrap();
    assert_eq!(record, [22, 3, 1], "a handshake of TLS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_joins_writes_nothing_that_a_malicious_colony_made_up() {
    let (_dir, world) = World::rogue();
    let (_, request) = new_request().unwrap();
    let issued = world.authority.issue(&agent_named("web-1"), &request, now()).unwrap();
    let chain: Vec<Vec<u8>> = issued.chain.iter().map(|one| one.to_vec()).collect();
    let answer = |agent_id: &str, authorities: String| CertificateResponse {
        agent_id: agent_id.to_owned(),
        chain: chain.clone(),
        authorities,
    };
    let roots = world.authority.roots_pem();
    let answers = vec![
        answer("web-1\nbeyla:\n  path: /tmp/evil.sh", roots.clone()),
        answer("\u{1b}[2Jweb-1", roots.clone()),
        answer("", roots.clone()),
        // For a key that is not this host's.
        answer("web-1", roots),
        answer("web-1", "no PEM at all".to_owned()),
    ];
    let count = answers.len() + 1;
    let service = Malicious { renewals: answers, asked: Arc::default() };
    let server = Server::start(world.colony(), ColonyServiceServer::new(service)).await;
    let token = JoinToken::random(world.authority.fingerprint()).unwrap();
    for _ in 0..count {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("https://{}", server.address);
        let mut join = super::super::process::coral();
        join.args(["agent", "join", &url, "--token", &token.text()]);
        let output = join.env("CORAL_DATA_DIR", dir.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(!output.stderr.contains(&0x1b), "{}", String::from_utf8_lossy(&output.stderr));
        for file in ["agent.yaml", "trust/agent.crt", "trust/agent-ca.crt", "trust/agent.key"] {
            assert!(!dir.path().join(file).exists(), "{file}");
        }
    }
}
