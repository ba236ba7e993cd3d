//! The units of systemd in `deploy/systemd`: what they take away, and that both roles do without it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use super::process::coral;

const AGENT: &str = "coral-agent.service";
const COLONY: &str = "coral-colony.service";

fn path(unit: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/systemd").join(unit)
}

fn text(unit: &str) -> String {
    std::fs::read_to_string(path(unit)).unwrap()
}

/// The values of a setting, in the order of its lines.
fn values<'a>(unit: &'a str, name: &str) -> Vec<&'a str> {
    let values = unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    values.collect()
}

fn has_all(unit: &str, settings: &[&str]) {
    let lines: BTreeSet<&str> = unit.lines().collect();
    for setting in settings {
        assert!(lines.contains(setting), "{setting} is missing");
    }
}

#[test]
fn a_colony_runs_as_a_user_of_its_own_without_any_capability() {
    let unit = text(COLONY);
    has_all(
        &unit,
        &[
            "Type=exec",
            "DynamicUser=yes",
            "StateDirectory=coral",
            "StateDirectoryMode=0700",
            "CapabilityBoundingSet=",
            "AmbientCapabilities=",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "PrivateDevices=yes",
            "PrivateUsers=yes",
            "MemoryDenyWriteExecute=yes",
            "RestrictNamespaces=yes",
            "SystemCallArchitectures=native",
            "SystemCallFilter=~@privileged",
            "LimitCORE=0",
            "UMask=0077",
        ],
    );
    assert_eq!(values(&unit, "User"), [""; 0], "DynamicUser has no fixed user");
    let command = values(&unit, "ExecStart")[0];
    assert!(command.ends_with("--data-dir /var/lib/coral"), "{command}");
}

#[test]
fn an_agent_and_its_beyla_have_the_capabilities_that_the_document_lists_and_no_others() {
    let unit = text(AGENT);
    has_all(
        &unit,
        &[
            "Type=exec",
            "StateDirectory=coral-agent",
            "StateDirectoryMode=0700",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "PrivateTmp=yes",
            "MemoryDenyWriteExecute=yes",
            "SystemCallArchitectures=native",
            "KillMode=mixed",
            "Delegate=yes",
            "LimitCORE=0",
            "UMask=0077",
        ],
    );
    let granted: BTreeSet<&str> = values(&unit, "CapabilityBoundingSet")
        .into_iter()
        .flat_map(str::split_whitespace)
        .collect();
    let document =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/beyla-on-your-host.md");
    let document = std::fs::read_to_string(document).unwrap();
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `CAP_"));
    let listed: BTreeSet<String> =
        rows.map(|row| format!("CAP_{}", row.split('`').next().unwrap())).collect();
    assert!(listed.len() >= 8, "{listed:?}");
    assert_eq!(granted, listed.iter().map(String::as_str).collect());
}

#[test]
fn a_unit_starts_its_role_with_a_command_that_the_program_understands() {
    for (unit, role) in [(AGENT, "agent"), (COLONY, "colony")] {
        let text = text(unit);
        let command = values(&text, "ExecStart")[0].replace("/var/lib/", "/nonexistent/");
        let mut words: Vec<&str> = command.split_whitespace().skip(1).collect();
        assert_eq!(words[..2], [role, "start"]);
        // The command line is understood, and then a setting is not, so that nothing starts.
        words.extend(["--set", "nosuch=1"]);
        let said = String::from_utf8(coral().args(words).output().unwrap().stderr).unwrap();
        assert!(said.contains("unknown key `nosuch`"), "{said}");
    }
}

/// Whether this host has systemd's tool; without it a test says that it is left out.
fn has_tool(test: &str) -> bool {
    let has = Command::new("systemd-analyze").arg("--version").output().is_ok();
    if !has {
        println!("left out: {test} needs systemd-analyze");
    }
    has
}

/// The output of `systemd-analyze` with these arguments.
fn analyze(arguments: &[&str], unit: &std::path::Path) -> (bool, String) {
    let output = Command::new("systemd-analyze").args(arguments).arg(unit).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn systemd_rates_the_exposure_of_a_colony_at_two_of_ten_at_most_and_of_an_agent_at_five() {
    if !has_tool("systemd_rates_the_exposure") {
        return;
    }
    for (unit, tenths) in [(COLONY, "--threshold=20"), (AGENT, "--threshold=50")] {
        let (is_below, said) =
            analyze(&["security", "--offline=true", "--no-pager", tenths], &path(unit));
        assert!(is_below, "{said}");
        println!("{}", said.lines().last().unwrap());
    }
}

#[test]
fn systemd_knows_every_setting_of_the_units() {
    if !has_tool("systemd_knows_every_setting") {
        return;
    }
    for unit in [AGENT, COLONY] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(unit);
        std::fs::write(&file, text(unit).replace("/usr/local/bin/coral", "/bin/true")).unwrap();
        let (_, said) = analyze(&["verify"], &file);
        let lower = said.to_lowercase();
        assert!(!lower.contains("unknown") && !lower.contains("ignoring"), "{said}");
    }
}
