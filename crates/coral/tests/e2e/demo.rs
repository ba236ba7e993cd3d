//! `coral demo`, as a new user runs it.

use super::process::coral;

#[test]
fn the_demo_prints_three_commands_ends_when_it_was_told_to_and_leaves_nothing_behind() {
    let tmp = tempfile::tempdir().unwrap();
    let ports = "otlp.grpc otlp.http beyla.otlp.grpc beyla.otlp.http agent.listen colony.listen";
    let set: Vec<String> = ports.split(' ').map(|key| format!("--set={key}=127.0.0.1:0")).collect();
    let output =
        coral().args(["demo", "--for", "1s"]).args(set).env("TMPDIR", tmp.path()).output().unwrap();
    let (said, warned) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!((output.status.code(), warned.as_str()), (Some(0), ""), "{said}");
    let commands: Vec<&str> = said.lines().filter(|line| line.contains(" query beyla ")).collect();
    assert_eq!(commands.len(), 3, "{said}");
    for command in commands {
        // The colony has ended. Each command must report that, and not an invalid command line.
        let words: Vec<&str> =
            command.split_whitespace().skip_while(|word| *word != "query").collect();
        let output = coral().args(words).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.contains("cannot reach the colony at http://127.0.0.1:"),
            "{command}: {error}"
        );
    }
    assert_eq!(std::fs::read_dir(tmp.path()).unwrap().count(), 0);
}
