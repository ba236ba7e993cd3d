//! A condition on the annotations and tags of a span.

use coral_engine::filter::{
    AttributeOwner, Comparison, EventField, Field, Filter, Literal, SpanField,
};

use crate::ask::QueryError;
use crate::quote::shortened;

/// A tag with this key and value; without a value, a tag with this key or an annotation with this
/// text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Annotation {
    /// The key of the tag, or the text of the annotation.
    pub key: String,
    /// The value of the tag.
    pub value: Option<String>,
}

impl Annotation {
    /// The condition on one span. Tags that are made of fields of the span are conditions on these
    /// fields.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] for a tag that no filter can test.
    pub(super) fn filter(&self) -> Result<Filter, QueryError> {
        let (key, value) = (self.key.as_str(), self.value.as_deref());
        match key {
            "error" => Ok(error(value)),
            "otel.status_code" => Ok(status(value)),
            "span.kind" => Ok(kind(value)),
            "otel.scope.name" => Ok(field_is(Field::Span(SpanField::ScopeName), value)),
            "otel.scope.version" => Ok(field_is(Field::Span(SpanField::ScopeVersion), value)),
            "w3c.tracestate" => Err(not_searchable(key)),
            _ if key.starts_with("otlp.link.") => Err(not_searchable(key)),
            _ => {
                let tag = attribute(key, value);
                let annotation = value
                    .is_none()
                    .then(|| equal(Field::Event(EventField::Name), Literal::Text(key.to_owned())));
                Ok(Filter::Or([tag].into_iter().chain(annotation).collect()))
            }
        }
    }
}

/// A failed span. The value is the status message, or the tag that the exporter sent.
fn error(value: Option<&str>) -> Filter {
    let failed = span_is(SpanField::Status, "error");
    let Some(value) = value else { return failed };
    let mut any = vec![attribute("error", Some(value)), span_is(SpanField::StatusMessage, value)];
    if value == "true" {
        let message = Filter::Exists(Field::Span(SpanField::StatusMessage));
        any.push(Filter::Not(Box::new(message)));
    }
    Filter::And(vec![failed, Filter::Or(any)])
}

fn status(value: Option<&str>) -> Filter {
    match value {
        Some(code) => span_is(SpanField::Status, &code.to_ascii_lowercase()),
        None => Filter::Not(Box::new(span_is(SpanField::Status, "unset"))),
    }
}

/// The tag of an internal span, which has no kind in Zipkin; or an attribute of that name.
fn kind(value: Option<&str>) -> Filter {
    let mut any = vec![attribute("span.kind", value)];
    if value.is_none_or(|value| value == "internal") {
        any.push(span_is(SpanField::Kind, "internal"));
    }
    Filter::Or(any)
}

fn attribute(key: &str, value: Option<&str>) -> Filter {
    field_is(Field::Attribute { of: AttributeOwner::SpanOrResource, key: key.to_owned() }, value)
}

/// The field has `value`, or any value.
fn field_is(field: Field, value: Option<&str>) -> Filter {
    match value {
        Some(value) => equal(field, Literal::Untyped(value.to_owned())),
        None => Filter::Exists(field),
    }
}

fn span_is(field: SpanField, text: &str) -> Filter {
    equal(Field::Span(field), Literal::Text(text.to_owned()))
}

fn equal(field: Field, value: Literal) -> Filter {
    Filter::Compare { field, op: Comparison::Equal, value }
}

fn not_searchable(key: &str) -> QueryError {
    let reason = shortened(format!("the tag `{key}` is written in answers, and is not searched"));
    QueryError::Invalid { field: "annotationQuery", reason }
}
