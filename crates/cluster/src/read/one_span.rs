//! Conditions that one span of a trace must meet: its service, its name, and attributes of it or of
//! its resource.

use coral_engine::TraceQuery;
use coral_record::promoted::{self, Column, NUMBERS, TEXT};

use crate::row::attributes::{MISPLACED, has_value};
use crate::shard::Shard;
use crate::sql;

/// Whether `query` has conditions on one span which summaries do not tell.
pub(crate) fn is_asked_for(query: &TraceQuery) -> bool {
    query.name.is_some() || !query.attributes.is_empty()
}

/// Statements that select the ids of all traces with a span in the buckets of the condition `bucket`
/// that meets the query's conditions on one span, and perhaps of others. `None` if summaries tell
/// all.
pub(crate) fn traces(shard: &Shard, query: &TraceQuery, bucket: &str) -> Option<String> {
    if !is_asked_for(query) {
        return None;
    }
    let mut all = vec![bucket.to_owned()];
    all.extend(query.collector.map(|by| format!("ebpf = {}", sql::ebpf(by))));
    if !query.services.is_empty() {
        all.push(format!("service IN ({})", sql::texts(&query.services)));
    }
    all.extend(query.name.as_ref().map(|name| format!("span_name = {}", sql::text(name))));
    let from = format!("SELECT trace_id FROM {}", shard.table("spans"));
    let with = |attribute: &dyn Fn(&str, &str) -> String| {
        let found = query.attributes.iter().map(|(key, value)| attribute(key, value));
        all.iter().cloned().chain(found).collect::<Vec<_>>().join(" AND ")
    };
    let usual = with(&|key, value| {
        let pattern = sql::text(&attribute_pattern(key, value));
        let own = in_column(key, value).unwrap_or_else(|| format!("match(attributes, {pattern})"));
        let origins = shard.table("origins");
        format!(
            "({own} OR origin_id IN \
             (SELECT origin_id FROM {origins} WHERE {bucket} AND match(origin, {pattern})))"
        )
    });
    let mut statement = format!("{from} WHERE {usual}");
    if !query.attributes.is_empty() {
        // Rows whose columns do not tell all are few. Only their JSON is read.
        let misplaced = with(&|key, value| {
            let pattern = sql::text(&attribute_pattern(key, value));
            let own = in_column(key, value).map_or(String::new(), |own| format!("{own} OR "));
            let origins = shard.table("origins");
            format!(
                "({own}match(attributes, {pattern}) OR match(origin, {pattern}) OR origin_id IN \
                 (SELECT origin_id FROM {origins} WHERE {bucket} AND match(origin, {pattern})))"
            )
        });
        statement +=
            &format!(" UNION ALL {from} PREWHERE promoted >= {MISPLACED} WHERE {misplaced}");
    }
    Some(statement)
}

/// The condition that the column of attribute `key` has a value that is shown as `value`. `None` if
/// the key has no column.
fn in_column(key: &str, value: &str) -> Option<String> {
    let place = |column: &str, columns: &[promoted::Promoted]| {
        columns.iter().position(|promoted| promoted.column == column).unwrap_or_default()
    };
    Some(match promoted::column(key)? {
        // A row without the attribute has an empty text, or 0.
        Column::Text(column) if value.is_empty() => {
            format!("({column} = '' AND {})", has_value(place(column, &TEXT)))
        }
        Column::Text(column) => format!("{column} = {}", sql::text(value)),
        Column::Number(column) => match value.parse::<i64>() {
            Ok(0) if value == "0" => {
                format!("({column} = 0 AND {})", has_value(TEXT.len() + place(column, &NUMBERS)))
            }
            Ok(number) if number.to_string() == value => format!("{column} = {number}"),
            _ => "0".to_owned(),
        },
        Column::Status(_) => match promoted::status_code(key, value) {
            Some(code) => format!("status_code = {code}"),
            None => "0".to_owned(),
        },
    })
}

/// A regular expression that is in the JSON of attributes which have `key` with a value that is
/// shown as `value`: the value as text, or a value that is not text.
fn attribute_pattern(key: &str, value: &str) -> String {
    let json = |text: &str| serde_json::to_string(text).expect("a text has a JSON form");
    format!("{}:({}|[^\"])", regex::escape(&json(key)), regex::escape(&json(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_asked_for_what_it_can_hold() {
        let of = |key, value| in_column(key, value);
        assert_eq!(of("user.tier", "gold"), None);
        assert_eq!(of("http.target", "/a'b").unwrap(), r"url_path = '/a\'b'");
        assert_eq!(of("server.port", "80").unwrap(), "server_port = 80");
        assert_eq!(of("server.port", "080").unwrap(), "0");
        assert_eq!(of("http.status_code", "503").unwrap(), "status_code = 503");
        assert_eq!(of("rpc.response.status_code", "UNAVAILABLE").unwrap(), "status_code = 14");
        for none in [of("url.path", ""), of("server.port", "0")] {
            assert!(none.unwrap().contains("bitAnd(promoted, "), "not a row without the attribute");
        }
    }

    #[test]
    fn the_pattern_of_an_attribute_is_in_the_json_of_every_value_that_is_shown_so() {
        let is_in = |json: &str, key: &str, value: &str| {
            regex::Regex::new(&attribute_pattern(key, value)).unwrap().is_match(json)
        };
        assert!(is_in(r#"{"a":1,"user.tier":"gold"}"#, "user.tier", "gold"));
        assert!(is_in(r#"{"user.tier":5}"#, "user.tier", "5"));
        assert!(is_in(r#"{"user.tier":5,"user.tier":"gold"}"#, "user.tier", "5"));
        assert!(is_in(r#"{"k\"":"a\\b"}"#, "k\"", "a\\b"));
        assert!(!is_in(r#"{"user.tier":"silver"}"#, "user.tier", "gold"));
        assert!(!is_in(r#"{"userxtier":"gold"}"#, "user.tier", "gold"));
    }
}
