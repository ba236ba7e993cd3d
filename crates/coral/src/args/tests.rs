//! The command line: its help texts, and errors about wrong lines.

use clap::CommandFactory as _;

use super::generated::Shell;
use std::time::Duration;

use super::*;

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

/// The help of every command, with the words of the command: `coral query topology`.
fn helps() -> Vec<(String, String)> {
    fn collect(command: &clap::Command, above: &str, found: &mut Vec<(String, String)>) {
        let path = format!("{above}{}", command.get_name());
        let help = command.get_after_long_help().or(command.get_after_help());
        found.push((path.clone(), help.map(ToString::to_string).unwrap_or_default()));
        let above = format!("{path} ");
        command.get_subcommands().for_each(|command| collect(command, &above, found));
    }
    let mut found = Vec::new();
    collect(&help::command(), "", &mut found);
    found
}

#[test]
fn every_example_in_a_help_text_is_a_valid_command_line() {
    let helps = helps();
    let examples: Vec<&str> = helps
        .iter()
        .flat_map(|(_, help)| help.lines())
        .filter_map(|line| line.strip_prefix("  $ "))
        .map(|example| example.split("  ").next().unwrap())
        // What the shell does with input and output is no part of the command line.
        .map(|example| example.split(" > ").next().unwrap())
        .map(|example| example.split(" < ").next().unwrap())
        .collect();
    assert!(examples.len() >= 60, "{}", examples.len());
    for example in examples {
        // Every second part is within quotation marks, and is one word.
        let words = example.split('\'').enumerate().flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        });
        let parsed = parse(words.map(Into::into));
        assert!(parsed.is_ok(), "{example}: {:?}", parsed.unwrap_err());
    }
}

#[test]
fn the_help_of_every_command_begins_with_what_it_answers_and_has_an_example() {
    for (path, help) in helps() {
        assert!(help.contains("  $ coral "), "{path}");
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{path}: {widest:?}");
    }
    let command = help::command();
    let abouts = command.get_subcommands().map(|command| command.get_about().unwrap().to_string());
    abouts.for_each(|about| assert!(about.split(' ').count() > 1, "{about}"));
}

#[test]
fn every_command_that_does_something_names_its_exit_codes() {
    let mut command = help::command();
    command.build();
    fn check(command: &clap::Command) {
        if command.get_subcommands().next().is_none() && command.get_name() != "help" {
            let help = command.get_after_help().unwrap().to_string();
            assert!(help.contains("Exit codes: 0 success"), "{}", command.get_name());
        }
        command.get_subcommands().filter(|below| below.get_name() != "help").for_each(check);
    }
    check(&command);
}

#[test]
fn the_help_of_coral_fits_a_screen_and_has_every_command_in_a_group() {
    let asked = parse(["coral", "--help"].map(Into::into)).unwrap_err();
    let page = asked.to_string();
    assert!(page.lines().count() <= 43, "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    assert!(!page.contains("Other:"), "{page}");
    for command in Cli::command().get_subcommands() {
        let line = format!("\n  {:11}  ", command.get_name());
        assert_eq!(page.matches(&line).count(), 1, "{line}{page}");
    }
}

#[test]
fn the_method_is_explained_in_ten_lines_by_help_why() {
    for line in ["coral help why", "coral why --help"] {
        let page = parse(line.split(' ').map(Into::into)).unwrap_err().to_string();
        let method = page.split("How a cause is found:\n").nth(1).unwrap();
        let lines = method.lines().take_while(|line| !line.is_empty());
        assert_eq!(lines.count(), 10, "{page}");
    }
}

#[test]
fn usage_names_no_optional_flag_as_if_it_were_needed() {
    for line in ["coral ask --colony http://x", "coral query beyla http --colony http://x"] {
        let wrong = parse(line.split(' ').map(Into::into)).unwrap_err().to_string();
        assert!(wrong.contains("[OPTIONS] <") && !wrong.contains("--colony"), "{wrong}");
    }
}

#[test]
fn an_attribute_may_have_any_operator() {
    for (pair, condition) in [
        ("http.response.status_code>=500", Some(r#""http.response.status_code">="500""#)),
        ("status != 200", Some(r#""status"!="200""#)),
        ("host~pay", Some(r#""host"~"pay""#)),
        (r#"q!="a\b""#, Some(r#""q"!="\"a\\b\"""#)),
        // A value may begin with any character.
        ("name=~cart", None),
        ("a=b>c", None),
    ] {
        let parsed = parse(["coral", "query", "beyla", "traces", "--attr", pair].map(Into::into));
        assert!(parsed.is_ok(), "{pair}: {}", parsed.unwrap_err());
        assert_eq!(attribute_condition(pair).as_deref(), condition, "{pair}");
    }
    for (pair, expected) in [
        ("http.response.status_code>=5xx", "`5xx` is not a number"),
        ("host~(", "`(` is not a usable regular expression"),
        (">5", "`>` has no key before it"),
    ] {
        let line = ["coral", "query", "beyla", "traces", "--attr", pair];
        let wrong = parse(line.map(Into::into)).unwrap_err().to_string();
        assert!(wrong.contains(expected), "{pair}: {wrong}");
    }
}

#[test]
fn a_mistake_in_a_search_is_marked_below_its_place() {
    let line = ["coral", "query", "beyla", "traces", "service:payments", "status>=500"];
    let wrong = parse(line.map(Into::into)).unwrap_err().to_string();
    expect_test::expect![[r#"
        error: `status` is one of ok, error, unset, which have no order, at column 24 of the search

          service:payments status>=500
                                 ^

          Hint: code>=500 compares response statuses
    "#]]
    .assert_eq(&wrong);
    let right = ["coral", "query", "beyla", "traces", "service:a -service:b", "--limit", "3"];
    assert!(parse(right.map(Into::into)).is_ok());
}

#[test]
fn scripts_and_manual_pages_have_every_command() {
    for (shell, beginning) in
        [(Shell::Bash, "_coral()"), (Shell::Zsh, "#compdef coral"), (Shell::Fish, "# Print")]
    {
        let script = CompletionsArgs { shell }.script().unwrap();
        assert!(script.starts_with(beginning), "{script:.80}");
        for word in ["topology", "completions", "trace-id"] {
            assert!(script.contains(word), "{beginning}: {word}");
        }
    }
    let page = |words: &[&str]| {
        ManArgs { command: words.iter().map(|word| (*word).to_owned()).collect(), dir: None }.page()
    };
    assert!(page(&[]).unwrap().contains(".TH coral 1"));
    let topology = page(&["query", "topology"]).unwrap();
    assert!(topology.contains("coral\\-query\\-topology"), "{topology}");
    assert_eq!(page(&["query", "nosuch"]).unwrap_err(), "`coral query nosuch` is not a command");
    let dir = tempfile::tempdir().unwrap();
    ManArgs { command: vec![], dir: Some(dir.path().to_owned()) }.page().unwrap();
    assert!(dir.path().join("coral-query-beyla-traces.1").exists());
}

#[test]
fn the_configuration_files_in_help_texts_are_valid() {
    let files = helps().into_iter().filter(|(path, _)| path.ends_with(" start"));
    let mut checked = 0;
    for (path, help) in files {
        let yaml = help.split("\n\n    ").nth(1).unwrap().split("\n\n").next().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("coral.yaml");
        std::fs::write(&file, format!("    {yaml}\n")).unwrap();
        let role = path.split(' ').nth(1).unwrap();
        let sources = coral_config::Sources {
            file: Some(file),
            host_name: "web-1".to_owned(),
            data_dir: Some(("/var/lib/coral".to_owned(), coral_config::Origin::Default)),
            ..Default::default()
        };
        let loaded = match role {
            "agent" => coral_config::AgentConfig::load(&sources).map(drop),
            _ => coral_config::ColonyConfig::load(&sources).map(drop),
        };
        assert!(loaded.is_ok(), "{path}: {loaded:?}");
        checked += 1;
    }
    assert_eq!(checked, 2);
}

#[test]
fn a_wrong_command_line_is_answered_with_the_word_that_is_wrong_and_exit_code_2() {
    for (line, wrong) in [
        ("coral agnet start", "'agnet'"),
        ("coral agent start --set", "--set <KEY=VALUE>"),
        ("coral demo --for 10", "`10` is not a duration such as 500ms, 90s, 5m, 1h or 7d"),
        ("coral demo --for 9999999w", "`9999999w` is longer than 100 years"),
        ("coral config show --role king", "possible values: agent, colony, standalone"),
        ("coral connect --wait", "<NAME:PORT>"),
        ("coral connect :80", "`:80` is not of the form NAME:PORT"),
        ("coral connect cart:0", "such as cart:8080"),
        ("coral beyla install --version new", "`new` is not a version such as 3.31.0"),
        ("coral beyla install --from x --version 3.31.0", "cannot be used with"),
        ("coral query beyla traces --attr http.route", "`http.route` is not of the form"),
        ("coral query beyla traces --attr =x", "`=x` is not of the form KEY=VALUE"),
        (
            "coral query beyla traces --since tomorrow",
            "`tomorrow` is not a time. Times are written 15m",
        ),
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
fn every_option_that_is_a_time_reads_all_forms_of_times() {
    for line in [
        "coral query beyla traces --since T --until T",
        "coral query beyla http cart --since T --until T --compare T",
        "coral query topology --since T --until T --diff T",
        "coral query anomalies --since T --until T --baseline T",
        "coral why --since T --until T --baseline T",
        "coral doctor traces --since T --until T",
        "coral sql FROM --since T",
        "coral audit list --since T",
        "coral audit export --since T",
    ] {
        for time in
            ["15m", "-15m", "2h ago", "yesterday", "02:40", "2026-11-25 14:02", "1795615320"]
        {
            let words = line.split(' ').map(|word| if word == "T" { time } else { word });
            let parsed = parse(words.map(Into::into));
            assert!(parsed.is_ok(), "{line}, {time}: {}", parsed.unwrap_err());
        }
        let wrong = line.replace(" T", " soon");
        let wrong = parse(wrong.split(' ').map(Into::into)).unwrap_err().to_string();
        assert!(wrong.contains("`soon` is not a time. Times are written 15m, 2h ago"), "{wrong}");
    }
}

#[test]
fn a_baseline_is_a_length_or_begins_at_a_time() {
    assert_eq!(parse_earlier("2h"), Ok(Earlier::By(Duration::from_secs(7_200))));
    assert_eq!(parse_earlier("2h ago"), Ok(Earlier::From("2h ago".parse().unwrap())));
    assert_eq!(parse_earlier("yesterday"), Ok(Earlier::From("yesterday".parse().unwrap())));
}

#[test]
fn the_time_zone_is_utc_unless_another_is_named() {
    let zone = |line: &str| parse(line.split(' ').map(Into::into)).map(|cli| cli.tz);
    assert_eq!(zone("coral why").unwrap(), TimeZone::UTC);
    assert_eq!(zone("coral why --tz utc").unwrap(), TimeZone::UTC);
    let wrong = zone("coral why --tz Europe/Atlantis").unwrap_err().to_string();
    assert!(wrong.contains("`Europe/Atlantis` is not a time zone that this host knows"), "{wrong}");
}
