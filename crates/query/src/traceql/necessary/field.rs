//! Conditions on one field, as the engine has them.

use coral_engine::Filter;
use coral_engine::filter::{
    AttributeOwner, Comparison, EventField, Field, LinkField, Literal, Pattern, SpanField,
    TraceField,
};
use coral_trace::{SpanKind, UNKNOWN_SERVICE};
use coral_traceql::{Attribute, Intrinsic, Operator, Scope, Static};

/// What a span meets that has the attribute; `None` for intrinsics.
pub(super) fn exists(attribute: &Attribute) -> Option<Filter> {
    let fields = fields_of(attribute);
    (!fields.is_empty()).then(|| Filter::Or(fields.into_iter().map(Filter::Exists).collect()))
}

/// The fields of the engine that hold an attribute by its key; empty for intrinsics.
fn fields_of(attribute: &Attribute) -> Vec<Field> {
    let Attribute::Key { scope, key } = attribute else { return Vec::new() };
    let of = |of| Field::Attribute { of, key: key.clone() };
    match scope {
        Scope::None => vec![of(AttributeOwner::Span), of(AttributeOwner::Resource)],
        Scope::Span => vec![of(AttributeOwner::Span)],
        Scope::Resource => vec![of(AttributeOwner::Resource)],
        Scope::Instrumentation => vec![of(AttributeOwner::Scope)],
        Scope::Event => vec![Field::Event(EventField::Attribute(key.clone()))],
        Scope::Link => vec![Field::Link(LinkField::Attribute(key.clone()))],
    }
}

/// What a span meets of which `attribute op value` is true.
pub(super) fn compare(
    attribute: &Attribute,
    op: Operator,
    value: &Static,
    pattern: Option<&coral_traceql::Pattern>,
) -> Option<Filter> {
    match attribute {
        Attribute::Intrinsic(intrinsic) => intrinsic_field(*intrinsic, op, value, pattern),
        Attribute::Key { scope: Scope::Resource | Scope::None, key }
            if key == "service.name" && *value == Static::String(UNKNOWN_SERVICE.to_owned()) =>
        {
            None
        }
        Attribute::Key { scope: Scope::Resource, key } if key == "service.name" => {
            test(Field::Span(SpanField::Service), op, value, pattern)
        }
        Attribute::Key { scope: Scope::None, key }
            if key == "service.name" && op != Operator::Equal =>
        {
            None
        }
        Attribute::Key { .. } => {
            let mut any = Vec::new();
            for field in fields_of(attribute) {
                any.push(test(field.clone(), op, value, pattern)?);
                any.push(match (op, literal(value)) {
                    (Operator::Equal, Some(value)) => Filter::HasElement { field, value },
                    // The text form of a list begins with a bracket.
                    _ => Filter::Regex { field, pattern: Pattern::untyped("^\\[").ok()? },
                });
            }
            Some(Filter::Or(any))
        }
        Attribute::OfParent { .. } => Some(Filter::Or(Vec::new())),
    }
}

fn literal(value: &Static) -> Option<Literal> {
    Some(match value {
        Static::String(text) => Literal::Text(text.clone()),
        Static::Int(number) | Static::Duration(number) => Literal::Int(*number),
        Static::Float(number) => Literal::Float(*number),
        Static::Bool(truth) => Literal::Bool(*truth),
        Static::Status(status) => Literal::Text(status.as_str().to_owned()),
        Static::Kind(kind) => Literal::Text(kind.as_str().to_owned()),
        Static::Nil | Static::Array(_) => return None,
    })
}

/// The comparison of one field of the engine.
fn test(
    field: Field,
    op: Operator,
    value: &Static,
    pattern: Option<&coral_traceql::Pattern>,
) -> Option<Filter> {
    let of_value = |op| Some(Filter::Compare { field: field.clone(), op, value: literal(value)? });
    match op {
        Operator::Equal => of_value(Comparison::Equal),
        Operator::NotEqual => of_value(Comparison::NotEqual),
        Operator::Less => of_value(Comparison::Less),
        Operator::LessEqual => of_value(Comparison::LessOrEqual),
        Operator::Greater => of_value(Comparison::Greater),
        Operator::GreaterEqual => of_value(Comparison::GreaterOrEqual),
        Operator::Regex => {
            let pattern = Pattern::new(&pattern?.anchored()).ok()?;
            Some(Filter::Regex { field, pattern })
        }
        Operator::NotRegex => Some(Filter::Exists(field)),
        _ => None,
    }
}

/// What a span meets of which `intrinsic op value` is true.
fn intrinsic_field(
    intrinsic: Intrinsic,
    op: Operator,
    value: &Static,
    pattern: Option<&coral_traceql::Pattern>,
) -> Option<Filter> {
    let test = |field| test(field, op, value, pattern);
    // Fields that the engine lacks where TraceQL has an empty text.
    let if_filled = |field| match (op, value) {
        (Operator::Equal, Static::String(text)) if !text.is_empty() => test(field),
        (Operator::Regex, _) if !pattern?.is_match("") => test(field),
        _ => None,
    };
    match intrinsic {
        Intrinsic::Duration => test(Field::Span(SpanField::Duration)),
        Intrinsic::Name => test(Field::Span(SpanField::Name)),
        Intrinsic::Status => test(Field::Span(SpanField::Status)),
        Intrinsic::Kind => match (op, value) {
            // An unspecified kind is internal to the engine.
            (Operator::NotEqual, Static::Kind(SpanKind::Internal | SpanKind::Unspecified)) => None,
            _ => test(Field::Span(SpanField::Kind)),
        },
        Intrinsic::SpanId => test(Field::Span(SpanField::SpanId)),
        Intrinsic::TraceDuration => test(Field::Trace(TraceField::Duration)),
        Intrinsic::RootName => test(Field::Trace(TraceField::RootName)),
        Intrinsic::StatusMessage => if_filled(Field::Span(SpanField::StatusMessage)),
        Intrinsic::ParentId => if_filled(Field::Span(SpanField::ParentSpanId)),
        Intrinsic::RootServiceName => if_filled(Field::Trace(TraceField::RootService)),
        Intrinsic::InstrumentationName => if_filled(Field::Span(SpanField::ScopeName)),
        Intrinsic::InstrumentationVersion => if_filled(Field::Span(SpanField::ScopeVersion)),
        Intrinsic::EventName if op != Operator::NotEqual && op != Operator::NotRegex => {
            test(Field::Event(EventField::Name))
        }
        Intrinsic::EventTimeSinceStart if op != Operator::NotEqual => {
            test(Field::Event(EventField::SinceStart))
        }
        Intrinsic::LinkTraceId if op == Operator::Equal => test(Field::Link(LinkField::TraceId)),
        Intrinsic::LinkSpanId if op == Operator::Equal => test(Field::Link(LinkField::SpanId)),
        Intrinsic::TraceId => match (op, value) {
            // TraceQL writes trace ids without leading zeros.
            (Operator::Equal, Static::String(id)) => Some(Filter::Compare {
                field: Field::Trace(TraceField::TraceId),
                op: Comparison::Equal,
                value: Literal::Text(format!("{id:0>32}")),
            }),
            _ => None,
        },
        _ => None,
    }
}
