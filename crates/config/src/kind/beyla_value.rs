//! Parses values that only the `beyla` section has. Each error says what is expected.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Kind;
use super::value::text;

/// Where Beyla writes the trace context of outgoing requests. Source: Beyla's
/// `ebpf.context_propagation`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContextPropagation {
    /// Beyla writes no trace context at the network level.
    Disabled,
    /// Beyla writes the trace context in HTTP headers.
    Headers,
    /// Beyla writes the trace context in TCP options.
    Tcp,
    /// Beyla writes the trace context in IP options; Beyla 3 does not have this mode.
    Ip,
    /// Beyla writes the trace context in all of these places.
    All,
}

impl ContextPropagation {
    /// Every mode.
    pub const ALL: [Self; 5] = [Self::Disabled, Self::Headers, Self::Tcp, Self::Ip, Self::All];

    /// Text form, as in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Headers => "headers",
            Self::Tcp => "tcp",
            Self::Ip => "ip",
            Self::All => "all",
        }
    }
}

/// Attributes that may be set. Each of them is on every span.
const MAX_ATTRIBUTES: usize = 64;
/// Routes that may be set. Beyla compares each of them with the path of every request.
const MAX_PATTERNS: usize = 1_000;

/// Parses resource attributes. Beyla gets them in one environment variable, in which Beyla splits
/// at commas and expands `$`, without escapes. Keys and values must therefore contain neither.
pub fn attributes(value: &Value) -> Result<BTreeMap<String, String>, String> {
    let fields = value.as_object().ok_or_else(|| Kind::Attributes.expected())?;
    if fields.len() > MAX_ATTRIBUTES {
        return Err(format!("expected at most {MAX_ATTRIBUTES} attributes"));
    }
    let checked = fields.iter().map(|(key, value)| {
        let value = text(value).map_err(|reason| format!("`{key}`: {reason}"))?;
        let odd = |c: char| c.is_control() || ",$".contains(c);
        if key.trim().is_empty() || key.contains(['=', ' ']) || key.contains(odd) {
            return Err(format!("`{key}` is not a valid name of an attribute"));
        }
        if value.contains(odd) || value.trim() != value {
            return Err(format!("`{key}`: Beyla cannot take `,`, `$`, or spaces around a value"));
        }
        Ok((key.clone(), value))
    });
    checked.collect()
}

/// Checks a list of routes such as `/users/:id`, `/users/{id}` or `/static/*`, and returns them.
pub fn route_patterns(value: &Value) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or_else(|| Kind::Routes.expected())?;
    if list.len() > MAX_PATTERNS {
        return Err(format!("expected at most {MAX_PATTERNS} routes"));
    }
    let checked = list.iter().map(|pattern| {
        let pattern = text(pattern)?;
        match pattern.starts_with('/') && !pattern.contains(char::is_control) {
            true => Ok(pattern),
            false => Err(format!("`{pattern}` is not a route such as /users/:id")),
        }
    });
    checked.collect()
}

/// Parses `disabled`, `headers`, `tcp`, `ip` or `all`.
pub fn context_propagation(value: &Value) -> Result<ContextPropagation, String> {
    let found = ContextPropagation::ALL.into_iter().find(|mode| value == mode.as_str());
    found.ok_or_else(|| Kind::ContextPropagation.expected())
}

/// Parses a number of CPU cores, such as `0.5` or `2`.
pub fn cpus(value: &Value) -> Result<f64, String> {
    let cpus = value.as_f64().filter(|cpus| (0.01..=1_024.0).contains(cpus));
    cpus.ok_or_else(|| Kind::Cpus.expected())
}

/// Parses `false`, the only value of a feature that does not exist.
pub fn never(value: &Value) -> Result<(), String> {
    match value.as_bool() {
        Some(false) => Ok(()),
        Some(true) => Err("Coral does not capture headers; only `false` is accepted".to_owned()),
        None => Err(Kind::Never.expected()),
    }
}
