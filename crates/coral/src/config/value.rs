//! Values as they are written: durations, sizes, addresses.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use super::keys::Kind;

/// What is wrong with `value` for a key of `kind`, in words that say what would be right.
pub fn check(kind: Kind, value: &Value) -> Result<(), String> {
    match kind {
        Kind::Address => address(value).map(drop),
        Kind::Duration => duration(value).map(drop),
        Kind::Hours => multiple(value, 3_600.0).map(drop),
        Kind::Days => multiple(value, 86_400.0).map(drop),
        Kind::Size => size(value).map(drop),
        Kind::Rate => rate(value).map(drop),
        Kind::Count => count(value).map(drop),
        Kind::Bool => value.is_boolean().then_some(()).ok_or("expected true or false".to_owned()),
        Kind::Text => text(value).map(drop),
        Kind::Url => url(value).map(drop),
        Kind::LogLevel => log_filter(value),
        Kind::Rules => rules(value).map(drop),
        Kind::Agents => agents(value).map(drop),
        Kind::Services => services(value),
    }
}

/// `127.0.0.1:4317`.
pub fn address(value: &Value) -> Result<SocketAddr, String> {
    let expected = || "expected IP:PORT, such as 127.0.0.1:4317".to_owned();
    value.as_str().ok_or_else(expected)?.parse().map_err(|_| expected())
}

/// `90s`, `5m`, `1h`, `7d`, `500ms`, or several of them in a row.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("`{text}` is not a duration such as 90s, 5m, 1h or 7d");
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(expected());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(expected)?;
        let number: f64 = rest[..digits].parse().map_err(|_| expected())?;
        let unit = &rest[digits..];
        let end = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let seconds = match unit[..end].trim() {
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            "w" => 604_800.0,
            _ => return Err(expected()),
        };
        let part = Duration::try_from_secs_f64(number * seconds).map_err(|_| expected())?;
        total = total.checked_add(part).ok_or_else(expected)?;
        rest = &unit[end..];
    }
    Ok(total)
}

/// As [`parse_duration`], and more than zero.
pub fn duration(value: &Value) -> Result<Duration, String> {
    let expected = "expected a duration such as 90s, 5m, 1h or 7d";
    let duration = parse_duration(value.as_str().ok_or(expected)?)?;
    if duration.is_zero() { Err("must be more than zero".to_owned()) } else { Ok(duration) }
}

/// A number of units that are `seconds` long each.
pub fn multiple(value: &Value, seconds: f64) -> Result<Duration, String> {
    let number = value.as_f64().ok_or("expected a number, such as 1 or 0.5")?;
    let duration = Duration::try_from_secs_f64(number * seconds);
    match duration {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("must be more than zero, and not endless".to_owned()),
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
    let bytes = number * unit;
    if (1.0..9e18).contains(&bytes) { Ok(bytes as u64) } else { Err(expected()) }
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

/// Text that is not empty.
pub fn text(value: &Value) -> Result<String, String> {
    let text = value.as_str().filter(|text| !text.trim().is_empty());
    text.map(str::to_owned).ok_or_else(|| "expected text that is not empty".to_owned())
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

/// Services for Beyla to find, as the RFD writes them.
fn services(value: &Value) -> Result<(), String> {
    const FIELDS: [&str; 4] = ["name", "open_port", "open_ports", "exe_path"];
    let list = value.as_array().ok_or("expected a list of services")?;
    for entry in list {
        let fields =
            entry.as_object().ok_or("expected a service such as {name: cart, open_port: 8080}")?;
        if let Some(unknown) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
            return Err(format!(
                "unknown key `{unknown}` in a service; it has {}",
                FIELDS.join(", ")
            ));
        }
    }
    Ok(())
}

fn log_filter(value: &Value) -> Result<(), String> {
    let expected = "expected error, warn, info, debug or trace, or a filter such as coral=debug";
    let text = value.as_str().ok_or(expected)?;
    let filter = tracing_subscriber::EnvFilter::builder().parse(text);
    // A bare word that is no level would be taken for a module's name.
    let word = !text.contains('=') && text.parse::<tracing::Level>().is_err();
    if filter.is_err() || word { Err(expected.to_owned()) } else { Ok(()) }
}
