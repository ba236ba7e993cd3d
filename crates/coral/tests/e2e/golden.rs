//! Golden answers: the public JSON API, RPCs, configuration and commands still answer as recorded.
//!
//! The recorded answers to one data set are in `fixtures/golden`. Nothing in them may be missing or
//! different; JSON fields, options, settings and counters may be added.
//! `CORAL_RECORD_GOLDEN=1 cargo test -p coral --test e2e golden` rewrites the files: do that only
//! after something was added, and read the diff before you commit it.

pub mod commands;
mod compare;
mod configuration;
pub mod data;
mod description;
mod paths;
mod recording;
mod rpc;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::compare::shape;
use self::paths::expanded;
use self::recording::{check_json, expect_none};
use super::process::Coral;
use super::sql::libraries;

/// Status and body of a response. A body that is not JSON is a string.
fn get(coral: &Coral, socket: &str, path: &str) -> Value {
    let (status, body) = coral.fetch(socket, path);
    let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
    json!({ "status": status, "body": body })
}

#[test]
fn golden_json_of_every_question_has_every_field_that_it_had() {
    expect_answers(&data::loaded(&[]));
}

/// Asserts that `coral`, which has the whole data set, answers every question as recorded.
pub fn expect_answers(coral: &Coral) {
    let files = [
        ("traces.json", paths::TRACES),
        ("trace.json", paths::TRACE),
        ("trace-health.json", paths::TRACE_HEALTH),
        ("red.json", paths::RED),
        ("why.json", paths::WHY),
        ("services.json", paths::SERVICES),
        ("topology.json", paths::TOPOLOGY),
        ("anomalies.json", paths::ANOMALIES),
        ("ask.json", paths::ASK),
    ];
    let described = get(coral, "colony", "/api/v1/openapi.json")["body"].take();
    let mut undescribed = Vec::new();
    expect_none(files.map(|(file, paths)| {
        let answers = paths.iter().map(|path| {
            let path = expanded(path);
            let answer = get(coral, "colony", &path);
            let (status, body) = (&answer["status"], &answer["body"]);
            undescribed.extend(description::differences(&described, &path, status, body));
            (format!("GET {path}"), answer)
        });
        check_json(file, answers.collect())
    }));
    undescribed.dedup();
    assert!(
        undescribed.is_empty(),
        "not as described: {:#?}",
        &undescribed[..undescribed.len().min(20)]
    );
}

/// Whether a member is the same in every run: counters that depend only on the data set, and
/// others.
fn is_stable(member: &str) -> bool {
    const COUNTERS: &[&str] = &["store.spans", "store.traces", "metrics.rows", "metrics.missed"];
    const MEMBERS: &[&str] = &[
        "agent_id",
        "known_by",
        "state",
        "reachable",
        "spans_stored",
        "spans_missed",
        "spans_refused",
        "beyla",
        "reason",
        "instrumented",
        "status",
    ];
    let counter = member.strip_prefix("coral.agent.").or(member.strip_prefix("coral.colony."));
    let of_intake = |name: &str| name.starts_with("spans.") || name.starts_with("metric_points.");
    MEMBERS.contains(&member)
        || counter.is_some_and(|name| COUNTERS.contains(&name) || of_intake(name))
}

#[test]
fn golden_status_health_and_metric_names_are_still_there() {
    // A path without a library gives the same answer on every host, with or without DuckDB.
    let coral = data::loaded(&["sql.library=/nonexistent/libduckdb.so"]);
    let mut answers = BTreeMap::new();
    for (role, socket) in [("agent", "agent_rpc"), ("colony", "colony")] {
        let status = get(&coral, socket, "/api/v1/status");
        answers.insert(format!("{role}: GET /api/v1/status"), shape(&status, &is_stable));
        answers.insert(format!("{role}: GET /healthz"), get(&coral, socket, "/healthz"));
        let (status, exposition) = coral.fetch(socket, "/metrics");
        let types = exposition.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let types: BTreeMap<&str, &str> = types.filter_map(|line| line.split_once(' ')).collect();
        assert!(types.len() > 10, "{exposition}");
        let metrics = json!({ "status": status, "types": types });
        answers.insert(format!("{role}: GET /metrics"), metrics);
    }
    expect_none([check_json("status.json", answers)]);
}

#[test]
fn golden_sql_views_have_every_column_that_they_had() {
    // Only the newest library: other tests use all libraries.
    if let Some(library) = libraries().last() {
        let coral = data::loaded(&[&format!("sql.library={}", library.display())]);
        let ask = |statement: &str| {
            let body = json!({ "sql": statement, "since_unix_us": null });
            let (status, answer) = coral.post_json("colony", "/api/v1/sql", &body);
            json!({ "status": status, "body": answer })
        };
        let mut answers = BTreeMap::new();
        for statement in paths::SQL {
            answers.insert(format!("POST /api/v1/sql: {statement}"), ask(statement));
        }
        for statement in paths::VIEWS {
            let answer = ask(statement);
            assert_eq!(answer["status"], 200, "{answer}");
            answers.insert(format!("POST /api/v1/sql: {statement}"), by_column(&answer["body"]));
        }
        expect_none([check_json("sql.json", answers)]);
    }
}

/// Types and values of an SQL answer, by column name.
fn by_column(answer: &Value) -> Value {
    let columns = answer["columns"].as_array().unwrap();
    let names = || columns.iter().map(|column| column["name"].as_str().unwrap().to_owned());
    let types = names().zip(columns.iter().map(|column| column["type"].clone()));
    let rows = answer["rows"].as_array().unwrap().iter();
    let rows = rows.map(|row| names().zip(row.as_array().unwrap().iter().cloned()).collect());
    json!({ "columns": types.collect::<Value>(), "rows": rows.collect::<Vec<Value>>() })
}
