//! Statements of users.

use std::ops::ControlFlow;
use std::time::Duration;

use coral_engine::Budget;
use serde_json::json;

use super::server::{config, drop_database, shared};
use crate::{Cluster, ClusterConfig, ClusterError, SelectLimits, SelectPart};

const LIMITS: SelectLimits =
    SelectLimits { memory: 1 << 30, threads: 1, time: Duration::from_secs(10) };

fn ask(cluster: &Cluster, statement: &str) -> Result<Vec<SelectPart>, ClusterError> {
    let mut parts = Vec::new();
    let budget = Budget::unlimited().with_timeout(LIMITS.time);
    cluster.select(statement, LIMITS, &budget, &mut |part| {
        parts.push(part);
        ControlFlow::Continue(())
    })?;
    Ok(parts)
}

#[test]
fn a_statement_is_asked_only_of_one_shard_as_a_user_who_only_reads() {
    let Some(servers) = shared() else { return };
    let reader = Some(("default".to_owned(), None));
    let two = Cluster::open(&ClusterConfig { reader: reader.clone(), ..config(&servers.urls, 2) });
    assert!(matches!(ask(two.as_ref().unwrap(), "SELECT 1"), Err(ClusterError::SeveralShards)));
    drop_database(&two.unwrap());
    let none = Cluster::open(&config(&servers.urls, 1)).unwrap();
    assert!(matches!(ask(&none, "SELECT 1"), Err(ClusterError::NoReader)));
    drop_database(&none);
    let writes = Cluster::open(&ClusterConfig { reader, ..config(&servers.urls, 1) }).unwrap();
    assert!(matches!(ask(&writes, "SELECT 1"), Err(ClusterError::ReaderWrites)));
    drop_database(&writes);
    let reader = Some(("reader".to_owned(), None));
    let reads = Cluster::open(&ClusterConfig { reader, ..config(&servers.urls, 1) }).unwrap();
    let parts = ask(&reads, "SELECT count() AS spans, 'a' AS text, NULL AS nothing FROM spans");
    let columns = [("spans", "UInt64"), ("text", "String"), ("nothing", "Nullable(Nothing)")];
    let columns = columns.map(|(name, kind)| (name.to_owned(), kind.to_owned()));
    let row = vec![json!(0), json!("a"), json!(null)];
    assert_eq!(parts.unwrap(), [SelectPart::Columns(columns.into()), SelectPart::Row(row)]);
    for refused in ["DROP TABLE spans", "SELECT 1 FROM nowhere", "SELEC"] {
        let error = ask(&reads, refused).unwrap_err();
        assert!(error.words().is_some_and(|words| words.contains("Code: ")), "{error:?}");
    }
    drop_database(&reads);
}
