//! Converts OTLP's attributes, resources and scopes.

use coral_trace::{Attributes, Double, EntityRef, KeyValue, Resource, Scope, Value};
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::resource::v1 as resource;

use crate::otlp::MAX_NESTING;
use crate::refusal::RefusalReason;

pub(crate) fn resource(
    resource: Option<resource::Resource>,
    schema_url: String,
) -> Result<Resource, RefusalReason> {
    let resource = resource.unwrap_or_default();
    Ok(Resource {
        attributes: attributes(resource.attributes, "resource")?,
        dropped_attributes: resource.dropped_attributes_count,
        entity_refs: resource.entity_refs.into_iter().map(entity_ref).collect(),
        schema_url,
    })
}

pub(crate) fn scope(
    scope: Option<common::InstrumentationScope>,
    schema_url: String,
) -> Result<Scope, RefusalReason> {
    let scope = scope.unwrap_or_default();
    Ok(Scope {
        name: scope.name,
        version: scope.version,
        attributes: attributes(scope.attributes, "scope")?,
        dropped_attributes: scope.dropped_attributes_count,
        schema_url,
    })
}

/// Converts attributes. `of` says in an error whose attributes are nested too deep: those of the
/// span itself, or of an event, resource or scope.
pub(crate) fn attributes(
    attributes: Vec<common::KeyValue>,
    of: &'static str,
) -> Result<Attributes, RefusalReason> {
    map(attributes, MAX_NESTING).ok_or(RefusalReason::TooDeep { of })
}

/// Converts attributes; `None` if they are nested deeper than `levels`, so that the recursion is
/// bounded.
fn map(attributes: Vec<common::KeyValue>, levels: usize) -> Option<Attributes> {
    attributes
        .into_iter()
        .map(|attribute| key_value(attribute, levels))
        .collect::<Option<_>>()
        .map(Attributes)
}

fn key_value(attribute: common::KeyValue, levels: usize) -> Option<KeyValue> {
    let value = attribute.value.and_then(|any| any.value);
    Some(KeyValue { key: attribute.key, value: self::value(value, levels)? })
}

/// Converts a value; `None` if it is nested deeper than `levels`. A reference to the string table
/// of OTLP profiles counts as an absent value, as OTLP specifies for traces.
fn value(value: Option<Any>, levels: usize) -> Option<Value> {
    Some(match value {
        None | Some(Any::StringValueStrindex(_)) => Value::Empty,
        Some(Any::StringValue(text)) => Value::String(text),
        Some(Any::BoolValue(truth)) => Value::Bool(truth),
        Some(Any::IntValue(number)) => Value::Int(number),
        Some(Any::DoubleValue(number)) => Value::Double(Double(number)),
        Some(Any::BytesValue(bytes)) => Value::Bytes(bytes),
        Some(Any::ArrayValue(list)) => {
            let levels = levels.checked_sub(1)?;
            let values = list.values.into_iter().map(|any| self::value(any.value, levels));
            Value::Array(values.collect::<Option<_>>()?)
        }
        Some(Any::KvlistValue(list)) => Value::Map(map(list.values, levels.checked_sub(1)?)?),
    })
}

fn entity_ref(entity: common::EntityRef) -> EntityRef {
    EntityRef {
        schema_url: entity.schema_url,
        kind: entity.r#type,
        id_keys: entity.id_keys,
        description_keys: entity.description_keys,
    }
}
