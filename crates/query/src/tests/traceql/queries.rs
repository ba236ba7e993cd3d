//! Queries of which every part is tried.

use proptest::prelude::*;

/// Attributes of spans, and of what spans have.
const FIELDS: [&str; 11] = [
    ".a",
    "span.a",
    "resource.a",
    "event.a",
    ".http.method",
    "span.http.request.method",
    ".http.status_code",
    "span.server.port",
    ".service.name",
    "resource.service.name",
    "instrumentation.a",
];
/// Values of each type.
const VALUES: [&str; 10] = [
    "\"GET\"",
    "\"x\"",
    "5",
    "200",
    "2.5",
    "true",
    "\"shop\"",
    "\"unknown_service\"",
    "\"200\"",
    "3s",
];
/// Conditions in every form.
const OWN: [&str; 42] = [
    "status = error",
    "status != ok",
    "kind = server",
    "kind != internal",
    "kind = unspecified",
    "name = \"GET /a\"",
    "name =~ \"GET.*\"",
    "name !~ \"GET\"",
    "duration > 1s",
    "duration < 500ms",
    "duration = 0s",
    "statusMessage = \"no\"",
    "statusMessage != \"no\"",
    "statusMessage = \"\"",
    "traceDuration > 5s",
    "rootName = \"GET /b\"",
    "rootServiceName = \"shop\"",
    "rootServiceName != \"shop\"",
    "span:childCount > 1",
    "nestedSetParent < 0",
    "nestedSetLeft > 2",
    "span:id = \"0000000000000002\"",
    "span:parentID = \"\"",
    "trace:id = \"3\"",
    "trace:id != \"3\"",
    "event:name = \"retry\"",
    "event:name != \"retry\"",
    "event:timeSinceStart > 0s",
    "instrumentation:name = \"lib\"",
    ".a =~ \"G.T|x\"",
    ".a !~ \"x\"",
    ".a != nil",
    ".a = nil",
    "resource.a = nil",
    ".a",
    "1 < .a",
    ".a + 1 > 6",
    "true",
    "false",
    "\"x\" = .a",
    "cidr(.a, \"10.0.0.0/8\")",
    "!(.a = 5)",
];

/// A condition on one span.
pub(super) fn condition() -> impl Strategy<Value = String> {
    let field = prop::sample::select(&FIELDS[..]);
    let value = prop::sample::select(&VALUES[..]);
    let op = prop::sample::select(vec!["=", "=", "!=", "<", ">=", ">"]);
    let own = prop::sample::select(&OWN[..]);
    let one = prop_oneof![
        3 => (field, op, value).prop_map(|(field, op, value)| format!("{field} {op} {value}")),
        2 => own.prop_map(str::to_owned),
    ];
    one.prop_recursive(2, 6, 3, |inner| {
        let pair = (inner.clone(), prop::sample::select(vec!["&&", "||"]), inner.clone());
        prop_oneof![
            pair.prop_map(|(left, op, right)| format!("({left}) {op} ({right})")),
            inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}

pub(super) fn search() -> impl Strategy<Value = String> {
    let filter = condition().prop_map(|condition| format!("{{ {condition} }}")).boxed();
    let op = prop::sample::select(vec![
        "&&", "||", ">", "<", ">>", "<<", "~", "!>", "!<", "!>>", "!<<", "!~", "&>", "&<", "&>>",
        "&<<", "&~",
    ]);
    let pair = (filter.clone(), op, filter.clone())
        .prop_map(|(left, op, right)| format!("({left} {op} {right})"));
    let spanset = prop_oneof![2 => filter.clone(), 2 => pair].boxed();
    let step = prop_oneof![
        spanset.clone(),
        prop::sample::select(vec![
            "count() > 1",
            "avg(duration) > 1s",
            "max(.a) > 5",
            "min(duration) < 1s",
            "sum(.a) != 5",
            "by(resource.service.name)",
            "by(name) | count() > 1",
            "coalesce()",
            "select(.a, kind)",
        ])
        .prop_map(str::to_owned),
    ];
    (spanset, prop::collection::vec(step, 0..3)).prop_map(|(first, steps)| {
        std::iter::once(first).chain(steps).collect::<Vec<_>>().join(" | ")
    })
}
