//! What a role may do that was taken over: only a role of root has capabilities.

use super::super::fake_beyla::{FakeBeyla, LOG_2_8};
use super::*;

const DAC_OVERRIDE: u64 = 1 << 1;
const KILL: u64 = 1 << 5;
const SETUID: u64 = 1 << 7;
const NET_RAW: u64 = 1 << 13;
const SYS_MODULE: u64 = 1 << 16;
const SYS_PTRACE: u64 = 1 << 19;
const SYS_ADMIN: u64 = 1 << 21;
const BPF: u64 = 1 << 39;

/// The capabilities of a process in one of its sets, such as `CapEff`.
fn capabilities(pid: u32, set: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(set)?.strip_prefix(':'));
    u64::from_str_radix(line.unwrap().trim(), 16).unwrap()
}

/// The capabilities of every thread of a process that are in effect.
fn in_effect(pid: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let ids = threads.filter_map(|thread| thread.unwrap().file_name().to_str()?.parse().ok());
    ids.fold(0, |all, id| all | capabilities(id, "CapEff"))
}

#[test]
fn an_agent_has_fewer_capabilities_in_effect_than_the_beyla_that_it_starts() {
    let own = capabilities(std::process::id(), "CapEff");
    let fake = FakeBeyla::new("2.8.5", "run", LOG_2_8);
    let path = format!("beyla.path={}", fake.path().display());
    let services = "beyla.discovery.services=[{name: cart, open_port: 8080}]";
    let agent = Coral::agent_with(&[&path, services], &[]);
    let beyla = fake.until_started(1);
    for capability in [SETUID, NET_RAW, SYS_MODULE, SYS_ADMIN, BPF] {
        assert_eq!(in_effect(agent.pid()) & capability, 0, "{capability:#x}");
    }
    for capability in [DAC_OVERRIDE, KILL, SYS_PTRACE] {
        assert_eq!(in_effect(agent.pid()) & capability, own & capability, "{capability:#x}");
    }
    assert_eq!(capabilities(beyla, "CapEff"), own, "Beyla has what this test has");
}

#[test]
fn a_colony_of_root_keeps_the_capabilities_for_files_and_ports_alone() {
    if capabilities(std::process::id(), "CapEff") & SYS_ADMIN == 0 {
        return println!("left out: a_colony_of_root_keeps_the_capabilities needs root");
    }
    let colony = Coral::colony(&[]);
    for set in ["CapEff", "CapPrm", "CapBnd"] {
        let left = capabilities(colony.pid(), set);
        assert_eq!(
            left & (KILL | SETUID | NET_RAW | SYS_PTRACE | SYS_ADMIN | BPF),
            0,
            "{set} {left:#x}"
        );
        assert!(left.count_ones() <= 4, "{set} {left:#x}");
    }
    assert_eq!(colony.fetch("colony", "/healthz").0, 200);
}
