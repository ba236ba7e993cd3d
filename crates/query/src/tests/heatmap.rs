//! A heatmap counts the traces of the list with the same conditions.

use coral_trace::{SpanId, StatusCode, TraceId};

use super::shop::{NOON, ask, request, sources};
use crate::answer::Heatmap;
use crate::{HeatmapQuestion, QueryError, SharedSources, Source, TracesQuestion};

const SECOND_US: i64 = 1_000_000;
const SINCE_US: i64 = (NOON / 1_000) as i64 - 3_600 * SECOND_US;
const UNTIL_US: i64 = (NOON / 1_000) as i64;

fn question(q: &str) -> HeatmapQuestion {
    HeatmapQuestion {
        q: q.to_owned(),
        since_unix_us: SINCE_US,
        until_unix_us: UNTIL_US,
        columns: 12,
        ..HeatmapQuestion::default()
    }
}

/// Forty requests of `shop`, each with a call of `cards`, and twenty of `cart`. Every fourth call of
/// `cards` fails.
fn requests() -> (tempfile::TempDir, SharedSources) {
    let shop = (1..=40).flat_map(|id| {
        let root = request(id, "shop", "/pay", 80 * id, 5 + id * id);
        let mut call = request(id, "cards", "/charge", 80 * id, 3);
        call.span_id = SpanId::try_from(1_000 + id).unwrap();
        call.parent_span_id = Some(root.span_id);
        if id % 4 == 0 {
            call.status.code = StatusCode::Error;
        }
        [root, call]
    });
    let cart = (101..=120).map(|id| request(id, "cart", "/cart", 120 * (id - 100), 40));
    sources(shop.chain(cart).collect())
}

/// The heatmap, counted from the list.
fn counted(from: &SharedSources, question: &HeatmapQuestion, bounds: &[i64]) -> [Vec<u64>; 2] {
    let list = ask(
        from,
        &TracesQuestion {
            q: question.q.clone(),
            service: question.service.clone(),
            since_unix_us: Some(question.since_unix_us),
            until_unix_us: Some(question.until_unix_us),
            limit: 1_000,
            ..TracesQuestion::default()
        },
    );
    let rows = bounds.len() - 1;
    let mut cells = [vec![0; 12 * rows], vec![0; 12 * rows]];
    for trace in list.traces {
        let column = (trace.start.as_micros() - SINCE_US) / (300 * SECOND_US);
        let row = bounds[1..rows].partition_point(|bound| *bound <= trace.duration_us);
        cells[0][column as usize * rows + row] += 1;
        cells[1][column as usize * rows + row] += u64::from(trace.error_count > 0);
    }
    cells
}

#[test]
fn a_heatmap_counts_the_traces_of_the_list_with_the_same_conditions() {
    let (_dir, from) = requests();
    for (q, traces, errors) in [
        ("", 60, 10),
        ("service:shop", 40, 10),
        ("service:cards", 40, 10),
        ("service:nobody", 0, 0),
        ("status:error", 10, 10),
        ("service:shop status:error", 0, 0),
        ("service:cards status:error", 10, 10),
        ("name:\"GET /cart\"", 20, 0),
        ("-service:cards", 20, 0),
        ("trace.duration>100ms", 31, 8),
    ] {
        let found = ask(&from, &question(q));
        let [counts, failed] = counted(&from, &question(q), &found.bounds_us);
        assert_eq!((&found.counts, &found.errors), (&counts, &failed), "{q}");
        assert_eq!((found.traces, found.errors.iter().sum()), (traces, errors), "{q}");
        assert_eq!((found.columns, found.rows, found.cut), (12, 20, false), "{q}");
    }
    let of_service = HeatmapQuestion { service: Some("cart".to_owned()), ..question("") };
    assert_eq!(ask(&from, &of_service).traces, 20);
    let of_kernel = HeatmapQuestion { source: Source::Ebpf, ..question("") };
    assert_eq!(ask(&from, &of_kernel).traces, 0);
}

#[test]
fn a_window_without_traces_is_a_heatmap_without_counts() {
    let (_dir, from) = requests();
    let early = HeatmapQuestion {
        since_unix_us: SINCE_US - 10 * SECOND_US,
        until_unix_us: SINCE_US - 9 * SECOND_US,
        columns: 0,
        rows: 5,
        ..question("")
    };
    let Heatmap { columns, rows, bounds_us, counts, errors, traces, .. } = ask(&from, &early);
    assert_eq!((columns, rows, traces), (60, 5, 0));
    assert_eq!((bounds_us.len(), counts, errors), (6, vec![0; 300], vec![0; 300]));
}

#[test]
fn a_heatmap_of_more_traces_than_are_searched_has_the_newest_and_says_since_when() {
    let first = request(1, "shop", "/pay", 3_000, 7);
    let spans = (1..=10_050_u64).map(|id| coral_trace::Span {
        trace_id: TraceId::try_from(u128::from(id)).unwrap(),
        start: coral_trace::UnixNanos(first.start.0 + id * 1_000_000),
        end: coral_trace::UnixNanos(first.end.0 + id * 1_000_000),
        ..first.clone()
    });
    let (_dir, from) = sources(spans.collect());
    let all = ask(&from, &question(""));
    assert_eq!((all.traces, all.cut, all.counted_since_unix_us), (10_050, false, None));
    let since_us = first.start.as_micros() + 51 * 1_000;
    let limited = from.limited_to("shop".parse().unwrap());
    for searched in [ask(&from, &question("duration>1ms")), ask(&limited, &question(""))] {
        assert_eq!((searched.traces, searched.cut), (10_000, true));
        assert_eq!(searched.counted_since_unix_us, Some(since_us));
    }
}

#[test]
fn a_heatmap_that_cannot_be_drawn_is_refused() {
    let (_dir, from) = requests();
    let refused = |question: HeatmapQuestion| {
        let asked = crate::Ask::answer(
            &question,
            &from.at(coral_trace::UnixNanos(NOON)),
            &crate::Budget::unlimited(),
        );
        match asked.unwrap_err() {
            QueryError::Invalid { field, reason } => format!("{field}: {reason}"),
            other => panic!("{other}"),
        }
    };
    let all = question("");
    let [columns, rows] = [
        HeatmapQuestion { columns: 241, ..all.clone() },
        HeatmapQuestion { rows: 61, ..all.clone() },
    ]
    .map(refused);
    assert_eq!(columns, "columns: 241 is not between 1 and 240");
    assert_eq!(rows, "rows: 61 is not between 1 and 60");
    let empty = HeatmapQuestion { until_unix_us: SINCE_US, ..all };
    assert_eq!(refused(empty), "until: the range is empty: its end is not after its start");
    assert!(refused(question("duration>x")).starts_with("q: "));
}
