//! What every gRPC port answers beside its own service: health and reflection.

use axum::routing::post_service;
use tonic_health::ServingStatus;
use tonic_health::pb::{FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTORS, health_server};
use tonic_reflection::pb::v1::server_reflection_server;

use crate::door::{Door, Permission};

/// Descriptors that were compiled in cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve gRPC reflection")]
pub struct ReflectionError(#[source] tonic_reflection::server::Error);

/// Adds gRPC health, which says that `service` is served, and reflection of `descriptors` to
/// `door`. `service` is a full name, such as `coral.agent.v1.AgentService`; `descriptors` is an
/// encoded `FileDescriptorSet`.
///
/// # Errors
/// [`ReflectionError`] when `descriptors` cannot be read.
pub async fn add_health_and_reflection(
    door: Door,
    service: &str,
    descriptors: &[u8],
) -> Result<Door, ReflectionError> {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_service_status(service, ServingStatus::Serving).await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(descriptors)
        .register_encoded_file_descriptor_set(HEALTH_DESCRIPTORS)
        .build_v1()
        .map_err(ReflectionError)?;
    Ok(door
        .rpc(
            health_server::SERVICE_NAME,
            &[("Check", Permission::HealthRead), ("Watch", Permission::StatusRead)],
            &post_service(health),
        )
        .rpc(
            server_reflection_server::SERVICE_NAME,
            &[("ServerReflectionInfo", Permission::SpecRead)],
            &post_service(reflection),
        ))
}
