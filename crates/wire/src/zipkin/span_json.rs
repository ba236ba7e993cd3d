//! The JSON of a span.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::otlp_json::scalar::{Integer, nullable};

/// A span as in Zipkin's JSON. The order of the fields is that of Zipkin's own writer.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "a span, which is an object")]
pub(crate) struct SpanJson<'a> {
    #[serde(deserialize_with = "nullable")]
    pub trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
    /// Microseconds since the Unix epoch.
    #[serde(deserialize_with = "positive", skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// Microseconds, at least 1.
    #[serde(deserialize_with = "positive", skip_serializing_if = "Option::is_none")]
    pub duration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_endpoint: Option<EndpointJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_endpoint: Option<EndpointJson<'a>>,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<AnnotationJson<'a>>,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, TagJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<bool>,
    /// Only spans of Zipkin's v1 API have this field.
    #[serde(deserialize_with = "of_v1", skip_serializing)]
    #[allow(dead_code, reason = "reading the field is an error")]
    pub binary_annotations: (),
}

/// One side of a call.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EndpointJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "positive", skip_serializing_if = "Option::is_none")]
    pub port: Option<u64>,
}

/// Something that happened at one moment.
#[derive(Serialize, Deserialize)]
pub(crate) struct AnnotationJson<'a> {
    /// Microseconds since the Unix epoch.
    #[serde(deserialize_with = "integer")]
    pub timestamp: i64,
    pub value: Cow<'a, str>,
}

/// The value of a tag: text. Numbers and booleans are read as text.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct TagJson<'a>(pub Cow<'a, str>);

/// A number above 0; Zipkin takes `null` and all other numbers for an absent one.
fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number: Option<Integer<i64>> = Option::deserialize(deserializer)?;
    let number = number.and_then(|number| u64::try_from(number.0).ok());
    Ok(number.filter(|number| *number > 0))
}

fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Integer::deserialize(deserializer).map(|number| number.0)
}

fn of_v1<'de, D: Deserializer<'de>>(_: D) -> Result<(), D::Error> {
    let reason = "the span is of Zipkin's v1 format; only the v2 format is read";
    Err(serde::de::Error::custom(reason))
}

impl<'de> Deserialize<'de> for TagJson<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a tag's value: text, a number or a boolean")]
        enum Scalar {
            Text(String),
            Number(serde_json::Number),
            Bool(bool),
        }
        let text = match Scalar::deserialize(deserializer)? {
            Scalar::Text(text) => text,
            Scalar::Number(number) => number.to_string(),
            Scalar::Bool(truth) => truth.to_string(),
        };
        Ok(Self(text.into()))
    }
}
