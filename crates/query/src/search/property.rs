//! Every operator of the search language against brute force over random spans.

use std::sync::Arc;

use coral_trace::{
    Attributes, Collector, Event, KeyValue, Origin, Resource, Scope, Span, SpanId, SpanKind,
    Status, StatusCode, TraceId, UnixNanos, Value,
};
use proptest::prelude::*;

use super::Search;

const SERVICES: [&str; 4] = ["payments", "pay-2", "cart", "health"];
const NAMES: [&str; 3] = ["POST /charge", "GET /health", "SELECT cards"];
const TEXTS: [&str; 7] = ["pay-1", "pay-2", "500", "503", "2.4.0", "", "Pay*"];
const KEYS: [&str; 4] = ["host.name", "http.response.status_code", "http.status_code", "tier"];

/// One condition: its text, and whether a span meets it, computed here from the span.
#[derive(Clone, Debug)]
struct Asked {
    key: String,
    sign: &'static str,
    value: String,
    is_negated: bool,
}

/// What a span has under a key.
#[derive(Clone, Debug)]
enum Found {
    Text(String),
    Number(f64),
}

impl Found {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Number(number) => Some(*number),
        }
    }
}

fn found(key: &str, span: &Span) -> Vec<Found> {
    let text = |text: &str| vec![Found::Text(text.to_owned())];
    let attribute = |key: &str| {
        let all = span.attributes.0.iter().chain(&span.origin.resource.attributes.0);
        let mut values = all.filter(|pair| pair.key == key).map(|pair| match &pair.value {
            Value::Int(number) => Found::Number(*number as f64),
            other => Found::Text(other.to_string()),
        });
        values.next()
    };
    match key {
        "service" => text(span.origin.service_name()),
        "name" => text(&span.name),
        "status" => text(span.status.code.as_str()),
        "kind" => text(span.kind.as_str()),
        "duration" => vec![Found::Number((span.end.0 - span.start.0) as f64)],
        "code" => {
            span.response_status().map(|code| Found::Number(code.into())).into_iter().collect()
        }
        "event" => span.events.iter().map(|event| Found::Text(event.name.clone())).collect(),
        "http.response.status_code" | "http.status_code" => {
            ["http.response.status_code", "http.status_code"]
                .into_iter()
                .filter_map(attribute)
                .collect()
        }
        other => attribute(other.trim_matches('"')).into_iter().collect(),
    }
}

/// Whether `text` is `pattern`, in which `*` is any text.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|after| {
            let ends = after.char_indices().map(|(at, _)| at).chain([after.len()]);
            ends.into_iter().any(|at| is_like(&after[at..], rest))
        }),
    }
}

impl Asked {
    fn text(&self) -> String {
        let minus = if self.is_negated { "-" } else { "" };
        format!("{minus}{}{}{}", self.key, self.sign, self.value)
    }

    fn holds(&self, span: &Span) -> bool {
        let found = found(&self.key, span);
        let is_quoted = self.value.starts_with('"');
        let value = self.value.trim_matches('"');
        let limit = match value.strip_suffix("ms") {
            Some(millis) => millis.parse::<f64>().ok().map(|millis| millis * 1e6),
            None => value.parse().ok(),
        };
        let equal = |found: &Found| match (self.key.as_str(), value) {
            ("status", "ok") => found.text() != "error",
            ("code", "5xx") => found.number().is_some_and(|code| (500.0..600.0).contains(&code)),
            ("code" | "duration", _) => found.number() == limit,
            _ if is_quoted => found.text() == value,
            _ => is_like(&found.text(), value),
        };
        let like = |found: &Found| found.text().to_lowercase().contains(&value.to_lowercase());
        let compared = |accepts: fn(f64, f64) -> bool| {
            let limit = limit.unwrap();
            found.iter().any(|found| found.number().is_some_and(|number| accepts(number, limit)))
        };
        match self.sign {
            ":" | "=" => found.iter().any(equal),
            "!=" => !found.is_empty() && !found.iter().any(equal),
            "~" => found.iter().any(like),
            "!~" => !found.is_empty() && !found.iter().any(like),
            "<" => compared(|one, other| one < other),
            "<=" => compared(|one, other| one <= other),
            ">" => compared(|one, other| one > other),
            ">=" => compared(|one, other| one >= other),
            other => panic!("{other}"),
        }
    }
}

fn any_asked() -> impl Strategy<Value = Asked> {
    let select =
        |values: &'static [&'static str]| prop::sample::select(values).prop_map(str::to_owned);
    let equality = prop::sample::select(vec![":", "=", "!="]);
    let order = prop::sample::select(vec!["<", "<=", ">", ">="]);
    let matching = prop::sample::select(vec!["~", "!~"]);
    let text_keys =
        || select(&["service", "name", "event", "host.name", "http.status_code", "\"tier\""]);
    let texts = select(&[
        "payments",
        "pay-*",
        "*",
        "\"POST /charge\"",
        "*ca*",
        "pay-2",
        "503",
        "50*",
        "retry",
        "\"\"",
        "\"pay-*\"",
    ]);
    let words = prop_oneof![
        (Just("status".to_owned()), select(&["ok", "error", "unset"])),
        (Just("kind".to_owned()), select(&["server", "client"])),
        (Just("code".to_owned()), select(&["500", "503", "5xx"])),
        (Just("duration".to_owned()), select(&["10ms", "20ms"])),
    ];
    let numbers = prop_oneof![
        (Just("duration".to_owned()), select(&["10ms", "20ms", "0.5ms"])),
        (Just("code".to_owned()), select(&["500", "503", "499.5"])),
        (select(&KEYS), select(&["500", "503", "-1", "2.4"])),
    ];
    let parts = prop_oneof![
        (text_keys(), equality.clone(), texts).prop_map(|(key, sign, value)| (key, sign, value)),
        (words, equality).prop_map(|((key, value), sign)| (key, sign, value)),
        (numbers, order).prop_map(|((key, value), sign)| (key, sign, value)),
        (text_keys(), matching, select(&["pay", "CHARGE", "50", "retry"]))
            .prop_map(|(key, sign, value)| (key, sign, value)),
    ];
    // `!=*` compares with no value, and is refused.
    (parts, any::<bool>())
        .prop_filter("`!=*` is refused", |((_, sign, value), _)| {
            (*sign, value.as_str()) != ("!=", "*")
        })
        .prop_map(|((key, sign, value), is_negated)| Asked { key, sign, value, is_negated })
}

fn any_span() -> impl Strategy<Value = Span> {
    let value = prop_oneof![
        prop::sample::select(&TEXTS[..]).prop_map(Value::from),
        prop::sample::select(vec![499_i64, 500, 503]).prop_map(Value::Int),
    ];
    let pair = (prop::sample::select(&KEYS[..]), value)
        .prop_map(|(key, value)| KeyValue { key: key.to_owned(), value });
    let attributes = || prop::collection::vec(pair.clone(), 0..3).prop_map(Attributes);
    let event = prop::sample::select(vec!["retry", "exception"]).prop_map(|name| Event {
        time: UnixNanos(1),
        name: name.to_owned(),
        attributes: Attributes::default(),
        dropped_attributes: 0,
    });
    (
        prop::sample::select(&SERVICES[..]),
        prop::sample::select(&NAMES[..]),
        (0..6_i32, 0..3_i32),
        prop::sample::select(vec![0_u64, 10_000_000, 20_000_000, 20_000_001]),
        attributes(),
        attributes(),
        prop::collection::vec(event, 0..2),
    )
        .prop_map(|(service, name, (kind, code), length, attributes, mut resource, events)| {
            resource.0.push(KeyValue { key: "service.name".into(), value: service.into() });
            let resource = Resource { attributes: resource, ..Resource::default() };
            let origin = Origin { resource, scope: Scope::default(), collector: Collector::Sdk };
            Span {
                trace_id: TraceId::try_from(1).unwrap(),
                span_id: SpanId::try_from(1).unwrap(),
                parent_span_id: None,
                start: UnixNanos(1_000),
                end: UnixNanos(1_000 + length),
                name: name.to_owned(),
                kind: SpanKind::from(kind),
                status: Status { code: StatusCode::from(code), message: String::new() },
                attributes,
                events,
                links: Vec::new(),
                trace_state: String::new(),
                flags: 0,
                dropped_attributes: 0,
                dropped_events: 0,
                dropped_links: 0,
                origin: Arc::new(origin),
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn every_operator_finds_what_brute_force_finds(
        asked in prop::collection::vec(any_asked(), 1..4),
        spans in prop::collection::vec(any_span(), 1..4),
    ) {
        let text: Vec<String> = asked.iter().map(Asked::text).collect();
        let text = text.join(" ");
        let search = Search::parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        // One span meets all conditions, and no span meets a condition after `-`.
        let (negated, plain): (Vec<_>, Vec<_>) = asked.iter().partition(|one| one.is_negated);
        let expected = spans.iter().any(|span| plain.iter().all(|one| one.holds(span)))
            && !spans.iter().any(|span| negated.iter().any(|one| one.holds(span)));
        prop_assert_eq!(search.unwrap().filter.matches(&spans), expected, "{}", text);
    }

    #[test]
    fn alternatives_and_groups_find_what_brute_force_finds(
        asked in prop::collection::vec(any_asked(), 3),
        spans in prop::collection::vec(any_span(), 1..4),
    ) {
        let plain: Vec<Asked> =
            asked.into_iter().map(|one| Asked { is_negated: false, ..one }).collect();
        let [a, b, c] = [0, 1, 2].map(|at| plain[at].text());
        let holds = |at: usize, span: &Span| plain[at].holds(span);
        let any = |test: &dyn Fn(&Span) -> bool| spans.iter().any(test);
        for (text, expected) in [
            (format!("{a} OR {b} {c}"), any(&|span| holds(0, span) || holds(1, span) && holds(2, span))),
            (format!("({a} OR {b}) AND {c}"), any(&|span| (holds(0, span) || holds(1, span)) && holds(2, span))),
            (format!("-({a} {b}) {c}"), !any(&|span| holds(0, span) && holds(1, span)) && any(&|span| holds(2, span))),
        ] {
            let search = Search::parse(&text).unwrap().unwrap();
            prop_assert_eq!(search.filter.matches(&spans), expected, "{}", text);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "([a-z.]{0,6}[-:=<>!~()\"\\\\* ]{0,3}[a-z0-9*]{0,4} ?){0,6}") {
        let _ = Search::parse(&text);
    }
}
