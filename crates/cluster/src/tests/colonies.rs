//! Which colonies a cluster takes to be at work.

use coral_engine::{COLONY_TIMEOUT, Fleet, KnownColony};

use super::server::{config, drop_database, shared};
use crate::Cluster;

#[test]
fn a_colony_that_does_not_beat_is_at_work_until_the_servers_clock_says_that_it_is_late() {
    let Some(servers) = shared() else { return };
    let cluster = Cluster::open(&config(&servers.urls, 1)).unwrap();
    let shard = cluster.first_shard();
    let beat = |id: &str, seconds_ago: u64| {
        let table = shard.table("colonies");
        let values = format!("('{id}', 1, '', 0, toUInt64(now()) - {seconds_ago})");
        shard.execute(&format!("INSERT INTO {table} VALUES {values}")).unwrap();
    };
    let limit = COLONY_TIMEOUT.as_secs();
    beat("late", limit);
    beat("in-time", limit - 10);
    // A colony whose clock is years ahead beats by the server's clock too.
    cluster.beat(&KnownColony { colony_id: "now".to_owned(), address: None }).unwrap();
    let ids = |cluster: &Cluster| -> Vec<String> {
        let colonies = cluster.colonies().unwrap().unwrap();
        colonies.into_iter().map(|colony| colony.colony_id).collect()
    };
    assert_eq!(ids(&cluster), ["in-time", "now"]);
    drop_database(&cluster);
}
