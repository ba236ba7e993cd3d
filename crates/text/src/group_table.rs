//! Spans counted by the value of a key, as a table and as CSV.

use std::fmt::Write as _;

use coral_query::answer::{Group, Groups, Unmatched};
use coral_trace::sanitize::line;
use coral_trace::units::{count, counted};

use crate::csv::document;
use crate::duration::duration;
use crate::screen::{Emphasis, Screen};
use crate::table::{Cell, Table, name, whole};
use crate::trace_table::similar;
use crate::wrap::prose;

/// One line for each value, those with the most errors first. `unmatched` are keys that no span has;
/// `window` and `conditions` describe the question.
pub fn group_table(
    groups: &Groups,
    unmatched: &[Unmatched],
    (window, conditions): (&str, &str),
    screen: Screen,
) -> String {
    let about =
        if conditions.is_empty() { String::new() } else { format!(", {}", line(conditions)) };
    let key = line(&groups.by);
    if groups.groups.is_empty() {
        let matching = if about.is_empty() { "" } else { " that match" };
        return prose(&format!("No spans{matching} ({window}{about}).\n"), screen);
    }
    let row = |group: &Group| {
        let failed = if group.errors > 0 { Emphasis::Error } else { Emphasis::None };
        vec![
            value(group).into(),
            count(group.spans).into(),
            Cell::emphasised(share(group.errors, group.spans), failed),
            count(group.traces).into(),
            duration(group.p50_us).into(),
            duration(group.p95_us).into(),
        ]
    };
    let columns = [
        name(&key),
        whole("Spans").optional(2),
        whole("Errors").optional(4),
        whole("Traces").optional(0),
        whole("P50").optional(1),
        whole("P95").optional(3),
    ];
    let table = Table::new(columns, groups.groups.iter().map(row).collect()).text(screen);
    let mut notes = String::new();
    if groups.groups.iter().all(|group| group.value.is_none()) {
        let similar = unmatched.iter().find(|one| one.key == groups.by).map(similar);
        let similar = similar.unwrap_or_default();
        let _ = writeln!(notes, "None of these spans has the key {key}.{similar}");
    }
    if groups.left_out > 0 {
        let (more, shown) = (counted(groups.left_out, "more value"), groups.groups.len());
        let _ = writeln!(notes, "… {more}: raise --limit (now {shown}), or add conditions.");
    }
    if groups.more {
        let traces = counted(groups.traces, "trace");
        let _ = writeln!(notes, "… more spans match: only those of {traces} were counted.");
    }
    let title = prose(&format!("Spans by {key} ({window}{about}):\n\n"), screen);
    title + &table + &prose(&notes, screen)
}

/// The value of a group: `(without)` for spans without the key. A value that could be taken for that,
/// and an empty one, is in quotation marks.
fn value(group: &Group) -> String {
    match group.value.as_deref() {
        None => WITHOUT.to_owned(),
        Some(text) if text.is_empty() || text.starts_with(['(', '"']) => {
            format!("\"{}\"", line(text))
        }
        Some(text) => line(text),
    }
}

/// What stands for the value of spans without the key.
const WITHOUT: &str = "(without)";

/// `12 (3.4%)`; `0` without errors.
fn share(errors: u64, spans: u64) -> String {
    if errors == 0 {
        return "0".to_owned();
    }
    format!("{} ({:.1}%)", count(errors), 100.0 * errors as f64 / spans.max(1) as f64)
}

/// One CSV line for each value. The value of spans without the key is an empty cell; an empty value
/// is `""` in quotation marks.
pub fn group_csv(groups: &Groups) -> String {
    let rows = groups.groups.iter().map(|group| {
        let numbers = [group.spans, group.errors, group.traces].map(|number| number.to_string());
        let mut cells = vec![match group.value.as_deref() {
            Some("") => "\"\"".to_owned(),
            value => value.unwrap_or_default().to_owned(),
        }];
        cells.extend(numbers);
        cells.extend([group.p50_us.to_string(), group.p95_us.to_string()]);
        cells
    });
    document("value,spans,errors,traces,p50_us,p95_us", rows)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn groups() -> Groups {
        let group = |value: Option<&str>, spans, errors, p95_us| Group {
            value: value.map(str::to_owned),
            spans,
            errors,
            traces: spans / 2,
            p50_us: 1_200,
            p95_us,
        };
        let groups = vec![
            group(Some("pay-2"), 1_234, 81, 480_000),
            group(Some("pay\n1"), 900, 0, 3_000),
            group(None, 4, 0, 1_200),
        ];
        Groups { by: "host.name".to_owned(), groups, traces: 1_069, more: true, left_out: 0 }
    }

    #[test]
    fn groups_are_a_table_with_the_share_of_errors() {
        let page = group_table(&groups(), &[], ("last 1 hour", "service:payments"), Screen::PLAIN);
        expect![[r#"
            Spans by host.name (last 1 hour, service:payments):

            host.name | Spans | Errors    | Traces | P50   | P95
            ----------|-------|-----------|--------|-------|------
            pay-2     | 1,234 | 81 (6.6%) | 617    | 1.2ms | 480ms
            pay\u{a}1 | 900   | 0         | 450    | 1.2ms | 3ms
            (without) | 4     | 0         | 2      | 1.2ms | 1.2ms
            … more spans match: only those of 1,069 traces were counted.
        "#]]
        .assert_eq(&page);
        let none = Groups { groups: vec![], ..groups() };
        let page = group_table(&none, &[], ("last 1 hour", ""), Screen::PLAIN);
        assert_eq!(page, "No spans (last 1 hour).\n");
        let group = Group { value: None, ..groups().groups[0].clone() };
        let without = Groups { by: "host".to_owned(), groups: vec![group], ..Groups::default() };
        let similar = Unmatched {
            key: "host".into(),
            similar: vec!["host.name".into()],
            ..Default::default()
        };
        let page = group_table(&without, &[similar], ("last 1 hour", ""), Screen::PLAIN);
        assert!(page.contains("\nNone of these spans has the key host. Similar: host.name.\n"));
    }

    #[test]
    fn groups_are_csv_with_numbers_as_they_are() {
        expect![[r#"
            value,spans,errors,traces,p50_us,p95_us
            pay-2,1234,81,617,1200,480000
            pay\u{a}1,900,0,450,1200,3000
            ,4,0,2,1200,1200
        "#]]
        .assert_eq(&group_csv(&groups()).replace("\r\n", "\n"));
    }
}
