//! What to do about a cause.

use coral_query::answer::{CauseKind, WhyStandout, WhySuspect};

use super::number::short;

/// Names of database systems that run statements, as attributes of spans name them.
const SQL_SYSTEMS: [&str; 14] = [
    "other_sql",
    "postgresql",
    "postgres",
    "mysql",
    "mariadb",
    "mssql",
    "microsoft.sql_server",
    "oracle",
    "oracle.db",
    "sqlite",
    "db2",
    "ibm.db2",
    "cockroachdb",
    "clickhouse",
];
/// Attributes that name a version, and those that name one of several instances.
const VERSION_KEYS: [&str; 2] = ["service.version", "container.image.tag"];
const INSTANCE_KEYS: [&str; 5] =
    ["host.name", "k8s.node.name", "k8s.pod.name", "service.instance.id", "container.id"];

/// At most two recommendations: for the attribute value that explains the fault, if there is one,
/// and for the kind of the cause.
pub(super) fn recommendations(cause: &WhySuspect, standouts: &[WhyStandout]) -> Vec<String> {
    let of_value =
        standouts.iter().find(|found| found.explains).map(|found| of_value(cause, found));
    let of_kind = of_kind(cause);
    of_value.into_iter().chain(of_kind).take(2).collect()
}

/// What to do when all slow or failing spans have one version, run on one instance, or have another
/// value in common.
fn of_value(cause: &WhySuspect, found: &WhyStandout) -> String {
    let (who, value) = (short(&cause.service), short(&found.value));
    let key = found.key.as_str();
    if VERSION_KEYS.contains(&key) {
        let other = found.times.as_ref().and_then(|times| times.other_value.as_deref());
        return match other.map(short) {
            Some(other) => format!("Run {other} of {who} instead of {value}, or compare the two"),
            None => {
                format!("Compare {value} of {who} with the other versions, and run one of these")
            }
        };
    }
    if INSTANCE_KEYS.contains(&key) {
        return format!(
            "Take {value} out of service, and compare it with the other instances of {who}"
        );
    }
    format!("Find out what is different about requests with {}={value}", short(key))
}

fn of_kind(cause: &WhySuspect) -> [String; 2] {
    let who = short(&cause.service);
    let (first, second) = match cause.kind {
        CauseKind::Own => (
            format!("Check CPU, memory and locks of {who}, and what was deployed there last"),
            "Compare a trace above with a faster trace of the same operation",
        ),
        CauseKind::Edge => (
            format!("Check the network to {who}, its accept queue and its connection limits"),
            "Check whether its callers wait for a connection from a pool",
        ),
        CauseKind::Leaf if runs_statements(&cause.service) => (
            format!("Check {who}: load, locks, and the plan of the statement above"),
            "Consider a timeout, so that callers do not wait this long",
        ),
        CauseKind::Leaf => (
            format!("Check {who} and the network to it: Coral has no spans of its work"),
            "Consider a timeout, so that callers do not wait this long",
        ),
        CauseKind::Queue => (
            format!("Give {who} more workers, or fewer requests: requests wait before work begins"),
            "Check what its workers are busy with",
        ),
        CauseKind::Missing => (
            format!(
                "Find out why requests end at {who} early: compare a trace above with an earlier one"
            ),
            "Check what was deployed or configured there last",
        ),
        CauseKind::Error => (
            format!("Read the errors of {who}: no service that it calls explains them"),
            "Check what was deployed or configured there last",
        ),
        CauseKind::Repeated => (
            "Batch or cache the repeated call".to_owned(),
            "If the repetitions are retries, add backoff and a circuit breaker",
        ),
        CauseKind::New => (
            format!("Check why {who} makes this new call: a fallback, or new code"),
            "Compare a trace above with a trace from before the change",
        ),
        CauseKind::MoreOften => (
            format!(
                "Check why {who} makes this call more often: cache misses, a fallback, or new code"
            ),
            "Compare a trace above with a trace from before the change",
        ),
    };
    [first, second.to_owned()]
}

/// Whether the called system, such as `postgresql db-1`, is a database with SQL.
fn runs_statements(peer: &str) -> bool {
    peer.split_once(' ')
        .map_or(peer, |(system, _)| system)
        .split(':')
        .next()
        .is_some_and(|system| SQL_SYSTEMS.contains(&system))
}

#[cfg(test)]
mod tests {
    use super::*;
    use coral_query::answer::WhyStandoutTimes;

    #[test]
    fn a_value_that_explains_the_fault_decides_what_to_do_first() {
        let cause = WhySuspect {
            service: "cart".to_owned(),
            component: "GET /cart".to_owned(),
            kind: CauseKind::Own,
            or_service: None,
            times: None,
            rates: None,
            share: 1.0,
            score: 2.0,
            evidence: Vec::new(),
        };
        let value = |key: &str, value: &str, explains| WhyStandout {
            key: key.to_owned(),
            value: value.to_owned(),
            explains,
            ..WhyStandout::default()
        };
        let first = |found: WhyStandout| recommendations(&cause, &[found]).swap_remove(0);
        let times = WhyStandoutTimes {
            with_us: 181_000,
            without_us: 4_000,
            other_value: Some("2.3.1".to_owned()),
        };
        let version = WhyStandout { times: Some(times), ..value("service.version", "2.4.0", true) };
        for (found, expected) in [
            (version, "Run 2.3.1 of cart instead of 2.4.0, or compare the two"),
            (
                value("host.name", "web-2", true),
                "Take web-2 out of service, and compare it with the other instances of cart",
            ),
            (
                value("tenant", "acme", true),
                "Find out what is different about requests with tenant=acme",
            ),
            (
                value("tenant", "acme", false),
                "Check CPU, memory and locks of cart, and what was deployed there last",
            ),
        ] {
            assert_eq!(first(found), expected);
        }
    }

    #[test]
    fn only_databases_with_sql_have_a_statement_with_a_plan() {
        for (peer, expected) in [
            ("postgresql pg-seats", true),
            ("other_sql", true),
            ("redis cache-1", false),
            ("api.stripe.com", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(runs_statements(peer), expected, "{peer}");
        }
    }
}
