//! Every key that a configuration may have: its name, its roles, what its value must be.

/// A key, written with dots.
#[derive(Debug)]
pub struct Key {
    /// Such as `otlp.grpc`.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// Who reads it.
    pub roles: Roles,
}

/// What a value must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `127.0.0.1:4317`.
    Address,
    /// `90s`, `5m`, `1h`, `7d`; more than zero.
    Duration,
    /// A number of hours, such as `1` or `0.5`; more than zero.
    Hours,
    /// A number of days; more than zero.
    Days,
    /// `500MB`, `2GiB`; more than zero.
    Size,
    /// From 0.0 to 1.0.
    Rate,
    /// A whole number above zero.
    Count,
    /// A number of threads, from 1 to 1024.
    Threads,
    /// `true` or `false`.
    Bool,
    /// Text that is not empty.
    Text,
    /// `http://HOST:PORT`.
    Url,
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `coral=debug`.
    LogLevel,
    /// A list of `KEY=TEXT` rules.
    Rules,
    /// A list of texts.
    Texts,
    /// A list of host names, without ports.
    Hosts,
    /// A list of `{id, address}`.
    Agents,
    /// A list of services for Beyla to find.
    Services,
    /// A map of attributes to text.
    Attributes,
    /// A list of routes, such as `/users/:id`.
    Routes,
    /// `disabled`, `headers`, `tcp`, `ip` or `all`.
    ContextPropagation,
    /// A number of cores, such as `0.5`.
    Cpus,
    /// `false`, since what it switches on is not done.
    Never,
    /// Nothing: a key of the RFDs that nobody can fulfil, and why.
    Impossible(&'static str),
}

/// Who reads a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Roles {
    /// The agent alone.
    Agent,
    /// The colony alone.
    Colony,
    /// Each has its own.
    Both,
}

const NO_SUCH_LIMIT: Kind =
    Kind::Impossible("no version of Beyla has this limit; `beyla.limits.memory` bounds all of it");

/// All of them.
pub const KEYS: &[Key] = &[
    key("data_dir", Kind::Text, Roles::Both),
    key("log", Kind::LogLevel, Roles::Both),
    key("drain_within", Kind::Duration, Roles::Both),
    key("agent.id", Kind::Text, Roles::Agent),
    key("agent.listen", Kind::Address, Roles::Agent),
    key("agent.allowed_hosts", Kind::Hosts, Roles::Agent),
    key("agent.advertise", Kind::Url, Roles::Agent),
    key("agent.colony", Kind::Url, Roles::Agent),
    key("otlp.grpc", Kind::Address, Roles::Agent),
    key("otlp.http", Kind::Address, Roles::Agent),
    key("otlp.max_body", Kind::Size, Roles::Agent),
    key("beyla.otlp.grpc", Kind::Address, Roles::Agent),
    key("beyla.otlp.http", Kind::Address, Roles::Agent),
    key("beyla.storage_retention_hours", Kind::Hours, Roles::Agent),
    key("beyla.storage_retention_hours_traces", Kind::Hours, Roles::Agent),
    key("privacy.mask_sql", Kind::Bool, Roles::Agent),
    key("privacy.keep_url_queries", Kind::Bool, Roles::Agent),
    key("privacy.headers", Kind::Texts, Roles::Agent),
    key("privacy.drop", Kind::Texts, Roles::Agent),
    key("privacy.hash", Kind::Texts, Roles::Agent),
    key("privacy.hash_key", Kind::Text, Roles::Agent),
    key("beyla.enabled", Kind::Bool, Roles::Agent),
    key("beyla.path", Kind::Text, Roles::Agent),
    key("beyla.attributes", Kind::Attributes, Roles::Agent),
    key("beyla.check_interval", Kind::Duration, Roles::Agent),
    key("beyla.context_propagation", Kind::ContextPropagation, Roles::Agent),
    key("beyla.discovery.services", Kind::Services, Roles::Agent),
    key("beyla.limits.cpu", Kind::Cpus, Roles::Agent),
    key("beyla.limits.max_traced_connections", NO_SUCH_LIMIT, Roles::Agent),
    key("beyla.limits.memory", Kind::Size, Roles::Agent),
    key("beyla.limits.ring_buffer_size", NO_SUCH_LIMIT, Roles::Agent),
    key("beyla.protocols.http.capture_headers", Kind::Never, Roles::Agent),
    key("beyla.protocols.http.enabled", Kind::Bool, Roles::Agent),
    key("beyla.protocols.http.route_patterns", Kind::Routes, Roles::Agent),
    key("beyla.protocols.grpc.enabled", Kind::Bool, Roles::Agent),
    key("beyla.protocols.sql.enabled", Kind::Bool, Roles::Agent),
    key("beyla.protocols.redis.enabled", Kind::Bool, Roles::Agent),
    key("beyla.protocols.kafka.enabled", Kind::Bool, Roles::Agent),
    key("beyla.sampling.rate", Kind::Rate, Roles::Agent),
    key("beyla.stop_within", Kind::Duration, Roles::Agent),
    key("recognise.rules", Kind::Rules, Roles::Agent),
    key("storage.max_size", Kind::Size, Roles::Both),
    key("storage.segment_rows", Kind::Count, Roles::Both),
    key("sql.library", Kind::Text, Roles::Colony),
    key("sql.max_bytes", Kind::Size, Roles::Colony),
    key("sql.max_rows", Kind::Count, Roles::Colony),
    key("sql.memory_limit", Kind::Size, Roles::Colony),
    key("sql.threads", Kind::Threads, Roles::Colony),
    key("sql.time_limit", Kind::Duration, Roles::Colony),
    key("colony.listen", Kind::Address, Roles::Colony),
    key("colony.allowed_hosts", Kind::Hosts, Roles::Colony),
    key("colony.poll_interval", Kind::Duration, Roles::Colony),
    key("colony.poll_timeout", Kind::Duration, Roles::Colony),
    key("colony.agents", Kind::Agents, Roles::Colony),
    key("storage.beyla.retention.http_metrics", Kind::Duration, Roles::Colony),
    key("storage.beyla.retention.grpc_metrics", Kind::Duration, Roles::Colony),
    key("storage.beyla.retention.sql_metrics", Kind::Duration, Roles::Colony),
    key("storage.beyla.retention.traces", Kind::Duration, Roles::Colony),
    key("storage.beyla.trace_sampling_rate", Kind::Rate, Roles::Colony),
];

/// The RFD's prose spellings, and what they mean. Source: design decision 9.
pub const ALIASES: &[(Key, &str)] = &[
    (
        key("beyla.trace_retention_days", Kind::Days, Roles::Colony),
        "storage.beyla.retention.traces",
    ),
    (
        key("beyla.trace_sampling_rate", Kind::Rate, Roles::Colony),
        "storage.beyla.trace_sampling_rate",
    ),
];

impl Key {
    /// The key of that name, an alias included.
    pub fn named(name: &str) -> Option<&'static Self> {
        all().find(|key| key.name == name)
    }

    /// Whether `name` is the beginning of a longer key.
    pub fn is_section(name: &str) -> bool {
        all().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    /// What to write in place of `name`, which is no key that `readers` have: the key or section that was
    /// probably meant, else all that is valid in that section.
    pub fn advice(name: &str, readers: Roles) -> String {
        match nearest(name, readers) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                let section = enclosing(name);
                format!("valid there: {}", within(section, readers).join(", "))
            }
        }
    }
}

impl Roles {
    /// Whether `role`, which is not `Both`, is among them.
    pub fn include(self, role: Self) -> bool {
        self == Self::Both || self == role
    }
}

fn all() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().chain(ALIASES.iter().map(|(key, _)| key))
}

/// The key or section that `name` is a misspelling of, if one is near: as many letters
/// may be wrong as a third of its last part has, and the section may be missing.
fn nearest(name: &str, readers: Roles) -> Option<&'static str> {
    let distance = |candidate: &&str| {
        let whole = strsim::damerau_levenshtein(candidate, name);
        let last = strsim::damerau_levenshtein(last_part(candidate), name) + 1;
        if name.contains('.') { whole } else { whole.min(last) }
    };
    let keys = all().filter(|key| key.roles.include(readers) || readers == Roles::Both);
    let near = keys.flat_map(|key| prefixes(key.name)).min_by_key(distance)?;
    (distance(&near) <= last_part(name).len().div_ceil(3)).then_some(near)
}

/// The longest section that `name` is in; empty at the top.
fn enclosing(name: &str) -> &str {
    let mut section = name;
    while let Some((outer, _)) = section.rsplit_once('.') {
        if Key::is_section(outer) {
            return outer;
        }
        section = outer;
    }
    ""
}

/// The keys and sections directly in `section`.
fn within(section: &str, readers: Roles) -> Vec<&'static str> {
    let keys = all().filter(|key| key.roles.include(readers) || readers == Roles::Both);
    let mut names: Vec<&str> = keys
        .filter_map(|key| match section {
            "" => Some(key.name),
            _ => key.name.strip_prefix(section)?.strip_prefix('.'),
        })
        .map(|rest| rest.split('.').next().unwrap_or(rest))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// `a.b.c`, `a.b`, `a`.
fn prefixes(name: &'static str) -> impl Iterator<Item = &'static str> {
    std::iter::successors(Some(name), |name| name.rsplit_once('.').map(|(section, _)| section))
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

const fn key(name: &'static str, kind: Kind, roles: Roles) -> Key {
    Key { name, kind, roles }
}
