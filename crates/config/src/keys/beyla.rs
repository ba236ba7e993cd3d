//! Keys about Beyla, which an agent reads.

use super::{Example, Key, Kind, Preset, Roles, key};

const NO_SUCH_LIMIT: Kind =
    Kind::Impossible("no version of Beyla has this limit; `beyla.limits.memory` bounds all of it");

const REFUSED: Preset = Preset::Unset("Beyla runs without this limit");

pub(super) const KEYS: &[Key] = &[
    beyla(
        "beyla.enabled",
        Kind::Bool,
        Preset::Value("true"),
        "Whether the agent starts Beyla and supervises it.",
    ),
    beyla(
        "beyla.path",
        Kind::Text,
        Preset::Unset(
            "the agent runs the newest Beyla that `coral beyla install` installed, else the first of `beyla`, `obi` and \
             `ebpf-instrument` in `$PATH`",
        ),
        "Path of the executable file of Beyla, or of OBI (OpenTelemetry eBPF Instrumentation).",
    )
    .such_as("/usr/local/bin/beyla")
    .also_set_by(&["BEYLA_PATH"]),
    beyla(
        "beyla.otlp.grpc",
        Kind::Address,
        Preset::Value("127.0.0.1:4319"),
        "Address where the agent receives OTLP over gRPC from Beyla; every span that arrives there counts as \
         recorded by eBPF.",
    ),
    beyla(
        "beyla.otlp.http",
        Kind::Address,
        Preset::Value("127.0.0.1:4320"),
        "Address where the agent receives OTLP over HTTP from Beyla; every span that arrives there counts as \
         recorded by eBPF.",
    ),
    beyla(
        "beyla.storage_retention_hours",
        Kind::Hours,
        Preset::Value("1"),
        "Time for which the agent stores RED metrics after their arrival.",
    )
    .such_as("1"),
    beyla(
        "beyla.storage_retention_hours_traces",
        Kind::Hours,
        Preset::Value("1"),
        "Time for which the agent stores spans after their arrival.",
    )
    .such_as("1")
    .set_in_example(Example::Set),
    beyla(
        "beyla.discovery.services",
        Kind::Services,
        Preset::Value("[]"),
        "Processes that Beyla instruments, in addition to those of `coral connect`; a process must match \
         everything that one entry says, and without entries Beyla instruments every process that \
         listens, but for programs of the system and data stores.",
    )
    .set_in_example(Example::Set),
    beyla(
        "beyla.sampling.rate",
        Kind::Rate,
        Preset::Value("1.0"),
        "Share of traces that Beyla sends to the agent; Beyla decides by the trace id.",
    ),
    beyla(
        "beyla.attributes",
        Kind::Attributes,
        Preset::Unset("Beyla adds no attributes"),
        "Resource attributes that Beyla adds to each span and metric.",
    ),
    beyla(
        "beyla.protocols.http.enabled",
        Kind::Bool,
        Preset::Value("true"),
        "Whether Beyla traces HTTP and HTTPS.",
    ),
    beyla(
        "beyla.protocols.http.route_patterns",
        Kind::Routes,
        Preset::Unset("Beyla derives routes from the paths that it sees"),
        "Routes that stand for many URL paths, as `/users/:id` does for `/users/1` and `/users/2`.",
    ),
    beyla(
        "beyla.protocols.http.capture_headers",
        Kind::Never,
        Preset::Unset("Beyla captures no headers"),
        "Whether Beyla captures HTTP headers; only `false` is accepted.",
    ),
    beyla(
        "beyla.protocols.grpc.enabled",
        Kind::Bool,
        Preset::Value("true"),
        "Whether Beyla traces gRPC.",
    ),
    beyla(
        "beyla.protocols.sql.enabled",
        Kind::Bool,
        Preset::Value("true"),
        "Whether Beyla traces SQL databases.",
    ),
    beyla(
        "beyla.protocols.redis.enabled",
        Kind::Bool,
        Preset::Value("true"),
        "Whether Beyla traces Redis.",
    ),
    beyla(
        "beyla.protocols.kafka.enabled",
        Kind::Bool,
        Preset::Value("true"),
        "Whether Beyla traces Kafka.",
    ),
    beyla(
        "beyla.context_propagation",
        Kind::ContextPropagation,
        Preset::Value("disabled"),
        "Where Beyla writes the trace context of outgoing requests: nowhere, in HTTP headers, in TCP options, \
         in IP options or in all three.",
    ),
    beyla(
        "beyla.limits.memory",
        Kind::Size,
        Preset::Unset("Beyla's memory is not limited"),
        "Memory that Beyla may use; a host without cgroup v2 cannot enforce the limit, and `coral agent status` \
         says so.",
    ),
    beyla(
        "beyla.limits.cpu",
        Kind::Cpus,
        Preset::Unset("Beyla's CPU time is not limited"),
        "CPU cores that Beyla may use; a host without cgroup v2 cannot enforce the limit, and `coral agent \
         status` says so.",
    ),
    beyla(
        "beyla.limits.max_traced_connections",
        NO_SUCH_LIMIT,
        REFUSED,
        "A limit that no version of Beyla has.",
    ),
    beyla(
        "beyla.limits.ring_buffer_size",
        NO_SUCH_LIMIT,
        REFUSED,
        "A limit that no version of Beyla has.",
    ),
    beyla(
        "beyla.check_interval",
        Kind::Duration,
        Preset::Value("10s"),
        "Interval at which the agent checks Beyla's health, and whether another Beyla was installed.",
    ),
    beyla(
        "beyla.export_interval",
        Kind::Duration,
        Preset::Value("1s"),
        "Time that Beyla gathers spans before it exports them; metrics are exported every five of these \
         intervals.",
    ),
    // Beyla with many probes was observed to need more than a minute.
    beyla(
        "beyla.stop_within",
        Kind::Duration,
        Preset::Value("2m"),
        "Time that Beyla may take to end after SIGTERM; the agent then sends SIGKILL.",
    ),
];

const fn beyla(name: &'static str, kind: Kind, default: Preset, description: &'static str) -> Key {
    key(name, kind, Roles::Agent, default, description)
}
