//! The gRPC service that agents register with, plus gRPC reflection and health.

mod elsewhere;
mod register;

use axum::routing::post_service;
use coral_server::door::{Door, Permission};
use coral_server::rpc::{ReflectionError, add_health_and_reflection};
use coral_wire::colony_rpc::proto::colony_service_server::{self, ColonyServiceServer};

use self::register::Registration;
use crate::Colony;

/// Adds `coral.colony.v1.ColonyService`, gRPC health and reflection to `door`.
///
/// # Errors
/// [`ReflectionError`] when the descriptors that were compiled in cannot be read.
pub async fn add_rpcs(door: Door, colony: Colony) -> Result<Door, ReflectionError> {
    let registration = post_service(ColonyServiceServer::new(Registration { colony }));
    let service = colony_service_server::SERVICE_NAME;
    let methods = [
        ("RegisterAgent", Permission::AgentRegister),
        ("JoinAgent", Permission::AgentJoin),
        ("RenewCertificate", Permission::CertificateRenew),
    ];
    let door = door.rpc(service, &methods, &registration);
    add_health_and_reflection(door, service, coral_wire::FILE_DESCRIPTOR_SET).await
}
