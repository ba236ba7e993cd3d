//! The tables of a cluster, which are the same on every shard.
//!
//! Tables are only added to, and their rows are dropped by whole partitions: no `ALTER … UPDATE`, no
//! `DELETE`, no TTL, no materialized view. A row that is inserted again has the same key, and every
//! question counts a key once, so that an insert whose outcome is not known is repeated.

use clickhouse::Row;
use coral_engine::Budget;
use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;
use crate::error::ClusterError;
use crate::migrate;
use crate::shard::Shard;

/// The version of the tables. A store with a later version is refused, and one with an earlier version
/// gets what it lacks: version 2 added columns to `spans`, and the table `colonies`.
pub(crate) const VERSION: u32 = 2;

/// A table: its name, its columns, and how ClickHouse stores it.
struct Table {
    name: &'static str,
    columns: &'static str,
    engine: &'static str,
}

/// What a store says of itself.
const META: Table = Table {
    name: "meta",
    columns: "key String, at UInt64, value String",
    engine: "MergeTree ORDER BY (key, at) SETTINGS index_granularity = 8192",
};

const TABLES: [Table; 12] = [
    // The buckets in which a trace has spans.
    Table {
        name: "places",
        columns: "bucket DateTime('UTC'), trace_id FixedString(16)",
        engine: "ReplacingMergeTree PARTITION BY toYYYYMMDD(bucket) ORDER BY (trace_id, bucket)
            SETTINGS index_granularity = 1024",
    },
    // What a list shows of a trace, as far as repeats do not change it: smallest, largest, set.
    Table {
        name: "traces",
        columns: "bucket DateTime('UTC'), trace_id FixedString(16), ebpf UInt8,
            first_start Int64, last_end Int64, error UInt8, services Array(String),
            head Tuple(Int64, UInt8, UInt64, String, String, Int32),
            root Tuple(Int64, UInt8, UInt64, String, String, Int32)",
        engine: "MergeTree PARTITION BY toYYYYMMDD(bucket) ORDER BY (bucket, trace_id, ebpf)
            SETTINGS index_granularity = 2048",
    },
    // The columns of the first version; `migrate` adds others. `page_end` is the last column of an
    // insert: the last row of a page has it, and a body that was cut off lacks it.
    Table {
        name: "spans",
        columns: "bucket DateTime('UTC'), trace_id FixedString(16), span_id UInt64,
            parent_span_id UInt64, ebpf UInt8, agent_id String, service String, span_name String,
            kind UInt8, start_us Int64, duration_us Int64, sub_us UInt32, status UInt8,
            attributes String, origin String, extra String, store_id String, page_end UInt64",
        engine: "ReplacingMergeTree PARTITION BY toYYYYMMDD(bucket)
            ORDER BY (bucket, trace_id, span_id) SETTINGS index_granularity = 2048",
    },
    // The texts of the origins of spans, each once for each bucket with spans of it.
    Table {
        name: "origins",
        columns: "bucket DateTime('UTC'), origin_id UInt64, origin String",
        engine: "ReplacingMergeTree(bucket) PARTITION BY toYYYYMMDD(bucket) ORDER BY origin_id
            SETTINGS index_granularity = 1024",
    },
    // How many rows a page has in `traces`, written after its spans.
    Table {
        name: "pages",
        columns: "bucket DateTime('UTC'), at UInt64, traces UInt64",
        engine: "MergeTree PARTITION BY toYYYYMMDD(bucket) ORDER BY bucket
            SETTINGS index_granularity = 8192",
    },
    // Sums of the calls of the traces of a bucket.
    Table {
        name: "call_sums",
        columns: "bucket DateTime('UTC'), version UInt64, traces UInt64, calls String",
        engine: "ReplacingMergeTree(version) PARTITION BY toYYYYMMDD(bucket) ORDER BY bucket
            SETTINGS index_granularity = 1",
    },
    // A hint: how far a stream was stored on this shard.
    Table {
        name: "checkpoints",
        columns: "agent_id String, ebpf UInt8, at UInt64, store_id String, bucket DateTime('UTC'),
            next_receipt UInt64, spans_stored UInt64, spans_missed UInt64",
        engine: "ReplacingMergeTree(at) ORDER BY (agent_id, ebpf) SETTINGS index_granularity = 8192",
    },
    Table {
        name: "agents",
        columns: "agent_id String, at UInt64, address String, forgotten UInt8",
        engine: "ReplacingMergeTree(at) ORDER BY agent_id SETTINGS index_granularity = 8192",
    },
    // `seen` is the time of the last beat by this server's clock, which writes it.
    Table {
        name: "colonies",
        columns: "colony_id String, at UInt64, address String, has_left UInt8,
            seen UInt64 DEFAULT toUInt64(now())",
        engine: "ReplacingMergeTree(at) ORDER BY colony_id SETTINGS index_granularity = 8192",
    },
    // A row of metrics; `identity` is a hash of everything that the agent sent of it.
    Table {
        name: "deltas",
        columns: "bucket DateTime('UTC'), received UInt64, protocol UInt8, client UInt8,
            service String, operation String, target String, status Int32, error String,
            attributes String, since UInt64, time UInt64, bounds Array(UInt64),
            counts Array(UInt64), sum Float64, has_sum UInt8, exemplars String, agent_id String,
            store_id String, identity FixedString(16)",
        engine: "ReplacingMergeTree PARTITION BY (protocol, toYYYYMMDD(bucket))
            ORDER BY (service, bucket, agent_id, store_id, identity)
            SETTINGS index_granularity = 2048",
    },
    Table {
        name: "metric_checkpoints",
        columns: "agent_id String, at UInt64, store_id String, next_receipt UInt64,
            rows_stored UInt64, rows_missed UInt64",
        engine: "ReplacingMergeTree(at) ORDER BY agent_id SETTINGS index_granularity = 8192",
    },
    // Records of the coverage timeline. `at` is the number of the record: a repeat has the same.
    Table {
        name: "agent_minutes",
        columns: "bucket DateTime('UTC'), agent_id String, at UInt64, record String",
        engine: "ReplacingMergeTree PARTITION BY toYYYYMMDD(bucket)
            ORDER BY (bucket, agent_id, at) SETTINGS index_granularity = 2048",
    },
];

/// A row of `meta`.
#[derive(Row, Serialize, Deserialize)]
struct MetaRow {
    key: String,
    at: u64,
    value: String,
}

/// Makes the tables of `shard`, and checks that they are of this place in the cluster. Returns the
/// store's id: `id` if it is known, otherwise the one that the shard has, or `new_id`.
pub(crate) fn open(
    shard: &Shard,
    index: usize,
    shards: usize,
    id: Option<&str>,
    new_id: &str,
) -> Result<String, ClusterError> {
    let dialect = shard.dialect()?;
    shard.execute(&format!("CREATE DATABASE IF NOT EXISTS {}", shard.database()))?;
    create(shard, &META, dialect)?;
    let found: u32 = value(shard, "schema", "max")?.map_or(Ok(0), |version| {
        version.parse().map_err(|_| ClusterError::value("schema", version))
    })?;
    if found > VERSION {
        let url = shard.url().to_owned();
        return Err(ClusterError::SchemaVersion { url, found, expected: VERSION });
    }
    for table in &TABLES {
        create(shard, table, dialect)?;
    }
    migrate::add_columns(shard)?;
    if found < VERSION {
        set(shard, "schema", &format!("{VERSION:08}"))?;
    }
    // Of two colonies that open new shards at once, the earlier value counts for both.
    let first = |key: &str, new: &str| -> Result<String, ClusterError> {
        if value(shard, key, "first")?.is_none() {
            set(shard, key, new)?;
        }
        Ok(value(shard, key, "first")?.unwrap_or_default())
    };
    let id = first("id", id.unwrap_or(new_id)).and_then(|stored| match id {
        Some(id) if id != stored => {
            Err(other_shard(shard, &format!("of store {stored}"), &format!("of store {id}")))
        }
        _ => Ok(stored),
    })?;
    let place = format!("shard {} of {shards}", index + 1);
    let stored = first("place", &place)?;
    if stored == place { Ok(id) } else { Err(other_shard(shard, &stored, &place)) }
}

fn other_shard(shard: &Shard, found: &str, expected: &str) -> ClusterError {
    ClusterError::OtherShard {
        url: shard.url().to_owned(),
        found: found.to_owned(),
        expected: expected.to_owned(),
    }
}

fn create(shard: &Shard, table: &Table, dialect: Dialect) -> Result<(), ClusterError> {
    let (name, settings) = (shard.table(table.name), dialect.table_settings());
    let Table { columns, engine, .. } = table;
    shard.execute(&format!(
        "CREATE TABLE IF NOT EXISTS {name} ({columns}) ENGINE = {engine}{settings}"
    ))
}

/// A value of `meta`: the greatest, or the first that was set.
fn value(shard: &Shard, key: &str, which: &str) -> Result<Option<String>, ClusterError> {
    let order = if which == "max" { "value DESC" } else { "at, value" };
    let sql = format!(
        "SELECT key, at, value FROM {} WHERE key = '{key}' ORDER BY {order} LIMIT 1",
        shard.table("meta")
    );
    let rows: Vec<MetaRow> = shard.rows(&sql, &Budget::unlimited())?;
    Ok(rows.into_iter().next().map(|row| row.value))
}

fn set(shard: &Shard, key: &str, value: &str) -> Result<(), ClusterError> {
    let row = MetaRow { key: key.to_owned(), at: shard.now()?, value: value.to_owned() };
    shard.insert("meta", &[row])
}

/// The greatest version of a row on `shard`; 0 if there is none.
pub(crate) fn last_version(shard: &Shard) -> Result<u64, ClusterError> {
    let mut last = 0;
    for table in ["checkpoints", "agents", "colonies", "metric_checkpoints", "agent_minutes"] {
        let sql = format!("SELECT max(at) FROM {}", shard.table(table));
        last = shard.rows::<u64>(&sql, &Budget::unlimited())?.into_iter().fold(last, u64::max);
    }
    Ok(last)
}
