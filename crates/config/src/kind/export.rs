//! Parses the value of `export`: the targets to which a colony exports spans.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use coral_trace::UnixNanos;
use serde_json::{Map, Value};

use super::{Kind, value};

/// A target to which a colony exports the spans that it stores.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExportTarget {
    /// Name of the target, which its cursor has too: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// URL to which requests are sent, with a port; over HTTP with the path.
    pub url: String,
    /// How spans are sent.
    pub protocol: ExportProtocol,
    /// File with the certificate authorities of the target; public ones if it is `None`.
    pub ca_file: Option<PathBuf>,
    /// Files of the certificate that the target is shown, and of its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Whether the target may be reached off this host without TLS.
    pub is_plaintext: bool,
    /// Headers of each request, by name in lower case.
    pub headers: BTreeMap<String, String>,
    /// Files with the values of further headers.
    pub header_files: BTreeMap<String, PathBuf>,
    /// Whether requests are compressed with gzip.
    pub gzip: bool,
    /// Which spans are exported, in the search language; all if it is `None`. Not parsed here.
    pub filter: Option<String>,
    /// Where an export without a cursor begins.
    pub from: ExportFrom,
    /// Names of attributes that are removed before spans are exported.
    pub drop: BTreeSet<String>,
}

/// How spans are sent to a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportProtocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP, in protobuf.
    Http,
    /// The JSON of Zipkin's v2 API.
    Zipkin,
}

/// Where an export without a cursor begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportFrom {
    /// After the spans that are stored when the colony starts.
    Now,
    /// With the oldest stored span.
    Beginning,
    /// With the first span that was received at this time or later.
    At(UnixNanos),
}

/// The fields of a target.
const FIELDS: [&str; 11] = [
    "name",
    "otlp",
    "zipkin",
    "protocol",
    "tls",
    "headers",
    "header_files",
    "compression",
    "filter",
    "from",
    "drop",
];
const TLS_FIELDS: [&str; 4] = ["ca_file", "cert", "key", "insecure_plaintext"];
/// The longest name of a target, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// The largest number of targets. Each reads all stored spans.
const MAX_TARGETS: usize = 16;

/// Parses a list of targets such as `{name: tempo, otlp: "https://tempo.example.com:4317"}`.
pub fn export_targets(value: &Value) -> Result<Vec<ExportTarget>, String> {
    let list = value.as_array().ok_or_else(|| Kind::Exports.expected())?;
    if list.len() > MAX_TARGETS {
        return Err(format!("{} targets are more than {MAX_TARGETS}", list.len()));
    }
    let mut targets: Vec<ExportTarget> = Vec::new();
    for entry in list {
        let target = target(entry)?;
        if targets.iter().any(|known| known.name == target.name) {
            return Err(format!("two targets have the name `{}`", target.name));
        }
        targets.push(target);
    }
    Ok(targets)
}

fn target(entry: &Value) -> Result<ExportTarget, String> {
    let fields = entry.as_object().ok_or_else(|| Kind::Exports.expected())?;
    let name = fields.get("name").map(value::text).transpose();
    let name = name
        .map_err(|reason| format!("name: {reason}"))?
        .ok_or_else(|| format!("a target has no `name`; {}", Kind::Exports.expected()))?;
    let of_target = |reason: String| format!("target `{name}`: {reason}");
    check_name(&name).map_err(of_target)?;
    known(fields, &FIELDS).map_err(of_target)?;
    Fields { name: &name, fields }.target().map_err(of_target)
}

/// The fields of one target.
struct Fields<'a> {
    name: &'a str,
    fields: &'a Map<String, Value>,
}

impl Fields<'_> {
    fn target(&self) -> Result<ExportTarget, String> {
        let (url, is_zipkin) = match (self.text("otlp")?, self.text("zipkin")?) {
            (Some(url), None) => (url, false),
            (None, Some(url)) => (url, true),
            (None, None) => return Err("it has no `otlp`, the URL of its OTLP receiver".to_owned()),
            (Some(_), Some(_)) => return Err("it has both `otlp` and `zipkin`".to_owned()),
        };
        let uri: http::Uri = url.parse().map_err(|_| bad_url(&url))?;
        let protocol = if is_zipkin { self.zipkin()? } else { self.protocol(&uri)? };
        let nothing = Map::new();
        let tls = match self.fields.get("tls") {
            None => &nothing,
            Some(tls) => tls.as_object().ok_or("tls: expected {ca_file: FILE}")?,
        };
        known(tls, &TLS_FIELDS).map_err(|reason| format!("tls: {reason}"))?;
        let file = |name| text_in(tls, name).map(|file| file.map(PathBuf::from));
        let certificate = match (file("cert")?, file("key")?) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate, key)),
            _ => return Err("tls: set `cert` and `key` together, or none of them".to_owned()),
        };
        let files = self.pairs("header_files")?;
        Ok(ExportTarget {
            name: self.name.to_owned(),
            url: normal(&uri, protocol).ok_or_else(|| bad_url(&url))?,
            protocol,
            ca_file: file("ca_file")?,
            certificate,
            is_plaintext: tls.get("insecure_plaintext").map_or(Ok(false), value::boolean)?,
            headers: self.pairs("headers")?,
            header_files: files.into_iter().map(|(name, file)| (name, file.into())).collect(),
            gzip: match self.text("compression")?.as_deref() {
                None | Some("gzip") => true,
                Some("none") => false,
                Some(other) => return Err(format!("compression: `{other}` is not gzip or none")),
            },
            filter: self.text("filter")?,
            from: self.text("from")?.map_or(Ok(ExportFrom::Now), |text| from(&text))?,
            drop: self.fields.get("drop").map_or(Ok(BTreeSet::new()), value::texts)?,
        })
    }

    /// The protocol of a target with `zipkin`, which has no choice.
    fn zipkin(&self) -> Result<ExportProtocol, String> {
        match self.fields.contains_key("protocol") {
            true => Err("`protocol` is for `otlp` alone".to_owned()),
            false => Ok(ExportProtocol::Zipkin),
        }
    }

    /// `protocol`, or else what the port or the path says.
    fn protocol(&self, uri: &http::Uri) -> Result<ExportProtocol, String> {
        let path = uri.path().trim_end_matches('/');
        let is_http = uri.port_u16() == Some(4318) || path.ends_with(TRACES_PATH);
        match self.text("protocol")?.as_deref() {
            Some("grpc") => Ok(ExportProtocol::Grpc),
            Some("http") => Ok(ExportProtocol::Http),
            Some(other) => Err(format!("protocol: `{other}` is not grpc or http")),
            None if is_http => Ok(ExportProtocol::Http),
            None if uri.port_u16() == Some(4317) => Ok(ExportProtocol::Grpc),
            None => {
                Err("`protocol` is not set, and only the ports 4317 (grpc) and 4318 (http) tell it"
                    .to_owned())
            }
        }
    }

    fn text(&self, name: &str) -> Result<Option<String>, String> {
        text_in(self.fields, name)
    }

    /// A map from names of headers to texts.
    fn pairs(&self, field: &str) -> Result<BTreeMap<String, String>, String> {
        let Some(pairs) = self.fields.get(field) else { return Ok(BTreeMap::new()) };
        let pairs = pairs.as_object().ok_or_else(|| format!("{field}: expected {{NAME: TEXT}}"))?;
        let pair = |(name, text): (&String, &Value)| {
            let is_name = http::HeaderName::from_bytes(name.as_bytes()).is_ok();
            let text = value::text(text).map_err(|reason| format!("{field}: {name}: {reason}"))?;
            match is_name && http::HeaderValue::from_str(&text).is_ok() {
                true => Ok((name.to_ascii_lowercase(), text)),
                false => Err(format!("{field}: `{name}` is not a header that can be sent")),
            }
        };
        pairs.iter().map(pair).collect()
    }
}

/// The path of OTLP/HTTP below the base of a receiver.
const TRACES_PATH: &str = "/v1/traces";
/// The path of Zipkin's v2 API below the base of a receiver.
const SPANS_PATH: &str = "/api/v2/spans";

/// `uri` with its port, and over HTTP with [`TRACES_PATH`]; `None` if it is no URL of a receiver.
fn normal(uri: &http::Uri, protocol: ExportProtocol) -> Option<String> {
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let host = uri.host().filter(|host| !host.is_empty())?;
    if uri.query().is_some() || uri.authority()?.as_str().contains('@') {
        return None;
    }
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    let path = uri.path().trim_end_matches('/');
    let below = match protocol {
        ExportProtocol::Grpc if path.is_empty() => "",
        ExportProtocol::Grpc => return None,
        ExportProtocol::Http => TRACES_PATH,
        ExportProtocol::Zipkin => SPANS_PATH,
    };
    let path = path.strip_suffix(below).unwrap_or(path);
    let path = format!("{path}{below}");
    Some(format!("{scheme}://{host}:{port}{path}"))
}

fn bad_url(url: &str) -> String {
    format!("otlp: `{url}` is not the URL of a receiver, such as https://tempo.example.com:4317")
}

fn from(text: &str) -> Result<ExportFrom, String> {
    let expected =
        || format!("from: `{text}` is not now, beginning or a time such as 2026-03-01T12:00:00Z");
    match text {
        "now" => Ok(ExportFrom::Now),
        "beginning" => Ok(ExportFrom::Beginning),
        time => {
            let time: jiff::Timestamp = time.parse().map_err(|_| expected())?;
            let nanos = u64::try_from(time.as_nanosecond()).map_err(|_| expected())?;
            Ok(ExportFrom::At(UnixNanos(nanos)))
        }
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_name = name.len() <= MAX_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(is_part);
    match is_name {
        true => Ok(()),
        false => Err(format!(
            "a name begins with a letter or digit and has letters, digits, `-`, `_` and `.`: at most \
             {MAX_NAME_BYTES}"
        )),
    }
}

fn known(fields: &Map<String, Value>, names: &[&str]) -> Result<(), String> {
    match fields.keys().find(|key| !names.contains(&key.as_str())) {
        Some(unknown) => Err(format!("unknown key `{unknown}`; it has {}", names.join(", "))),
        None => Ok(()),
    }
}

fn text_in(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    let text = fields.get(name).map(value::text).transpose();
    text.map_err(|reason| format!("{name}: {reason}"))
}

#[cfg(test)]
mod tests;
