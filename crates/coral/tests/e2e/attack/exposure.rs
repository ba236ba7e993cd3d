//! Settings that would show something to other hosts: a role does not start with them.

use coral_trust::secret::Secret;

use super::super::process::coral;
use super::*;

/// What a role says that does not start with these settings.
fn refused(role: &str, settings: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let ports = match role {
        "colony" => vec!["colony.listen=127.0.0.1:0"],
        _ => vec!["agent.listen=127.0.0.1:0", "otlp.grpc=127.0.0.1:0", "otlp.http=127.0.0.1:0"],
    };
    let mut command = coral();
    command.args([role, "start", "--set", "drain_within=1s", "--data-dir"]).arg(dir.path());
    for setting in ports.iter().chain(settings) {
        command.args(["--set", setting]);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{settings:?}: {said}");
    said
}

#[test]
fn no_role_starts_that_would_send_or_answer_in_plain_text_to_other_hosts() {
    for (role, settings, reason) in [
        ("colony", &["colony.listen=0.0.0.0:0"][..], "everybody who reaches it could read"),
        ("colony", &["colony.listen=[::]:0"], "everybody who reaches it could read"),
        ("colony", &["colony.listen=0.0.0.0:0", "colony.auth=on"], "nothing would be encrypted"),
        (
            "colony",
            &["colony.agents=[{id: a, address: \"http://10.0.0.5:9001\"}]"],
            "nothing would be encrypted",
        ),
        ("agent", &["beyla.enabled=false", "agent.listen=0.0.0.0:0"], "nothing would be encrypted"),
        ("agent", &["beyla.enabled=false", "otlp.grpc=0.0.0.0:0"], "nothing would be encrypted"),
        ("agent", &["beyla.enabled=false", "otlp.http=[::]:0"], "nothing would be encrypted"),
        (
            "agent",
            &["beyla.enabled=false", "agent.colony=http://10.0.0.5:9000"],
            "nothing would be encrypted",
        ),
        (
            "agent",
            &["beyla.enabled=false", "agent.colony=https://10.0.0.5:9000"],
            "needs a certificate",
        ),
        ("agent", &["beyla.enabled=false", "otlp.client_certificates=true"], "needs a certificate"),
    ] {
        let said = refused(role, settings);
        assert!(said.contains(reason), "{settings:?}: {said}");
    }
}

#[test]
fn an_exporter_without_the_token_stores_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (file, token) = (dir.path().join("token"), Secret::random().unwrap().text());
    std::fs::write(&file, &token).unwrap();
    let setting = format!("otlp.token_file={}", file.display());
    let agent = Coral::agent("web-1", &[&setting]);
    let otlp = coral_wire::otlp_out::encode(&super::super::path::reference_trace(now()));
    let export = |headers: &str| {
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\
             content-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
            otlp.len()
        );
        let request = [head.as_bytes(), &otlp].concat();
        status(&exchange(&mut super::connect(address(&agent, "otlp_http")), &request))
    };
    let bearer = |token: &str| format!("authorization: Bearer {token}\r\n");
    for headers in [
        String::new(),
        bearer(&token[1..]),
        bearer(&token.to_uppercase()),
        bearer(&format!("{token}x")),
        bearer(&token).repeat(2),
        format!("authorization: {token}\r\n"),
    ] {
        assert_eq!(export(&headers), 401, "{headers}");
    }
    assert_eq!(agent.counter("coral.agent.spans.stored"), 0);
    assert_eq!(export(&bearer(&token)), 200);
}
