//! How two answers differ.

use serde_json::{Map, Value, json};

use super::super::sorted;

/// Differences that are meant: a part of the place and of what Jaeger says there.
const MEANT: [(&str, &str); 3] = [
    // A newer Jaeger says it as a colony does.
    ("warnings", "invalid parent span IDs="),
    ("/api/v3/traces error message", "start_time_min and query.start_time_max are required"),
    // A call from a service to itself is no edge of a colony's map.
    ("/api/dependencies", "\"child\":\"front\",\"parent\":\"front\""),
];

/// Adds each place below `at` in which the answer of Jaeger and that of Coral differ.
pub(super) fn differ(at: &str, theirs: &Value, ours: &Value, into: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for key in theirs.keys().chain(ours.keys().filter(|key| !theirs.contains_key(*key))) {
                let (theirs, ours) = (theirs.get(key), ours.get(key));
                let absent = json!("(absent)");
                let (theirs, ours) = (theirs.unwrap_or(&absent), ours.unwrap_or(&absent));
                differ(&format!("{at} {key}"), theirs, ours, into);
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (theirs, ours) in theirs.iter().zip(ours) {
                differ(at, theirs, ours, into);
            }
        }
        _ if theirs == ours => {}
        _ => {
            let short = |value: &Value| value.to_string().chars().take(300).collect::<String>();
            let theirs = short(theirs);
            let is_meant =
                |(place, said): &(&str, &str)| at.contains(place) && theirs.contains(said);
            if !MEANT.iter().any(is_meant) {
                into.push(format!("{at}: Jaeger {theirs}, Coral {}", short(ours)));
            }
        }
    }
}

/// An answer in a form in which equal answers are equal: sorted, and with processes by content.
pub(super) fn comparable(path: &str, (status, answer): (u16, Value)) -> (u16, Value) {
    let Value::Object(mut answer) = answer else { return (status, answer) };
    if path.starts_with("/api/traces")
        && let Some(Value::Array(traces)) = answer.get_mut("data")
    {
        traces.iter_mut().for_each(|trace| by_content(trace.as_object_mut().unwrap()));
    }
    (status, sorted(&Value::Object(answer)))
}

fn by_content(trace: &mut Map<String, Value>) {
    let processes = trace["processes"].as_object().unwrap().clone();
    for span in trace["spans"].as_array_mut().unwrap() {
        let process = &processes[span["processID"].as_str().unwrap()];
        span["processID"] = sorted(process).to_string().into();
    }
    trace["processes"] = processes.into_iter().map(|(_, process)| process).collect();
}
