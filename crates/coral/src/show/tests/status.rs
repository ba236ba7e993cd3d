use expect_test::expect;

use crate::show::status;
use coral_agent::status::{AgentSelfStatus, ColonyLinkStatus};
use coral_query::answer::{AgentStatus, ColonyStatus, SqlLibrary, StoreStatus};
use coral_trace::UnixNanos;

fn counters(pairs: &[(&str, u64)]) -> std::collections::BTreeMap<String, u64> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

const NOW: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

fn seconds_ago(seconds: u64) -> Option<UnixNanos> {
    Some(UnixNanos(NOW.0 - seconds * 1_000_000_000))
}

fn agent(id: &str) -> AgentStatus {
    AgentStatus {
        agent_id: id.to_owned(),
        address: format!("http://{id}:9001"),
        known_by: "configured".to_owned(),
        state: "ok".to_owned(),
        version: Some("0.1.0".to_owned()),
        answered_at: seconds_ago(2),
        spans_at: seconds_ago(2),
        spans_per_second: Some(12.34),
        reachable: true,
        lag_receipts: Some(0),
        lag_seconds: Some(2.0),
        last_error: None,
        spans_stored: 1_234_567,
        spans_missed: 0,
        spans_refused: 0,
        last_refusal: None,
        beyla: Some("instrumenting".to_owned()),
        untraced: Vec::new(),
    }
}

fn colony(agents: Vec<AgentStatus>) -> ColonyStatus {
    let store = StoreStatus {
        spans: 1_234_567,
        bytes: 12_345_678,
        max_bytes: 50_000_000_000,
        oldest_received: seconds_ago(11_000),
        keep_seconds: 604_800,
        spans_damaged: 0,
        shards: Vec::new(),
    };
    let sql_library = SqlLibrary {
        path: Some("/usr/lib/libduckdb.so".to_owned()),
        found_by: Some("found in the system's directories".to_owned()),
        reason: None,
    };
    let status = ColonyStatus {
        version: "0.1.0".to_owned(),
        agents,
        store,
        sql_library,
        encryption: "tls".to_owned(),
        counters: counters(&[("coral.colony.spans.stored", 1_234_567)]),
        ..ColonyStatus::default()
    };
    status.with_problems()
}

#[test]
fn a_healthy_colony_says_so_first_and_its_lines_fit_100_columns() {
    let text = status::colony(&colony(vec![agent("web-1"), agent("web-2")]), NOW, true);
    expect![[r#"
        Healthy: 2 agents, all polled (Coral 0.1.0).

        Agent | State | Spans/s | Last stored | Stored    | Missed | Behind | Beyla         | Version
        ------|-------|---------|-------------|-----------|--------|--------|---------------|--------
        web-1 | ok    | 12.3    | 2s ago      | 1,234,567 | 0      | 2s     | instrumenting | 0.1.0
        web-2 | ok    | 12.3    | 2s ago      | 1,234,567 | 0      | 2s     | instrumenting | 0.1.0

        Store: 1,234,567 spans, the oldest received 3h 3m ago (kept for 7d); 12.3 MB of 50.0 GB on disk
        Encryption: TLS 1.3
        SQL: DuckDB at /usr/lib/libduckdb.so, found in the system's directories

        coral.colony.spans.stored  1,234,567
    "#]].assert_eq(&text);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn a_colony_names_each_problem_and_what_is_known_of_it() {
    let silent = AgentStatus {
        state: "unreachable".to_owned(),
        reachable: false,
        answered_at: seconds_ago(192),
        spans_at: seconds_ago(200),
        spans_per_second: None,
        lag_seconds: Some(192.0),
        last_error: Some("cannot reach agent: connection refused".to_owned()),
        spans_missed: 7,
        spans_refused: 2,
        last_refusal: Some("trace_id: all zero".to_owned()),
        ..agent("web-2")
    };
    let blind = AgentStatus {
        beyla: Some("unavailable (no Beyla is installed)".to_owned()),
        ..agent("web-3")
    };
    let text = status::colony(&colony(vec![agent("web-1"), silent, blind]), NOW, false);
    expect![[r#"
        Degraded: 2 problems, 3 agents:
          - agent web-2 has been unreachable since 2026-11-25T11:56:48Z (3m 12s ago)
          - Beyla does not work on agent web-3: unavailable (no Beyla is installed)

        Agent | State       | Spans/s | Last stored | Stored    | Missed | Behind | Beyla             | Version
        ------|-------------|---------|-------------|-----------|--------|--------|-------------------|--------
        web-1 | ok          | 12.3    | 2s ago      | 1,234,567 | 0      | 2s     | instrumenting     | 0.1.0
        web-2 | unreachable | -       | 3m 20s ago  | 1,234,567 | 7      | 3m 12s | was instrumenting | 0.1.0
        web-3 | ok          | 12.3    | 2s ago      | 1,234,567 | 0      | 2s     | unavailable       | 0.1.0

        web-2 at http://web-2:9001: cannot reach agent: connection refused
        web-2: Beyla was instrumenting as of 11:56 UTC, 3 minutes ago
        web-2: 2 spans refused; the last reason: trace_id: all zero
        web-3: Beyla is unavailable (no Beyla is installed)

        Store: 1,234,567 spans, the oldest received 3h 3m ago (kept for 7d); 12.3 MB of 50.0 GB on disk
        Encryption: TLS 1.3
        SQL: DuckDB at /usr/lib/libduckdb.so, found in the system's directories
    "#]].assert_eq(&text);
}

#[test]
fn a_colony_that_has_stored_nothing_does_not_pass_for_one_that_sees_everything() {
    let mut status = colony(vec![agent("web-1")]);
    status.store.spans = 0;
    let text = status::colony(&status, NOW, false);
    assert!(
        text.starts_with("Healthy: 1 agent, all polled; no span has been stored yet"),
        "{text}"
    );
}

#[test]
fn a_colony_without_agents_says_how_to_get_one() {
    expect![[r#"
        Degraded: no agent is known, so nothing is collected.
        Hint: `coral colony token create --agent NAME` prints the command for another host.

        Store: 1,234,567 spans, the oldest received 3h 3m ago (kept for 7d); 12.3 MB of 50.0 GB on disk
        Encryption: TLS 1.3
        SQL: DuckDB at /usr/lib/libduckdb.so, found in the system's directories
    "#]].assert_eq(&status::colony(&colony(vec![]), NOW, false));
}

#[test]
fn an_agent_shows_its_counters_but_not_the_kinds_of_request_that_never_came() {
    let counters = counters(&[
        ("coral.agent.requests.grpc.busy", 0),
        ("coral.agent.requests.http.accepted", 3),
        ("coral.agent.spans.dropped", 0),
        ("coral.agent.spans.received", 12_000),
    ]);
    let status = AgentSelfStatus {
        version: "0.1.0".to_owned(),
        agent_id: "web-1".to_owned(),
        encryption: "insecure_plaintext".to_owned(),
        counters,
        beyla: None,
        colony: Some(ColonyLinkStatus {
            url: Some("http://colony:9000".to_owned()),
            registered_at_unix_us: Some(NOW.as_micros() - 31_000_000),
            last_error: None,
            polled_at_unix_us: Some(NOW.as_micros() - 4_000_000),
        }),
    };
    expect![[r#"
        Coral 0.1.0 agent web-1
        Colony: http://colony:9000, registered 31s ago; last polled 4s ago
        Encryption: none: `insecure_plaintext` is set, and everybody on the network can read along

        coral.agent.requests.http.accepted  3
        coral.agent.spans.dropped           0
        coral.agent.spans.received          12,000
    "#]]
    .assert_eq(&status::agent(&status, NOW));
}

#[test]
fn an_agent_says_whether_its_colony_knows_and_polls_it() {
    let link = |url: Option<&str>, error: Option<&str>, polled: bool| ColonyLinkStatus {
        url: url.map(str::to_owned),
        last_error: error.map(str::to_owned),
        registered_at_unix_us: None,
        polled_at_unix_us: polled.then(|| NOW.as_micros() - 75_000_000),
    };
    let colony = Some("http://colony:9000");
    let lines: String = [
        link(None, None, false),
        link(None, None, true),
        link(colony, None, false),
        link(colony, Some("cannot reach it: connection refused"), true),
    ]
    .iter()
    .map(|link| status::colony_link(link, NOW))
    .collect();
    expect![[r#"
        Colony: `agent.colony` is not set; no colony has polled this agent yet
        Colony: `agent.colony` is not set; last polled 1m 15s ago
        Colony: http://colony:9000, not registered yet; no colony has polled this agent yet
        Colony: http://colony:9000, not registered: cannot reach it: connection refused; last polled 1m 15s ago
    "#]].assert_eq(&lines);
}

#[test]
fn an_error_of_a_beyla_that_instruments_stands_below_the_table() {
    let error = "instrumenting (error since 02:41 UTC: cannot attach (no probes))";
    let agent = AgentStatus { beyla: Some(error.to_owned()), ..agent("web-1") };
    let text = status::colony(&colony(vec![agent]), NOW, false);
    assert!(text.contains("| instrumenting | 0.1.0"), "{text}");
    assert!(text.contains(&format!("web-1: Beyla is {error}\n")), "{text}");
}
