//! A service for Beyla to find, as the RFD writes it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::glob;
use super::ports::Ports;
use crate::value::text;

/// Processes to instrument: those that match all of what is set, and at least one thing is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selector {
    /// What to call it; without it Beyla finds a name. Selects nothing.
    pub name: Option<String>,
    /// It listens on one of these.
    pub open_ports: Option<Ports>,
    /// A glob for the whole path of its program.
    pub exe_path: Option<String>,
    /// Globs for Kubernetes' names, by key, such as `k8s_namespace`.
    pub kubernetes: BTreeMap<String, String>,
    /// Globs for labels of its pod.
    pub pod_labels: BTreeMap<String, String>,
    /// Globs for annotations of its pod.
    pub pod_annotations: BTreeMap<String, String>,
}

/// Kubernetes' names that every supported Beyla can select by.
const KUBERNETES: [&str; 7] = [
    "k8s_namespace",
    "k8s_pod_name",
    "k8s_deployment_name",
    "k8s_replicaset_name",
    "k8s_daemonset_name",
    "k8s_statefulset_name",
    "k8s_owner_name",
];
const EXPECTED: &str = "unknown; a service has name, open_port, open_ports, exe_path, k8s_namespace, \
                        k8s_pod_name, k8s_pod_label, k8s_pod_annotation, k8s_deployment_name, \
                        k8s_replicaset_name, k8s_daemonset_name, k8s_statefulset_name, k8s_owner_name";
/// Services that may be named: Beyla tries each on every process.
const MAX_SERVICES: usize = 1_000;
/// The longest name or pattern, in characters.
pub const MAX_TEXT_CHARS: usize = 256;

/// Services for Beyla to find.
///
/// # Errors
/// What is wrong with which.
pub fn services(value: &Value) -> Result<Vec<Selector>, String> {
    let list = value.as_array().ok_or("expected a list of services")?;
    if list.len() > MAX_SERVICES {
        return Err(format!("more than {MAX_SERVICES} services"));
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
                "service `{name}` selects nothing; give it open_port, open_ports, exe_path or a k8s_ key"
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
            // The RFD's spelling, and Beyla's.
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

    /// Whether anything but a name is set.
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

/// Text on one line that is not too long.
pub fn short(value: &Value) -> Result<String, String> {
    let text = text(value)?;
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(format!("longer than {MAX_TEXT_CHARS} characters"));
    }
    // Also what YAML cannot hold unescaped, and what ends a line elsewhere.
    let odd = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    if text.contains(odd) {
        return Err("it has control characters".to_owned());
    }
    Ok(text)
}
