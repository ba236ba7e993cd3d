//! gRPC as bytes: what a client sends, and the numbers and types of the fields in its answers. A
//! changed field number is noticed even though client and server are built from the same file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use coral_wire::agent_rpc::proto::agent_service_client::AgentServiceClient;
use coral_wire::agent_rpc::proto::{QueryBeylaMetricsRequest, QueryTelemetryRequest};
use coral_wire::colony_rpc::proto::RegisterAgentRequest;
use coral_wire::colony_rpc::proto::colony_service_client::ColonyServiceClient;
use prost::Message;
use serde_json::{Map, Value, json};
use tonic::transport::Endpoint;
use tonic::{Response, Status};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use super::super::process::Coral;
use super::data;
use super::recording::{check_json, expect_none};

/// The second in which the reference trace starts, 2024-05-21T12:20:00Z, and the second after it.
const REFERENCE: (i64, i64) = (1_716_294_000, 1_716_294_001);

fn questions() -> Vec<(&'static str, QueryBeylaMetricsRequest)> {
    let all = QueryBeylaMetricsRequest::default;
    let traces = || QueryBeylaMetricsRequest { include_traces: true, ..all() };
    let id = || "4bf92f3577b34da6a3ce929d0e0e4736".to_owned();
    let (start_time, end_time) = REFERENCE;
    vec![
        (
            "http metrics",
            QueryBeylaMetricsRequest { metric_types: vec![1], max_metrics: 2, ..all() },
        ),
        (
            "grpc metrics",
            QueryBeylaMetricsRequest { metric_types: vec![2], max_metrics: 2, ..all() },
        ),
        (
            "sql metrics",
            QueryBeylaMetricsRequest { metric_types: vec![3], max_metrics: 2, ..all() },
        ),
        (
            "metrics of a service",
            QueryBeylaMetricsRequest { service_names: vec!["inventory-api".into()], ..all() },
        ),
        (
            "metrics after a receipt",
            QueryBeylaMetricsRequest { after_metric_receipt: Some(0), max_metrics: 5, ..all() },
        ),
        ("traces of a time", QueryBeylaMetricsRequest { start_time, end_time, ..traces() }),
        ("a trace", QueryBeylaMetricsRequest { trace_id: id(), ..traces() }),
        (
            "a span",
            QueryBeylaMetricsRequest {
                span_id: "0000000000000004".into(),
                trace_id: id(),
                ..traces()
            },
        ),
        (
            "traces of a service, at most 2",
            QueryBeylaMetricsRequest {
                service_names: vec!["shop".into()],
                max_traces: 2,
                ..traces()
            },
        ),
        (
            "spans after a receipt",
            QueryBeylaMetricsRequest { after_receipt: Some(1_500), max_spans: 3, ..traces() },
        ),
        (
            "spans after a receipt as OTLP",
            QueryBeylaMetricsRequest {
                after_receipt: Some(1_500),
                max_spans: 3,
                span_encoding: 1,
                ..traces()
            },
        ),
        ("a wrong trace id", QueryBeylaMetricsRequest { trace_id: "abc".into(), ..traces() }),
        ("too many traces", QueryBeylaMetricsRequest { max_traces: 1_001, ..traces() }),
        ("no metric type", QueryBeylaMetricsRequest { metric_types: vec![9], ..all() }),
        (
            "a cursor and a service",
            QueryBeylaMetricsRequest {
                after_receipt: Some(0),
                service_names: vec!["shop".into()],
                ..traces()
            },
        ),
    ]
}

#[tokio::test]
async fn golden_rpc_of_an_agent_answers_with_the_fields_that_it_had() {
    let coral = data::loaded(&[]);
    let mut answers = BTreeMap::new();
    let mut client = AgentServiceClient::connect(coral.url("agent_rpc")).await.unwrap();
    for (name, request) in questions() {
        let bytes = request.encode_to_vec();
        let answer = client.query_beyla_metrics(request).await;
        answers.insert(format!("QueryBeylaMetrics: {name}"), exchange(&bytes, answer));
    }
    let id = "4bf92f3577b34da6a3ce929d0e0e4700".to_owned();
    for (name, request) in [
        ("everything", QueryTelemetryRequest::default()),
        ("a trace", QueryTelemetryRequest { trace_id: id, ..QueryTelemetryRequest::default() }),
        (
            "spans after a receipt as OTLP",
            QueryTelemetryRequest {
                after_receipt: Some(0),
                span_encoding: 1,
                ..QueryTelemetryRequest::default()
            },
        ),
        (
            "no such service",
            QueryTelemetryRequest {
                service_names: vec!["nobody".into()],
                max_traces: 1,
                max_spans: 1,
                start_time: 1,
                ..QueryTelemetryRequest::default()
            },
        ),
    ] {
        let bytes = request.encode_to_vec();
        let answer = client.query_telemetry(request).await;
        answers.insert(format!("QueryTelemetry: {name}"), exchange(&bytes, answer));
    }
    for socket in ["agent_rpc", "colony"] {
        answers.insert(format!("{socket}: services"), services(&coral.url(socket)).await);
    }
    expect_none([check_json("rpc-agent.json", answers)]);
}

#[tokio::test]
async fn golden_rpc_of_a_colony_registers_agents_as_it_did() {
    let (colony, agent) = (Coral::colony(&[]), Coral::agent("web-1", &[]));
    let mut client = ColonyServiceClient::connect(colony.url("colony")).await.unwrap();
    let mut answers = BTreeMap::new();
    let address = agent.url("agent_rpc");
    for (name, agent_id, address) in [
        ("an agent", "web-1", address.as_str()),
        ("an agent again", "web-1", address.as_str()),
        ("no id", "", "http://127.0.0.1:1"),
        ("no URL", "web-2", "127.0.0.1"),
        ("no port", "web-2", "http://10.0.0.5"),
        ("another scheme", "web-2", "ftp://10.0.0.5:9001"),
    ] {
        let request = RegisterAgentRequest {
            agent_id: agent_id.into(),
            address: address.into(),
            version: "1.2.3".into(),
            store_id: String::new(),
        };
        let answer = client.register_agent(request).await;
        // The port differs in every run, so a request with fixed texts is recorded.
        let bytes = RegisterAgentRequest {
            agent_id: "id".into(),
            address: "address".into(),
            version: "version".into(),
            store_id: "store".into(),
        };
        let answer = exchange(&bytes.encode_to_vec(), answer);
        answers.insert(format!("RegisterAgent: {name}"), answer);
    }
    expect_none([check_json("rpc-colony.json", answers)]);
}

/// The request and its answer. The store id, which is random, is left out.
fn exchange<T: Message>(request: &[u8], answer: Result<Response<T>, Status>) -> Value {
    let answer = match answer {
        Ok(answer) => {
            let mut fields = message(&answer.into_inner().encode_to_vec()).unwrap();
            for page in ["#100", "#101"] {
                if let Some(page) = fields.get_mut(page) {
                    assert_eq!(page["#1"].take().as_str().map(str::len), Some(32), "a store's id");
                }
            }
            Value::Object(fields)
        }
        Err(status) => {
            json!({ "code": format!("{:?}", status.code()), "message": status.message() })
        }
    };
    json!({ "request": hex(request), "answer": answer })
}

async fn services(url: &str) -> Value {
    let channel = Endpoint::from_shared(url.to_owned()).unwrap().connect().await.unwrap();
    let list = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..ServerReflectionRequest::default()
    };
    let mut client = ServerReflectionClient::new(channel);
    let answers = client.server_reflection_info(tokio_stream::iter([list])).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}")
    };
    list.service.into_iter().map(|service| (service.name, Value::from(true))).collect()
}

/// The fields of a protobuf message, by number; a repeated field is a list. `None` when the bytes
/// are not a message.
fn message(mut bytes: &[u8]) -> Option<Map<String, Value>> {
    let mut fields: Vec<(u64, Value)> = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let value = match tag & 7 {
            0 => json!(varint(&mut bytes)?),
            1 => json!(format!("fixed64 {}", hex(take(&mut bytes, 8)?))),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                delimited(take(&mut bytes, length)?)
            }
            5 => json!(format!("fixed32 {}", hex(take(&mut bytes, 4)?))),
            _ => return None,
        };
        // No field has the number 0, so these bytes are not a message.
        fields.push(((tag >> 3 > 0).then_some(tag >> 3)?, value));
    }
    let mut members: Map<String, Value> = Map::new();
    for (number, value) in fields {
        let number = format!("#{number}");
        match members.get_mut(&number) {
            None => drop(members.insert(number, json!([value]))),
            Some(Value::Array(values)) => values.push(value),
            Some(_) => return None,
        }
    }
    for value in members.values_mut() {
        if let Value::Array(values) = value
            && values.len() == 1
        {
            *value = values.remove(0);
        }
    }
    Some(members)
}

/// A length-delimited value. Without a schema, the first of these that fits: text, a message,
/// bytes.
fn delimited(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(char::is_control) => text.into(),
        _ => message(bytes).map_or_else(|| format!("bytes {}", hex(bytes)).into(), Value::Object),
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
