//! Keys that a colony reads, except those about its store.

use super::{Example, Key, Kind, Preset, Roles, key};

pub(super) const KEYS: &[Key] = &[
    colony(
        "colony.listen",
        Kind::Address,
        Preset::Value("127.0.0.1:9000"),
        "Address where the colony answers questions, registers agents, and serves `/metrics` and `/healthz`.",
    )
    .such_as("0.0.0.0:9000")
    .set_in_example(Example::SetUnlessStandalone),
    colony(
        "colony.allowed_hosts",
        Kind::Hosts,
        Preset::Value("[]"),
        "Names that the `Host` header of an HTTP request to `colony.listen` may have, besides IP addresses, \
         `localhost` and this host's own names.",
    ),
    colony(
        "colony.auth",
        Kind::Switch,
        Preset::Unset(
            "off where `colony.listen` is a loopback address; elsewhere the colony does not start until this is on",
        ),
        "Whether who asks must show a token, and who sends spans a certificate.",
    ),
    colony(
        "colony.https.cert",
        Kind::Text,
        Preset::Unset("browsers get the certificate that agents get, which they do not know"),
        "File with a certificate chain in PEM that browsers and `coral login` without `--pin` believe; agents \
         still get the one with the identity.",
    )
    .such_as("/etc/coral/public.crt"),
    colony(
        "colony.https.key",
        Kind::Text,
        Preset::Unset("`colony.https.cert` is unset too"),
        "File with the private key of `colony.https.cert` in PEM.",
    )
    .such_as("/etc/coral/public.key"),
    colony(
        "colony.ui.dir",
        Kind::Text,
        Preset::Unset("the page that is compiled into the program is served"),
        "Directory from which a colony that was built for debugging serves the files of the web page, as they are \
         at each request.",
    )
    .such_as("crates/ui/dist"),
    colony(
        "oidc.issuer",
        Kind::Site,
        Preset::Unset("nobody signs in with a provider"),
        "The OpenID provider with which people sign in: its issuer, exactly as the provider writes it.",
    ),
    colony(
        "oidc.client_id",
        Kind::Text,
        Preset::Unset("`oidc.issuer` is unset too"),
        "Name by which the provider knows the colony.",
    )
    .such_as("coral"),
    colony(
        "oidc.client_secret_file",
        Kind::Text,
        Preset::Unset("`oidc.issuer` is unset too"),
        "File with the secret that the provider gave for `oidc.client_id`.",
    )
    .such_as("/etc/coral/oidc.secret"),
    colony(
        "oidc.roles",
        Kind::RoleRules,
        Preset::Unset("`oidc.issuer` is unset too"),
        "What members of the provider's groups may do; the first rule whose group a person has decides, and \
         whoever has none is refused.",
    ),
    colony(
        "oidc.groups_claim",
        Kind::Text,
        Preset::Value("groups"),
        "Claim of the provider's ID token that has the groups of a person.",
    ),
    colony(
        "oidc.url",
        Kind::Site,
        Preset::Unset("the first of `colony.allowed_hosts`, or else the address of `colony.listen`, decides"),
        "URL of the colony as browsers see it; the provider sends people back to `/auth/callback` there.",
    )
    .such_as("https://coral.example.com"),
    colony(
        "oidc.ca_file",
        Kind::Text,
        Preset::Unset("public certificate authorities are believed"),
        "File with the certificate authorities of the provider, in PEM.",
    )
    .such_as("/etc/coral/provider-ca.crt"),
    colony(
        "oidc.session",
        Kind::Duration,
        Preset::Value("8h"),
        "Time after which a person has to sign in again in a browser, with a provider or with a token.",
    ),
    colony(
        "audit.refuse_when_full",
        Kind::Bool,
        Preset::Value("true"),
        "Whether a question is refused when the audit log cannot record it, as on a full disk.",
    ),
    colony(
        "audit.max_file_size",
        Kind::Size,
        Preset::Value("64MB"),
        "Size at which a file of the audit log is signed and the next one begins.",
    ),
    colony(
        "audit.keep",
        Kind::Duration,
        Preset::Value("90d"),
        "Time for which signed files of the audit log are kept.",
    ),
    colony(
        "colony.agents",
        Kind::Agents,
        Preset::Value("[]"),
        "Agents that the colony polls without their registration: the id of each, and the URL of its \
         `agent.listen`.",
    ),
    colony(
        "colony.poll_interval",
        Kind::Duration,
        Preset::Value("5s"),
        "Interval between two polls of all that an agent has; an agent answers with new spans as soon as it has \
         some.",
    ),
    colony(
        "colony.poll_timeout",
        Kind::Duration,
        Preset::Value("10s"),
        "Time that an agent may take to answer a poll.",
    ),
    colony(
        "export",
        Kind::Exports,
        Preset::Value("[]"),
        "Where the colony sends the spans that it stores, as OTLP; the value is secret, because headers may be.",
    )
    .secret(),
    colony(
        "sql.library",
        Kind::Text,
        Preset::Unset(
            "the colony looks beside its own program, in `lib/` of `data_dir`, where `coral duckdb install` \
             puts the library, and in the system's library directories",
        ),
        "Absolute path of DuckDB's shared library, which answers questions in SQL.",
    )
    .such_as("/usr/local/lib/libduckdb.so")
    .also_set_by(&["--duckdb-library", "CORAL_DUCKDB"]),
    colony(
        "sql.memory_limit",
        Kind::Size,
        Preset::Value("512MB"),
        "Memory that one SQL statement may use.",
    ),
    colony(
        "sql.threads",
        Kind::Threads,
        Preset::Value("2"),
        "Threads that one SQL statement may use.",
    ),
    colony(
        "sql.time_limit",
        Kind::Duration,
        Preset::Value("30s"),
        "Time that one SQL statement may take.",
    ),
    colony(
        "sql.max_rows",
        Kind::Rows,
        Preset::Value("100000"),
        "Largest number of rows in the answer to one SQL statement; further rows are cut, and the answer says \
         so.",
    ),
    colony(
        "sql.max_bytes",
        Kind::Size,
        Preset::Value("64MB"),
        "Largest size of the answer to one SQL statement; further rows are cut, and the answer says so.",
    ),
];

const fn colony(name: &'static str, kind: Kind, default: Preset, description: &'static str) -> Key {
    key(name, kind, Roles::Colony, default, description)
}
