//! gRPC for agents, with reflection and health.

mod register;

use axum::Router;
use coral_wire::colony_rpc::proto::colony_service_server::ColonyServiceServer;

use self::register::Registration;
use crate::Colony;

/// `coral.colony.v1.ColonyService`, gRPC health and reflection.
///
/// # Errors
/// When the descriptors that were compiled in cannot be read.
pub async fn router(colony: Colony) -> Result<Router, tonic_reflection::server::Error> {
    let registration = ColonyServiceServer::new(Registration { colony });
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<ColonyServiceServer<Registration>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(coral_wire::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    Ok(tonic::service::Routes::new(registration)
        .add_service(health_service)
        .add_service(reflection)
        .into_axum_router())
}
