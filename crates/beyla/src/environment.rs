//! The environment of Beyla and OBI. It does not include the agent's variables, because `OTEL_*`
//! (`OTEL_EBPF_*` among them) and `BEYLA_*` would override the configuration and give every span the
//! agent's service name.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// The only variables that Beyla inherits from the agent: those with which Beyla finds the API of
/// its Kubernetes cluster, and the time zone.
const PASSED_ON: [&str; 4] =
    ["KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "TZ"];
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The variables that every Beyla process gets: those in [`PASSED_ON`] and a fixed `PATH`.
/// Variables that depend on Beyla's settings are not included.
pub fn base() -> Vec<(OsString, OsString)> {
    let passed_on =
        PASSED_ON.iter().filter_map(|name| Some(((*name).into(), std::env::var_os(name)?)));
    passed_on.chain([("PATH".into(), DEFAULT_PATH.into())]).collect()
}

/// The variable `OTEL_RESOURCE_ATTRIBUTES`, whose attributes Beyla adds to every resource; `None`
/// without attributes. Beyla splits the value at commas without unescaping; the agent's
/// configuration check excludes commas.
pub fn resource_attributes(attributes: &BTreeMap<String, String>) -> Option<(String, String)> {
    let pairs: Vec<_> = attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
    (!pairs.is_empty()).then(|| ("OTEL_RESOURCE_ATTRIBUTES".to_owned(), pairs.join(",")))
}
