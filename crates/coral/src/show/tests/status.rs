use expect_test::expect;

use crate::show::status;
use coral_agent::status::AgentSelfStatus;
use coral_query::answer::{AgentStatus, ColonyStatus, SqlLibrary};

fn counters(pairs: &[(&str, u64)]) -> std::collections::BTreeMap<String, u64> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

#[test]
fn a_colony_shows_each_agent_and_what_went_wrong_with_it() {
    let well = AgentStatus {
        agent_id: "web-1".to_owned(),
        address: "http://10.0.0.5:9001".to_owned(),
        known_by: "configured".to_owned(),
        state: "ok".to_owned(),
        reachable: true,
        lag_receipts: Some(12_345),
        lag_seconds: Some(4.25),
        last_error: None,
        spans_stored: 1_234_567,
        spans_missed: 0,
        spans_refused: 0,
        last_refusal: None,
        beyla: Some("running (no data yet)".to_owned()),
    };
    let ill = AgentStatus {
        agent_id: "web-2".to_owned(),
        state: "unreachable".to_owned(),
        reachable: false,
        lag_receipts: None,
        lag_seconds: None,
        last_error: Some(
            "cannot reach agent at http://10.0.0.6:9001: connection refused".to_owned(),
        ),
        spans_stored: 0,
        spans_missed: 7,
        spans_refused: 2,
        last_refusal: Some("2 spans refused: trace_id: all zero".to_owned()),
        beyla: None,
        ..well.clone()
    };
    let status = ColonyStatus {
        version: "0.1.0".to_owned(),
        agents: vec![well, ill],
        sql_library: SqlLibrary {
            path: Some("/usr/lib/libduckdb.so".to_owned()),
            found_by: Some("of the system".to_owned()),
            reason: None,
        },
        counters: counters(&[("coral.colony.spans.stored", 1_234_567)]),
    };
    expect![[r#"
        Coral 0.1.0 colony, 2 agents

        Agent | Address              | State       | Lag             | Behind | Stored    | Missed | Refused | Beyla                 | Last error
        ------|----------------------|-------------|-----------------|--------|-----------|--------|---------|-----------------------|---------------------------------------------------------------
        web-1 | http://10.0.0.5:9001 | ok          | 12,345 receipts | 4.2s   | 1,234,567 | 0      | 0       | running (no data yet) | -
        web-2 | http://10.0.0.5:9001 | unreachable | -               | -      | 0         | 7      | 2       | -                     | cannot reach agent at http://10.0.0.6:9001: connection refused

        Last refused of web-2: 2 spans refused: trace_id: all zero

        SQL: DuckDB at /usr/lib/libduckdb.so, of the system

        coral.colony.spans.stored  1,234,567
    "#]].assert_eq(&status::colony(&status));
}

#[test]
fn a_colony_without_agents_says_how_to_get_one() {
    let status = ColonyStatus {
        version: "0.1.0".to_owned(),
        agents: vec![],
        sql_library: SqlLibrary::default(),
        counters: counters(&[]),
    };
    expect![[r#"
        Coral 0.1.0 colony, 0 agents
        Hint: name agents in `colony.agents`, or start one with --set agent.colony=URL.
    "#]]
    .assert_eq(&status::colony(&status));
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
        counters,
        beyla: None,
    };
    expect![[r#"
        Coral 0.1.0 agent web-1

        coral.agent.requests.http.accepted  3
        coral.agent.spans.dropped           0
        coral.agent.spans.received          12,000
    "#]]
    .assert_eq(&status::agent(&status));
}
