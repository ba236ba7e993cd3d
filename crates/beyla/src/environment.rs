//! The environment of Beyla, which does not include the agent's variables: `OTEL_*` and `BEYLA_*`
//! would override Beyla's configuration, and give every span the agent's service name.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Variables that are passed on, so that Beyla finds the API of its Kubernetes cluster.
const PASSED_ON: [&str; 4] =
    ["KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "TZ"];
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The environment of every Beyla, without variables of its configuration.
pub fn base() -> Vec<(OsString, OsString)> {
    let passed_on =
        PASSED_ON.iter().filter_map(|name| Some(((*name).into(), std::env::var_os(name)?)));
    passed_on.chain([("PATH".into(), DEFAULT_PATH.into())]).collect()
}

/// `OTEL_RESOURCE_ATTRIBUTES`, which Beyla adds to every resource. Beyla splits the value at commas
/// without unescaping; the agent's configuration check excludes commas.
pub fn resource_attributes(attributes: &BTreeMap<String, String>) -> Option<(String, String)> {
    let pairs: Vec<_> = attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
    (!pairs.is_empty()).then(|| ("OTEL_RESOURCE_ATTRIBUTES".to_owned(), pairs.join(",")))
}
