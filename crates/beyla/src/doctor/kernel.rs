//! Checks features and restrictions of the kernel.

use std::path::Path;

use super::{Plan, capabilities, finding, read};
use crate::feature::SEES_LOCKDOWN;
use crate::status::{Finding, Verdict};
use coral_config::beyla::ContextPropagation;

/// Findings about the kernel and its file systems.
pub(super) fn examine(root: &Path, plan: &Plan) -> Vec<Finding> {
    vec![
        version(root),
        btf(root),
        probes(
            root,
            "kprobe",
            "kprobes",
            "Beyla 3.x runs and traces nothing; older versions trace Go programs only",
        ),
        probes(root, "uprobe", "uprobes", "neither Go programs nor TLS libraries are traced"),
        lockdown(root, plan),
        tracefs(root),
        securityfs(root),
        paranoid(root),
        fionread(root, plan.propagation),
        memlock(root),
    ]
}

/// The oldest kernel that Beyla supports: major and minor version.
const OLDEST: (u32, u32) = (5, 8);
/// The oldest kernel of RHEL that Beyla supports; RHEL backported the needed features to it.
const OLDEST_OF_RHEL: (u32, u32) = (4, 18);

fn version(root: &Path) -> Finding {
    let costs = "Beyla needs 5.8, or RHEL's 4.18, and does not start on this one";
    let Some(release) = read(root, "proc/sys/kernel/osrelease") else {
        return finding("kernel", Verdict::Unknown, "cannot be read", costs);
    };
    let number = major_and_minor(&release);
    let of_rhel = release.contains(".el") && number >= OLDEST_OF_RHEL;
    let fine = number >= OLDEST || of_rhel;
    finding("kernel", if fine { Verdict::Fine } else { Verdict::Lacking }, release, costs)
}

/// The first two numbers of a release of Linux; 0 for a number that is missing.
fn major_and_minor(release: &str) -> (u32, u32) {
    let (major, minor, _) = numbers(release);
    (major, minor)
}

/// The first three numbers of a release of Linux; 0 for a number that is missing.
fn numbers(release: &str) -> (u32, u32, u32) {
    let mut numbers = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}

fn btf(root: &Path) -> Finding {
    let costs = "Beyla cannot load its programs; the kernel needs CONFIG_DEBUG_INFO_BTF";
    match root.join("sys/kernel/btf/vmlinux").exists() {
        true => finding("BTF", Verdict::Fine, "/sys/kernel/btf/vmlinux", costs),
        false => finding("BTF", Verdict::Lacking, "no /sys/kernel/btf/vmlinux", costs),
    }
}

/// Checks that the kernel supports a kind of probe: `kprobe` and `uprobe` are devices in sysfs if
/// the kernel has them.
fn probes(root: &Path, device: &str, what: &str, costs: &str) -> Finding {
    let devices = root.join("sys/bus/event_source/devices");
    match devices.join(device).exists() {
        true => finding(what, Verdict::Fine, "available", costs),
        false => finding(what, Verdict::Lacking, "not in this kernel", costs),
    }
}

/// Parses `[none] integrity confidentiality`, where the mode in brackets is active.
fn lockdown(root: &Path, plan: &Plan) -> Finding {
    let Some(text) = read(root, "sys/kernel/security/lockdown") else {
        let is_old = plan.release.is_some_and(|release| !release.has(SEES_LOCKDOWN));
        let costs = match is_old {
            true => {
                "whether the kernel is locked down is unknown; this version does not load if it is"
            }
            false => "whether the kernel is locked down is unknown",
        };
        return finding("lockdown", Verdict::Unknown, "/sys/kernel/security is not mounted", costs);
    };
    let mode = text.split(['[', ']']).nth(1).unwrap_or(&text).to_owned();
    let verdict = if mode == "none" { Verdict::Fine } else { Verdict::Lacking };
    let costs = match (&*mode, plan.propagation) {
        ("confidentiality", _) => "Beyla traces nothing",
        (_, ContextPropagation::Disabled) => {
            "no trace context is written into requests of Go programs, so that calls between hosts are \
             not joined; set beyla.context_propagation to headers"
        }
        _ => {
            "no trace context is written into requests of Go programs; beyla.context_propagation still \
             writes it at the network, though not under TLS and gRPC"
        }
    };
    finding("lockdown", verdict, mode, costs)
}

/// The first releases of each series of Linux that misreport FIONREAD for sockets that Beyla
/// watches.
const FIRST_WITHOUT_FIONREAD: [(u32, u32, u32); 3] = [(6, 6, 128), (6, 12, 75), (6, 18, 14)];

/// Checks whether programs can ask how many bytes they may read, while Beyla writes context into
/// their connections.
fn fionread(root: &Path, propagation: ContextPropagation) -> Finding {
    if propagation == ContextPropagation::Disabled {
        let found = "not used, because beyla.context_propagation is disabled";
        return finding("FIONREAD", Verdict::Fine, found, "");
    }
    let costs = "this kernel tells programs a wrong number of bytes to read while Beyla propagates \
                 context, so that some stall; update the kernel, or set beyla.context_propagation to \
                 disabled";
    let release = read(root, "proc/sys/kernel/osrelease").unwrap_or_default();
    let (major, minor, patch) = numbers(&release);
    let series = FIRST_WITHOUT_FIONREAD.iter().find(|of| (of.0, of.1) == (major, minor));
    let is_newer = FIRST_WITHOUT_FIONREAD.iter().all(|of| (of.0, of.1) < (major, minor));
    match series {
        Some(first) if patch >= first.2 => finding("FIONREAD", Verdict::Lacking, release, costs),
        None if major == 0 || is_newer => {
            let costs =
                "whether programs stall while Beyla propagates context is not known of this kernel";
            finding("FIONREAD", Verdict::Unknown, release, costs)
        }
        _ => finding("FIONREAD", Verdict::Fine, release, costs),
    }
}

fn tracefs(root: &Path) -> Finding {
    let mounted = ["sys/kernel/tracing/trace", "sys/kernel/debug/tracing/trace"];
    let mounted = mounted.iter().any(|file| root.join(file).exists());
    let (verdict, found) =
        if mounted { (Verdict::Fine, "mounted") } else { (Verdict::Lacking, "not mounted") };
    let costs = "where the kernel has no probe devices, probes need it; mount tracefs at /sys/kernel/tracing";
    finding("tracefs", verdict, found, costs)
}

fn securityfs(root: &Path) -> Finding {
    let mut entries = std::fs::read_dir(root.join("sys/kernel/security")).into_iter().flatten();
    let (verdict, found) = match entries.next() {
        Some(_) => (Verdict::Fine, "mounted"),
        None => (Verdict::Unknown, "not mounted"),
    };
    let costs = "Beyla cannot see a lockdown; mount securityfs at /sys/kernel/security";
    finding("securityfs", verdict, found, costs)
}

/// The highest `perf_event_paranoid` at which `CAP_PERFMON` suffices. Above it, Beyla needs
/// `CAP_SYS_ADMIN`.
const MAX_PARANOID: i64 = 2;

fn paranoid(root: &Path) -> Finding {
    let costs = "CAP_PERFMON is not enough, it takes CAP_SYS_ADMIN";
    let text = read(root, "proc/sys/kernel/perf_event_paranoid");
    match text.as_deref().and_then(|text| text.parse::<i64>().ok()) {
        None => finding("perf_event_paranoid", Verdict::Unknown, "cannot be read", costs),
        Some(level) => {
            let verdict = if level <= MAX_PARANOID { Verdict::Fine } else { Verdict::Lacking };
            finding("perf_event_paranoid", verdict, level.to_string(), costs)
        }
    }
}

/// The first kernel that does not count eBPF maps as locked memory.
const FIRST_WITHOUT_MEMLOCK: (u32, u32) = (5, 11);

/// Checks the limit of locked memory of this process, which Beyla inherits. The soft limit is the
/// first number of the line in `/proc/self/limits`.
fn memlock(root: &Path) -> Finding {
    let costs = "before Linux 5.11, Beyla cannot load its maps without CAP_SYS_RESOURCE; set LimitMEMLOCK=infinity";
    let release = read(root, "proc/sys/kernel/osrelease");
    if release.is_some_and(|release| major_and_minor(&release) >= FIRST_WITHOUT_MEMLOCK) {
        return finding("memlock", Verdict::Fine, "this kernel has no limit for eBPF", costs);
    }
    let limits = read(root, "proc/self/limits").unwrap_or_default();
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max locked memory"));
    match limit.and_then(|limit| limit.split_whitespace().next()) {
        None => finding("memlock", Verdict::Unknown, "cannot be read", costs),
        Some("unlimited") => finding("memlock", Verdict::Fine, "unlimited", costs),
        Some(_) if capabilities::may_raise_limits(root) => {
            finding("memlock", Verdict::Fine, "Beyla may raise it", costs)
        }
        Some(bytes) => finding("memlock", Verdict::Lacking, format!("{bytes} bytes"), costs),
    }
}
