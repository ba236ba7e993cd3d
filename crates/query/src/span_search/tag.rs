//! A tag of a search, and where a span has it.

use coral_engine::filter::{
    AttributeOwner, Comparison, EventField, Field, Filter, LinkField, Literal, SpanField,
};

/// A key and the text of its value.
///
/// A span has the tag if the key has that value among the attributes of the span, of its scope, of
/// its resource, of one of its events or of one of its links, each value as text. Further places:
///
/// - `error`: a true value is the status `error`, a false value is the status `ok`.
/// - `span.kind`, `span.status`, `otel.status_code`: the kind and the status, in any case.
/// - `otel.status_description`: the status message.
/// - `scope.name`, `otel.scope.name` and the two `…version`: the scope.
/// - `event`: the name of an event.
/// - `resource.KEY`: the attribute `KEY` of the resource only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpanTag {
    /// The key.
    pub key: String,
    /// The text of the value.
    pub value: String,
}

impl SpanTag {
    /// The condition that the span has the tag.
    pub(super) fn filter(&self) -> Filter {
        if let Some(key) = self.key.strip_prefix("resource.") {
            let whole = self.attribute(AttributeOwner::SpanOrResource, &self.key);
            return Filter::Or(vec![self.attribute(AttributeOwner::Resource, key), whole]);
        }
        let attribute = |of| Field::Attribute { of, key: self.key.clone() };
        let places = [
            attribute(AttributeOwner::Span),
            attribute(AttributeOwner::Resource),
            attribute(AttributeOwner::Scope),
            Field::Event(EventField::Attribute(self.key.clone())),
            Field::Link(LinkField::Attribute(self.key.clone())),
        ];
        let text = places.iter().map(|place| self.untyped(place.clone()));
        // The text of the float 3 is `3` to Jaeger.
        let whole =
            self.value.parse::<i32>().ok().filter(|number| number.to_string() == self.value);
        let number = whole.into_iter().flat_map(|number| {
            places.iter().map(move |place| equal(place.clone(), Literal::Float(number.into())))
        });
        Filter::Or(text.chain(number).chain(self.of_the_span_itself()).collect())
    }

    /// The condition on a field of the span that has the tag's key where Jaeger shows the span.
    fn of_the_span_itself(&self) -> Option<Filter> {
        let value = self.value.to_lowercase();
        let is = |field, text: &str| equal(Field::Span(field), Literal::Text(text.to_owned()));
        match self.key.as_str() {
            "error" => match self.value.as_str() {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(is(SpanField::Status, "error")),
                "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(is(SpanField::Status, "ok")),
                _ => None,
            },
            "span.kind" => Some(is(SpanField::Kind, &value)),
            "span.status" | "otel.status_code" => Some(is(SpanField::Status, &value)),
            "otel.status_description" => Some(is(SpanField::StatusMessage, &self.value)),
            "scope.name" | "otel.scope.name" => Some(is(SpanField::ScopeName, &self.value)),
            "scope.version" | "otel.scope.version" => {
                Some(is(SpanField::ScopeVersion, &self.value))
            }
            "event" => Some(self.untyped(Field::Event(EventField::Name))),
            _ => None,
        }
    }

    fn attribute(&self, of: AttributeOwner, key: &str) -> Filter {
        self.untyped(Field::Attribute { of, key: key.to_owned() })
    }

    fn untyped(&self, field: Field) -> Filter {
        equal(field, Literal::Untyped(self.value.clone()))
    }
}

fn equal(field: Field, value: Literal) -> Filter {
    Filter::Compare { field, op: Comparison::Equal, value }
}
