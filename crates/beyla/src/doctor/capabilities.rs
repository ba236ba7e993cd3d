//! Checks the capabilities of this process, which Beyla inherits.

use std::path::Path;

use super::{finding, read};
use crate::status::{Finding, Verdict};

/// The capabilities that Beyla uses: name, bit number, and consequence if the capability is
/// missing. Source: capability.h; Beyla's documentation of capabilities.
const USED: [(&str, u32, &str); 8] = [
    ("CAP_BPF", 39, "Beyla cannot load anything"),
    ("CAP_PERFMON", 38, "Beyla cannot attach its probes"),
    ("CAP_SYS_PTRACE", 19, "Beyla cannot look into other processes"),
    ("CAP_DAC_READ_SEARCH", 2, "Beyla cannot read other users' programs"),
    ("CAP_CHECKPOINT_RESTORE", 40, "Beyla cannot open other processes' programs"),
    ("CAP_NET_RAW", 13, "Beyla cannot look into sockets, and misses requests"),
    ("CAP_NET_ADMIN", 12, "beyla.context_propagation does not work"),
    (
        "CAP_SYS_ADMIN",
        21,
        "TLS libraries are not traced, nor is context written into requests of Go programs",
    ),
];

/// One finding for each missing capability, or a single finding if none is missing or the
/// capabilities cannot be read.
pub(super) fn examine(root: &Path) -> Vec<Finding> {
    let Some(held) = held(root) else {
        let costs = "what Beyla may do is unknown";
        return vec![finding("capabilities", Verdict::Unknown, "cannot be read", costs)];
    };
    let lacking: Vec<_> = USED
        .iter()
        .filter(|(_, bit, _)| held & (1 << bit) == 0)
        .map(|(name, _, costs)| finding(name, Verdict::Lacking, "missing", costs))
        .collect();
    match lacking.is_empty() {
        true => vec![finding("capabilities", Verdict::Fine, "all that Beyla uses", "")],
        false => lacking,
    }
}

/// Whether this process may raise its own limits. Source: capability.h, `CAP_SYS_RESOURCE`.
pub(super) fn may_raise_limits(root: &Path) -> bool {
    held(root).is_some_and(|held| held & (1 << 24) != 0)
}

fn held(root: &Path) -> Option<u64> {
    let status = read(root, "proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}
