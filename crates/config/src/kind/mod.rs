//! Forms that values have: what is expected, in which unit, and whether a value fits.

pub(crate) mod beyla_value;
pub mod export;
pub mod glob;
pub(crate) mod ports;
pub(crate) mod selector;
pub mod shards;
pub mod sign_in;
pub mod value;

use serde_json::Value;

/// Form of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// IP address and port.
    Address,
    /// Duration with a unit; more than zero.
    Duration,
    /// Number of hours, with or without a fraction; more than zero.
    Hours,
    /// Number of days, with or without a fraction; more than zero.
    Days,
    /// Number of bytes with a unit; more than zero.
    Size,
    /// Number from 0.0 to 1.0.
    Rate,
    /// Whole number of rows; more than zero.
    Rows,
    /// Whole number of threads, from 1 to 1024.
    Threads,
    /// `true` or `false`.
    Bool,
    /// Text that is not empty.
    Text,
    /// URL with the scheme `http` or `https`, a host and a port.
    Url,
    /// URL with the scheme `https`, or `http` on loopback; the port may be absent.
    Site,
    /// List of rules that map groups of a provider to roles.
    RoleRules,
    /// `embedded` or `clickhouse`.
    Engine,
    /// List of shards of a ClickHouse cluster.
    Shards,
    /// `on` or `off`.
    Switch,
    /// Log level, or a filter of the `tracing` library.
    LogLevel,
    /// List of rules that recognise eBPF collectors.
    Rules,
    /// List of texts.
    Texts,
    /// List of host names, without ports.
    Hosts,
    /// List of agents, each with its id and address.
    Agents,
    /// List of targets of the export.
    Exports,
    /// List of services that Beyla instruments.
    Services,
    /// Map from attribute names to texts.
    Attributes,
    /// List of URL routes.
    Routes,
    /// One of the modes of [`crate::beyla::ContextPropagation`].
    ContextPropagation,
    /// Number of CPU cores, with or without a fraction.
    Cpus,
    /// `false`: the feature that `true` would turn on does not exist.
    Never,
    /// No value is accepted, for this reason. The key exists, so that its error can say why.
    Impossible(&'static str),
}

impl Kind {
    /// What is expected, with an example, as a phrase that follows "expected".
    pub const fn form(self) -> &'static str {
        match self {
            Self::Address => "IP:PORT, such as 127.0.0.1:4317",
            Self::Duration => "a duration such as 500ms, 90s, 5m, 1h or 7d",
            Self::Hours | Self::Days => "a number above zero, such as 1 or 0.5",
            Self::Size => "a size such as 500MB, 2GB or 512MiB",
            Self::Rate => "a number from 0.0 to 1.0, such as 0.1",
            Self::Rows => "a whole number above zero, such as 100000",
            Self::Threads => "a whole number from 1 to 1024, such as 2",
            Self::Bool => "true or false",
            Self::Text => "text that is not empty",
            Self::Url => {
                "a URL of the form http://HOST:PORT or https://HOST:PORT, such as http://10.0.0.5:9001"
            }
            Self::Site => {
                "an https URL, such as https://login.example.com (http is for loopback addresses alone)"
            }
            Self::RoleRules => {
                "a list of rules such as [{group: sre, role: admin}, {group: payments, role: viewer, services: \
                 \"payments-*\"}]"
            }
            Self::Engine => "embedded or clickhouse",
            Self::Shards => {
                "a list of shards, each a list of URLs, such as [[\"http://10.0.0.7:8123\"], [\"http://10.0.0.8:8123\"]]"
            }
            Self::Switch => "on or off",
            Self::LogLevel => "error, warn, info, debug or trace, or a filter such as coral=debug",
            Self::Rules => "a list of rules such as [telemetry.sdk.name=my-ebpf]",
            Self::Texts => "a list such as [user.id, user.email]",
            Self::Hosts => "a list of host names without ports, such as [colony.example.com]",
            Self::Agents => {
                "a list of agents such as [{id: web-1, address: \"http://10.0.0.5:9001\"}]"
            }
            Self::Exports => {
                "a list of targets such as [{name: tempo, otlp: \"https://tempo.example.com:4317\"}]"
            }
            Self::Services => "a list of services such as [{name: cart, open_port: 8080}]",
            Self::Attributes => "attributes such as {environment: production}",
            Self::Routes => "a list of routes such as [/users/:id]",
            Self::ContextPropagation => "disabled, headers, tcp, ip or all",
            Self::Cpus => "a number of cores from 0.01 to 1024, such as 0.5",
            Self::Never => "false",
            Self::Impossible(_) => "no value",
        }
    }

    /// Unit of the value. A duration or size carries its unit in its text.
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Duration => Some("ms, s, m, h, d or w, written after the number"),
            Self::Size => Some("B, KB, MB, GB, TB, KiB, MiB, GiB or TiB, written after the number"),
            Self::Hours => Some("hours"),
            Self::Days => Some("days"),
            Self::Rate => Some("share of all, where 1.0 is everything"),
            Self::Rows => Some("rows"),
            Self::Threads => Some("threads"),
            Self::Cpus => Some("CPU cores"),
            _ => None,
        }
    }

    /// What the form leaves open, for the reference: fields, limits, versions of Beyla.
    pub const fn details(self) -> Option<&'static str> {
        match self {
            Self::Agents => Some("both fields of an agent are required"),
            Self::Exports => Some(
                "a target has `name` and either `otlp` (URL of a receiver of OTLP) or `zipkin` (of Zipkin's v2 JSON), and may have `protocol` (`grpc` or \
                 `http`; told by the ports 4317 and 4318), `tls` (`ca_file`, `cert`, `key`, `insecure_plaintext`), \
                 `headers` (a map to texts), `header_files` (a map to files with the texts), `compression` (`gzip`, \
                 the default, or `none`), `filter` (a search that selects spans), `from` (`now`, the default, \
                 `beginning` or an RFC 3339 time) and `drop` (names of attributes that are left out); at most 16 \
                 targets",
            ),
            Self::Shards => Some(
                "a shard is the list of the URLs of its replicas, of which this version uses one; the number and the \
                 order of shards must stay as they are when the tables were made",
            ),
            Self::Services => Some(
                "an entry has `name`, which the service gets, and one condition or more: `open_port` (a port), \
                 `open_ports` (such as `80,9000-9010`), `exe_path` (a glob for the absolute path of the program), \
                 `k8s_namespace`, `k8s_pod_name`, `k8s_deployment_name`, `k8s_replicaset_name`, \
                 `k8s_daemonset_name`, `k8s_statefulset_name`, `k8s_owner_name` (globs), `k8s_pod_label` and \
                 `k8s_pod_annotation` (maps from names to globs); without `name`, Beyla derives a name; at most \
                 1,000 entries",
            ),
            Self::Attributes => {
                Some("a map from any names to texts without `,` and `$`; at most 64 attributes")
            }
            Self::ContextPropagation => Some(
                "`headers` needs Beyla 2.5.1 or newer, `tcp` 3.0 or newer, `ip` 2.5.1 to 2.x; OBI has all but `ip`; each \
                 mode but `disabled` needs the capability `CAP_NET_ADMIN`; with `disabled`, calls between hosts give one cut \
                 trace for each host, except those of Go programs",
            ),
            _ => None,
        }
    }

    /// A valid value, in YAML.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Address => "127.0.0.1:4317",
            Self::Duration => "1h",
            Self::Hours | Self::Days | Self::Rate => "0.5",
            Self::Size => "500MB",
            Self::Rows => "100000",
            Self::Threads => "2",
            Self::Bool => "true",
            Self::Text => "text",
            Self::Url => "http://10.0.0.5:9001",
            Self::Site => "https://login.example.com",
            Self::RoleRules => "[{group: sre, role: admin}]",
            Self::Engine => "clickhouse",
            Self::Shards => "[[\"http://10.0.0.7:8123\"]]",
            Self::Switch => "on",
            Self::LogLevel => "coral=debug",
            Self::Rules => "[telemetry.sdk.name=my-ebpf]",
            Self::Texts => "[user.id, user.email]",
            Self::Hosts => "[colony.example.com]",
            Self::Agents => "[{id: web-1, address: \"http://10.0.0.5:9001\"}]",
            Self::Exports => "[{name: tempo, otlp: \"https://tempo.example.com:4317\"}]",
            Self::Services => "[{name: cart, open_port: 8080}]",
            Self::Attributes => "{environment: production}",
            Self::Routes => "[\"/users/:id\"]",
            Self::ContextPropagation => "headers",
            Self::Cpus => "0.5",
            Self::Never | Self::Impossible(_) => "false",
        }
    }

    /// Checks whether `typed` has this form.
    ///
    /// # Errors
    /// What is wrong, and what is expected instead.
    pub fn check(self, typed: &Value) -> Result<(), String> {
        match self {
            Self::Address => value::address(typed).map(drop),
            Self::Duration => value::duration(typed).map(drop),
            Self::Hours => value::multiple(typed, 3_600.0).map(drop),
            Self::Days => value::multiple(typed, 86_400.0).map(drop),
            Self::Size => value::size(typed).map(drop),
            Self::Rate => value::rate(typed).map(drop),
            Self::Rows => value::rows(typed).map(drop),
            Self::Threads => value::threads(typed).map(drop),
            Self::Bool => value::boolean(typed).map(drop),
            Self::Text => value::text(typed).map(drop),
            Self::Url => value::url(typed).map(drop),
            Self::Site => sign_in::site(typed).map(drop),
            Self::RoleRules => sign_in::role_rules(typed).map(drop),
            Self::Engine => shards::engine(typed).map(drop),
            Self::Shards => shards::shards(typed).map(drop),
            Self::Switch => value::switch(typed).map(drop),
            Self::LogLevel => log_filter(typed),
            Self::Rules => value::rules(typed).map(drop),
            Self::Texts => value::texts(typed).map(drop),
            Self::Hosts => value::hosts(typed).map(drop),
            Self::Agents => value::agents(typed).map(drop),
            Self::Exports => export::export_targets(typed).map(drop),
            Self::Services => selector::services(typed).map(drop),
            Self::Attributes => beyla_value::attributes(typed).map(drop),
            Self::Routes => beyla_value::route_patterns(typed).map(drop),
            Self::ContextPropagation => beyla_value::context_propagation(typed).map(drop),
            Self::Cpus => beyla_value::cpus(typed).map(drop),
            Self::Never => beyla_value::never(typed),
            Self::Impossible(reason) => Err(reason.to_owned()),
        }
    }

    /// The error for a value that does not have this form.
    pub(crate) fn expected(self) -> String {
        format!("expected {}", self.form())
    }
}

fn log_filter(value: &Value) -> Result<(), String> {
    let text = value.as_str().ok_or_else(|| Kind::LogLevel.expected())?;
    let filter = tracing_subscriber::EnvFilter::builder().parse(text);
    // `EnvFilter` would accept a bare word that is not a level as the name of a module.
    let word = !text.contains('=') && text.parse::<tracing::Level>().is_err();
    if filter.is_err() || word { Err(Kind::LogLevel.expected()) } else { Ok(()) }
}
