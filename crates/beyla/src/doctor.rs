//! Checks whether this host meets each of Beyla's requirements, and names the consequence of each
//! that is not met.

mod capabilities;
mod kernel;

use std::path::Path;

use super::cgroup;
use coral_config::beyla::ContextPropagation;

use crate::release::Release;
use crate::status::{Finding, Verdict};

/// Examines the host whose file system is at `root`, which is `/` except in tests. Changes nothing.
///
/// Source: Beyla's documentation of its requirements.
pub fn examine(root: &Path, plan: &Plan) -> Vec<Finding> {
    let mut findings = kernel::examine(root, plan);
    findings.extend(capabilities::examine(root));
    findings.push(pid_namespace(root));
    findings.push(limits(root));
    findings
}

/// What an agent plans to do with Beyla, as far as findings depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The program; `None` if none is found.
    pub release: Option<Release>,
    /// The setting `beyla.context_propagation`.
    pub propagation: ContextPropagation,
}

/// A finding about the requirement `what`, for which the host has the state `found`. `costs` is the
/// consequence for Beyla; it is left out if the verdict is `Fine`.
fn finding(what: &str, verdict: Verdict, found: impl Into<String>, costs: &str) -> Finding {
    let costs = (verdict != Verdict::Fine).then(|| costs.to_owned());
    Finding { what: what.to_owned(), verdict, found: found.into(), costs }
}

/// The inode number of the initial pid namespace. Source: Linux, `PROC_PID_INIT_INO`.
const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";

fn pid_namespace(root: &Path) -> Finding {
    let namespace = std::fs::read_link(root.join("proc/self/ns/pid"));
    let namespace = namespace.map(|link| link.display().to_string()).unwrap_or_default();
    let (verdict, found) = match namespace.as_str() {
        INITIAL_PID_NAMESPACE => (Verdict::Fine, "the host's"),
        "" => (Verdict::Unknown, "cannot be read"),
        _ => (Verdict::Lacking, "a container's"),
    };
    finding(
        "pid namespace",
        verdict,
        found,
        "processes outside this container are not instrumented; run it with the host's pids (hostPID, --pid=host)",
    )
}

fn limits(root: &Path) -> Finding {
    let (verdict, found) = match cgroup::available(root) {
        Ok(()) => (Verdict::Fine, "available".to_owned()),
        Err(reason) => (Verdict::Lacking, reason),
    };
    finding(
        "limits (cgroup v2)",
        verdict,
        found,
        "beyla.limits.memory and beyla.limits.cpu are off",
    )
}

/// The trimmed text of a file; `None` if it cannot be read.
fn read(root: &Path, file: &str) -> Option<String> {
    std::fs::read_to_string(root.join(file)).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    /// The plan of an agent that was not configured.
    const PLAN: Plan = Plan { release: None, propagation: ContextPropagation::Disabled };

    fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    /// One line per finding. Asserts that no finding has costs.
    fn lines(findings: &[Finding]) -> String {
        let line = |finding: &Finding| {
            assert_eq!(finding.costs, None);
            format!("{:?} {}: {}\n", finding.verdict, finding.what, finding.found)
        };
        findings.iter().map(line).collect()
    }

    #[test]
    fn a_host_that_meets_all_requirements_has_findings_without_costs() {
        let host = host(&[
            ("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n"),
            ("proc/sys/kernel/perf_event_paranoid", "2\n"),
            ("proc/self/status", "Name:\tcoral\nCapEff:\t000001ffffffffff\n"),
            ("proc/self/cgroup", "0::/system.slice/coral.service\n"),
            ("proc/self/mountinfo", "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
            ("sys/kernel/btf/vmlinux", ""),
            ("sys/bus/event_source/devices/kprobe/type", "8"),
            ("sys/bus/event_source/devices/uprobe/type", "9"),
            ("sys/kernel/security/lockdown", "[none] integrity confidentiality\n"),
            ("sys/kernel/tracing/trace", ""),
            ("sys/fs/cgroup/system.slice/coral.service/cgroup.controllers", "cpu memory pids\n"),
        ]);
        std::fs::create_dir_all(host.path().join("proc/self/ns")).unwrap();
        std::os::unix::fs::symlink(INITIAL_PID_NAMESPACE, host.path().join("proc/self/ns/pid"))
            .unwrap();
        expect![[r"
            Fine kernel: 6.1.0-18-amd64
            Fine BTF: /sys/kernel/btf/vmlinux
            Fine kprobes: available
            Fine uprobes: available
            Fine lockdown: none
            Fine tracefs: mounted
            Fine securityfs: mounted
            Fine perf_event_paranoid: 2
            Fine FIONREAD: not used, because beyla.context_propagation is disabled
            Fine memlock: this kernel has no limit for eBPF
            Fine capabilities: all that Beyla uses
            Fine pid namespace: the host's
            Fine limits (cgroup v2): available
        "]]
        .assert_eq(&lines(&examine(host.path(), &PLAN)));
    }

    #[test]
    fn every_missing_requirement_has_a_finding_with_its_cost() {
        let host = host(&[
            ("proc/sys/kernel/osrelease", "4.14.0\n"),
            ("proc/sys/kernel/perf_event_paranoid", "3\n"),
            ("proc/self/status", "CapEff:\t0000000000000000\n"),
            ("proc/self/limits", "Limit  Soft Limit\nMax locked memory  65536  65536  bytes\n"),
            ("proc/self/mountinfo", ""),
            ("sys/kernel/security/lockdown", "none [integrity] confidentiality\n"),
        ]);
        let findings = examine(host.path(), &PLAN);
        assert!(findings.iter().all(|finding| finding.verdict == Verdict::Fine
            || finding.costs.as_ref().is_some_and(|costs| costs.len() > 10)));
        let lacking = findings.iter().filter(|finding| finding.verdict == Verdict::Lacking);
        let lacking: Vec<_> = lacking.map(|finding| finding.what.as_str()).collect();
        expect![[r#"["kernel", "BTF", "kprobes", "uprobes", "lockdown", "tracefs", "perf_event_paranoid", "memlock", "CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_CHECKPOINT_RESTORE", "CAP_NET_RAW", "CAP_NET_ADMIN", "CAP_SYS_ADMIN", "limits (cgroup v2)"]"#]]
            .assert_eq(&format!("{lacking:?}"));
    }

    #[test]
    fn memlock_is_lacking_only_where_the_kernel_counts_it_and_beyla_may_not_raise_it() {
        let verdict = |release: &str, limit: &str, capabilities: &str| {
            let host = host(&[
                ("proc/sys/kernel/osrelease", release),
                ("proc/self/limits", &format!("Max locked memory  {limit}  {limit}  bytes\n")),
                ("proc/self/status", &format!("CapEff:\t{capabilities}\n")),
            ]);
            let findings = examine(host.path(), &PLAN);
            findings.into_iter().find(|finding| finding.what == "memlock").unwrap().verdict
        };
        assert_eq!(verdict("5.10.0-28-amd64", "65536", "0"), Verdict::Lacking);
        assert_eq!(verdict("5.10.0-28-amd64", "65536", "1000000"), Verdict::Fine);
        assert_eq!(verdict("5.10.0-28-amd64", "unlimited", "0"), Verdict::Fine);
        assert_eq!(verdict("5.11.0", "65536", "0"), Verdict::Fine);
    }

    #[test]
    fn a_lockdown_costs_what_the_version_and_the_propagation_lose_by_it() {
        let costs = |mode: &str, release: &str, propagation| {
            let host = host(&[("sys/kernel/security/lockdown", mode)]);
            let plan = Plan { release: Some(release.parse().unwrap()), propagation };
            let findings = examine(host.path(), &plan);
            let lockdown = findings.into_iter().find(|finding| finding.what == "lockdown");
            lockdown.unwrap().costs.unwrap_or_default()
        };
        let integrity = "none [integrity] confidentiality";
        expect!["no trace context is written into requests of Go programs, so that calls between hosts are not joined; set beyla.context_propagation to headers"]
            .assert_eq(&costs(integrity, "3.31.0", ContextPropagation::Disabled));
        expect!["no trace context is written into requests of Go programs; beyla.context_propagation still writes it at the network, though not under TLS and gRPC"]
            .assert_eq(&costs(integrity, "3.31.0", ContextPropagation::Headers));
        expect!["Beyla traces nothing"].assert_eq(&costs(
            "none integrity [confidentiality]",
            "3.31.0",
            ContextPropagation::All,
        ));
        assert_eq!(costs("[none] integrity", "3.31.0", ContextPropagation::Headers), "");
    }

    #[test]
    fn fionread_is_misreported_by_some_kernels_where_context_is_propagated() {
        let verdict = |release: &str, propagation| {
            let host = host(&[("proc/sys/kernel/osrelease", release)]);
            let findings = examine(host.path(), &Plan { release: None, propagation });
            findings.into_iter().find(|finding| finding.what == "FIONREAD").unwrap().verdict
        };
        for (release, expected) in [
            ("6.1.0-18-amd64", Verdict::Fine),
            ("6.6.127", Verdict::Fine),
            ("6.6.128-1", Verdict::Lacking),
            ("6.8.0-60-generic", Verdict::Fine),
            ("6.12.75", Verdict::Lacking),
            ("6.18.13", Verdict::Fine),
            ("6.18.44-x", Verdict::Lacking),
            ("6.19.0", Verdict::Unknown),
            ("odd", Verdict::Unknown),
        ] {
            assert_eq!(verdict(release, ContextPropagation::Headers), expected, "{release}");
            assert_eq!(verdict(release, ContextPropagation::Disabled), Verdict::Fine);
        }
    }
}
