//! Keys about the stores. In a standalone, `storage.max_size` and `storage.segment_rows` apply to
//! each of the two stores.

use super::{Example, Key, Kind, Preset, Roles, key};

pub(super) const KEYS: &[Key] = &[
    both(
        "storage.max_size",
        Kind::Size,
        Preset::PerRole { agent: "2GB", colony: "50GB" },
        "Largest size of the store on disk, of which RED metrics may take a quarter; a larger store loses its \
         oldest data before the retention ends.",
    )
    .set_in_example(Example::SetUnlessStandalone),
    both(
        "storage.segment_rows",
        Kind::Rows,
        Preset::PerRole { agent: "163840", colony: "262144" },
        "Number of spans that are collected in memory, and in a log, before they are written to disk as one \
         segment (earlier when they take 64 MiB of memory on an agent, or 256 MiB on a colony).",
    ),
    colony(
        "storage.engine",
        Kind::Engine,
        Preset::Value("embedded"),
        "Where the colony stores spans and metrics: in its data directory, or on the ClickHouse servers of \
         `storage.clickhouse.shards`.",
    ),
    colony(
        "storage.clickhouse.shards",
        Kind::Shards,
        Preset::Unset("`storage.engine` is `embedded`"),
        "ClickHouse servers among which the colony divides traces.",
    ),
    colony(
        "storage.clickhouse.database",
        Kind::Text,
        Preset::Value("coral"),
        "Database on each of these servers, which the colony makes: letters, digits and `_`.",
    )
    .such_as("coral"),
    colony(
        "storage.clickhouse.user",
        Kind::Text,
        Preset::Unset("ClickHouse's user `default`"),
        "ClickHouse's user, who may make the database and everything in it.",
    )
    .such_as("coral"),
    colony(
        "storage.clickhouse.password_file",
        Kind::Text,
        Preset::Unset("the user has no password"),
        "File with the password of `storage.clickhouse.user`.",
    )
    .such_as("/etc/coral/clickhouse.password"),
    colony(
        "storage.clickhouse.sql.user",
        Kind::Text,
        Preset::Unset("`coral sql` is not answered"),
        "ClickHouse's user with whose rights `coral sql` is answered: one who only reads.",
    )
    .such_as("coral_reader"),
    colony(
        "storage.clickhouse.sql.password_file",
        Kind::Text,
        Preset::Unset("the user has no password"),
        "File with the password of `storage.clickhouse.sql.user`.",
    )
    .such_as("/etc/coral/clickhouse-reader.password"),
    colony(
        "storage.clickhouse.tls.ca_file",
        Kind::Text,
        Preset::Unset("public certificate authorities are believed"),
        "File with the certificate authorities of the ClickHouse servers, in PEM.",
    )
    .such_as("/etc/coral/clickhouse-ca.crt"),
    colony(
        "storage.beyla.retention.traces",
        Kind::Duration,
        Preset::Value("7d"),
        "Time for which the colony stores spans after it polled them.",
    )
    .set_in_example(Example::Set),
    colony(
        "storage.beyla.retention.http_metrics",
        Kind::Duration,
        Preset::Value("30d"),
        "Time for which the colony stores the RED metrics of HTTP requests.",
    ),
    colony(
        "storage.beyla.retention.grpc_metrics",
        Kind::Duration,
        Preset::Value("30d"),
        "Time for which the colony stores the RED metrics of gRPC calls.",
    ),
    colony(
        "storage.beyla.retention.sql_metrics",
        Kind::Duration,
        Preset::Value("14d"),
        "Time for which the colony stores the RED metrics of SQL queries.",
    ),
    colony(
        "storage.beyla.trace_sampling_rate",
        Kind::Rate,
        Preset::Value("1.0"),
        "Share of traces that the colony stores; a hash of the trace id decides, so that a trace is stored \
         whole or not at all.",
    ),
];

const fn both(name: &'static str, kind: Kind, default: Preset, description: &'static str) -> Key {
    key(name, kind, Roles::Both, default, description)
}

const fn colony(name: &'static str, kind: Kind, default: Preset, description: &'static str) -> Key {
    key(name, kind, Roles::Colony, default, description)
}
