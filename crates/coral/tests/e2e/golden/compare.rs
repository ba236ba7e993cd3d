//! Compares an answer with the recorded one: no recorded value may be missing or different.

use std::fmt;

use serde_json::Value;

/// Names of maps whose keys are data and not fields: no key may be added to these.
const DATA: &[&str] = &["attributes", "statuses"];
/// How far two floating-point numbers may be apart, absolutely and relative to the recorded one.
const TOLERANCE: f64 = 1e-9;

/// One value of an answer that differs from the recording.
pub struct Difference {
    /// The place of the value, such as `/spans/3/attributes/http.route`.
    pub path: String,
    /// The recorded value, and the value now.
    pub change: String,
}

/// The recorded values that `answer` lacks or has differently. Additional members of objects are no
/// difference.
pub fn differences(recorded: &Value, answer: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", recorded, answer, &mut |path, change| {
        found.push(Difference { path: path.to_owned(), change });
    });
    found
}

impl Difference {
    /// The path with `*` for every index of a list: `/spans/*/attributes/http.route`.
    pub fn field(&self) -> String {
        let is_place =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts = self.path.split('/').map(|part| if is_place(part) { "*" } else { part });
        parts.collect::<Vec<_>>().join("/")
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.change)
    }
}

fn compare(path: &str, recorded: &Value, answer: &Value, found: &mut dyn FnMut(&str, String)) {
    match (recorded, answer) {
        (Value::Object(recorded), Value::Object(answer)) => {
            for (key, value) in recorded {
                let path = format!("{path}/{key}");
                match answer.get(key) {
                    Some(answer) => compare(&path, value, answer, found),
                    None => found(&path, format!("was {}, is gone", short(value))),
                }
            }
            let field = path.rsplit('/').next().unwrap_or_default();
            let added = answer.keys().filter(|key| !recorded.contains_key(*key));
            for key in added.filter(|_| DATA.contains(&field)) {
                found(&format!("{path}/{key}"), "was not there".to_owned());
            }
        }
        (Value::Array(recorded), Value::Array(answer)) => {
            if recorded.len() != answer.len() {
                let (was, is) = (recorded.len(), answer.len());
                found(path, format!("was {was} long, is {is} long"));
            }
            for (at, (recorded, answer)) in recorded.iter().zip(answer).enumerate() {
                compare(&format!("{path}/{at}"), recorded, answer, found);
            }
        }
        _ if is_same(recorded, answer) => {}
        _ => found(path, format!("was {}, is {}", short(recorded), short(answer))),
    }
}

/// Whether two values that are not both objects or arrays are the same. `1` and `1.0` are not.
fn is_same(recorded: &Value, answer: &Value) -> bool {
    match (recorded, answer) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= TOLERANCE * one.abs().max(1.0)
        }
        _ => recorded == answer,
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The first line in which two texts differ, if any does.
pub fn text_difference(recorded: &str, answer: &str) -> Option<String> {
    let (mut was, mut is) = (recorded.lines(), answer.lines());
    (1..)
        .zip(std::iter::from_fn(|| match (was.next(), is.next()) {
            (None, None) => None,
            pair => Some(pair),
        }))
        .find(|(_, (was, is))| was != is)
        .map(|(number, (was, is))| {
            let line = |line: Option<&str>| {
                line.map_or("not there".to_owned(), |line| format!("{line:?}"))
            };
            format!("line {number}: was {}, is {}", line(was), line(is))
        })
}

/// The first recorded line that the answer does not have, or has in another order, if there is one.
pub fn missing_line(recorded: &str, answer: &str) -> Option<String> {
    let mut left = answer.lines();
    (1..).zip(recorded.lines()).find(|(_, recorded)| !left.any(|line| line == *recorded)).map(
        |(number, recorded)| {
            let there = answer.lines().nth(number - 1).unwrap_or_default();
            format!("line {number}: was {recorded:?}, is gone; there is {there:?}")
        },
    )
}

/// `value` with names of types in place of numbers, strings and booleans, except for the members
/// that `stable` selects.
pub fn shape(value: &Value, stable: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| {
                let kept = stable(key) && !value.is_object() && !value.is_array();
                (key.clone(), if kept { value.clone() } else { shape(value, stable) })
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => items.iter().map(|item| shape(item, stable)).collect(),
        Value::Null => Value::Null,
        Value::Bool(_) => "BOOL".into(),
        Value::Number(number) if number.is_f64() => "FLOAT".into(),
        Value::Number(_) => "INTEGER".into(),
        Value::String(_) => "TEXT".into(),
    }
}

#[test]
fn a_field_that_is_gone_or_different_is_told_with_its_path_and_a_new_one_is_none() {
    use serde_json::json;
    let recorded =
        json!({"spans": [{"name": "a", "us": 3, "share": 0.5, "attributes": {"k": "v"}}]});
    let check = |answer: Value, expected: &[&str]| {
        let found = differences(&recorded, &answer);
        let found: Vec<String> = found.iter().map(Difference::to_string).collect();
        assert_eq!(found, expected, "{answer}");
    };
    check(recorded.clone(), &[]);
    check(
        json!({"more": true, "spans": [{"name": "a", "us": 3, "share": 0.500_000_000_1, "new": [],
            "attributes": {"k": "v"}}]}),
        &[],
    );
    check(
        json!({"spans": [{"title": "a", "us": 3.0, "share": 0.500_001, "attributes": {"k": 1, "l": 2}}, {}]}),
        &[
            "/spans: was 1 long, is 2 long",
            "/spans/0/attributes/k: was \"v\", is 1",
            "/spans/0/attributes/l: was not there",
            "/spans/0/name: was \"a\", is gone",
            "/spans/0/share: was 0.5, is 0.500001",
            "/spans/0/us: was 3, is 3.0",
        ],
    );
    check(
        json!({"spans": null}),
        &[
            "/spans: was [{\"attributes\":{\"k\":\"v\"},\"name\":\"a\",\"share\":0.5,\"us\":3}], is null",
        ],
    );
}

#[test]
fn a_field_of_a_list_has_one_name() {
    let path = "/spans/3/attributes/http.route".to_owned();
    let difference = Difference { path, change: String::new() };
    assert_eq!(difference.field(), "/spans/*/attributes/http.route");
}

#[test]
fn the_first_line_that_differs_is_told() {
    assert_eq!(text_difference("a\nb\n", "a\nb\n"), None);
    let check = |answer, expected: &str| {
        assert_eq!(text_difference("a\nb\n", answer).unwrap(), expected);
    };
    check("a\nc\n", "line 2: was \"b\", is \"c\"");
    check("a\n", "line 2: was \"b\", is not there");
    check("a\nb\nc\n", "line 3: was not there, is \"c\"");
    assert_eq!(missing_line("a\nb\n", "a\nnew\nb\n"), None);
    assert_eq!(
        missing_line("a\nb\n", "b\na\n").unwrap(),
        "line 2: was \"b\", is gone; there is \"a\""
    );
}
