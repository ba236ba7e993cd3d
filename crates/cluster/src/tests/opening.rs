//! What a cluster refuses to open.

use clickhouse::Row;
use coral_engine::{Budget, Fleet, TraceReader};
use serde::{Deserialize, Serialize};

use super::server::{config, drop_database, shared};
use crate::schema::VERSION;
use crate::{Cluster, ClusterConfig, ClusterError};

#[derive(Row, Serialize, Deserialize)]
struct Meta {
    key: String,
    at: u64,
    value: String,
}

#[test]
fn colonies_of_one_cluster_share_an_id_and_another_place_or_a_later_schema_is_refused() {
    let Some(servers) = shared() else { return };
    if servers.urls.len() < 2 {
        return;
    }
    let both = config(&servers.urls, 2);
    let cluster = Cluster::open(&both).unwrap();
    assert_eq!(Cluster::open(&both).unwrap().id(), cluster.id());
    let one = ClusterConfig { shards: both.shards[..1].to_vec(), ..both.clone() };
    let swapped =
        ClusterConfig { shards: both.shards.iter().rev().cloned().collect(), ..both.clone() };
    for wrong in [&one, &swapped] {
        let refused = Cluster::open(wrong).unwrap_err();
        assert!(matches!(refused, ClusterError::OtherShard { .. }), "{refused}");
    }
    let later = Meta { key: "schema".to_owned(), at: 0, value: format!("{:08}", VERSION + 1) };
    cluster.shards()[1].insert("meta", &[later]).unwrap();
    let refused = Cluster::open(&both).unwrap_err();
    let is_later = matches!(refused, ClusterError::SchemaVersion { found, .. } if found > VERSION);
    assert!(is_later, "{refused}");
    drop_database(&cluster);
}

#[test]
fn tables_of_the_first_version_get_those_that_they_lack() {
    let Some(servers) = shared() else { return };
    let config = config(&servers.urls, 1);
    let cluster = Cluster::open(&config).unwrap();
    let shard = cluster.first_shard();
    // As version 1 left them.
    let meta = shard.table("meta");
    shard.execute(&format!("DROP TABLE {}", shard.table("colonies"))).unwrap();
    shard.execute(&format!("DROP TABLE {meta}")).unwrap();
    let columns = "(key String, at UInt64, value String) ENGINE = MergeTree ORDER BY (key, at)";
    shard.execute(&format!("CREATE TABLE {meta} {columns}")).unwrap();
    let row = |key: &str, value: &str| Meta { key: key.to_owned(), at: 1, value: value.to_owned() };
    let rows = [row("schema", "00000001"), row("id", "before"), row("place", "shard 1 of 1")];
    shard.insert("meta", &rows).unwrap();
    let opened = Cluster::open(&config).unwrap();
    assert_eq!((opened.id(), opened.colonies().unwrap()), ("before", Some(Vec::new())));
    let newest = format!("SELECT max(value) FROM {meta} WHERE key = 'schema'");
    let newest: Vec<String> = shard.rows(&newest, &Budget::unlimited()).unwrap();
    assert_eq!(newest, [format!("{VERSION:08}")]);
    drop_database(&cluster);
}

#[test]
fn a_server_that_does_not_answer_is_an_error_with_its_url() {
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let refused = Cluster::open(&config(std::slice::from_ref(&url), 1)).unwrap_err();
    assert!(refused.to_string().contains(&url), "{refused}");
}
