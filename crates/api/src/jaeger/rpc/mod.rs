//! The gRPC of Jaeger: `api_v3`, and the remote storage v2, which a Jaeger asks whose storage is a
//! colony.

mod asking;
mod query_service;
mod search;
mod stream;
mod trace_reader;

use axum::routing::post_service;
use coral_server::door::{Door, Permission};
use coral_wire::jaeger_rpc::api_v3::query_service_server::{self, QueryServiceServer};
use coral_wire::jaeger_rpc::storage_v2::dependency_reader_server::{self, DependencyReaderServer};
use coral_wire::jaeger_rpc::storage_v2::trace_reader_server::{self, TraceReaderServer};

use self::asking::JaegerRpc;
use crate::answering::Answering;

/// Adds the RPCs of Jaeger to `door`.
#[must_use]
pub fn add_rpcs(door: Door, answering: &Answering) -> Door {
    const READ: Permission = Permission::TracesRead;
    let rpc = JaegerRpc { answering: answering.clone() };
    let query = [
        ("GetTrace", READ),
        ("FindTraces", READ),
        ("FindTraceSummaries", READ),
        ("GetServices", READ),
        ("GetOperations", READ),
        ("GetDependencies", Permission::TopologyRead),
    ];
    let traces = [
        ("GetTraces", READ),
        ("GetServices", READ),
        ("GetOperations", READ),
        ("FindTraces", READ),
        ("FindTraceIDs", READ),
    ];
    let dependencies = [("GetDependencies", Permission::TopologyRead)];
    let query_server = post_service(QueryServiceServer::new(rpc.clone()));
    let traces_server = post_service(TraceReaderServer::new(rpc.clone()));
    let dependencies_server = post_service(DependencyReaderServer::new(rpc));
    door.rpc(query_service_server::SERVICE_NAME, &query, &query_server)
        .rpc(trace_reader_server::SERVICE_NAME, &traces, &traces_server)
        .rpc(dependency_reader_server::SERVICE_NAME, &dependencies, &dependencies_server)
}
