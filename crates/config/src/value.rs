//! Values as they are written: durations, sizes, addresses.

use std::net::SocketAddr;
use std::time::Duration;

use coral_trace::units::{InvalidDuration, MAX_DURATION, sum_of_parts};
use serde_json::Value;

/// Whether two values that are right for one key mean the same: `7d` and `168h` do.
pub fn same(a: &Value, b: &Value) -> bool {
    match (duration(a), duration(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b || (a.is_number() && a.as_f64() == b.as_f64()),
    }
}

/// `127.0.0.1:4317`.
pub fn address(value: &Value) -> Result<SocketAddr, String> {
    let expected = || "expected IP:PORT, such as 127.0.0.1:4317".to_owned();
    value.as_str().ok_or_else(expected)?.parse().map_err(|_| expected())
}

/// A duration such as `90s`, `5m`, `1h` or `7d`, of more than zero.
pub fn duration(value: &Value) -> Result<Duration, String> {
    let parsed = value.as_str().ok_or(InvalidDuration::Syntax).and_then(sum_of_parts);
    let duration = parsed.map_err(|reason| reason.to_string())?;
    if duration.is_zero() { Err("must be more than zero".to_owned()) } else { Ok(duration) }
}

/// A number of units that are `seconds` long each.
pub fn multiple(value: &Value, seconds: f64) -> Result<Duration, String> {
    let number = value.as_f64().ok_or("expected a number, such as 1 or 0.5")?;
    match Duration::try_from_secs_f64(number * seconds) {
        Ok(duration) if duration > MAX_DURATION => Err(InvalidDuration::TooLong.to_string()),
        Ok(duration) if !duration.is_zero() => Ok(duration),
        Err(_) if number > 0.0 => Err(InvalidDuration::TooLong.to_string()),
        _ => Err("must be more than zero".to_owned()),
    }
}

/// `500MB`, `2GB`, `512MiB`, or a plain number of bytes.
pub fn size(value: &Value) -> Result<u64, String> {
    let expected = || "expected a size such as 500MB, 2GB or 512MiB".to_owned();
    if let Some(bytes) = value.as_u64() {
        return if bytes > 0 { Ok(bytes) } else { Err("must be more than zero".to_owned()) };
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
        bytes if bytes < 1.0 => Err("must be more than zero".to_owned()),
        bytes if bytes > 9e18 => Err("more than any disk holds".to_owned()),
        bytes => Ok(bytes as u64),
    }
}

/// `true` or `false`.
pub fn boolean(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "expected true or false".to_owned())
}

/// From 0.0 to 1.0.
pub fn rate(value: &Value) -> Result<f64, String> {
    let rate = value.as_f64().filter(|rate| (0.0..=1.0).contains(rate));
    rate.ok_or_else(|| "expected a number from 0.0 to 1.0".to_owned())
}

/// A whole number above zero.
pub fn count(value: &Value) -> Result<u64, String> {
    let count = value.as_u64().filter(|count| *count > 0);
    count.ok_or_else(|| "expected a whole number above zero".to_owned())
}

/// Threads that a process may well have.
pub fn threads(value: &Value) -> Result<u64, String> {
    let threads = value.as_u64().filter(|threads| (1..=1024).contains(threads));
    threads.ok_or_else(|| "expected a whole number from 1 to 1024".to_owned())
}

/// A list of texts, each once.
pub fn texts(value: &Value) -> Result<std::collections::BTreeSet<String>, String> {
    let list = value.as_array().ok_or("expected a list such as [user.id, user.email]")?;
    list.iter().map(text).collect()
}

/// A list of host names such as `colony.example.com`, without ports.
pub fn hosts(value: &Value) -> Result<Vec<String>, String> {
    let expected = "expected a list of host names without ports, such as [colony.example.com]";
    let list = value.as_array().ok_or(expected)?;
    list.iter()
        .map(|entry| {
            let host = text(entry).map_err(|_| expected)?;
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if host.chars().all(is_name) { Ok(host) } else { Err(expected.to_owned()) }
        })
        .collect()
}

/// Text that is not empty.
pub fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Ok(text.clone()),
        // YAML reads an unquoted 42 as a number and an unquoted `no` as false.
        Value::Number(_) | Value::Bool(_) => Err("expected text; write it in quotes".to_owned()),
        _ => Err("expected text that is not empty".to_owned()),
    }
}

/// `http://HOST:PORT`.
pub fn url(value: &Value) -> Result<String, String> {
    let expected = || "expected a URL of the form http://HOST:PORT".to_owned();
    let text = text(value).map_err(|_| expected())?;
    let uri: http::Uri = text.parse().map_err(|_| expected())?;
    match (uri.scheme_str(), uri.host(), uri.port_u16()) {
        (Some("http"), Some(_), Some(_)) => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err(expected()),
    }
}

/// Rules for recognising eBPF collectors.
pub fn rules(value: &Value) -> Result<Vec<coral_trace::Rule>, String> {
    let list =
        value.as_array().ok_or("expected a list of rules such as telemetry.sdk.name=my-ebpf")?;
    list.iter()
        .map(|rule| {
            let text = rule.as_str().unwrap_or_default();
            text.parse().map_err(|error| format!("`{text}`: {error}"))
        })
        .collect()
}

/// The agents of a colony: id and address.
pub fn agents(value: &Value) -> Result<Vec<(String, String)>, String> {
    let list =
        value.as_array().ok_or("expected a list of {id: NAME, address: http://HOST:PORT}")?;
    let mut agents: Vec<(String, String)> = Vec::new();
    for entry in list {
        let fields = entry.as_object().ok_or("expected {id: NAME, address: http://HOST:PORT}")?;
        if let Some(unknown) = fields.keys().find(|key| *key != "id" && *key != "address") {
            return Err(format!("unknown key `{unknown}` in an agent; it has `id` and `address`"));
        }
        let field = |name: &str| fields.get(name).ok_or(format!("an agent without `{name}`"));
        let id = text(field("id")?).map_err(|reason| format!("id: {reason}"))?;
        let address = url(field("address")?).map_err(|reason| format!("address: {reason}"))?;
        if agents.iter().any(|(known, _)| *known == id) {
            return Err(format!("two agents have the id `{id}`"));
        }
        agents.push((id, address));
    }
    Ok(agents)
}
