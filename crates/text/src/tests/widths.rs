//! Every page of traces at the widths of terminals, and in a pipe.

mod lists;
mod one_trace;

use expect_test::{Expect, expect};

use crate::group_table::group_table;
use crate::screen::Screen;
use crate::table::{Cell, Table, name, whole, width};
use coral_query::answer::{Group, Groups};

/// The widths at which pages are printed, in columns of a terminal.
const NARROWEST: usize = 40;
const WIDEST: usize = 200;

fn screen(columns: usize) -> Screen {
    Screen { width: Some(columns), colour: false }
}

/// Checks that `page` keeps to every width, except with commands, which are to be copied; has no
/// colours unless it may; and means the same without colours.
#[track_caller]
pub(super) fn keeps_to_width(page: impl Fn(Screen) -> String) {
    for columns in NARROWEST..=WIDEST {
        let text = page(screen(columns));
        let is_command = |line: &&str| line.trim_start().starts_with("coral ");
        let lines = text.lines().filter(|line| !is_command(line));
        let widest = lines.max_by_key(|line| width(line)).unwrap();
        assert!(width(widest) <= columns, "{} of {columns} columns: {widest}", width(widest));
        assert!(!text.contains('\u{1b}'), "{text}");
        let coloured = page(Screen { width: Some(columns), colour: true });
        let stripped = anstream::adapter::strip_str(&coloured).to_string();
        let is_legend = |line: &&str| line.starts_with("Bold: ");
        assert!(stripped.lines().filter(|line| !is_legend(line)).count() >= text.lines().count());
        text.lines().for_each(|line| assert!(stripped.contains(line), "{line}: {stripped}"));
    }
    let piped = page(Screen::PLAIN);
    assert!(!piped.contains('\u{1b}') && !piped.contains("to fit"), "{piped}");
}

#[track_caller]
fn check(page: fn(Screen) -> String, columns: Option<usize>, expected: Expect) {
    expected.assert_eq(&page(Screen { width: columns, colour: false }));
}

#[test]
fn groups_keep_to_every_width() {
    let group = |value: Option<&str>| Group {
        value: value.map(str::to_owned),
        spans: 1_234_567,
        errors: 80_123,
        traces: 12_345,
        p50_us: 1_200,
        p95_us: 480_000,
    };
    let groups = Groups {
        by: "k8s.pod.name".to_owned(),
        groups: vec![
            group(Some("payments-api-6f7d8c9b5-x2x4z-with-a-long-name")),
            group(Some("(without)")),
            group(Some("")),
            group(None),
        ],
        traces: 10_000,
        more: true,
        left_out: 7,
    };
    let page = |screen| group_table(&groups, &[], ("last 1 hour", "service:payments-api"), screen);
    keeps_to_width(page);
    expect![[r#"
        Spans by k8s.pod.name (last 1 hour,
        service:payments-api):

        k8s.pod.name             | Errors
        -------------------------|--------------
        payments-api-6f7d8c9b5-… | 80,123 (6.5%)
        "(without)"              | 80,123 (6.5%)
        ""                       | 80,123 (6.5%)
        (without)                | 80,123 (6.5%)
        … cut to fit 40 columns: k8s.pod.name;
        left out: Spans, Traces, P50, P95. Pipe
        to `cat` to see all.
        … 7 more values: raise --limit (now 4),
        or add conditions.
        … more spans match: only those of 10,000
        traces were counted.
    "#]]
    .assert_eq(&page(screen(40)));
    expect![[r#"
        Spans by k8s.pod.name (last 1 hour, service:payments-api):

        k8s.pod.name                | Spans     | Errors        | Traces | P50   | P95
        ----------------------------|-----------|---------------|--------|-------|------
        payments-api-6f7d8c9b5-x2x… | 1,234,567 | 80,123 (6.5%) | 12,345 | 1.2ms | 480ms
        "(without)"                 | 1,234,567 | 80,123 (6.5%) | 12,345 | 1.2ms | 480ms
        ""                          | 1,234,567 | 80,123 (6.5%) | 12,345 | 1.2ms | 480ms
        (without)                   | 1,234,567 | 80,123 (6.5%) | 12,345 | 1.2ms | 480ms
        … cut to fit 80 columns: k8s.pod.name. Pipe to `cat` to see all.
        … 7 more values: raise --limit (now 4), or add conditions.
        … more spans match: only those of 10,000 traces were counted.
    "#]]
    .assert_eq(&page(screen(80)));
}

#[test]
fn a_wide_table_loses_its_optional_columns_in_their_order() {
    let row = |service: &str, health: &str| -> Vec<Cell> {
        let cells = [service, health, "12.4/s", "6.5%", "181ms", "480ms", "pay-1, pay-2", "2.4.0"];
        cells.into_iter().map(Cell::from).collect()
    };
    let rows = vec![row("payments-api", "fails since 02:41"), row("checkout", "healthy")];
    let columns = [
        name("Service"),
        name("Health"),
        whole("Rate").optional(2),
        whole("Errors").optional(5),
        whole("P50").optional(3),
        whole("P95").optional(4),
        name("Hosts").optional(1),
        name("Versions").optional(0),
    ];
    let table = Table::new(columns, rows);
    let page = |screen| table.text(screen);
    keeps_to_width(page);
    for (columns, headings) in [(40, 2), (60, 5), (80, 6), (120, 8), (200, 8)] {
        let found = page(screen(columns)).lines().next().unwrap().split(" | ").count();
        assert_eq!(found, headings, "{columns} columns");
    }
}
