//! Help texts: commands in groups, and what every command's help says.

use clap::{Command, CommandFactory as _};

use super::Cli;

/// Title and commands of each group in the help of `coral`.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Look", &["services", "trace", "query", "sql"]),
    ("Explain", &["why", "ask", "doctor", "mcp"]),
    ("Run", &["demo", "standalone", "agent", "colony"]),
    (
        "Maintain",
        &[
            "config",
            "beyla",
            "connect",
            "disconnect",
            "duckdb",
            "export",
            "import",
            "store",
            "audit",
            "login",
            "completions",
            "man",
        ],
    ),
];

const EXIT_CODES: &str = "Exit codes: 0 success, 1 failure, 2 wrong command line.";

/// The command line with all help texts.
pub fn command() -> Command {
    let command = Cli::command();
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}Options:\n{{options}}{{after-help}}\n",
        groups(&command)
    );
    with_usage_and_exit_codes(command.help_template(template), "")
}

/// The list of commands, one line for each, in groups. Commands of no group follow as `Other`, so
/// that none is missing.
fn groups(command: &Command) -> String {
    let grouped = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let others: Vec<&str> =
        command.get_subcommands().map(Command::get_name).filter(|name| !grouped(name)).collect();
    let mut text = String::new();
    for (title, names) in GROUPS.into_iter().chain([("Other", others.as_slice())]) {
        let found: Vec<&Command> =
            names.iter().filter_map(|name| command.find_subcommand(name)).collect();
        if !found.is_empty() {
            let lines = found.into_iter().map(|one| {
                let about = one.get_about().map(ToString::to_string).unwrap_or_default();
                format!("  {:11}  {about}\n", one.get_name())
            });
            text += &format!("{title}:\n{}\n", lines.collect::<String>());
        }
    }
    text
}

/// Adds a usage line and the exit codes to each command without subcommands. The usage line is
/// fixed: the one of clap would also name optional flags that the user gave. `above` is the path of
/// the parent commands.
fn with_usage_and_exit_codes(mut command: Command, above: &str) -> Command {
    let path = format!("{above}{}", command.get_name());
    let names: Vec<String> =
        command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    for name in &names {
        let above = format!("{path} ");
        command = command.mut_subcommand(name, |below| with_usage_and_exit_codes(below, &above));
    }
    if !names.is_empty() {
        return command;
    }
    let usage = command.clone().bin_name(path).render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    let with_codes = |help: Option<String>| help.map(|help| format!("{help}\n\n{EXIT_CODES}"));
    let short = with_codes(command.get_after_help().map(ToString::to_string));
    let long = with_codes(command.get_after_long_help().map(ToString::to_string));
    if let Some(long) = long {
        command = command.after_long_help(long);
    }
    command.override_usage(usage).after_help(short.unwrap_or_else(|| EXIT_CODES.to_owned()))
}
