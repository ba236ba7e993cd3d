//! Beyla under supervision: the real agent, and a fake Beyla that fails in every way that real ones
//! do.

use std::os::unix::fs::PermissionsExt as _;

use coral_trace::UnixNanos;
use coral_wire::otlp_out;
use serde_json::Value;

use super::fake_beyla::{FakeBeyla, LOG_1_8, LOG_2_8, LOG_3_31, is_zombie, lives};
use super::path::reference_trace;
use super::process::{Coral, coral, eventually};

/// A file that Coral must always accept.
const ACCEPTED: &str = r#"# agent-config.yaml
beyla:
  enabled: true

  # Local storage retention
  storage_retention_hours: 1          # RED metrics retention
  storage_retention_hours_traces: 1   # Trace retention (separate setting)

  # Sampling (applied by Beyla process)
  sampling:
    rate: 1.0                         # 100% sampling (adjust for high throughput)

  discovery:
    services:
      - name: "payments-api"
        open_port: 8080

  protocols:
    http:
      enabled: true
    grpc:
      enabled: true
    sql:
      enabled: true
"#;
pub(super) const SERVICES: &str = "beyla.discovery.services=[{name: cart, open_port: 8080}]";

/// An agent that runs `fake`, checks it every 100 ms, and has one service to trace.
pub(super) fn agent(fake: &FakeBeyla, more: &[&str]) -> Coral {
    let path = format!("beyla.path={}", fake.path().display());
    let usual = ["beyla.enabled=true", "beyla.check_interval=100ms", &path];
    Coral::agent_with(&[&usual, more].concat(), &[])
}

pub(super) fn beyla(agent: &Coral) -> Value {
    agent.get("agent_rpc", "/api/v1/status")["beyla"].clone()
}

/// Waits until Beyla has this state. Returns the reason of the state.
pub(super) fn until(agent: &Coral, state: &str) -> String {
    eventually(|| match beyla(agent) {
        status if status["state"] == state => Ok(()),
        status => Err(format!("not {state}: {status}")),
    });
    beyla(agent)["reason"].as_str().unwrap_or_default().to_owned()
}

fn text(agent: &Coral, path: &str) -> String {
    let url = format!("{}{path}", agent.url("agent_rpc"));
    ureq::get(&url).call().unwrap().body_mut().read_to_string().unwrap()
}

pub(super) fn run(agent: &Coral, line: &str) -> std::process::Output {
    coral().args(line.split_whitespace()).arg("--data-dir").arg(agent.dir.path()).output().unwrap()
}

pub(super) fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn an_accepted_file_runs_beyla_unchanged_and_spans_make_it_instrumenting() {
    let fake = FakeBeyla::new("2.8.5", "run", LOG_2_8);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("agent-config.yaml");
    std::fs::write(&file, ACCEPTED).unwrap();
    let path = fake.path().display().to_string();
    let env = [
        ("BEYLA_PATH", path.as_str()),
        ("OTEL_SERVICE_NAME", "leak"),
        ("BEYLA_OPEN_PORT", "1"),
        ("OTEL_EBPF_OPEN_PORT", "1"),
        ("OTEL_RESOURCE_ATTRIBUTES", "leak=1"),
    ];
    let agent = Coral::agent_of_file(&file, &env);
    fake.until_started(1);

    let config = fake.config();
    let address = |socket: &str| agent.addresses[socket].as_str().unwrap().to_owned();
    assert_eq!(
        config["discovery"]["instrument"].to_string(),
        r#"[{"name":"payments-api","open_ports":"8080"}]"#
    );
    assert_eq!(
        config["otel_traces_export"]["endpoint"],
        format!("http://{}/v1/traces", address("beyla_http"))
    );
    let excluded = config["discovery"]["exclude_instrument"][0]["open_ports"].as_str().unwrap();
    for socket in ["otlp_grpc", "otlp_http", "beyla_grpc", "beyla_http", "agent_rpc"] {
        let port = address(socket).rsplit(':').next().unwrap().to_owned();
        assert!(excluded.split(',').any(|own| own == port), "{socket} {port}: {excluded}");
        let output = run(&agent, &format!("connect cart:{port}"));
        let refused = String::from_utf8(output.stderr).unwrap();
        assert!(refused.contains("this agent itself listens on port"), "{socket}: {refused}");
    }

    let written = agent.dir.path().join("beyla/beyla-config.yaml");
    assert_eq!(fake.recorded("argv"), format!("-config\n{}\n", written.display()));
    assert_eq!(std::fs::metadata(&written).unwrap().permissions().mode() & 0o777, 0o600);
    let allowed =
        ["HOME", "KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "PATH", "TZ"];
    for variable in fake.recorded("env").lines() {
        let name = variable.split('=').next().unwrap();
        assert!(allowed.contains(&name), "{variable} leaks");
    }

    until(&agent, "running");
    assert_eq!(beyla(&agent)["instrumented"], 1);
    let spans = reference_trace(UnixNanos(1_795_608_000_000_000_000));
    assert_eq!(agent.post("beyla_http", &otlp_out::encode(&spans)), 200);
    until(&agent, "instrumenting");
    assert!(text(&agent, "/healthz").ends_with("beyla: instrumenting\n"));
    assert!(text(&agent, "/metrics").contains("\ncoral_agent_beyla_state_instrumenting 1\n"));
    let shown = said(&run(&agent, "agent status"));
    assert!(shown.contains("Beyla: instrumenting\n  program: Beyla 2.8.5, "), "{shown}");
}

#[test]
fn a_colony_shows_the_state_of_each_agents_beyla() {
    let fake = FakeBeyla::new("1.8.9", "run", LOG_1_8);
    let agent = agent(&fake, &[SERVICES]);
    until(&agent, "running");
    let agents = format!("colony.agents=[{{id: web-1, address: \"{}\"}}]", agent.url("agent_rpc"));
    let colony = Coral::colony_with(&[&agents]);
    let beyla = || colony.get("colony", "/api/v1/status")["agents"][0]["beyla"].clone();
    eventually(|| match beyla().as_str() {
        Some("running (no data yet)") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert!(colony.answer("colony status").contains("web-1: Beyla is running (no data yet)"));
}

#[test]
fn a_beyla_that_refuses_its_configuration_and_ends_at_once_is_a_named_crashloop() {
    let refusal = "time=t level=ERROR msg=\"wrong Beyla configuration\" error=\"missing port\"";
    let fake = FakeBeyla::new("1.8.9", "exit 255", refusal);
    let agent = agent(&fake, &[SERVICES]);
    let reason = until(&agent, "crashloop");
    assert!(reason.starts_with("it ended with exit code 255 after 0 s: wrong Beyla configuration: missing port; restarts in "), "{reason}");
    assert_eq!(agent.export(&reference_trace(UnixNanos(1_000_000))), 200, "the agent goes on");
}

#[test]
fn an_ebpf_watcher_that_does_not_load_is_degraded_although_beyla_lives() {
    let fake = FakeBeyla::new("3.15.0", "run", LOG_3_31);
    fake.set("errors", &format!("Error Log:\n{}\n", "verifier ".repeat(10_000)));
    let agent = agent(&fake, &[SERVICES]);
    let reason = until(&agent, "degraded");
    assert!(
        reason.starts_with("Unable to load eBPF watcher for process events: creating kprobe"),
        "{reason}"
    );
    assert!(lives(fake.until_started(1)));
    eventually(|| match agent.counter("coral.agent.beyla.log.lines_cut") {
        1 => Ok(()),
        cut => Err(format!("{cut} lines were cut")),
    });
    let spans = reference_trace(UnixNanos(1_795_608_000_000_000_000));
    assert_eq!(agent.post("beyla_http", &otlp_out::encode(&spans)), 200);
    let error = until(&agent, "instrumenting");
    assert!(error.starts_with("error since "), "{error}");
    assert!(error.ends_with(": creating kprobe: no such file or directory"), "{error}");
    let shown = said(&run(&agent, "agent status"));
    assert!(shown.contains(&format!("Beyla: instrumenting ({error})\n")), "{shown}");
}

#[test]
fn from_3_16_on_beyla_answers_on_a_port_of_its_own_and_silence_is_degraded() {
    let fake = FakeBeyla::new("3.31.0", "run", "");
    let agent = agent(&fake, &[SERVICES]);
    fake.until_started(1);
    let port = fake.config()["health_check"]["port"].as_u64().unwrap();
    assert!(port > 0 && port != 7070);
    assert_eq!(until(&agent, "degraded"), "its health check fails");
}

/// Sends a signal to a process of the fake Beyla.
fn signal(pid: u32, signal: &str) {
    let status = std::process::Command::new("kill").args([signal, &pid.to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_beyla_that_is_killed_is_replaced_while_the_kernel_still_detaches_its_probes() {
    let fake = FakeBeyla::detaching("3.31.0", "run", LOG_2_8);
    let agent = agent(&fake, &[SERVICES]);
    let old = fake.until_started(1);
    signal(old, "-KILL");
    let new = fake.until_started(2);
    assert!(is_zombie(old) && lives(new));
    eventually(|| match beyla(&agent)["pid"].as_u64() {
        Some(pid) if pid == u64::from(new) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let counters = || ["exits", "detaching", "detached"].map(|name| beyla_counter(&agent, name));
    assert_eq!(counters(), [1, 1, 0]);
    fake.detach();
    eventually(|| match counters() {
        [1, 0, 1] => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert!(!is_zombie(old), "it was reaped");
}

fn beyla_counter(agent: &Coral, name: &str) -> u64 {
    agent.counter(&format!("coral.agent.beyla.{name}"))
}

#[test]
fn an_agent_that_is_killed_leaves_neither_its_beyla_nor_a_predecessor() {
    let fake = FakeBeyla::detaching("3.31.0", "run", LOG_2_8);
    let mut agent = agent(&fake, &[SERVICES]);
    let old = fake.until_started(1);
    signal(old, "-KILL");
    let new = fake.until_started(2);
    agent.kill();
    eventually(|| if lives(old) || lives(new) { Err("one lives".into()) } else { Ok(()) });
    let agent = agent.restart();
    let next = fake.until_started(3);
    assert!(lives(next) && !lives(old) && !lives(new));
    until(&agent, "running");
}

#[test]
fn an_agent_that_is_killed_takes_its_beyla_with_it() {
    let fake = FakeBeyla::new("2.8.5", "hang", LOG_2_8);
    let mut agent = agent(&fake, &[SERVICES]);
    let pid = fake.until_started(1);
    assert!(lives(pid));
    agent.kill();
    eventually(|| if lives(pid) { Err(format!("{pid} lives")) } else { Ok(()) });
    let agent = agent.restart();
    assert_ne!(fake.until_started(2), pid);
    until(&agent, "running");
}

#[test]
fn a_beyla_that_ignores_sigterm_is_killed_when_its_time_is_over() {
    let fake = FakeBeyla::new("2.8.5", "hang", LOG_2_8);
    let mut agent = agent(&fake, &[SERVICES, "beyla.stop_within=200ms"]);
    let pid = fake.until_started(1);
    assert_eq!(agent.terminate(), Some(0));
    assert!(!lives(pid));
}

#[test]
fn exit_255_after_our_sigterm_is_a_clean_stop() {
    let fake = FakeBeyla::new("2.8.5", "run", LOG_2_8);
    let mut agent = agent(&fake, &[SERVICES]);
    let pid = fake.until_started(1);
    assert_eq!(agent.terminate(), Some(0));
    assert!(!lives(pid));
}

#[test]
fn what_beyla_sends_while_it_ends_is_still_stored() {
    let fake = FakeBeyla::new("2.8.5", "flush", LOG_2_8);
    let agent = agent(&fake, &[SERVICES]);
    fake.until_started(1);
    let url = agent.url("beyla_http");
    let mut stopping = agent;
    #[expect(clippy::disallowed_methods, reason = "joined below")]
    let stopped = std::thread::spawn(move || (stopping.terminate(), stopping));
    eventually(|| if fake.file("ending").exists() { Ok(()) } else { Err("no SIGTERM".into()) });
    let spans = otlp_out::encode(&reference_trace(UnixNanos(1_795_608_000_000_000_000)));
    let request =
        ureq::post(format!("{url}/v1/traces")).header("content-type", "application/x-protobuf");
    assert_eq!(request.send(&spans[..]).unwrap().status().as_u16(), 200);
    fake.set("sent", "");
    let (code, agent) = stopped.join().unwrap();
    assert_eq!(code, Some(0));
    let agent = agent.restart();
    assert_eq!(agent.counter("coral.agent.store.spans"), 8);
}

#[test]
fn a_planned_restart_is_restarting_and_not_degraded() {
    let fake = FakeBeyla::new("2.8.5", "flush", LOG_2_8);
    let agent = agent(&fake, &[SERVICES]);
    fake.until_started(1);
    assert!(run(&agent, "connect a:9001").status.success());
    assert_eq!(until(&agent, "restarting"), "its settings have changed");
    let shown = said(&run(&agent, "agent status"));
    assert!(shown.contains("Beyla: restarting (its settings have changed)\n"), "{shown}");
    fake.set("sent", "");
    fake.until_started(2);
    until(&agent, "running");
}

#[test]
fn a_standalone_stops_its_agent_first_and_its_colony_answers_meanwhile() {
    let fake = FakeBeyla::new("2.8.5", "flush", LOG_2_8);
    let path = format!("beyla.path={}", fake.path().display());
    let mut standalone = Coral::standalone_with(&["beyla.enabled=true", &path, SERVICES]);
    fake.until_started(1);
    standalone.begin_to_stop();
    eventually(|| if fake.file("ending").exists() { Ok(()) } else { Err("no SIGTERM".into()) });
    let spans = reference_trace(UnixNanos(1_795_608_000_000_000_000));
    assert_eq!(standalone.post("beyla_http", &otlp_out::encode(&spans)), 200);
    eventually(|| {
        let status = standalone.get("colony", "/api/v1/status");
        match status["agents"][0]["spans_stored"].as_u64() {
            Some(8) => Ok(()),
            other => Err(format!("the colony stored {other:?}")),
        }
    });
    fake.set("sent", "");
    assert_eq!(standalone.exit_code(), Some(0));
}

#[test]
fn a_program_that_is_replaced_while_it_runs_is_restarted_with_its_own_configuration() {
    let fake = FakeBeyla::new("1.8.9", "run", LOG_1_8);
    let agent = agent(&fake, &[SERVICES]);
    let old = fake.until_started(1);
    assert_eq!(fake.config()["discovery"]["services"][0]["name"], "cart");
    fake.set("version", "3.15.0");
    fake.replace();
    fake.until_started(2);
    assert!(!lives(old));
    assert_eq!(fake.config()["discovery"]["instrument"][0]["name"], "cart");
    until(&agent, "running");
    assert_eq!(beyla(&agent)["version"], "3.15.0");
}

#[test]
fn an_obi_on_the_search_path_runs_in_the_place_of_beyla() {
    let fake = FakeBeyla::named("obi", "obi-0.12.1", "run", LOG_3_31);
    let path = format!("{}:/usr/bin:/bin", fake.file("").display());
    let usual = ["beyla.enabled=true", "beyla.check_interval=100ms", SERVICES];
    let agent = Coral::agent_with(&usual, &[("PATH", &path)]);
    fake.until_started(1);
    assert_eq!(
        fake.config()["discovery"]["instrument"].to_string(),
        r#"[{"name":"cart","open_ports":"8080"}]"#
    );
    until(&agent, "degraded");
    let status = beyla(&agent);
    assert_eq!((&status["program"], &status["version"]), (&"OBI".into(), &"0.12.1".into()));
    let shown = said(&run(&agent, "agent status"));
    assert!(shown.contains("\n  program: OBI 0.12.1, "), "{shown}");
    let named = format!("beyla.path={}", fake.path().display());
    let output = coral().args(["beyla", "doctor", "--set", &named]).output().unwrap();
    let found = format!("Beyla                OBI 0.12.1, {}, named", fake.path().display());
    assert!(said(&output).contains(&found), "{found}\n{}", said(&output));
}

#[test]
fn a_beyla_that_greets_only_with_a_valid_configuration_is_run() {
    let fake = FakeBeyla::new("3.33.0", "run", "");
    let agent = agent(&fake, &[SERVICES]);
    fake.until_started(1);
    assert_eq!(beyla(&agent)["version"], "3.33.0");
}

#[test]
fn what_a_version_cannot_do_is_refused_with_the_version_that_can() {
    let fake = FakeBeyla::new("2.8.5", "run", LOG_2_8);
    let agent = agent(&fake, &[SERVICES, "beyla.context_propagation=tcp"]);
    let reason = until(&agent, "unavailable");
    assert_eq!(
        reason,
        "`beyla.context_propagation: tcp` needs Beyla 3.0.0, OBI 0.9.0 or newer; this one is Beyla 2.8.5"
    );
    assert_eq!(fake.starts(), Vec::<u32>::new());
}

#[test]
fn without_beyla_the_agent_takes_spans_says_the_next_step_and_takes_up_what_is_installed() {
    let empty = tempfile::tempdir().unwrap();
    let path = empty.path().display().to_string();
    let settings = ["beyla.enabled=true", "beyla.check_interval=100ms", SERVICES];
    let agent = Coral::agent_with(&settings, &[("PATH", &path)]);
    let reason = until(&agent, "unavailable");
    assert_eq!(
        reason,
        "Beyla is not installed; run `coral beyla install`; spans from other exporters are still received"
    );
    assert_eq!(agent.export(&reference_trace(UnixNanos(1_000_000))), 200);

    let fake = FakeBeyla::new("2.8.5", "run", LOG_2_8);
    let archive = fake.file("beyla.tar.gz");
    // The installed script looks for its control files beside itself.
    let script = format!("#!/bin/sh\nexec {} \"$@\"\n", fake.path().display());
    let packed = empty.path().join("beyla");
    std::fs::write(&packed, script).unwrap();
    std::fs::set_permissions(&packed, std::fs::Permissions::from_mode(0o755)).unwrap();
    let tar = std::process::Command::new("tar")
        .arg("-czf")
        .arg(&archive)
        .arg("-C")
        .arg(&path)
        .arg("beyla")
        .status();
    assert!(tar.unwrap().success());
    let refused = run(&agent, &format!("beyla install --from {}", archive.display()));
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("Hint: give its digest with --sha256"), "{}", said(&refused));
    let output =
        run(&agent, &format!("beyla install --allow-unverified --from {}", archive.display()));
    assert!(said(&output).contains("NOT VERIFIED"), "{}", said(&output));
    fake.until_started(1);
    until(&agent, "running");
}

#[test]
fn limits_that_the_host_cannot_keep_are_off_with_a_note() {
    let fake = FakeBeyla::new("2.8.5", "run", LOG_2_8);
    let agent = agent(&fake, &[SERVICES, "beyla.limits.memory=500MB", "beyla.limits.cpu=0.5"]);
    until(&agent, "running");
    let status = beyla(&agent);
    let notes = status["notes"].as_array().unwrap();
    // On a host that can limit Beyla, the process is in the cgroup.
    let pid = fake.until_started(1);
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let limited = groups.lines().any(|line| line.ends_with("/coral-beyla"));
    assert_eq!(limited, notes.is_empty(), "{notes:?} {groups}");
    assert!(limited || notes[0].as_str().unwrap().starts_with("limits are off: "), "{notes:?}");
}

#[test]
fn config_prints_what_would_be_generated_and_doctor_looks_at_this_host() {
    let line = format!("beyla config --for 1.8.9 --set {}", SERVICES.replace(": ", ":"));
    let output =
        coral().args(line.split_whitespace().take(4)).args(["--set", SERVICES]).output().unwrap();
    let printed = said(&output);
    assert!(printed.starts_with("# For Beyla 1.8.9;"), "{printed}");
    assert!(
        printed.contains("  services:\n  - name: 'cart'\n    open_ports: '8080'\n"),
        "{printed}"
    );
    let output = coral().args(["beyla", "config", "--for", "obi-0.12.1"]).output().unwrap();
    let printed = said(&output);
    assert!(printed.starts_with("# For OBI 0.12.1;"), "{printed}");
    let output = coral().args(["beyla", "doctor", "--format", "json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(found["findings"][0]["found"], kernel.trim());
}
