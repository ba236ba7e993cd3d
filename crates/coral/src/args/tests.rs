//! The command line: what its help says, and what is wrong with one.

use clap::CommandFactory as _;

use super::*;

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_example_in_a_help_text_is_a_valid_command_line() {
    fn examples(command: &clap::Command, found: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        found.extend(help.lines().filter_map(|line| {
            let line = line.trim();
            let end = line.find("   ").unwrap_or(line.len());
            line.starts_with("coral ").then(|| line[..end].to_owned())
        }));
        command.get_subcommands().for_each(|command| examples(command, found));
    }
    let mut found = Vec::new();
    examples(&Cli::command(), &mut found);
    assert!(found.len() >= 14, "{found:?}");
    for example in found {
        let parsed = Cli::try_parse_from(example.split_whitespace());
        assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
    }
}

#[test]
fn the_help_of_every_command_has_an_example() {
    fn without(command: &clap::Command, found: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        if !help.contains("Example") {
            found.push(command.get_name().to_owned());
        }
        command.get_subcommands().for_each(|command| without(command, found));
    }
    let mut found = Vec::new();
    without(&Cli::command(), &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_wrong_command_line_is_answered_with_the_word_that_is_wrong_and_exit_code_2() {
    for (line, wrong) in [
        ("coral agnet start", "'agnet'"),
        ("coral agent start --set", "--set <KEY=VALUE>"),
        ("coral demo --for 10", "`10` is not a duration such as 500ms, 90s, 5m, 1h or 7d"),
        ("coral demo --for 9999999w", "`9999999w` is longer than 100 years"),
        ("coral config show --role king", "possible values: agent, colony, standalone"),
        ("coral connect cart", "`cart` is not of the form NAME:PORT"),
        ("coral connect :80", "`:80` is not of the form NAME:PORT"),
        ("coral connect cart:0", "such as cart:8080"),
        ("coral beyla install --version new", "`new` is not a version such as 3.31.0"),
        ("coral beyla install --from x --version 3.31.0", "cannot be used with"),
        ("coral query beyla traces --attr http.route", "`http.route` is not of the form"),
        ("coral query beyla traces --attr =x", "`=x` is not of the form KEY=VALUE"),
        ("coral query beyla traces --since yesterday", "`yesterday` is neither a duration"),
        ("coral query beyla traces --limit 0", "0 is not in 1..=1000"),
        ("coral query beyla traces --min-duration fast", "`fast` is not a duration"),
        ("coral query beyla traces --trace-id xyz", "--trace-id <ID>"),
        ("coral query beyla traces --trace-id 4bf9 --service a", "cannot be used with"),
    ] {
        let error = Cli::try_parse_from(line.split_whitespace()).unwrap_err();
        assert!(error.to_string().contains(wrong), "{line}: {error}");
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn a_time_is_a_duration_ago_or_an_instant() {
    assert_eq!(parse_when("1h"), Ok(When::Ago(Duration::from_secs(3_600))));
    assert_eq!(parse_when("1970-01-01T00:00:01Z"), Ok(When::At(1_000_000)));
    assert!(parse_when("yesterday").unwrap_err().contains("neither"));
}
