//! Entries of `beyla.discovery.services`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Kind;
use super::glob;
use super::ports::Ports;
use super::value::text;

/// One entry: Beyla instruments the processes that match every condition. An entry has at least one
/// condition.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selector {
    /// Name of the service, which is not a condition; without it, Beyla derives a name.
    pub name: Option<String>,
    /// The process listens on one of these ports.
    pub open_ports: Option<Ports>,
    /// Glob for the absolute path of the executable file.
    pub exe_path: Option<String>,
    /// Globs for Kubernetes metadata, by key, such as `k8s_namespace`.
    pub kubernetes: BTreeMap<String, String>,
    /// Globs for the labels of the pod.
    pub pod_labels: BTreeMap<String, String>,
    /// Globs for the annotations of the pod.
    pub pod_annotations: BTreeMap<String, String>,
}

/// Kubernetes metadata that every supported version of Beyla can match.
const KUBERNETES: [&str; 7] = [
    "k8s_namespace",
    "k8s_pod_name",
    "k8s_deployment_name",
    "k8s_replicaset_name",
    "k8s_daemonset_name",
    "k8s_statefulset_name",
    "k8s_owner_name",
];
const EXPECTED: &str = "unknown key; a service has name, open_port, open_ports, exe_path, k8s_namespace, \
                        k8s_pod_name, k8s_pod_label, k8s_pod_annotation, k8s_deployment_name, \
                        k8s_replicaset_name, k8s_daemonset_name, k8s_statefulset_name, k8s_owner_name";
/// Entries that may be set. Beyla compares each of them with every process.
const MAX_SERVICES: usize = 1_000;
/// Longest name or glob, in characters.
pub const MAX_TEXT_CHARS: usize = 256;

/// Parses the entries of `beyla.discovery.services`.
///
/// # Errors
/// What is wrong with the first invalid entry.
pub fn services(value: &Value) -> Result<Vec<Selector>, String> {
    let list = value.as_array().ok_or_else(|| Kind::Services.expected())?;
    if list.len() > MAX_SERVICES {
        return Err(format!("expected at most {MAX_SERVICES} services"));
    }
    list.iter().map(Selector::of).collect()
}

impl Selector {
    fn of(value: &Value) -> Result<Self, String> {
        let fields =
            value.as_object().ok_or("expected a service such as {name: cart, open_port: 8080}")?;
        let mut selector = Self::default();
        for (key, value) in fields {
            selector.set(key, value).map_err(|reason| format!("`{key}`: {reason}"))?;
        }
        if !selector.selects() {
            let name = selector.name.as_deref().unwrap_or_default();
            return Err(format!(
                "service `{name}` has no condition; add open_port, open_ports, exe_path or a key that begins with k8s_"
            ));
        }
        Ok(selector)
    }

    fn set(&mut self, key: &str, value: &Value) -> Result<(), String> {
        match key {
            "name" => self.name = Some(short(value)?),
            "open_port" => self.add_ports(Ports::of_port(value)?),
            "open_ports" => self.add_ports(Ports::of_ports(value)?),
            "exe_path" => self.exe_path = Some(pattern(value)?),
            // Coral documents the singular; Beyla has the plural.
            "k8s_pod_label" | "k8s_pod_labels" => self.pod_labels.extend(patterns(value)?),
            "k8s_pod_annotation" | "k8s_pod_annotations" => {
                self.pod_annotations.extend(patterns(value)?);
            }
            key if KUBERNETES.contains(&key) => {
                self.kubernetes.insert(key.to_owned(), pattern(value)?);
            }
            _ => return Err(EXPECTED.to_owned()),
        }
        Ok(())
    }

    fn add_ports(&mut self, ports: Ports) {
        self.open_ports = Some(match self.open_ports.take() {
            Some(known) => known.and(ports),
            None => ports,
        });
    }

    /// Whether the entry has a condition.
    fn selects(&self) -> bool {
        let Self { name, .. } = self;
        *self != Self { name: name.clone(), ..Self::default() }
    }
}

fn patterns(value: &Value) -> Result<BTreeMap<String, String>, String> {
    let fields = value.as_object().ok_or("expected labels such as {app: payments}")?;
    if fields.is_empty() {
        return Err("expected labels such as {app: payments}".to_owned());
    }
    let patterns = fields.iter().map(|(key, value)| {
        let key = short(&Value::from(key.as_str()))?;
        let value = pattern(value).map_err(|reason| format!("`{key}`: {reason}"))?;
        Ok((key, value))
    });
    patterns.collect()
}

fn pattern(value: &Value) -> Result<String, String> {
    let glob = short(value)?;
    glob::check(&glob)?;
    Ok(glob)
}

/// Parses text of one line and at most [`MAX_TEXT_CHARS`] characters.
pub fn short(value: &Value) -> Result<String, String> {
    let text = text(value)?;
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(format!("expected at most {MAX_TEXT_CHARS} characters"));
    }
    // These three also end a line, or cannot stand unescaped in YAML.
    let odd = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    if text.contains(odd) {
        return Err("expected text without control characters".to_owned());
    }
    Ok(text)
}
