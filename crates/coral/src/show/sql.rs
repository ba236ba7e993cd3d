//! Text output of SQL answers.

use serde_json::Value;

use coral_sql::SqlAnswer;
use coral_text::csv;
use coral_text::table::table;
use coral_trace::sanitize::{line, whole};
use coral_trace::units::counted;

/// The rows as a table, and their number.
pub fn rows(answer: &SqlAnswer) -> String {
    let names: Vec<String> = answer.columns.iter().map(|column| line(&column.name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rows: Vec<Vec<String>> =
        answer.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let count = counted(answer.rows.len() as u64, "row");
    let cut = cut(answer).map(|cut| format!("; {cut}")).unwrap_or_default();
    format!("{}\n({count}{cut})\n", table(&names, &rows))
}

/// One CSV line per row. NULL is an empty cell; lists and structures are JSON.
pub fn csv(answer: &SqlAnswer) -> String {
    let header: Vec<String> =
        answer.columns.iter().map(|column| csv::quoted(&column.name)).collect();
    let cell = |cell: &Value| match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let rows = answer.rows.iter().map(|row| row.iter().map(cell).collect());
    csv::document(&header.join(","), rows)
}

/// The note about an answer that a limit has cut.
pub fn cut(answer: &SqlAnswer) -> Option<&'static str> {
    answer.more.then_some(
        "more rows were left out, by sql.max_rows or sql.max_bytes of the colony; LIMIT or a later --since makes the answer fit",
    )
}

/// The text of a cell, never shortened.
fn cell(cell: &Value) -> String {
    match cell {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => whole(text),
        other => whole(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_a_table_without_control_characters() {
        let answer = json!({
            "columns": [{"name": "service\u{1b}[2J", "type": "VARCHAR"}, {"name": "n", "type": "BIGINT"}],
            "rows": [["cart\n\u{202e}x", 5], [null, 1.5], [[1, "\u{7}"], true]],
            "more": true,
        });
        let answer: SqlAnswer = serde_json::from_value(answer).unwrap();
        expect![[r#"
            service\u{1b}[2J   | n
            -------------------|-----
            cart\u{a}\u{202e}x | 5
            NULL               | 1.5
            [1,"\u0007"]       | true

            (3 rows; more rows were left out, by sql.max_rows or sql.max_bytes of the colony; LIMIT or a later --since makes the answer fit)
        "#]]
        .assert_eq(&rows(&answer));
        assert_eq!(csv(&answer).lines().nth(1), Some("cart\\u{a}\\u{202e}x,5"));
    }
}
