//! The gRPC service that agents register with, plus gRPC reflection and health.

mod register;

use axum::routing::post_service;
use coral_server::door::{Door, Permission};
use coral_wire::colony_rpc::proto::colony_service_server::{self, ColonyServiceServer};

use self::register::Registration;
use crate::Colony;

/// Adds `coral.colony.v1.ColonyService`, gRPC health and reflection to `door`.
///
/// # Errors
/// The compiled-in descriptors cannot be read.
pub async fn add_rpcs(door: Door, colony: Colony) -> Result<Door, tonic_reflection::server::Error> {
    let registration = ColonyServiceServer::new(Registration { colony });
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<ColonyServiceServer<Registration>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(coral_wire::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    Ok(door
        .rpc(
            colony_service_server::SERVICE_NAME,
            &[("RegisterAgent", Permission::AgentRegister)],
            &post_service(registration),
        )
        .rpc(
            tonic_health::pb::health_server::SERVICE_NAME,
            &[("Check", Permission::HealthRead), ("Watch", Permission::HealthRead)],
            &post_service(health_service),
        )
        .rpc(
            tonic_reflection::pb::v1::server_reflection_server::SERVICE_NAME,
            &[("ServerReflectionInfo", Permission::SpecRead)],
            &post_service(reflection),
        ))
}
