//! Targets as they are written.

use serde_json::json;

use super::*;

#[test]
fn a_target_has_a_name_and_a_url_and_defaults() {
    let targets = export_targets(&json!([
        {"name": "tempo", "otlp": "https://tempo.example.com:4317"},
        {
            "name": "cloud", "otlp": "https://otlp.example.com/otlp", "protocol": "http",
            "tls": {"ca_file": "/ca.crt", "cert": "/a.crt", "key": "/a.key"},
            "headers": {"X-Scope-OrgID": "team"}, "header_files": {"authorization": "/token"},
            "compression": "none", "filter": "service:cart", "from": "2026-03-01T12:00:00Z",
            "drop": ["user.email"],
        },
    ]))
    .unwrap();
    let [tempo, cloud] = &targets[..] else { panic!("{targets:?}") };
    assert_eq!(tempo.url, "https://tempo.example.com:4317");
    assert_eq!((tempo.protocol, tempo.gzip), (ExportProtocol::Grpc, true));
    assert_eq!(tempo.from, ExportFrom::Now);
    assert_eq!(cloud.url, "https://otlp.example.com:443/otlp/v1/traces");
    assert_eq!(cloud.headers["x-scope-orgid"], "team");
    assert_eq!(cloud.from, ExportFrom::At(UnixNanos(1_772_366_400_000_000_000)));
}

#[test]
fn the_port_or_the_path_tells_the_protocol() {
    for (url, protocol, sent_to) in [
        ("http://127.0.0.1:4317", ExportProtocol::Grpc, "http://127.0.0.1:4317"),
        ("http://127.0.0.1:4318/", ExportProtocol::Http, "http://127.0.0.1:4318/v1/traces"),
        ("http://[::1]:80/v1/traces/", ExportProtocol::Http, "http://[::1]:80/v1/traces"),
    ] {
        let target = export_targets(&json!([{"name": "a", "otlp": url}])).unwrap().remove(0);
        assert_eq!((target.protocol, target.url.as_str()), (protocol, sent_to));
    }
}

#[test]
fn a_target_may_take_zipkins_json_instead() {
    for (url, sent_to) in [
        ("http://127.0.0.1:9411", "http://127.0.0.1:9411/api/v2/spans"),
        ("http://localhost/zipkin/api/v2/spans", "http://localhost:80/zipkin/api/v2/spans"),
    ] {
        let target = export_targets(&json!([{"name": "a", "zipkin": url}])).unwrap().remove(0);
        assert_eq!((target.protocol, target.url.as_str()), (ExportProtocol::Zipkin, sent_to));
    }
}

#[test]
fn a_target_that_cannot_be_exported_to_is_refused_with_its_name() {
    let url = "http://127.0.0.1:4317";
    for wrong in [
        json!({"name": "a"}),
        json!({"name": "a", "otlp": "127.0.0.1:4317"}),
        json!({"name": "a", "otlp": "ftp://127.0.0.1:4317"}),
        json!({"name": "a", "otlp": "http://user@127.0.0.1:4317"}),
        json!({"name": "a", "otlp": "http://127.0.0.1:4317/path"}),
        json!({"name": "a", "otlp": "http://127.0.0.1:9"}),
        json!({"name": "a", "otlp": url, "protocol": "udp"}),
        json!({"name": "a", "otlp": url, "compression": "zstd"}),
        json!({"name": "a", "otlp": url, "from": "yesterday"}),
        json!({"name": "a", "otlp": url, "from": "1960-01-01T00:00:00Z"}),
        json!({"name": "a", "otlp": url, "headers": {"a b": "c"}}),
        json!({"name": "a", "otlp": url, "headers": {"a": "c\n"}}),
        json!({"name": "a", "otlp": url, "tls": {"cert": "/a"}}),
        json!({"name": "a", "otlp": url, "tls": {"ca": "/a"}}),
        json!({"name": "a", "otlp": url, "queue": 5}),
        json!({"name": "a", "otlp": url, "zipkin": url}),
        json!({"name": "a", "zipkin": url, "protocol": "http"}),
    ] {
        let error = export_targets(&json!([wrong])).unwrap_err();
        assert!(error.starts_with("target `a`: "), "{error}");
    }
    let two = json!([{"name": "a", "otlp": url}, {"name": "a", "otlp": url}]);
    for wrong in [json!([{"otlp": url}]), json!([{"name": "../a", "otlp": url}]), json!({}), two] {
        assert!(export_targets(&wrong).is_err(), "{wrong}");
    }
}
