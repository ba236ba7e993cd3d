//! Parses values that are not specific to Beyla: durations, sizes, addresses. Each error says what
//! is expected.

use std::net::SocketAddr;
use std::time::Duration;

use coral_trace::units::{InvalidDuration, MAX_DURATION, sum_of_parts};
use serde_json::Value;

use super::Kind;

/// Whether two valid values of one key are the same setting, as `7d` and `168h` are.
pub fn same(a: &Value, b: &Value) -> bool {
    match (duration(a), duration(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b || (a.is_number() && a.as_f64() == b.as_f64()),
    }
}

/// Parses an IP address and port, such as `127.0.0.1:4317`.
pub fn address(value: &Value) -> Result<SocketAddr, String> {
    let expected = || Kind::Address.expected();
    value.as_str().ok_or_else(expected)?.parse().map_err(|_| expected())
}

/// Parses a duration such as `90s`, `5m`, `1h` or `7d`; zero is an error.
pub fn duration(value: &Value) -> Result<Duration, String> {
    let parsed = value.as_str().ok_or(InvalidDuration::Syntax).and_then(sum_of_parts);
    match parsed {
        Ok(duration) if duration.is_zero() => Err(not_positive(Kind::Duration)),
        Ok(duration) => Ok(duration),
        Err(InvalidDuration::Syntax) => Err(Kind::Duration.expected()),
        Err(InvalidDuration::TooLong) => Err(too_long(Kind::Duration)),
    }
}

/// Parses a number of hours or days as a duration; `seconds` is the length of the unit. Zero is an
/// error.
pub fn multiple(value: &Value, seconds: f64) -> Result<Duration, String> {
    let number = value.as_f64().ok_or_else(|| Kind::Hours.expected())?;
    match Duration::try_from_secs_f64(number * seconds) {
        Ok(duration) if duration > MAX_DURATION => Err(too_long(Kind::Hours)),
        Ok(duration) if !duration.is_zero() => Ok(duration),
        Err(_) if number > 0.0 => Err(too_long(Kind::Hours)),
        _ => Err(not_positive(Kind::Hours)),
    }
}

/// Parses `500MB`, `2GB`, `512MiB` or a plain number as bytes; zero is an error.
pub fn size(value: &Value) -> Result<u64, String> {
    let expected = || Kind::Size.expected();
    if let Some(bytes) = value.as_u64() {
        return if bytes > 0 { Ok(bytes) } else { Err(not_positive(Kind::Size)) };
    }
    let text = value.as_str().ok_or_else(expected)?.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(expected)?;
    let number: f64 = text[..digits].parse().map_err(|_| expected())?;
    let unit: f64 = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        "tib" => 1_099_511_627_776.0,
        _ => return Err(expected()),
    };
    match number * unit {
        bytes if bytes < 1.0 => Err(not_positive(Kind::Size)),
        bytes if bytes > 9e18 => Err(format!("more than any disk holds; {}", expected())),
        bytes => Ok(bytes as u64),
    }
}

/// Parses `true` or `false`.
pub fn boolean(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| Kind::Bool.expected())
}

/// Parses a share from 0.0 to 1.0.
pub fn rate(value: &Value) -> Result<f64, String> {
    let rate = value.as_f64().filter(|rate| (0.0..=1.0).contains(rate));
    rate.ok_or_else(|| Kind::Rate.expected())
}

/// Parses a whole number of rows; zero is an error.
pub fn rows(value: &Value) -> Result<u64, String> {
    let rows = value.as_u64().filter(|rows| *rows > 0);
    rows.ok_or_else(|| Kind::Rows.expected())
}

/// Parses a number of threads, from 1 to 1024.
pub fn threads(value: &Value) -> Result<u64, String> {
    let threads = value.as_u64().filter(|threads| (1..=1024).contains(threads));
    threads.ok_or_else(|| Kind::Threads.expected())
}

/// Parses a list of texts as a set.
pub fn texts(value: &Value) -> Result<std::collections::BTreeSet<String>, String> {
    let list = value.as_array().ok_or_else(|| Kind::Texts.expected())?;
    list.iter().map(text).collect()
}

/// Parses a list of host names such as `colony.example.com`, without ports.
pub fn hosts(value: &Value) -> Result<Vec<String>, String> {
    let expected = || Kind::Hosts.expected();
    let list = value.as_array().ok_or_else(expected)?;
    list.iter()
        .map(|entry| {
            let host = text(entry).map_err(|_| expected())?;
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if host.chars().all(is_name) { Ok(host) } else { Err(expected()) }
        })
        .collect()
}

/// Parses text that is not empty.
pub fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Ok(text.clone()),
        // YAML reads an unquoted 42 as a number and an unquoted `no` as false.
        Value::Number(_) | Value::Bool(_) => {
            Err(format!("expected text; write it in quotes, such as \"{value}\""))
        }
        _ => Err(Kind::Text.expected()),
    }
}

/// Parses `http://HOST:PORT`, and removes slashes at the end.
pub fn url(value: &Value) -> Result<String, String> {
    let expected = || Kind::Url.expected();
    let text = text(value).map_err(|_| expected())?;
    let uri: http::Uri = text.parse().map_err(|_| expected())?;
    match (uri.scheme_str(), uri.host(), uri.port_u16()) {
        (Some("http" | "https"), Some(_), Some(_)) => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err(expected()),
    }
}

/// Parses `on` or `off`, which YAML may also read as a boolean.
pub fn switch(value: &Value) -> Result<bool, String> {
    match value.as_str() {
        Some("on") => Ok(true),
        Some("off") => Ok(false),
        _ => value.as_bool().ok_or_else(|| Kind::Switch.expected()),
    }
}

/// Parses a list of rules that recognise eBPF collectors.
pub fn rules(value: &Value) -> Result<Vec<coral_trace::Rule>, String> {
    let list = value.as_array().ok_or_else(|| Kind::Rules.expected())?;
    list.iter()
        .map(|rule| {
            let text = rule.as_str().unwrap_or_default();
            text.parse().map_err(|error| format!("`{text}`: {error}"))
        })
        .collect()
}

/// Parses a list of agents as their ids and addresses. Two agents with one id are an error.
pub fn agents(value: &Value) -> Result<Vec<(String, String)>, String> {
    let list = value.as_array().ok_or_else(|| Kind::Agents.expected())?;
    let mut agents: Vec<(String, String)> = Vec::new();
    for entry in list {
        let fields = entry.as_object().ok_or_else(|| Kind::Agents.expected())?;
        if let Some(unknown) = fields.keys().find(|key| *key != "id" && *key != "address") {
            return Err(format!("unknown key `{unknown}` in an agent; it has `id` and `address`"));
        }
        let field = |name: &str| {
            fields
                .get(name)
                .ok_or_else(|| format!("an agent has no `{name}`; {}", Kind::Agents.expected()))
        };
        let id = text(field("id")?).map_err(|reason| format!("id: {reason}"))?;
        let address = url(field("address")?).map_err(|reason| format!("address: {reason}"))?;
        if agents.iter().any(|(known, _)| *known == id) {
            return Err(format!("two agents have the id `{id}`"));
        }
        agents.push((id, address));
    }
    Ok(agents)
}

/// The error for a number, duration or size that is zero or negative.
fn not_positive(kind: Kind) -> String {
    format!("must be more than zero; {}", kind.expected())
}

/// The error for a duration above [`MAX_DURATION`].
fn too_long(kind: Kind) -> String {
    format!("{}; {}", InvalidDuration::TooLong, kind.expected())
}
