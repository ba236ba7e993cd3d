//! What filters match, case by case.

use std::sync::Arc;

use coral_trace::{
    Attributes, Collector, Event, Link, Origin, Resource, Scope, Span, SpanId, SpanKind, Status,
    StatusCode, TraceId, UnixNanos, Value,
};

use super::*;

fn span(id: u64, name: &str, attributes: Vec<(&str, Value)>) -> Span {
    let resource = [("service.name", "shop"), ("host.name", "vm")].into_iter().collect();
    let resource = Resource { attributes: resource, ..Resource::default() };
    let scope = Scope { name: "tracer".into(), ..Scope::default() };
    Span {
        trace_id: TraceId::try_from(7).unwrap(),
        span_id: SpanId::try_from(id).unwrap(),
        parent_span_id: (id > 1).then(|| SpanId::try_from(1).unwrap()),
        trace_state: String::new(),
        flags: 0,
        name: name.to_owned(),
        kind: SpanKind::Server,
        start: UnixNanos(1_000 * id),
        end: UnixNanos(1_000 * id + 500),
        attributes: attributes.into_iter().collect(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        origin: Arc::new(Origin { resource, scope, collector: Collector::Sdk }),
    }
}

fn attribute(key: &str) -> Field {
    Field::Attribute { of: AttributeOwner::SpanOrResource, key: key.to_owned() }
}

fn compare(field: Field, op: Comparison, value: Literal) -> Filter {
    Filter::Compare { field, op, value }
}

fn name_is(name: &str) -> Filter {
    let name = Literal::Text(name.to_owned());
    compare(Field::Span(SpanField::Name), Comparison::Equal, name)
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn any_span(filter: Filter) -> Filter {
    Filter::AnySpan(Box::new(filter))
}

#[test]
fn a_single_span_must_meet_the_whole_condition() {
    let spans = [span(1, "a", vec![]), span(2, "b", vec![("x", Value::Int(1))])];
    let x = compare(attribute("x"), Comparison::Equal, Literal::Int(1));
    let both = |name: &str| Filter::And(vec![name_is(name), x.clone()]);
    assert!(both("b").matches(&spans));
    assert!(!both("a").matches(&spans), "two spans that have one each do not match");
    let apart = Filter::And(vec![name_is("a"), any_span(x)]);
    assert!(apart.matches(&spans));
    assert!(!Filter::And(vec![]).matches(&[]), "a trace without spans matches nothing");
}

#[test]
fn a_negation_is_about_a_span_and_not_the_trace() {
    let spans = [span(1, "a", vec![]), span(2, "b", vec![])];
    assert!(not(name_is("a")).matches(&spans));
    assert!(!not(any_span(name_is("a"))).matches(&spans));
    assert!(not(any_span(name_is("c"))).matches(&spans));
    assert!(not(any_span(not(any_span(name_is("a"))))).matches(&spans));
}

#[test]
fn an_absent_field_meets_no_comparison() {
    let spans = [span(1, "a", vec![])];
    let one = |op| compare(attribute("x"), op, Literal::Int(1));
    assert!(!one(Comparison::NotEqual).matches(&spans));
    assert!(not(one(Comparison::Equal)).matches(&spans));
    assert!(!Filter::Exists(attribute("x")).matches(&spans));
    assert!(Filter::Exists(attribute("host.name")).matches(&spans));
}

#[test]
fn values_are_compared_with_literals_of_their_type() {
    use Comparison::{Equal, Greater, Less, NotEqual};
    let text = |text: &str| Literal::Text(text.to_owned());
    let untyped = |text: &str| Literal::Untyped(text.to_owned());
    let cases = [
        (Value::Int(5), Equal, Literal::Int(5), true),
        (Value::Int(5), Equal, Literal::Float(5.0), true),
        (Value::from(5.5), Greater, Literal::Int(5), true),
        (Value::Int(5), Equal, text("5"), false),
        (Value::Int(5), NotEqual, text("6"), false),
        (Value::Int(5), Equal, untyped("5"), true),
        (Value::Int(10), Less, untyped("9"), true),
        (Value::from("5"), Equal, Literal::Int(5), false),
        (Value::from("5"), Equal, untyped("5"), true),
        (Value::from("b"), Greater, text("a"), true),
        (Value::from(true), Equal, Literal::Bool(true), true),
        (Value::from(true), Equal, untyped("true"), true),
        (Value::from(f64::NAN), Equal, Literal::Float(f64::NAN), false),
        (Value::from(f64::NAN), NotEqual, Literal::Float(1.0), true),
        (Value::Array(vec![Value::Int(1)]), Equal, untyped("[1]"), true),
        (Value::Array(vec![Value::Int(1)]), Equal, Literal::Int(1), false),
        (Value::Empty, NotEqual, Literal::Int(1), false),
        (Value::Int(503), Greater, Literal::Number(499.5), true),
        (Value::from(5.5), Less, Literal::Number(6.0), true),
        (Value::from("503"), Greater, Literal::Number(500.0), true),
        (Value::from("-2.5e1"), Equal, Literal::Number(-25.0), true),
        (Value::from("2.4.0"), Greater, Literal::Number(1.0), false),
        (Value::from("inf"), Greater, Literal::Number(1.0), false),
        (Value::from("abc"), NotEqual, Literal::Number(1.0), false),
        (Value::from(true), Equal, Literal::Number(1.0), false),
    ];
    for (value, op, literal, expected) in cases {
        let spans = [span(1, "a", vec![("x", value.clone())])];
        let found = compare(attribute("x"), op, literal.clone()).matches(&spans);
        assert_eq!(found, expected, "{value:?} {op:?} {literal:?}");
    }
}

#[test]
fn an_attribute_of_the_span_hides_that_of_its_resource() {
    let spans = [span(1, "a", vec![("host.name", "pod".into())])];
    let host = |of, name: &str| {
        let field = Field::Attribute { of, key: "host.name".to_owned() };
        compare(field, Comparison::Equal, Literal::Text(name.to_owned())).matches(&spans)
    };
    assert!(!host(AttributeOwner::SpanOrResource, "vm"));
    assert!(host(AttributeOwner::SpanOrResource, "pod"));
    assert!(host(AttributeOwner::Resource, "vm"));
    assert!(!host(AttributeOwner::Scope, "vm"));
}

#[test]
fn a_condition_on_events_or_links_is_met_by_any_of_them() {
    let mut one = span(1, "a", vec![]);
    let event = |name: &str, key: &str| Event {
        name: name.to_owned(),
        time: UnixNanos(1_200),
        attributes: Attributes::from_iter([(key, true)]),
        ..Event::default()
    };
    one.events = vec![event("retry", "x"), event("exception", "y")];
    one.links = vec![Link {
        trace_id: TraceId::try_from(9).unwrap(),
        span_id: SpanId::try_from(3).unwrap(),
        trace_state: String::new(),
        attributes: Attributes::default(),
        dropped_attributes: 0,
        flags: 0,
    }];
    let spans = [one];
    let text = |text: &str| Literal::Text(text.to_owned());
    let name = |op, name| compare(Field::Event(EventField::Name), op, text(name)).matches(&spans);
    assert!(name(Comparison::Equal, "exception") && name(Comparison::NotEqual, "exception"));
    assert!(!name(Comparison::Equal, "nothing"));
    assert!(Filter::Exists(Field::Event(EventField::Attribute("y".into()))).matches(&spans));
    let after = Field::Event(EventField::SinceStart);
    assert!(compare(after, Comparison::Equal, Literal::Int(200)).matches(&spans));
    let link = compare(Field::Link(LinkField::SpanId), Comparison::Equal, text("0000000000000003"));
    assert!(link.matches(&spans));
}

#[test]
fn fields_of_spans_and_traces_have_the_values_that_lists_show() {
    let mut failed = span(2, "child", vec![("http.status_code", Value::Int(503))]);
    failed.status = Status { code: StatusCode::Error, message: "no".into() };
    let spans = [failed, span(1, "root", vec![])];
    let text = |text: &str| Literal::Text(text.to_owned());
    let cases = [
        (Field::Span(SpanField::Kind), text("server")),
        (Field::Span(SpanField::Status), text("error")),
        (Field::Span(SpanField::StatusMessage), text("no")),
        (Field::Span(SpanField::Start), Literal::Int(spans[0].start.0 as i64)),
        (Field::Span(SpanField::Duration), Literal::Int(500)),
        (Field::Span(SpanField::Service), text("shop")),
        (Field::Span(SpanField::Collector), text("sdk")),
        (Field::Span(SpanField::ResponseStatus), Literal::Int(503)),
        (Field::Span(SpanField::SpanId), text("0000000000000002")),
        (Field::Span(SpanField::ParentSpanId), text("0000000000000001")),
        (Field::Span(SpanField::ScopeName), text("tracer")),
        (Field::Trace(TraceField::TraceId), text("00000000000000000000000000000007")),
        (Field::Trace(TraceField::Duration), Literal::Int(1_500)),
        (Field::Trace(TraceField::RootService), text("shop")),
        (Field::Trace(TraceField::RootName), text("root")),
        (Field::Trace(TraceField::SpanCount), Literal::Int(2)),
        (Field::Trace(TraceField::ErrorCount), Literal::Int(1)),
    ];
    for (field, value) in cases {
        let equal = compare(field, Comparison::Equal, value);
        assert!(equal.matches(&spans), "{equal:?}");
    }
    assert!(!Filter::Exists(Field::Span(SpanField::ScopeVersion)).matches(&spans));
}

#[test]
fn a_regular_expression_matches_any_part_of_a_text_and_no_number() {
    let spans = [span(1, "GET /cart", vec![("x", Value::Int(12))])];
    let find = |field: Field, pattern: &str| {
        Filter::Regex { field, pattern: Pattern::new(pattern).unwrap() }.matches(&spans)
    };
    let name = || Field::Span(SpanField::Name);
    assert!(find(name(), "/c.rt") && !find(name(), "^/c.rt"));
    assert!(!find(attribute("x"), "1"), "a number is not text");
    let untyped = Pattern::untyped("^1").unwrap();
    assert!(Filter::Regex { field: attribute("x"), pattern: untyped }.matches(&spans));
    assert!(Pattern::new("(").is_err());
    assert!(Pattern::new("(\\w{100}){100}").is_err(), "the expression takes too much memory");
}

#[test]
fn a_list_has_the_elements_that_equal_the_value_in_type_too() {
    let list = Value::Array(vec!["a".into(), Value::Int(7)]);
    let spans = [span(1, "a", vec![("x", list), ("y", "a".into())])];
    let has = |key, value| Filter::HasElement { field: attribute(key), value }.matches(&spans);
    assert!(has("x", Literal::Text("a".into())) && has("x", Literal::Int(7)));
    assert!(!has("x", Literal::Text("7".into())) && !has("y", Literal::Text("a".into())));
}
