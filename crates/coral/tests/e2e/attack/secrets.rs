//! Where keys, tokens and secrets must not be.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use coral_server::local_key::LocalKey;
use coral_trust::secret::Secret;
use coral_wire::colony_rpc::proto::JoinAgentRequest;

use super::super::path::reference_trace;
use super::super::process::coral;
use super::*;

/// Every file below `dir`.
fn files(dir: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_full_run_no_secret_is_in_a_log_an_answer_or_a_file_that_is_not_its_own() {
    let mut join = None;
    let besieged = Besieged::prepared(&["log=trace"], |world| {
        join = Some(world.join_token("web-2", 7_200));
    });
    let (join, exporter) = (join.unwrap(), Secret::random().unwrap().text());
    let hash_key = Secret::random().unwrap().text();
    let (token_dir, agent_dir) =
        (tempfile::tempdir().unwrap(), besieged.world.joined("web-1", now()));
    let token_file = token_dir.path().join("token");
    std::fs::write(&token_file, &exporter).unwrap();
    let settings = [
        "log=trace".to_owned(),
        "agent.id=web-1".to_owned(),
        format!("agent.colony=https://{}", besieged.address()),
        format!("otlp.token_file={}", token_file.display()),
        format!("privacy.hash_key={hash_key}"),
        "privacy.hash=[http.target]".to_owned(),
    ];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let agent = Coral::in_dir("agent", agent_dir, &settings);

    // A full run: spans with and without the token, a join, questions that are answered and refused.
    let otlp = coral_wire::otlp_out::encode(&reference_trace(now()));
    let export = |token: &str| {
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
            otlp.len()
        );
        let request = [head.as_bytes(), &otlp].concat();
        exchange(&mut super::connect(address(&agent, "otlp_http")), &request)
    };
    let mut answers = vec![export(&exporter), export(&format!("{exporter}x"))];
    assert_eq!((status(&answers[0]), status(&answers[1])), (200, 401), "{answers:?}");
    let (_, certificate_request) = new_request().unwrap();
    let request = JoinAgentRequest { secret: join.secret(), certificate_request };
    let mut rpc = besieged.rpc(None).await;
    rpc.join_agent(request.clone()).await.unwrap();
    answers.push(rpc.join_agent(request).await.unwrap_err().to_string());
    let local = LocalKey::read(besieged.colony.dir.path()).unwrap();
    for key in [besieged.viewer.text(), local.clone(), format!("{local}x"), join.text()] {
        let bearer = format!("authorization: Bearer {key}\r\n");
        for path in
            ["/api/v1/traces", "/api/v1/status", "/metrics", "/nowhere", "/api/v1/openapi.json"]
        {
            answers.push(besieged.get(path, &bearer).1);
        }
    }
    let shown = coral()
        .args(["config", "show", "--role", "agent", "--format", "json", "--set"])
        .arg(format!("privacy.hash_key={hash_key}"))
        .output()
        .unwrap();
    answers.extend([shown.stdout, shown.stderr].map(|text| String::from_utf8(text).unwrap()));
    assert!(answers.iter().any(|answer| answer.contains("(hidden)")), "{answers:?}");

    let (agent_dir, colony_dir) = (agent.dir.clone(), besieged.colony.dir.clone());
    let control = std::fs::read_to_string(agent_dir.path().join("run/control.key")).unwrap();
    let mut colony = besieged.colony;
    let mut agent = agent;
    agent.terminate();
    colony.terminate();
    answers.extend([agent.said(), colony.said()]);
    let secrets = [
        ("token of a viewer", besieged.viewer.text()),
        ("join token", join.secret()),
        ("token of exporters", exporter),
        ("key of hashes", hash_key),
        ("key of this host", local),
        ("key of the agent", control),
    ];
    for (what, secret) in &secrets {
        for said in &answers {
            let at = said.find(secret.as_str()).map(|at| &said[..at]);
            let line = at.and_then(|before| before.lines().last());
            assert_eq!(line, None, "the {what} is told");
        }
    }
    for said in &answers {
        assert!(!said.contains("PRIVATE KEY"), "a private key is told");
    }
    for dir in [agent_dir.path(), colony_dir.path()] {
        let mut found = Vec::new();
        files(dir, &mut found);
        assert!(found.len() > 5, "{found:?}");
        for file in found {
            let bytes = std::fs::read(&file).unwrap();
            let has =
                |secret: &str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            let told = secrets.iter().find(|(_, secret)| has(secret));
            // Keys of a process that runs are in files of their own.
            let is_own = file.starts_with(dir.join("run"));
            assert!(told.is_none() || is_own, "{} has the {}", file.display(), told.unwrap().0);
            if has("PRIVATE KEY") || is_own && told.is_some() {
                let mode = std::fs::metadata(&file).unwrap().permissions().mode();
                assert_eq!(mode & 0o077, 0, "others can read {}", file.display());
            }
        }
    }
}

#[test]
fn no_running_server_leaves_a_core_file() {
    let (colony, agent) = (Coral::colony(&[]), Coral::agent("web-1", &[]));
    for server in [&colony, &agent, &Coral::standalone(&[])] {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let words: Vec<&str> = core.split_whitespace().collect();
        assert_eq!(words[4..6], ["0", "0"], "{core}");
    }
}

/// A user without rights, on every Linux.
const NOBODY: u32 = 65_534;

#[test]
fn another_process_of_the_same_user_cannot_read_the_memory_of_a_server() {
    let home = tempfile::tempdir().unwrap();
    let is_root = std::fs::metadata(home.path()).unwrap().uid() == 0;
    let user = if is_root { NOBODY } else { std::fs::metadata(home.path()).unwrap().uid() };
    // The program may be where only root can read it.
    let program = home.path().join("coral");
    std::fs::copy(env!("CARGO_BIN_EXE_coral"), &program).unwrap();
    let mut server = Command::new(if is_root { "setpriv" } else { "env" });
    if is_root {
        std::os::unix::fs::chown(home.path(), Some(user), None).unwrap();
        server.args([format!("--reuid={user}"), "--clear-groups".to_owned()]);
    }
    server.arg(&program).args(["colony", "start", "--set", "colony.listen=127.0.0.1:0"]);
    server.env_clear().env("HOME", home.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut server = server.spawn().unwrap();
    let mut said = String::new();
    let mut log = BufReader::new(server.stderr.take().unwrap());
    while !said.contains("listening") && log.read_line(&mut said).unwrap() > 0 {}
    let file = |name: &str| std::fs::metadata(format!("/proc/{}/{name}", server.id()));
    let (memory, environment) = (file("mem").unwrap().uid(), file("environ").unwrap().uid());
    // The server still knows who it is: its data is in its user's home.
    let is_at_home = home.path().join(".local/share/coral/run/addresses.json").exists();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(said.contains("listening"), "{said}");
    assert_eq!((memory, environment), (0, 0), "the files of a process of user {user}");
    assert!(is_at_home, "{said}");
}
