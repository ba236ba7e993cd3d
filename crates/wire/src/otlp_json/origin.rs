//! Resources and scopes in JSON.

use coral_trace as trace;
use serde::Deserialize;

use super::scalar::{integer, nullable};
use super::value::{KeyValue, attributes};
use crate::otlp::is_too_deep;
use crate::refusal::RefusalReason;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Resource {
    #[serde(deserialize_with = "nullable")]
    attributes: Vec<KeyValue>,
    #[serde(alias = "dropped_attributes_count", deserialize_with = "integer")]
    dropped_attributes_count: u32,
    #[serde(alias = "entity_refs", deserialize_with = "nullable")]
    entity_refs: Vec<EntityRef>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct EntityRef {
    #[serde(alias = "schema_url", deserialize_with = "nullable")]
    schema_url: String,
    #[serde(deserialize_with = "nullable")]
    r#type: String,
    #[serde(alias = "id_keys", deserialize_with = "nullable")]
    id_keys: Vec<String>,
    #[serde(alias = "description_keys", deserialize_with = "nullable")]
    description_keys: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Scope {
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    version: String,
    #[serde(deserialize_with = "nullable")]
    attributes: Vec<KeyValue>,
    #[serde(alias = "dropped_attributes_count", deserialize_with = "integer")]
    dropped_attributes_count: u32,
}

impl Resource {
    pub fn checked(self, schema_url: String) -> Result<trace::Resource, RefusalReason> {
        let attributes = attributes(self.attributes);
        if is_too_deep(&attributes) {
            return Err(RefusalReason::TooDeep { of: "resource" });
        }
        Ok(trace::Resource {
            attributes,
            dropped_attributes: self.dropped_attributes_count,
            entity_refs: self.entity_refs.into_iter().map(EntityRef::into_trace).collect(),
            schema_url,
        })
    }
}

impl EntityRef {
    fn into_trace(self) -> trace::EntityRef {
        trace::EntityRef {
            schema_url: self.schema_url,
            kind: self.r#type,
            id_keys: self.id_keys,
            description_keys: self.description_keys,
        }
    }
}

impl Scope {
    pub fn checked(self, schema_url: String) -> Result<trace::Scope, RefusalReason> {
        let attributes = attributes(self.attributes);
        if is_too_deep(&attributes) {
            return Err(RefusalReason::TooDeep { of: "scope" });
        }
        Ok(trace::Scope {
            name: self.name,
            version: self.version,
            attributes,
            dropped_attributes: self.dropped_attributes_count,
            schema_url,
        })
    }
}
