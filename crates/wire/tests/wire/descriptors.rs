//! The descriptors for gRPC reflection.

use prost::Message;
use prost_types::FileDescriptorSet;

/// The full names of the services in `descriptors`.
fn services(descriptors: &[u8]) -> Vec<String> {
    let files = FileDescriptorSet::decode(descriptors).unwrap().file;
    let services = files.iter().flat_map(|file| {
        file.service.iter().map(|service| format!("{}.{}", file.package(), service.name()))
    });
    services.collect()
}

#[test]
fn the_descriptors_name_every_service() {
    assert_eq!(
        services(coral_wire::FILE_DESCRIPTOR_SET),
        [
            "coral.agent.v1.AgentService",
            "coral.colony.v1.ColonyService",
            "tempopb.StreamingQuerier",
        ]
    );
    let otlp = "opentelemetry.proto.collector.trace.v1.TraceService".to_owned();
    assert!(services(coral_wire::OTLP_FILE_DESCRIPTOR_SET).contains(&otlp));
}
