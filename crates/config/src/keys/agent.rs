//! Keys that an agent reads, except those of Beyla.

use super::{Example, Key, Kind, Preset, Roles, key};

pub(super) const KEYS: &[Key] = &[
    agent(
        "agent.id",
        Kind::Text,
        Preset::FromHost("the name of the host"),
        "Name of the agent, which no other agent of the same colony may have.",
    )
    .such_as("web-1"),
    agent(
        "agent.listen",
        Kind::Address,
        Preset::Value("127.0.0.1:9001"),
        "Address where the agent answers the polls of its colony, and serves `/api/v1/status`, `/metrics` and \
         `/healthz`.",
    )
    .such_as("0.0.0.0:9001")
    .set_in_example(Example::SetUnlessStandalone),
    agent(
        "agent.allowed_hosts",
        Kind::Hosts,
        Preset::Value("[]"),
        "Names that the `Host` header of an HTTP request to `agent.listen`, and the `Origin` of a web page that \
         exports, may have besides IP addresses, `localhost` and this host's own names.",
    )
    .such_as("[agent.example.com]"),
    agent(
        "agent.advertise",
        Kind::Url,
        Preset::Unset(
            "the agent registers the address in `agent.listen`; for `0.0.0.0` and `[::]` the colony polls the \
             address that the registration came from",
        ),
        "URL where the colony polls the agent, if that is not the address in `agent.listen`.",
    ),
    agent(
        "agent.colony",
        Kind::Url,
        Preset::Unset("the agent does not register; a colony polls the agent if `colony.agents` names it"),
        "URL of the colony with which the agent registers.",
    )
    .such_as("http://colony:9000")
    .set_in_example(Example::SetUnlessStandalone),
    agent(
        "otlp.grpc",
        Kind::Address,
        Preset::Value("127.0.0.1:4317"),
        "Address where the agent receives OTLP over gRPC.",
    )
    .set_in_example(Example::Set),
    agent(
        "otlp.http",
        Kind::Address,
        Preset::Value("127.0.0.1:4318"),
        "Address where the agent receives OTLP over HTTP.",
    )
    .set_in_example(Example::Set),
    agent(
        "otlp.max_body",
        Kind::Size,
        Preset::Value("16MiB"),
        "Largest body of an OTLP request that is accepted; the limit applies both before and after \
         decompression.",
    ),
    agent(
        "otlp.tls",
        Kind::Bool,
        Preset::Unset("TLS where `otlp.grpc` or `otlp.http` is not a loopback address"),
        "Whether the agent receives OTLP over TLS, with the certificate that `agent.listen` has.",
    ),
    agent(
        "otlp.token_file",
        Kind::Text,
        Preset::Unset("exporters need no token"),
        "File with a token that each OTLP request must have in its header `authorization: Bearer TOKEN`.",
    )
    .such_as("/etc/coral/otlp.token"),
    agent(
        "otlp.client_certificates",
        Kind::Bool,
        Preset::Value("false"),
        "Whether an exporter must show a certificate that the agent's certificate authority signed; needs TLS.",
    ),
    agent(
        "privacy.mask_sql",
        Kind::Bool,
        Preset::Value("true"),
        "Whether `?` replaces each literal of a SQL statement before the statement is stored.",
    ),
    agent(
        "privacy.keep_url_queries",
        Kind::Bool,
        Preset::Value("false"),
        "Whether URLs are stored with their query, fragment and user name; `false` removes the three.",
    ),
    agent(
        "privacy.headers",
        Kind::Texts,
        Preset::Value("[]"),
        "Names of the HTTP headers, and of the keys of gRPC metadata, that are stored; all others are removed.",
    )
    .such_as("[x-request-id]"),
    agent(
        "privacy.drop",
        Kind::Texts,
        Preset::Value("[]"),
        "Names of attributes that are removed from spans and metrics before these are stored.",
    )
    .such_as("[user.email]"),
    agent(
        "privacy.hash",
        Kind::Texts,
        Preset::Value("[]"),
        "Names of attributes of which a keyed hash is stored instead of the value; equal values have equal \
         hashes.",
    )
    .such_as("[user.id]"),
    agent(
        "privacy.hash_key",
        Kind::Text,
        Preset::Unset("the agent uses a key of its own; hashes of two agents cannot be compared"),
        "Secret key of the hashes that `privacy.hash` asks for; agents with the same key make the same hash of \
         a value.",
    )
    .such_as("a-long-random-secret")
    .secret(),
    agent(
        "recognise.rules",
        Kind::Rules,
        Preset::Value("[]"),
        "Further rules for spans that count as recorded by eBPF: a resource attribute, or `scope.name`, with \
         its exact value.",
    ),
];

const fn agent(name: &'static str, kind: Kind, default: Preset, description: &'static str) -> Key {
    key(name, kind, Roles::Agent, default, description)
}
