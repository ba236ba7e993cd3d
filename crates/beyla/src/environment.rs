//! What Beyla's environment holds: nothing of ours. `OTEL_*` and `BEYLA_*` would override its configuration
//! and name every span after us.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Variables that Beyla needs from outside, to find the API of the cluster that it runs in.
const PASSED_ON: [&str; 4] =
    ["KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "TZ"];
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The environment of every Beyla, before what is asked of it.
pub fn base() -> Vec<(OsString, OsString)> {
    let passed_on =
        PASSED_ON.iter().filter_map(|name| Some(((*name).into(), std::env::var_os(name)?)));
    passed_on.chain([("PATH".into(), DEFAULT_PATH.into())]).collect()
}

/// `OTEL_RESOURCE_ATTRIBUTES`, which Beyla adds to every resource. It is split at commas and not unescaped;
/// the configuration is checked for that.
pub fn resource_attributes(attributes: &BTreeMap<String, String>) -> Option<(String, String)> {
    let pairs: Vec<_> = attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
    (!pairs.is_empty()).then(|| ("OTEL_RESOURCE_ATTRIBUTES".to_owned(), pairs.join(",")))
}
