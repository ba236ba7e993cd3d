//! A colony and agents that trust each other, and people who see what they may: the commands as the
//! guide prints them, over real sockets.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use coral_server::clock;
use coral_trust::authority::{Authority, certificates};
use coral_trust::directory::TrustDir;
use coral_trust::ledger::{CertificateEntry, Ledger, LedgerError};
use coral_trust::material::{MaterialFiles, new_request, store_agent};
use coral_trust::tls::{self, Anchor};
use coral_trust::workload::Workload;
use coral_wire::otlp_out;
use serde_json::Value;

use super::path::reference_trace;
use super::process::{Coral, eventually};
use super::trust_world::{AGENT, World, holder, run, text};

/// Services of the reference trace besides payments-api, and words of their spans.
const OTHERS: &[&str] =
    &["frontend", "card-validator", "postgres", "fraud", "inventory", "redis", "email", "checkout"];

#[test]
fn three_commands_let_a_second_host_in_and_a_limited_person_sees_exactly_its_services() {
    let world = World::new();
    let agent = world.agent("web-1");
    world.until_listed("web-1", true);
    let start = clock::now().earlier(Duration::from_secs(60));
    assert_eq!(agent.export(&reference_trace(start)), 200);
    world.until_stored(8);
    world.login("--services payments-*");
    for line in [
        "services",
        "query beyla traces",
        "query topology",
        "query anomalies",
        "why",
        "doctor traces",
        "query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736",
        "ask slowest traces",
        "login",
    ] {
        let json = world.person(&format!("{line} --format json"));
        let page = world.person(line);
        let all = [json.stdout, json.stderr, page.stdout, page.stderr].concat();
        let all = text(&all).to_lowercase();
        for other in OTHERS {
            assert!(!all.contains(other), "{line} shows {other}: {all}");
        }
    }
    let services = text(&world.person("services --format json").stdout);
    let services: Value = serde_json::from_str(&services).unwrap();
    let names: Vec<_> =
        services["services"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["payments-api"], "{services}");
    let trace = text(
        &world.person("query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736").stdout,
    );
    assert!(trace.contains("payments-api") && trace.contains("redacted"), "{trace}");
    for refused in ["colony status", "sql SELECT(1)"] {
        let output = world.person(refused);
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains("limited token may not"), "{said}");
    }
    // Everything was written down, also what was denied, and nobody changed it.
    let log = world.here("audit list --last 100 --format json");
    let log: Value = serde_json::from_str(&log).unwrap();
    let questions = log["questions"].as_array().unwrap();
    let denied = questions.iter().filter(|one| one["decision"] == "denied").count();
    assert!(denied >= 2, "{log}");
    let shown = questions.iter().find(|one| one["path"] == "/api/v1/traces/{id}").unwrap();
    assert_eq!(shown["requester"]["name"], "ana", "{shown}");
    assert_eq!(shown["trace_ids"][0], "4bf92f3577b34da6a3ce929d0e0e4736", "{shown}");
    assert!(shown["rows"] == 1 && shown["bytes"].as_u64() > Some(100), "{shown}");
    assert!(world.here("audit verify").contains("No line was changed"));
}

#[test]
fn a_join_token_lets_one_agent_in_once_and_the_keys_are_private() {
    let world = World::new();
    let line = world.line_of("colony token create --agent web-1");
    let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    assert!(run(first.path(), &line, None).status.success());
    let replayed = run(second.path(), &line, None);
    assert!(!replayed.status.success());
    assert!(text(&replayed.stderr).contains("was used already"), "{}", text(&replayed.stderr));
    assert!(!second.path().join("trust/agent.crt").exists());
    for dir in [first.path(), world.data_dir()] {
        for file in std::fs::read_dir(dir.join("trust")).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.path().display());
        }
    }
    let expired = world.line_of("colony token create --agent web-2 --ttl 1ms");
    let said = text(&run(second.path(), &expired, None).stderr);
    assert!(said.contains("has expired"), "{said}");
}

#[test]
fn a_token_of_another_colony_is_not_shown_to_this_one() {
    let (world, other) = (World::new(), World::new());
    let line =
        other.line_of("colony token create --agent web-1").replace(&other.url(), &world.url());
    let dir = tempfile::tempdir().unwrap();
    let said = text(&run(dir.path(), &line, None).stderr);
    assert!(said.contains("another colony answers there"), "{said}");
    // The other colony still accepts it: its secret did not leave this host.
    let right = line.replace(&world.url(), &other.url());
    assert!(run(dir.path(), &right, None).status.success());
}

#[test]
fn a_revoked_agent_is_out_within_seconds_and_may_join_again() {
    let world = World::new();
    let agent = world.agent("web-1");
    world.until_listed("web-1", true);
    world.here("colony agents revoke web-1");
    world.until_listed("web-1", false);
    let dir = agent.dir.clone();
    drop(agent);
    // Its certificate does not let it in again.
    let agent = Coral::of_dir(&["agent", "start"], AGENT, &dir);
    eventually(|| match agent.said() {
        said if said.contains("revoked") => Ok(()),
        said => Err(said),
    });
    drop(agent);
    let line = world.line_of("colony token create --agent web-1");
    assert!(run(dir.path(), &line, None).status.success());
    let _agent = Coral::of_dir(&["agent", "start"], AGENT, &dir);
    world.until_listed("web-1", true);
}

#[test]
fn a_certificate_that_ends_soon_is_renewed_and_a_new_authority_is_learned() {
    let world = World::new();
    let dir = world.joined("web-1");
    // The certificate as it is after 25 days.
    let trust = TrustDir::of(world.data_dir());
    let authority = Authority::load(&trust).unwrap();
    let workload = Workload::Agent("web-1".parse().unwrap());
    let (key, request) = new_request().unwrap();
    let then = clock::now().earlier(Duration::from_secs(25 * 24 * 3_600));
    let issued = authority.issue(&workload, &request, then).unwrap();
    let entry = CertificateEntry {
        serial: issued.serial.clone(),
        agent: "web-1".into(),
        issued: 0,
        expires: u64::MAX,
        revoked: false,
    };
    let added = Ledger::change(&trust, clock::now(), |ledger| {
        ledger.certificates.push(entry);
        Ok::<_, LedgerError>(())
    });
    added.unwrap();
    store_agent(&TrustDir::of(dir.path()), &key, &issued.chain, &authority.roots_pem()).unwrap();
    let agent = Coral::of_dir(&["agent", "start"], AGENT, &dir);
    let renewed = |before: &str| {
        eventually(|| match holder(dir.path()).serial {
            serial if serial != before => Ok(()),
            serial => Err(format!("{serial} was not renewed: {}", agent.said())),
        });
    };
    renewed(&issued.serial);
    let left = holder(dir.path()).expires.since(clock::now());
    assert!(left > Duration::from_secs(29 * 24 * 3_600), "{left:?}");
    // The authority is rotated while the agent runs; it learns of that when it registers.
    world.until_listed("web-1", true);
    let before = holder(dir.path()).serial;
    let fingerprint = world.here("colony ca rotate");
    drop(agent);
    let agent = Coral::of_dir(&["agent", "start"], AGENT, &dir);
    eventually(|| match holder(dir.path()).serial {
        serial if serial != before => Ok(()),
        _ => Err(agent.said()),
    });
    let roots = std::fs::read_to_string(dir.path().join("trust/agent-ca.crt")).unwrap();
    assert_eq!(roots.matches("BEGIN CERTIFICATE").count(), 2, "{fingerprint}");
    world.until_listed("web-1", true);
}

#[test]
fn a_stolen_token_is_shown_with_its_addresses_and_ends_when_it_is_revoked() {
    let world = World::new();
    world.login("--role admin --expires 1h");
    assert!(
        world.person("colony status").status.success() || world.person("login").status.success()
    );
    let whoami = text(&world.person("login").stdout);
    assert!(whoami.contains("ana (admin), who sees every service, for"), "{whoami}");
    let list = world.here("colony token list --format json");
    let list: Value = serde_json::from_str(&list).unwrap();
    let id = list["tokens"][0]["id"].as_str().unwrap();
    world.here(&format!("colony token revoke {id}"));
    eventually(|| match world.person("login") {
        output if !output.status.success() => Ok(()),
        output => Err(text(&output.stdout)),
    });
    let said = text(&world.person("login").stderr);
    assert!(said.contains("was revoked"), "{said}");
    let mut world = world;
    assert_eq!(world.colony.terminate(), Some(0));
    let list = world.here("colony token list");
    assert!(list.contains("revoked") && list.contains("127.0.0.1"), "{list}");
}

#[test]
fn a_question_that_cannot_be_recorded_is_refused() {
    let world = World::new();
    world.login("");
    let asked = || world.person("services");
    assert!(asked().status.success());
    let log = std::fs::read_dir(world.data_dir().join("audit")).unwrap();
    let size = log.map(|file| file.unwrap().metadata().unwrap().len()).max().unwrap();
    let pid = world.colony.pid().to_string();
    let limit = |bytes: &str| {
        let mut command = std::process::Command::new("prlimit");
        assert!(
            command.args(["--pid", &pid, &format!("--fsize={bytes}:")]).status().unwrap().success()
        );
    };
    limit(&(size + 100).to_string());
    let said = text(&asked().stderr);
    assert!(said.contains("cannot be recorded in the audit log"), "{said}");
    limit("unlimited");
    assert!(asked().status.success());
    let verified = world.here("audit verify");
    assert!(verified.contains("Note:"), "what is missing is noted: {verified}");
}

#[test]
fn a_standalone_that_asks_who_callers_are_still_polls_its_own_agent() {
    let dir = std::sync::Arc::new(tempfile::tempdir().unwrap());
    assert!(run(dir.path(), "colony init --listen 127.0.0.1:0", None).status.success());
    let settings = [AGENT, &["colony.poll_interval=50ms", "agent.id=web-1"]].concat();
    let both = Coral::of_dir(&["standalone"], &settings, &dir);
    assert_eq!(both.export(&reference_trace(clock::now())), 200);
    eventually(|| {
        let page = run(dir.path(), "query beyla traces", None);
        match text(&page.stdout) {
            page if page.contains("frontend-api") => Ok(()),
            page => Err(format!("{page}\n{}", both.said())),
        }
    });
}

#[test]
fn servers_that_other_hosts_reach_start_only_with_trust_or_by_an_explicit_flag() {
    let start = |line: &str| {
        let dir = tempfile::tempdir().unwrap();
        let output = run(dir.path(), line, None);
        assert!(!output.status.success(), "{line}");
        text(&output.stderr)
    };
    let colony = start("colony start --set colony.listen=0.0.0.0:0");
    assert!(
        colony.contains("everybody who reaches it") && colony.contains("`coral colony init`"),
        "{colony}"
    );
    assert!(colony.contains("loopback"), "two ways out: {colony}");
    let off = start(
        "colony start --set colony.listen=0.0.0.0:0 --set colony.auth=off --insecure-plaintext",
    );
    assert!(off.contains("everybody who reaches it"), "{off}");
    let plain = start("colony start --set colony.listen=0.0.0.0:0 --set colony.auth=on");
    assert!(plain.contains("nothing would be encrypted"), "{plain}");
    for key in ["agent.listen", "otlp.grpc", "otlp.http"] {
        let agent = start(&format!("agent start --set {key}=0.0.0.0:0"));
        assert!(agent.contains(&format!("`{key}` is 0.0.0.0:0")), "{agent}");
        assert!(
            agent.contains("coral agent join") && agent.contains("insecure_plaintext"),
            "{agent}"
        );
    }
    let colony = start("agent start --set agent.colony=http://10.0.0.2:9000");
    assert!(colony.contains("`agent.colony`"), "{colony}");
}

#[test]
fn exporters_need_tls_the_token_and_a_certificate_where_the_agent_asks_for_them() {
    let world = World::new();
    let dir = world.joined("web-1");
    let token = dir.path().join("otlp.token");
    std::fs::write(&token, "a token of exporters\n").unwrap();
    let token_file = format!("otlp.token_file={}", token.display());
    let spans = otlp_out::encode(&reference_trace(clock::now()));
    let request = |headers: &str| {
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\
             content-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
            spans.len()
        );
        [head.as_bytes(), &spans].concat()
    };
    let [bare, right, wrong] =
        ["", "a token of exporters", "another token"].map(|token| match token {
            "" => request(""),
            token => request(&format!("authorization: Bearer {token}\r\n")),
        });
    // TLS and a token.
    let settings = [AGENT, &["otlp.tls=true", token_file.as_str()]].concat();
    let agent = Coral::of_dir(&["agent", "start"], &settings, &dir);
    let address = agent.addresses["otlp_http"].as_str().unwrap().to_owned();
    let authority =
        certificates(&std::fs::read_to_string(dir.path().join("trust/agent-ca.crt")).unwrap());
    let workload = || Workload::Agent("web-1".parse().unwrap());
    let anchor = || Anchor::Roots(authority.clone());
    let stranger = || tls::client(None, anchor(), workload()).unwrap();
    assert_eq!(status_over_tls(stranger(), &address, &bare), 401);
    assert_eq!(status_over_tls(stranger(), &address, &wrong), 401);
    assert_eq!(status_over_tls(stranger(), &address, &right), 200);
    assert_eq!(agent.post("otlp_http", &spans), 400, "without TLS");
    drop(agent);
    // TLS and a certificate.
    let settings = [AGENT, &["otlp.tls=true", "otlp.client_certificates=true"]].concat();
    let agent = Coral::of_dir(&["agent", "start"], &settings, &dir);
    let address = agent.addresses["otlp_http"].as_str().unwrap().to_owned();
    let own = MaterialFiles::of_agent(&TrustDir::of(world.joined("web-2").path())).read().unwrap();
    let known = tls::client(Some(own), anchor(), workload()).unwrap();
    assert_eq!(status_over_tls(stranger(), &address, &bare), 401);
    assert_eq!(status_over_tls(known, &address, &bare), 200);
}

/// The status of the answer to `request` over TLS.
fn status_over_tls(config: rustls::ClientConfig, address: &str, request: &[u8]) -> u16 {
    let connection = rustls::ClientConnection::new(Arc::new(config), tls::identity_name()).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    text(&answer)[9..12].parse().unwrap()
}

#[test]
fn files_of_the_audit_log_are_signed_by_the_colonys_authority_also_after_a_rotation() {
    let world = World::with(&["audit.max_file_size=2kB"]);
    world.login("");
    for _ in 0..8 {
        assert!(world.person("services").status.success());
    }
    world.here("colony ca rotate");
    for _ in 0..8 {
        assert!(world.person("services").status.success());
    }
    let verified = world.here("audit verify");
    assert!(verified.contains("with a right signature"), "{verified}");
    assert!(
        verified.contains("No line was changed") && !verified.contains("not checked"),
        "{verified}"
    );
    // A changed byte in a signed file is found.
    let dir = world.data_dir().join("audit");
    let signed = std::fs::read_dir(&dir).unwrap().map(|file| file.unwrap().path());
    let signature =
        signed.into_iter().find(|path| path.extension().is_some_and(|kind| kind == "sig"));
    let file = signature.unwrap().with_extension("");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("ana", "eve", 1)).unwrap();
    let found = run(world.data_dir(), "audit verify", None);
    assert_eq!(found.status.code(), Some(1));
    assert!(text_of(&found).contains("Damage:"), "{}", text_of(&found));
}

fn text_of(output: &std::process::Output) -> String {
    text(&output.stdout)
}

#[test]
fn a_status_says_that_nothing_is_encrypted_where_that_was_allowed() {
    let agent = Coral::agent("web-1", &["insecure_plaintext=true"]);
    let status = run(agent.dir.path(), "agent status", None);
    assert!(text(&status.stdout).contains("Encryption: none"), "{}", text(&status.stdout));
    let colony = Coral::colony(&["insecure_plaintext=true"]);
    let status = run(colony.dir.path(), "colony status", None);
    assert!(text(&status.stdout).contains("Encryption: none"), "{}", text(&status.stdout));
    let json = run(colony.dir.path(), "colony status --format json", None);
    assert!(text(&json.stdout).contains(r#""encryption":"insecure_plaintext""#));
}

#[test]
fn the_key_of_a_host_is_shown_to_no_other_colony_and_survives_a_second_process() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let sink = listener.local_addr().unwrap();
    let dir = Arc::new(tempfile::tempdir().unwrap());
    assert!(run(dir.path(), "colony init --listen 127.0.0.1:0", None).status.success());
    let elsewhere = format!("agent.colony=http://{sink}");
    let settings = [AGENT, &[elsewhere.as_str(), "agent.id=web-1"]].concat();
    let both = Coral::of_dir(&["standalone"], &settings, &dir);
    let (mut registration, _) = listener.accept().unwrap();
    registration.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut heard = Vec::new();
    let mut piece = [0; 4_096];
    while let Ok(read @ 1..) = registration.read(&mut piece) {
        heard.extend(&piece[..read]);
    }
    let key = std::fs::read_to_string(dir.path().join("run/colony.key")).unwrap();
    assert!(heard.starts_with(b"PRI * HTTP/2.0") && !text(&heard).contains(&key));
    // A second process that cannot start leaves the key of the first where it is.
    let second = run(dir.path(), "standalone --set beyla.enabled=false", None);
    assert!(!second.status.success());
    assert_eq!(std::fs::read_to_string(dir.path().join("run/colony.key")).unwrap(), key);
    drop(both);
}

#[test]
fn what_a_server_stores_is_for_its_user_alone() {
    let world = World::new();
    let agent = world.agent("web-1");
    assert_eq!(agent.export(&reference_trace(clock::now())), 200);
    world.until_stored(8);
    for dir in [world.data_dir(), agent.dir.path()] {
        let mut left = vec![dir.to_owned()];
        while let Some(dir) = left.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let entry = entry.unwrap();
                let mode = entry.metadata().unwrap().permissions().mode() & 0o077;
                assert_eq!(mode, 0, "{}", entry.path().display());
                if entry.file_type().unwrap().is_dir() {
                    left.push(entry.path());
                }
            }
        }
    }
}

#[test]
fn a_secret_in_a_question_is_not_written_down() {
    let world = World::new();
    let line = world.line_of("colony token create --user ana");
    let token = line.split_whitespace().find(|word| word.starts_with("coral_")).unwrap();
    let output = world.person(&line);
    assert!(output.status.success());
    world.person(&format!("ask why-is-{token}-slow"));
    let log = world.here("audit list --last 100 --format json");
    assert!(log.contains("coral_(hidden)") && !log.contains(token), "{log}");
}

#[test]
fn a_secret_is_read_from_standard_input_where_the_argument_says_so() {
    let world = World::new();
    let line = world.line_of("colony token create --agent web-1");
    let (before, secret) = line.split_once(" --token ").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut join = super::process::coral();
    join.args(before.split_whitespace()).args(["--token", "-"]);
    join.env("CORAL_DATA_DIR", dir.path()).stdin(std::process::Stdio::piped());
    let mut join = join.stdout(std::process::Stdio::null()).spawn().unwrap();
    writeln!(join.stdin.take().unwrap(), "{secret}").unwrap();
    assert!(join.wait().unwrap().success());
    assert_eq!(holder(dir.path()).workload, Workload::Agent("web-1".parse().unwrap()));
}
