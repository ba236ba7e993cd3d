//! Values that only the `beyla:` section has.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::value::text;

/// How trace context is written into outgoing requests. Source: spec of Beyla, version breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContextPropagation {
    /// Not at all, at network level.
    Disabled,
    /// As HTTP headers.
    Headers,
    /// As TCP options.
    Tcp,
    /// As IP options; gone in 3.x.
    Ip,
    /// Every way there is.
    All,
}

impl ContextPropagation {
    /// All of them, as they are written.
    pub const ALL: [Self; 5] = [Self::Disabled, Self::Headers, Self::Tcp, Self::Ip, Self::All];

    /// As it is written.
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

/// Attributes that may be set: more would be on every span.
const MAX_ATTRIBUTES: usize = 64;
/// Patterns that may be set; each is tried on every path that comes.
const MAX_PATTERNS: usize = 1_000;

/// Resource attributes. They reach Beyla in one variable of its environment, which it splits at commas and
/// in which it expands `$`, and which knows no escapes; so neither can stand in them.
pub fn attributes(value: &Value) -> Result<BTreeMap<String, String>, String> {
    let fields =
        value.as_object().ok_or("expected attributes such as {environment: production}")?;
    if fields.len() > MAX_ATTRIBUTES {
        return Err(format!("more than {MAX_ATTRIBUTES} attributes"));
    }
    let checked = fields.iter().map(|(key, value)| {
        let value = text(value).map_err(|reason| format!("`{key}`: {reason}"))?;
        let odd = |c: char| c.is_control() || ",$".contains(c);
        if key.trim().is_empty() || key.contains(['=', ' ']) || key.contains(odd) {
            return Err(format!("`{key}` cannot be an attribute's name"));
        }
        if value.contains(odd) || value.trim() != value {
            return Err(format!("`{key}`: Beyla cannot take `,`, `$`, or blanks around a value"));
        }
        Ok((key.clone(), value))
    });
    checked.collect()
}

/// Routes such as `/users/:id`, `/users/{id}` or `/static/*`.
pub fn route_patterns(value: &Value) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or("expected a list of routes such as /users/:id")?;
    if list.len() > MAX_PATTERNS {
        return Err(format!("more than {MAX_PATTERNS} routes"));
    }
    let checked = list.iter().map(|pattern| {
        let pattern = text(pattern)?;
        match pattern.starts_with('/') && !pattern.contains(char::is_control) {
            true => Ok(pattern),
            false => Err(format!("`{pattern}` is no route such as /users/:id")),
        }
    });
    checked.collect()
}

/// `disabled`, `headers`, `tcp`, `ip` or `all`.
pub fn context_propagation(value: &Value) -> Result<ContextPropagation, String> {
    let found = ContextPropagation::ALL.into_iter().find(|mode| value == mode.as_str());
    found.ok_or_else(|| "expected disabled, headers, tcp, ip or all".to_owned())
}

/// A number of cores, such as `0.5` or `2`.
pub fn cpus(value: &Value) -> Result<f64, String> {
    let cpus = value.as_f64().filter(|cpus| (0.01..=1_024.0).contains(cpus));
    cpus.ok_or_else(|| "expected a number of cores from 0.01 to 1024, such as 0.5".to_owned())
}

/// `false`: what this switches on is not done.
pub fn never(value: &Value) -> Result<(), String> {
    match value.as_bool() {
        Some(false) => Ok(()),
        Some(true) => Err("headers are not captured; leave it false".to_owned()),
        None => Err("expected false".to_owned()),
    }
}
