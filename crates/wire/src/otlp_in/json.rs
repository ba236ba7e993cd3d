//! Decodes an `ExportTraceServiceRequest` in JSON, leniently.

mod span;

use std::sync::Arc;

use coral_trace::{Origin, Recogniser, Span};
use serde::Deserialize;

use super::intake::{Intake, Origins};
use crate::otlp::{DecodeError, MAX_SPAN_BYTES};
use crate::otlp_json::origin::{Resource, Scope};
use crate::otlp_json::scalar::{HasSpans, nullable, with_spans};
use crate::otlp_json::syntax_error;
use crate::otlp_out;
use crate::refusal::{RefusalReason, RefusedSpans};
use span::Spans;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Request {
    #[serde(alias = "resource_spans", deserialize_with = "with_spans")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ResourceSpans {
    #[serde(deserialize_with = "nullable")]
    resource: Resource,
    #[serde(alias = "scope_spans", deserialize_with = "with_spans")]
    scope_spans: Vec<ScopeSpans>,
    #[serde(alias = "schema_url", deserialize_with = "nullable")]
    schema_url: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ScopeSpans {
    #[serde(deserialize_with = "nullable")]
    scope: Scope,
    #[serde(deserialize_with = "nullable")]
    spans: Spans,
    #[serde(alias = "schema_url", deserialize_with = "nullable")]
    schema_url: String,
}

/// Decodes `body`, an `ExportTraceServiceRequest`.
pub(super) fn decode(
    body: &[u8],
    recogniser: &Recogniser,
    intake: &mut Intake<'_>,
) -> Result<(), DecodeError> {
    let request: Request = serde_json::from_slice(body).map_err(|error| syntax_error(&error))?;
    // A span is never longer in protobuf than in JSON.
    let may_be_too_large = body.len() > MAX_SPAN_BYTES;
    let mut origins = Origins::new(recogniser, body.len());
    for resource_spans in request.resource_spans {
        origins.enter(resource_spans.resource.checked(resource_spans.schema_url));
        for scope_spans in resource_spans.scope_spans {
            let origin = origins.origin(scope_spans.scope.checked(scope_spans.schema_url));
            take_all(scope_spans.spans, &origin, may_be_too_large, intake);
        }
    }
    Ok(())
}

fn take_all(
    spans: Spans,
    origin: &Result<Arc<Origin>, RefusalReason>,
    may_be_too_large: bool,
    intake: &mut Intake<'_>,
) {
    intake.refused.add(spans.refused);
    for mut span in spans.taken {
        match origin {
            Ok(origin) => span.origin = origin.clone(),
            Err(why) => {
                intake.refused.span(why.clone(), &span.name);
                continue;
            }
        }
        if !may_be_too_large || fits(&span, &mut intake.refused) {
            intake.accept(span);
        }
    }
}

fn fits(span: &Span, refused: &mut RefusedSpans) -> bool {
    let bytes = otlp_out::span_len(span);
    if bytes > MAX_SPAN_BYTES {
        refused.span(RefusalReason::TooLarge { bytes }, &span.name);
    }
    bytes <= MAX_SPAN_BYTES
}

impl HasSpans for ResourceSpans {
    fn has_spans(&self) -> bool {
        !self.scope_spans.is_empty()
    }
}

impl HasSpans for ScopeSpans {
    fn has_spans(&self) -> bool {
        !self.spans.taken.is_empty() || !self.spans.refused.is_empty()
    }
}
