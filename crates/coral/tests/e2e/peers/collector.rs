//! OpenTelemetry Collector 0.140.0 between two Corals: a colony exports to it, and it exports to an
//! agent.

use super::super::process::{Coral, eventually};
use super::super::{decode, recordings};
use super::{Peer, free_address, program};

#[test]
fn spans_go_through_the_collector_0_140_into_another_coral_over_grpc_and_http() {
    let Some(program) = program("CORAL_TEST_OTELCOL", "tools/build-otelcol") else { return };
    for (protocol, exporter) in [("grpc", "otlp"), ("http", "otlphttp")] {
        let receiving = Coral::standalone(&[]);
        let target = match protocol {
            "grpc" => receiving.addresses["otlp_grpc"].as_str().unwrap().to_owned(),
            _ => receiving.url("otlp_http"),
        };
        let listen = free_address();
        let collector = Peer::start(
            &program,
            &format!(
                "receivers: {{otlp: {{protocols: {{{protocol}: {{endpoint: \"{listen}\"}}}}}}}}\n\
                 processors: {{batch: {{timeout: 100ms}}}}\n\
                 exporters: {{{exporter}: {{endpoint: \"{target}\", tls: {{insecure: true}}}}}}\n\
                 service:\n\
                 \x20 pipelines: {{traces: {{receivers: [otlp], processors: [batch], exporters: [{exporter}]}}}}\n\
                 \x20 telemetry: {{metrics: {{level: none}}}}\n"
            ),
        );
        let export =
            format!("export=[{{name: hub, otlp: \"http://{listen}\", protocol: {protocol}}}]");
        let exporting = Coral::standalone_with(&["beyla.enabled=false", &export]);
        let mut spans = 0;
        for body in recordings().into_values().take(20) {
            spans += decode(&body).len() as u64;
            assert_eq!(exporting.post("otlp_http", &body), 200);
        }
        exporting.until_stored(spans);
        eventually(|| {
            let status = receiving.get("colony", "/api/v1/status");
            match status["counters"]["coral.colony.store.spans"].as_u64() {
                Some(stored) if stored == spans => Ok(()),
                stored => Err(format!(
                    "{protocol}: {stored:?} of {spans}\n{}\n{}",
                    exporting.get("colony", "/api/v1/status")["exports"],
                    collector.said()
                )),
            }
        });
    }
}
