//! Crashes, retries, restarts and lost agents, with real processes.

use std::sync::atomic::{AtomicBool, Ordering};

use coral_store::{Store, StoreConfig};
use coral_trace::{Span, TraceId, UnixNanos};

use super::path::reference_trace;
use super::process::{Coral, eventually};

/// The reference trace under another id.
fn numbered(trace: u128) -> Vec<Span> {
    let mut spans = reference_trace(UnixNanos(1_795_608_000_000_000_000));
    for span in &mut spans {
        span.trace_id = TraceId::try_from(trace).unwrap();
    }
    spans
}

#[test]
fn an_export_repeated_three_times_and_a_span_in_two_requests_are_stored_once() {
    let coral = Coral::standalone(&[]);
    for _ in 0..3 {
        assert_eq!(coral.export(&numbered(1)), 200);
    }
    assert_eq!(coral.export(&numbered(1)[..1]), 200);
    coral.until_stored(8);
    assert_eq!(coral.counter("coral.agent.spans.received"), 25);
    assert_eq!(coral.counter("coral.agent.spans.stored"), 8);
    assert_eq!(coral.counter("coral.agent.spans.duplicate"), 17);
}

#[test]
fn every_acknowledged_span_is_there_once_after_kill_9_of_the_agent() {
    let colony = Coral::colony(&[]);
    let register = format!("agent.colony={}", colony.url("colony"));
    let mut agent = Coral::agent("web-1", &[&register]);
    let mut acknowledged = 0;
    for trace in 1..=20 {
        assert_eq!(agent.export(&numbered(trace)), 200);
        acknowledged += 8;
        if trace % 7 == 0 {
            agent.kill();
            agent = agent.restart();
        }
    }
    // An exporter that did not receive the acknowledgement sends the same spans again.
    assert_eq!(agent.export(&numbered(20)), 200);
    colony.until_stored(acknowledged);
}

#[test]
fn a_colony_killed_between_polls_loses_and_repeats_nothing() {
    let agent = Coral::agent("web-1", &[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("colony.yaml");
    let list =
        format!("colony: {{agents: [{{id: web-1, address: \"{}\"}}]}}", agent.url("agent_rpc"));
    std::fs::write(&file, list).unwrap();
    let mut colony = Coral::colony_with_file(&file);
    for trace in 1..=9 {
        assert_eq!(agent.export(&numbered(trace)), 200);
        if trace % 3 == 0 {
            colony.kill();
            colony = colony.restart();
        }
    }
    colony.until_stored(72);
    let status = colony.get("colony", "/api/v1/status");
    assert_eq!(status["agents"][0]["spans_stored"], 72);
    assert_eq!(status["agents"][0]["spans_missed"], 0);
}

#[test]
fn a_dead_agent_and_a_wiped_one_harm_no_other() {
    let colony = Coral::colony(&[]);
    let register = format!("agent.colony={}", colony.url("colony"));
    let [mut dead, mut wiped, well] =
        ["dead", "wiped", "well"].map(|id| Coral::agent(id, &[&register]));
    for (trace, agent) in (1..).zip([&dead, &wiped, &well]) {
        assert_eq!(agent.export(&numbered(trace)), 200);
    }
    colony.until_stored(24);
    dead.kill();
    wiped.kill();
    std::fs::remove_dir_all(wiped.dir.path().join("agent")).unwrap();
    let wiped = wiped.restart();
    assert_eq!(wiped.export(&numbered(4)), 200);
    assert_eq!(well.export(&numbered(5)), 200);
    colony.until_stored(40);
    let agent = |id: &str| {
        let status = colony.get("colony", "/api/v1/status");
        let agents = status["agents"].as_array().unwrap().clone();
        agents.into_iter().find(|agent| agent["agent_id"] == id).unwrap()
    };
    eventually(|| match agent("dead")["reachable"].as_bool() {
        Some(false) => Ok(()),
        _ => Err("a dead agent is shown as reachable".to_owned()),
    });
    assert!(agent("dead")["last_error"].as_str().unwrap().contains("cannot reach agent"));
    assert_eq!(agent("well")["last_error"], serde_json::Value::Null);
}

#[test]
fn a_status_is_degraded_while_an_agent_is_dead_and_healthy_once_the_agent_is_forgotten() {
    let colony = Coral::colony(&[]);
    let register = format!("agent.colony={}", colony.url("colony"));
    let [mut dead, well] = ["dead", "well"].map(|id| Coral::agent(id, &[&register]));
    for (trace, agent) in (1..).zip([&dead, &well]) {
        assert_eq!(agent.export(&numbered(trace)), 200);
    }
    colony.until_stored(16);
    let until_verdict = |verdict: &str, code: i32| {
        eventually(|| {
            let output = colony.ask("colony status");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            match text.starts_with(verdict) && output.status.code() == Some(code) {
                true => Ok(()),
                false => Err(text),
            }
        });
    };
    until_verdict("Healthy: 2 agents", 0);
    let refused = colony.ask("colony forget dead");
    assert_eq!(refused.status.code(), Some(1), "an agent that answers is not forgotten");
    dead.kill();
    until_verdict("Degraded: agent dead has been unreachable since", 1);
    let series = |line: &str| colony.fetch("colony", "/metrics").1.lines().any(|one| one == line);
    assert!(series("coral_colony_agent_up{agent=\"dead\"} 0"));
    assert!(series("coral_colony_agent_up{agent=\"well\"} 1"));
    assert!(series("coral_colony_agent_spans_stored_total{agent=\"dead\"} 8"));
    assert!(colony.answer("colony forget dead").starts_with("Forgot dead."));
    until_verdict("Healthy: 1 agent", 0);
    assert!(!colony.fetch("colony", "/metrics").1.contains("agent=\"dead\""));
    // An agent that comes back registers again. The colony polls it from its checkpoint, and counts
    // nothing twice.
    let mut dead = dead.restart();
    until_verdict("Healthy: 2 agents", 0);
    assert_eq!(dead.export(&numbered(3)), 200);
    colony.until_stored(24);
    let back = || series("coral_colony_agent_spans_stored_total{agent=\"dead\"} 16");
    eventually(|| if back() { Ok(()) } else { Err("its spans are not counted".to_owned()) });
    dead.kill();
    until_verdict("Degraded: agent dead has been unreachable since", 1);
    assert!(colony.answer("colony forget dead").starts_with("Forgot dead."));
    // After a restart, the agent is still forgotten, and its spans are still stored.
    let colony = colony.restart();
    let status = colony.get("colony", "/api/v1/status");
    assert_eq!(status["agents"].as_array().unwrap().len(), 1, "{status}");
    assert_eq!(status["store"]["spans"], 24);
    for (id, status) in [("%ff", 400), ("%00%1b", 404), (&*"x".repeat(20_000), 404)] {
        let (found, body) = colony.delete("colony", &format!("/api/v1/agents/{id}"));
        let error: serde_json::Value = serde_json::from_str(&body).expect("an error is JSON");
        assert_eq!(found, status, "{id}");
        assert!(body.len() < 500 && error["error"].is_string(), "{body}");
    }
    let unknown = colony.ask("colony forget nobody");
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no agent has the id `nobody`"));
}

#[test]
fn an_agent_that_is_told_to_stop_answers_what_it_took_and_exits_with_0() {
    let mut agent = Coral::agent("web-1", &[]);
    std::thread::scope(|scope| {
        let exports: Vec<_> = (1..=16)
            .map(|trace| {
                let agent = &agent;
                scope.spawn(move || (trace, agent.export(&numbered(trace))))
            })
            .collect();
        exports.into_iter().for_each(|export| assert_eq!(export.join().unwrap().1, 200));
    });
    assert_eq!(agent.terminate(), Some(0));
    assert!(!agent.dir.path().join("run/addresses.json").exists());
    let agent = agent.restart();
    assert_eq!(agent.counter("coral.agent.store.spans"), 128);
}

#[test]
fn an_agent_that_is_stopped_under_load_has_stored_every_export_that_it_acknowledged() {
    // Together, these exports exceed one commit: some exports wait while others are written.
    const EXPORTERS: u128 = 48;
    const TRACES: u128 = 50;
    const ANSWERS_BEFORE_STOP: usize = 64;
    let export =
        |first: u128| -> Vec<Span> { (first..first + TRACES).flat_map(numbered).collect() };
    let mut agent = Coral::agent("web-1", &[]);
    let (acknowledged, answers) = std::sync::mpsc::sync_channel(1_024);
    let stopping = AtomicBool::new(false);
    let outcomes: Vec<Exported> = std::thread::scope(|scope| {
        let (agent, stopping, export) = (&agent, &stopping, &export);
        let exporters: Vec<_> = (0..EXPORTERS)
            .map(|exporter| {
                let acknowledged = acknowledged.clone();
                // Each exporter exports until it is refused.
                scope.spawn(move || {
                    let mut outcomes = Vec::new();
                    loop {
                        let first = 1 + (exporter * 1_000_000) + outcomes.len() as u128 * TRACES;
                        let began_before_stop = !stopping.load(Ordering::SeqCst);
                        let status = agent.export(&export(first));
                        let ended_after_stop = stopping.load(Ordering::SeqCst);
                        let was_in_flight = began_before_stop && ended_after_stop;
                        outcomes.push(Exported { first, status, was_in_flight });
                        let _ = acknowledged.try_send(());
                        if status != 200 {
                            return outcomes;
                        }
                    }
                })
            })
            .collect();
        answers.iter().take(ANSWERS_BEFORE_STOP).for_each(drop);
        stopping.store(true, Ordering::SeqCst);
        agent.begin_to_stop();
        exporters.into_iter().flat_map(|exporter| exporter.join().unwrap()).collect()
    });
    assert_eq!(agent.exit_code(), Some(0), "{}", agent.said());

    let dir = agent.dir.path().join("agent");
    let store = Store::open(StoreConfig { dir, segment_rows: 1_000 }).unwrap();
    for Exported { first, status, .. } in &outcomes {
        if *status == 200 {
            let traces: Vec<TraceId> =
                (*first..first + TRACES).map(|id| TraceId::try_from(id).unwrap()).collect();
            let stored = store.spans_of(&traces, None, None, u32::MAX).unwrap();
            assert_eq!(stored.len(), export(*first).len(), "export {first} was acknowledged");
        } else {
            // 0 is a connection that was refused or closed.
            assert!(*status == 0 || *status >= 400, "export {first} was answered with {status}");
        }
    }
    let in_flight = outcomes.iter().filter(|exported| exported.was_in_flight);
    let answered = in_flight.filter(|exported| exported.status == 200).count();
    assert!(answered > 0, "no export that was in flight at the signal was stored");
}

/// The outcome of one export.
struct Exported {
    /// The smallest trace id in the export.
    first: u128,
    status: u16,
    /// Whether the export began before the signal to stop, and was answered after it.
    was_in_flight: bool,
}

#[test]
fn spans_expire_on_the_agent_and_stay_at_the_colony() {
    // 0.0005 h are 1.8 s.
    let coral = Coral::standalone(&["beyla.storage_retention_hours_traces=0.0005"]);
    assert_eq!(coral.export(&numbered(1)), 200);
    coral.until_stored(8);
    // The counter changes at the end of a round of maintenance: the spans are gone by then.
    eventually(|| match coral.counter("coral.agent.spans.expired") {
        8 => Ok(()),
        expired => Err(format!("{expired} spans expired on the agent")),
    });
    assert_eq!(coral.counter("coral.agent.store.spans"), 0);
    coral.until_stored(8);
    // The cursor passes over the expired receipts.
    assert_eq!(coral.export(&numbered(2)), 200);
    coral.until_stored(16);
}

#[test]
fn a_second_process_on_the_same_store_is_refused_with_the_reason() {
    let agent = Coral::agent("web-1", &[]);
    let output = super::process::coral()
        .args([
            "agent",
            "start",
            "--set",
            "agent.listen=127.0.0.1:0",
            "--set",
            "otlp.grpc=127.0.0.1:0",
        ])
        .args(["--set", "otlp.http=127.0.0.1:0", "--set", "beyla.otlp.grpc=127.0.0.1:0"])
        .args(["--set", "beyla.otlp.http=127.0.0.1:0", "--data-dir"])
        .arg(agent.dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("another process holds"), "{said}");
    let hint = format!("Hint: an agent (pid {}) already uses `", agent.pid());
    assert!(said.contains(&hint), "{said}");
    // The addresses of the first process are still there.
    assert!(agent.dir.path().join("run/addresses.json").exists());
}

#[test]
fn odd_spans_are_stored_as_they_came_and_shown_in_a_bounded_way() {
    let coral = Coral::standalone(&[]);
    let mut spans = numbered(1);
    spans[0].name = format!("\u{1b}[31m{}", "x".repeat(65_536));
    spans[1].attributes = (0..500).map(|at| (format!("key.{at}"), i64::from(at))).collect();
    spans[2].end = UnixNanos(spans[2].start.0 - 5_000_000);
    spans[3].start = UnixNanos(9_999_999_999_000_000_000);
    spans[3].end = spans[3].start;
    spans[4].origin = std::sync::Arc::default();
    // A cycle of two spans, each of which is the parent of the other.
    spans[6].parent_span_id = Some(spans[5].span_id);
    spans[5].parent_span_id = Some(spans[6].span_id);
    assert_eq!(coral.export(&spans), 200);
    coral.until_stored(8);
    let trace = coral.json("query beyla traces --trace-id 00000000000000000000000000000001");
    let span = |id: u64| {
        let id = format!("{id:016x}");
        let spans = trace["spans"].as_array().unwrap();
        spans.iter().find(|span| span["span_id"] == id.as_str()).unwrap().clone()
    };
    assert_eq!(span(1)["span_name"].as_str().unwrap().len(), 65_541);
    assert_eq!(span(2)["attributes"].as_object().unwrap().len(), 500);
    assert_eq!(span(3)["duration_us"], 0);
    assert_eq!(span(5)["service_name"], "unknown_service");
    let page = coral.answer("query beyla traces --trace-id 00000000000000000000000000000001");
    assert!(page.len() < 3_000 && page.contains("(65,541 bytes)"), "{page}");
    assert!(page.contains("Incomplete"), "{page}");
    for format in ["table", "csv", "json"] {
        coral.answer(&format!("query beyla traces --since 1970-01-01T00:00:00Z --format {format}"));
    }
}

#[test]
fn a_trace_of_ten_thousand_spans_is_shown_in_part_and_told_in_whole() {
    let coral = Coral::standalone(&[]);
    let template = numbered(1).remove(0);
    let spans: Vec<Span> = (1..=10_000u64)
        .map(|id| Span {
            span_id: id.try_into().unwrap(),
            parent_span_id: (id > 1).then(|| (id / 2).try_into().unwrap()),
            ..template.clone()
        })
        .collect();
    assert_eq!(coral.export(&spans), 200);
    coral.until_stored(10_000);
    let page = coral.answer("query beyla traces --trace-id 00000000000000000000000000000001");
    assert!(
        page.contains("Spans: 10,000\n") && page.contains("9,500 more hops not shown"),
        "{page}"
    );
    assert!(page.lines().count() < 520);
    let json = coral.json("query beyla traces --trace-id 00000000000000000000000000000001");
    assert_eq!(json["spans"].as_array().unwrap().len(), 10_000);
}

#[test]
fn spans_with_bad_ids_are_refused_with_a_reason_and_a_count_and_the_rest_is_stored() {
    use prost::Message as _;
    let coral = Coral::standalone(&[]);
    let mut request = coral_wire::otlp_out::to_request(&numbered(1));
    let bad = &mut request.resource_spans[0].scope_spans[0].spans[0];
    bad.trace_id = vec![1; 15];
    assert_eq!(coral.post("otlp_http", &request.encode_to_vec()), 200);
    coral.until_stored(7);
    assert_eq!(coral.counter("coral.agent.spans.refused.invalid"), 1);
    assert_eq!(coral.counter("coral.agent.spans.received"), 8);
    assert_eq!(coral.post("otlp_http", b"\xff\xff no protobuf"), 400);
    assert_eq!(coral.counter("coral.agent.requests.http.refused.undecodable"), 1);
}
