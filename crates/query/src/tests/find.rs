//! The rows of a waterfall that a search selects.

use coral_trace::{KeyValue, Span, TraceId, UnixNanos};

use super::shop::{NOON, ask, sources};
use super::waterfall::skewed;
use crate::answer::FoundRows;
use crate::{Ask as _, Budget, FindQuestion, QueryError, Source};

fn question(q: &str) -> FindQuestion {
    let id = TraceId::try_from(7).unwrap().into();
    FindQuestion { id, q: q.to_owned(), source: Source::All, adjust_clocks: true }
}

/// The rows are: shop server, its client span, bank server, its client span, an orphan of bank.
fn find(q: &str) -> Vec<u32> {
    let mut spans = skewed();
    spans[3].attributes.0.push(KeyValue { key: "db.system".into(), value: "postgresql".into() });
    let (_dir, sources) = sources(spans);
    let FoundRows { rows, spans } = ask(&sources, &question(q));
    assert_eq!(spans, 5);
    rows
}

#[test]
fn a_search_inside_of_a_trace_selects_rows() {
    for (q, rows) in [
        ("", &[0, 1, 2, 3, 4][..]),
        ("service:bank", &[2, 3, 4]),
        ("-service:bank", &[0, 1]),
        ("kind:client", &[1, 3]),
        ("status:error", &[2]),
        ("duration>=40ms", &[0, 1, 2]),
        ("db.system:postgresql", &[3]),
        ("db.system.name:postgresql", &[3]),
        ("host.name:web-1", &[0, 1]),
        ("message~decl", &[2]),
        ("self>10ms", &[0, 2]),
        ("self>=10ms service:shop", &[0, 1]),
        ("self:5ms", &[4]),
        ("self!=5ms", &[0, 1, 2, 3]),
        ("self<0.01s", &[4]),
        ("critical:true", &[0, 1, 2, 3]),
        ("-critical:true", &[4]),
        ("critical!=true OR status:error", &[2, 4]),
        ("service:bank -(kind:client OR critical:false)", &[2]),
        ("trace.spans:5", &[0, 1, 2, 3, 4]),
        ("trace.spans:6", &[]),
        ("root.service:shop status:error", &[2]),
        ("service:nobody", &[]),
    ] {
        assert_eq!(find(q), rows, "{q}");
    }
}

#[test]
fn a_mistake_is_told_as_in_lists_of_traces() {
    let (_dir, sources) = sources(skewed());
    let error = question("self>10").answer(&sources.at(UnixNanos(NOON)), &Budget::unlimited());
    let Err(QueryError::Invalid { field: "q", reason }) = error else { panic!("{error:?}") };
    assert!(reason.starts_with("column 6: "), "{reason}");
}

#[test]
fn nothing_is_found_in_a_trace_that_is_not_stored() {
    let (_dir, sources) = sources(Vec::<Span>::new());
    assert_eq!(ask(&sources, &question("service:bank")), FoundRows::default());
}
