//! The processes that Beyla instruments, and those that Beyla must not instrument.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{GenerateError, GenerateInput, SelfInfo};
use crate::feature::{GLOBS, PIDS, POD_ANNOTATIONS};
use crate::listener::REPLACED;
use crate::release::Release;
use coral_config::beyla::{Selector, glob};

/// The `discovery` section: globs under `instrument`, or regular expressions under `services`.
pub(super) fn section(release: Release, input: &GenerateInput) -> Result<Value, GenerateError> {
    let selectors = input.config.services.iter().chain(input.connected);
    let wanted: Result<Vec<_>, _> = selectors.map(|selector| item(release, selector)).collect();
    let mut wanted = wanted?;
    let mut excluded = excluded(release, input.self_info);
    if input.config.services.is_empty() {
        // Of several items that select a process, the last with a name names it.
        wanted.insert(0, json!({"open_ports": EVERY_PORT}));
        excluded.extend(left_out(release, input.left_out));
    }
    Ok(match release.has(GLOBS) {
        true => json!({"instrument": wanted, "exclude_instrument": excluded}),
        false => json!({"services": wanted, "exclude_services": excluded}),
    })
}

/// Selects every process that has a socket with a port.
const EVERY_PORT: &str = "1-65535";

/// Selectors of the programs that are left out when every listening service is instrumented, also of
/// processes whose program was replaced since.
fn left_out(release: Release, programs: &[&str]) -> Vec<Value> {
    if programs.is_empty() {
        return Vec::new();
    }
    let names = programs.join(",");
    let globs = [format!("*/{{{names}}}"), format!("*/{{{names}}}{REPLACED}")];
    globs.iter().map(|glob| json!({"exe_path": pattern(release, glob)})).collect()
}

fn item(release: Release, selector: &Selector) -> Result<Value, GenerateError> {
    let mut item = Map::new();
    if let Some(name) = &selector.name {
        item.insert("name".into(), json!(name));
    }
    if let Some(ports) = &selector.open_ports {
        item.insert("open_ports".into(), json!(ports.to_string()));
    }
    if let Some(path) = &selector.exe_path {
        item.insert("exe_path".into(), json!(pattern(release, path)));
    }
    for (key, value) in &selector.kubernetes {
        item.insert(key.clone(), json!(pattern(release, value)));
    }
    if !selector.pod_labels.is_empty() {
        item.insert("k8s_pod_labels".into(), patterns(release, &selector.pod_labels));
    }
    if !selector.pod_annotations.is_empty() {
        if !release.has(POD_ANNOTATIONS) {
            let what = "beyla.discovery.services: k8s_pod_annotation".to_owned();
            let needs = POD_ANNOTATIONS.to_string();
            return Err(GenerateError::Release { what, needs, release });
        }
        item.insert("k8s_pod_annotations".into(), patterns(release, &selector.pod_annotations));
    }
    Ok(Value::Object(item))
}

fn patterns(release: Release, globs: &BTreeMap<String, String>) -> Value {
    globs.iter().map(|(key, value)| (key.clone(), json!(pattern(release, value)))).collect()
}

/// Converts `text`, a glob, to the form that `release` accepts: a glob or a regular expression.
fn pattern(release: Release, text: &str) -> String {
    match release.has(GLOBS) {
        true => text.to_owned(),
        false => glob::to_regex(text).expect("globs are checked when the configuration is read"),
    }
}

/// Selectors of what Beyla must not instrument: this process, by its program and its id (by its ports
/// if ids are not supported), and the Beyla that Coral runs. A service of another address or network
/// namespace may use the same ports.
fn excluded(release: Release, self_info: &SelfInfo) -> Vec<Value> {
    let programs = self_info.programs.iter().filter_map(|program| {
        let path = glob::quote(program.to_str()?);
        Some(json!({"exe_path": pattern(release, &path)}))
    });
    // A configuration that is only printed may be for an agent that does not run, which has no id.
    let process = match release.has(PIDS) && self_info.pid != 0 {
        true => json!({"target_pids": [self_info.pid]}),
        false => {
            let ports: Vec<_> = self_info.ports.iter().map(u16::to_string).collect();
            json!({"open_ports": ports.join(",")})
        }
    };
    std::iter::once(process).chain(programs).collect()
}
