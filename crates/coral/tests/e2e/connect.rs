//! `coral connect` and `coral disconnect`: the services of a host, listed, added and removed.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use coral_trace::UnixNanos;
use coral_wire::otlp_out;
use tempfile::TempDir;

use super::beyla::{SERVICES, agent, run, said, until};
use super::fake_beyla::{FakeBeyla, LOG_2_8, is_zombie, lives};
use super::path::reference_trace;
use super::process::{Coral, coral, eventually};

/// A program that listens, and ends with the test: a colony under another file name.
struct Listening {
    process: Child,
    _dir: TempDir,
}

impl Listening {
    /// The program `name`, which listens on `port`; 0 is a free one.
    fn program(name: &str, port: u16) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join(name);
        let coral = env!("CARGO_BIN_EXE_coral");
        std::fs::hard_link(coral, &program)
            .or_else(|_| std::fs::copy(coral, &program).map(drop))
            .unwrap();
        let process = Command::new(&program)
            .args(["colony", "start", "--set", &format!("colony.listen=127.0.0.1:{port}")])
            .arg("--data-dir")
            .arg(dir.path())
            .env("OTEL_SERVICE_NAME", name)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually(|| match dir.path().join("run/addresses.json").exists() {
            true => Ok(()),
            false => Err("the program does not listen".into()),
        });
        Self { process, _dir: dir }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn what_listens_on_the_host_is_listed_and_a_name_of_the_list_connects_it() {
    let _checkout = Listening::program("checkout", 0);
    let fake = FakeBeyla::new("3.31.0", "run", LOG_2_8);
    let path = format!("beyla.path={}", fake.path().display());
    let both = Coral::standalone_with(&["beyla.enabled=true", &path, SERVICES]);
    fake.until_started(1);
    let row = |traced: &str| {
        let listed = said(&run(&both, "connect"));
        let is_row = |line: &&str| line.starts_with(traced) && line.contains("| checkout ");
        listed.lines().find(is_row).map(str::to_owned).ok_or(listed)
    };
    let not_traced = row("no").unwrap();
    assert!(not_traced.ends_with("/checkout"), "{not_traced}");
    eventually(|| {
        let page = said(&run(&both, "services"));
        let found = page.contains("Beyla on web-1 does not trace ") && page.contains(" checkout:");
        if found { Ok(()) } else { Err(page) }
    });
    let unknown = run(&both, "connect chekout");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown).contains("Error: `coral connect` lists no service `chekout`"));
    let connected = said(&run(&both, "connect checkout"));
    assert!(connected.starts_with("Connected checkout on port "), "{connected}");
    row("yes").unwrap();
}

#[test]
fn a_data_store_that_starts_after_its_port_was_connected_is_not_left_out() {
    let fake = FakeBeyla::new("3.31.0", "run", LOG_2_8);
    let agent = agent(&fake, &[]);
    fake.until_started(1);
    // A free port, which nothing listens on when it is connected.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    run(&agent, &format!("connect cache:{port}"));
    fake.until_started(2);
    let is_left_out = |fake: &FakeBeyla| {
        fake.config()["discovery"]["exclude_instrument"].to_string().contains("redis-server")
    };
    assert!(is_left_out(&fake));
    let _store = Listening::program("redis-server", port);
    fake.until_started(3);
    assert!(!is_left_out(&fake));
}

#[test]
fn a_port_on_which_only_a_program_of_the_system_listens_is_refused_without_a_selection() {
    let fake = FakeBeyla::new("3.31.0", "run", LOG_2_8);
    let agent = agent(&fake, &[]);
    fake.until_started(1);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _supervisor = Listening::program("supervisord", port);
    let refused = run(&agent, &format!("connect web:{port}"));
    assert_eq!(refused.status.code(), Some(1));
    let reason = format!("Error: `supervisord` listens on port {port}, and Beyla leaves out");
    assert!(said(&refused).starts_with(&reason), "{}", said(&refused));
}

#[test]
fn without_a_selection_every_service_is_traced_and_a_connected_one_has_its_name() {
    let fake = FakeBeyla::new("3.31.0", "run", LOG_2_8);
    let agent = agent(&fake, &[]);
    fake.until_started(1);
    let selected = |fake: &FakeBeyla| fake.config()["discovery"]["instrument"].to_string();
    assert_eq!(selected(&fake), r#"[{"open_ports":"1-65535"}]"#);
    assert!(fake.config()["discovery"]["exclude_instrument"].to_string().contains("sshd*"));
    run(&agent, "connect cart:8080");
    fake.until_started(2);
    let both = r#"[{"open_ports":"1-65535"},{"name":"cart","open_ports":"8080"}]"#;
    assert_eq!(selected(&fake), both);
}

#[test]
fn ten_connects_in_a_row_make_one_restart_and_last_until_they_are_undone() {
    let fake = FakeBeyla::new("2.8.5", "run", LOG_2_8);
    let agent = agent(&fake, &[SERVICES]);
    fake.until_started(1);
    for number in 1..=10 {
        let output = run(&agent, &format!("connect a:{number}:{}", 9000 + number));
        assert!(output.status.success(), "{}", said(&output));
    }
    fake.until_started(2);
    let names = |fake: &FakeBeyla| {
        let config = fake.config();
        let items = config["discovery"]["instrument"].as_array().unwrap().clone();
        items.into_iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all: Vec<String> = ["cart".to_owned()]
        .into_iter()
        .chain((1..=10).map(|number| format!("a:{number}")))
        .collect();
    assert_eq!(names(&fake), all);
    until(&agent, "running");
    assert_eq!(fake.starts().len(), 2);

    let agent = agent.restart();
    fake.until_started(3);
    assert_eq!(names(&fake), all, "after a restart of the agent");
    let output = run(&agent, "disconnect a:10");
    assert!(output.status.success(), "{}", said(&output));
    fake.until_started(4);
    assert_eq!(names(&fake), all[..10]);
    for (line, reason) in [
        ("disconnect a:10", "Error: `a:10` is not connected; connected services: a:1, "),
        ("connect cart:1", "Error: `cart` is set in the configuration file; change it there"),
    ] {
        let output = run(&agent, line);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).starts_with(reason), "{}", said(&output));
    }
}

#[test]
fn a_connect_restarts_beyla_beside_its_predecessor_and_says_what_that_costs() {
    let fake = FakeBeyla::detaching("3.31.0", "run", LOG_2_8);
    let agent = agent(&fake, &[SERVICES]);
    let old = fake.until_started(1);
    let port = |fake: &FakeBeyla| fake.config()["health_check"]["port"].as_u64().unwrap() as u16;
    // The test holds the predecessor's port, as the kernel does for a while.
    let held = port(&fake);
    let _holder = std::net::TcpListener::bind(("127.0.0.1", held)).unwrap();
    until(&agent, "running");
    let output = run(&agent, "connect a:9001");
    let cost = "Beyla restarts; all services may be unseen for up to 10 s.\n";
    assert!(said(&output).ends_with(cost), "{}", said(&output));
    let new = fake.until_started(2);
    assert!(is_zombie(old) && lives(new));
    assert_ne!(port(&fake), held);
    let again = said(&run(&agent, "connect a:9001"));
    assert!(!again.contains("unseen"), "{again}");
}

#[test]
fn a_connect_can_wait_for_spans_of_its_service_and_says_what_came_instead() {
    let fake = FakeBeyla::new("2.8.5", "run", LOG_2_8);
    let agent = agent(&fake, &[SERVICES]);
    fake.until_started(1);
    let send = || {
        let spans = reference_trace(UnixNanos(1_795_608_000_000_000_000));
        assert_eq!(agent.post("beyla_http", &otlp_out::encode(&spans)), 200);
    };
    let silent = run(&agent, "connect cart-2:9002 --wait=0s");
    assert_eq!(silent.status.code(), Some(1));
    let error = "Error: no span of `cart-2` came within 0 s; no span of another service came either; \
                 Beyla was not restarted yet; Beyla: ";
    assert!(said(&silent).contains(error), "{}", said(&silent));
    assert!(said(&silent).contains("Hint: send requests to port 9002"), "{}", said(&silent));
    fake.until_started(2);

    let wait = |line: &'static str| {
        let mut command = coral();
        command.args(line.split_whitespace()).arg("--data-dir").arg(agent.dir.path());
        let piped = std::process::Stdio::piped;
        command.stdout(piped()).stderr(piped()).spawn().unwrap()
    };
    let waiting = wait("connect inventory-api:9003 --wait=60s");
    fake.until_started(3);
    send();
    let output = waiting.wait_with_output().unwrap();
    assert!(said(&output).contains("Spans of inventory-api came after "), "{}", said(&output));
}

#[test]
fn only_who_can_read_the_agents_key_may_connect() {
    let fake = FakeBeyla::new("2.8.5", "run", LOG_2_8);
    let agent = agent(&fake, &[SERVICES]);
    fake.until_started(1);
    let key = agent.dir.path().join("run/control.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let url = format!("{}/api/v1/beyla/connections", agent.url("agent_rpc"));
    let client: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let status = |authorization: &str, body: &str| {
        let request = client.post(&url).header("authorization", authorization);
        request.header("content-type", "application/json").send(body).unwrap().status().as_u16()
    };
    let order = r#"{"name":"a","port":1}"#;
    for stranger in ["", "Bearer ", "Bearer 0123", "Basic abc"] {
        assert_eq!(status(stranger, order), 403, "{stranger}");
    }
    let bearer = format!("Bearer {}", std::fs::read_to_string(&key).unwrap());
    for body in ["", "{}", "[]", r#"{"name":1,"port":1}"#, r#"{"name":"a","port":99999}"#] {
        assert!((400..=422).contains(&status(&bearer, body)), "{body}");
    }
    for body in
        [r#"{"name":"","port":1}"#, r#"{"name":"a\nb","port":1}"#, r#"{"name":"a","port":0}"#]
    {
        assert_eq!(status(&bearer, body), 400, "{body}");
    }
    assert_eq!(status(&bearer, order), 200);
}
