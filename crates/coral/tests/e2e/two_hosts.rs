//! Two hosts: network namespaces that this test makes, joined by a cable of their own. The commands
//! are those of the guide, on the default ports.
//!
//! Needs root and `ip` (iproute2). Without them the test is left out and says so, unless
//! `CORAL_TEST_NETNS_REQUIRED` is set.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use coral_server::clock;
use coral_wire::otlp_out;
use serde_json::Value;
use tempfile::TempDir;

use super::path::reference_trace;
use super::process::{coral, eventually};
use super::trust_world::text;

const COLONY: &str = "10.77.0.1";
const AGENT: &str = "10.77.0.2";

/// A network namespace with a data directory. It is removed on drop, after its servers.
struct Host {
    name: String,
    data: TempDir,
    servers: Vec<Child>,
}

impl Host {
    /// The host with this suffix; `None` if this user may not make one.
    fn new(suffix: &str) -> Option<Self> {
        let name = format!("coral-{}-{suffix}", std::process::id());
        let made = ip(&["netns", "add", &name])?;
        made.status.success().then(|| Self {
            name,
            data: tempfile::tempdir().unwrap(),
            servers: Vec::new(),
        })
    }

    fn ip(&self, words: &str) {
        let words: Vec<&str> = words.split_whitespace().collect();
        let output = ip(&[&["-n", &self.name][..], &words].concat()).unwrap();
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    }

    /// A command in this namespace.
    fn command(&self, program: &str) -> Command {
        let mut command = coral();
        let envs: Vec<_> = command
            .get_envs()
            .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)))
            .collect();
        command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        for (name, value) in envs {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("CORAL_DATA_DIR", self.data.path()).env("XDG_CONFIG_HOME", self.data.path());
        command
    }

    fn run(&self, line: &str) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_coral"));
        command.args(line.split_whitespace()).output().unwrap()
    }

    /// What a command prints; it must succeed.
    fn prints(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Starts a server, and waits until it listens.
    fn start(&mut self, line: &str) {
        let mut command = self.command(env!("CARGO_BIN_EXE_coral"));
        command.args(line.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("listening") {
            assert!(log.read_line(&mut said).unwrap() > 0, "{line} ended: {said}");
        }
        #[expect(clippy::disallowed_methods, reason = "ends with the process that it reads from")]
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        self.servers.push(child);
    }

    /// Sends `request` to a port of another host as it is, and returns the answer.
    fn raw(&self, address: &str, port: u16, request: &str) -> String {
        let script = format!("exec 3<>/dev/tcp/{address}/{port}; cat >&3; cat <&3");
        let mut shell = self.command("timeout");
        shell.args(["10", "bash", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = shell.stderr(Stdio::null()).spawn().unwrap();
        shell.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        shell.stdout.take().unwrap().read_to_end(&mut answer).unwrap();
        shell.wait().unwrap();
        text(&answer)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
        let _ = ip(&["netns", "delete", &self.name]);
    }
}

/// The output of `ip`; `None` if the host does not have it.
fn ip(words: &[&str]) -> Option<Output> {
    Command::new("ip").args(words).output().ok()
}

/// Two hosts with a cable between them.
fn hosts() -> Option<[Host; 2]> {
    let (colony, agent) = (Host::new("a")?, Host::new("b")?);
    colony.ip(&format!("link add cable type veth peer name cable netns {}", agent.name));
    for (host, address) in [(&colony, COLONY), (&agent, AGENT)] {
        host.ip("link set lo up");
        host.ip(&format!("address add {address}/24 dev cable"));
        host.ip("link set cable up");
    }
    Some([colony, agent])
}

#[test]
fn three_commands_join_a_second_host_encrypted_and_audited_and_a_person_sees_its_services() {
    let Some([mut colony, mut agent]) = hosts() else {
        assert!(
            std::env::var_os("CORAL_TEST_NETNS_REQUIRED").is_none(),
            "network namespaces cannot be made: this needs root and `ip` (iproute2)"
        );
        // Straight to standard error: the test harness hides what a test prints.
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"test of two hosts left out: it needs root and `ip` (iproute2)\n",
        );
        return;
    };
    // The commands of the guide.
    colony.prints("colony init");
    colony.start("colony start --set colony.poll_interval=100ms");
    let create = format!("colony token create --agent web-1 --url https://{COLONY}:9000");
    let line = colony.prints(&create).trim().strip_prefix("coral ").unwrap().to_owned();
    assert!(line.starts_with(&format!("agent join https://{COLONY}:9000 --token coral_join_")));
    agent.prints(&line);
    agent.start("agent start --set beyla.enabled=false --set otlp.http=127.0.0.1:4318");

    let status = || -> Value {
        serde_json::from_slice(&colony.run("colony status --format json").stdout)
            .unwrap_or_default()
    };
    eventually(|| match status()["agents"].get(0) {
        Some(one) if one["reachable"] == true => {
            assert_eq!(one["address"], format!("https://{AGENT}:9001"), "polled over the cable");
            Ok(())
        }
        other => Err(format!("{other:?}")),
    });
    // Whoever reaches the ports without TLS or without a token reads nothing.
    let request = "GET /api/v1/status HTTP/1.1\r\nhost: 10.77.0.1\r\nconnection: close\r\n\r\n";
    for (from, address, port) in [(&agent, COLONY, 9000), (&colony, AGENT, 9001)] {
        let answer = from.raw(address, port, request);
        assert!(answer.contains("this port speaks TLS"), "{address}:{port}: {answer}");
    }
    // A span of the second host is found at the first, and by a person who may see it.
    let start = clock::now().earlier(Duration::from_secs(60));
    let spans = otlp_out::encode(&reference_trace(start));
    let file = agent.data.path().join("spans.pb");
    std::fs::write(&file, spans).unwrap();
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/4318; {{ printf 'POST /v1/traces HTTP/1.1\\r\\nhost: localhost\\r\\n\
         content-type: application/x-protobuf\\r\\nconnection: close\\r\\ncontent-length: %d\\r\\n\\r\\n' \
         $(stat -c %s {0}); cat {0}; }} >&3; head -1 <&3",
        file.display()
    );
    let exported = agent.command("bash").args(["-c", &script]).output().unwrap();
    assert!(text(&exported.stdout).contains(" 200 "), "{}", text(&exported.stdout));
    eventually(|| match &status()["counters"]["coral.colony.store.spans"] {
        Value::Number(stored) if stored.as_u64() == Some(8) => Ok(()),
        other => Err(format!("{other} of 8 spans")),
    });
    let create =
        format!("colony token create --user ana --services payments-* --url https://{COLONY}:9000");
    let login = colony.prints(&create).trim().strip_prefix("coral ").unwrap().to_owned();
    // The laptop is the second host, without its agent's files.
    agent.prints(&format!("{login} --data-dir /nonexistent"));
    let services = agent.prints(&format!("services --format json --colony https://{COLONY}:9000"));
    let services: Value = serde_json::from_str(&services).unwrap();
    let names: Vec<_> =
        services["services"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["payments-api"]);
    // Who asked is written down, with the address of the second host.
    let log: Value =
        serde_json::from_str(&colony.prints("audit list --last 100 --who ana --format json"))
            .unwrap();
    let question = &log["questions"][0];
    let address = question["remote_address"].as_str().unwrap_or_default();
    assert!(address.starts_with(AGENT), "{log}");
    assert!(colony.prints("audit verify").contains("No line was changed"));
}
