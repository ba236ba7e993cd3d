//! Who may do what: every command, and the table in docs/trust.md.

use coral_server::door::Permission;
use coral_server::identity::policy;

use super::documents::console::root;
use clap::CommandFactory as _;

use crate::args::Cli;

/// What a command needs of the server that it asks.
enum Needs {
    /// A permission of the colony or agent.
    Permission(Permission),
    /// Nothing but the files of this host.
    Files,
}

use Needs::Files;
const fn at(name: &str) -> Needs {
    Needs::Permission(Permission::named(name))
}

/// Every command, and what it needs.
const COMMANDS: &[(&str, Needs)] = &[
    ("agent join", at("agent.join")),
    ("agent start", Files),
    ("agent status", at("status.read")),
    ("ask", at("ask.read")),
    ("audit export", Files),
    ("audit list", Files),
    ("audit verify", Files),
    ("beyla config", Files),
    ("beyla doctor", Files),
    ("beyla install", Files),
    ("colony agents list", Files),
    ("colony agents revoke", Files),
    ("colony ca rotate", Files),
    ("colony ca show", Files),
    ("colony forget", at("agent.forget")),
    ("colony init", Files),
    ("colony start", Files),
    ("colony status", at("status.read")),
    ("colony token create", Files),
    ("colony token list", Files),
    ("colony token revoke", Files),
    ("completions", Files),
    ("config check", Files),
    ("config example", Files),
    ("config show", Files),
    ("connect", at("beyla.control")),
    ("demo", Files),
    ("disconnect", at("beyla.control")),
    ("doctor traces", at("traces.read")),
    ("duckdb install", Files),
    ("export", at("traces.read")),
    ("import", Files),
    ("login", at("self.read")),
    ("man", Files),
    ("mcp install", Files),
    ("query anomalies", at("anomalies.read")),
    ("query beyla grpc", at("metrics.read")),
    ("query beyla http", at("metrics.read")),
    ("query beyla sql", at("metrics.read")),
    ("query beyla traces", at("traces.read")),
    ("query sql", at("sql.read")),
    ("query topology", at("topology.read")),
    ("services", at("metrics.read")),
    ("sql", at("sql.read")),
    ("standalone", Files),
    ("store repair", Files),
    ("trace compare", at("why.read")),
    ("why", at("why.read")),
];

fn leaves(command: &clap::Command, above: &str, found: &mut Vec<String>) {
    let below: Vec<_> =
        command.get_subcommands().filter(|below| below.get_name() != "help").collect();
    if below.is_empty() {
        found.push(above.to_owned());
    }
    for one in below {
        let path = format!("{above} {}", one.get_name());
        leaves(one, path.trim(), found);
    }
}

#[test]
fn every_command_says_what_it_needs() {
    let mut found = Vec::new();
    leaves(&Cli::command(), "", &mut found);
    found.sort();
    let listed: Vec<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, listed);
    for (name, needs) in COMMANDS {
        if let Needs::Permission(permission) = needs {
            let has_row = policy::POLICY.iter().any(|(listed, _)| listed == permission);
            assert!(has_row, "nobody may run `coral {name}`");
        }
    }
}

#[test]
fn permissions_of_the_document_are_those_of_the_code() {
    let file = root().join("docs/trust.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let (head, rest) = text.split_once("--bin coral permissions -->\n").unwrap();
    let (table, tail) = rest.split_once("<!-- end of the table -->").unwrap();
    let expected = policy::markdown();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let written =
            format!("{head}--bin coral permissions -->\n{expected}<!-- end of the table -->{tail}");
        std::fs::write(&file, written).unwrap();
        return;
    }
    assert_eq!(table, expected, "UPDATE_EXPECT=1 cargo test -p coral --bin coral permissions");
}
