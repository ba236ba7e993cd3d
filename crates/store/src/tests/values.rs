//! The filter of a segment's texts, which keeps searches for rare texts out of other segments.

use std::sync::Arc;

use coral_engine::filter::{AttributeOwner, Comparison, Field, Literal};
use coral_engine::{Budget, Filter, TraceQuery, TraceReader};
use coral_trace::{Collector, Origin, Resource, Scope, Span, Value};

use super::{NOON, config, segment_files, span, store, with_attributes};
use crate::disk::Operation;
use crate::disk::faults::{self, ENOSPC, Fault};
use crate::{IndexedQuery, Store};

/// Three segments of 500 traces, whose paths have the number of the trace. Only the traces of one
/// segment have a resource of `tenant` `acme`.
fn written() -> (tempfile::TempDir, Store) {
    let (dir, store) = store();
    for segment in 0..3_u64 {
        let spans = (1..=500_u64).map(|number| {
            let id = 500 * segment + number;
            let path = format!("/orders/{id}");
            let mut span = with_attributes(
                span(id.into(), id, None, id, 1),
                vec![("url.path", path.as_str()), ("user.id", &format!("user-{id}"))],
            );
            if segment == 1 {
                span.origin = tenant();
            }
            span
        });
        store.append(&[spans.collect()], NOON).unwrap();
        store.seal().unwrap();
    }
    (dir, store)
}

fn tenant() -> Arc<Origin> {
    let tags = Value::Array(vec![Value::from("blue"), Value::Int(7)]);
    let pairs = [("service.name", "shop".into()), ("tenant", "acme".into()), ("tags", tags)];
    let attributes = pairs.into_iter().collect();
    let resource = Resource { attributes, ..Resource::default() };
    Arc::new(Origin { resource, scope: Scope::default(), collector: Collector::Ebpf })
}

fn having(key: &str, value: &str) -> TraceQuery {
    TraceQuery { attributes: vec![(key.to_owned(), value.to_owned())], ..TraceQuery::newest(1_000) }
}

/// How many traces a search finds, and how many rows it reads.
fn search(store: &Store, query: &TraceQuery) -> (usize, u64) {
    let budget = Budget::unlimited();
    let found = TraceReader::search(store, query, &budget).unwrap();
    (found.len(), budget.rows())
}

#[test]
fn a_search_for_a_rare_text_reads_the_segments_that_have_it() {
    let (_dir, store) = written();
    for (query, found) in [
        (having("url.path", "/orders/700"), 1),
        (having("http.target", "/orders/700"), 1),
        (TraceQuery { name: Some("GET /700".to_owned()), ..TraceQuery::newest(10) }, 1),
        (TraceQuery { name: Some("GET /none".to_owned()), ..TraceQuery::newest(10) }, 0),
        (having("url.path", "/orders/none"), 0),
    ] {
        let (traces, rows) = search(&store, &query);
        assert_eq!(traces, found, "{query:?}");
        assert!(rows <= 700 * found as u64, "{rows} rows for {query:?}");
    }
    // An attribute without a column of its own may be in the JSON of any span.
    assert_eq!(search(&store, &having("user.id", "user-700")).0, 1);
}

#[test]
fn attributes_of_resources_are_found_in_all_their_forms() {
    let (_dir, store) = written();
    assert_eq!(search(&store, &having("tenant", "acme")).0, 500);
    let tags = |literal| TraceQuery {
        filter: Some(Filter::Compare {
            field: Field::Attribute { of: AttributeOwner::Resource, key: "tags".to_owned() },
            op: Comparison::Equal,
            value: literal,
        }),
        ..TraceQuery::newest(1_000)
    };
    let list = tenant().resource.attributes.get("tags").unwrap().to_string();
    assert_eq!(search(&store, &having("tags", &list)).0, 500);
    let element = Filter::HasElement {
        field: Field::Attribute { of: AttributeOwner::Resource, key: "tags".to_owned() },
        value: Literal::Text("blue".to_owned()),
    };
    let any = TraceQuery { filter: Some(Filter::Or(vec![element])), ..tags(Literal::Int(1)) };
    assert_eq!(search(&store, &any).0, 500);
}

#[test]
fn a_filter_that_is_damaged_cut_or_missing_hides_no_trace() {
    let (dir, store) = written();
    drop(store);
    let all = || {
        let store = Store::open(config(&dir)).unwrap();
        (1..=1_500_u64).step_by(13).all(|id| {
            let attributes = vec![("url.path".to_owned(), format!("/orders/{id}"))];
            let query = IndexedQuery { attributes, ..IndexedQuery::newest(10) };
            store.search(&query).unwrap().len() == 1
        })
    };
    let filter = segment_files(&dir, "values").remove(0);
    let bytes = std::fs::read(&filter).unwrap();
    for damage in [0, 7, 8, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[damage] ^= 0xff;
        for content in [&damaged, &bytes[..damage]] {
            std::fs::write(&filter, content).unwrap();
            assert!(all(), "byte {damage}");
        }
    }
    // No bit is set, and the checksums are those of the bits before.
    let mut cleared = bytes.clone();
    for block in cleared[16..].chunks_mut(64) {
        block[..60].fill(0);
    }
    std::fs::write(&filter, cleared).unwrap();
    assert!(all());
    std::fs::remove_file(&filter).unwrap();
    assert!(all());
}

#[test]
fn a_filter_that_is_removed_or_cut_while_the_store_is_open_costs_nothing_else() {
    let (dir, store) = written();
    let damages: [fn(&std::path::Path) -> std::io::Result<()>; 2] =
        [|filter| std::fs::write(filter, b"coralva"), |filter| std::fs::remove_file(filter)];
    for damage in damages {
        segment_files(&dir, "values").iter().for_each(|filter| damage(filter).unwrap());
        assert_eq!(search(&store, &having("url.path", "/orders/700")).0, 1);
        assert_eq!((store.extent().segments, store.extent().damaged), (3, 0));
    }
}

#[test]
fn a_filter_that_cannot_be_written_hides_no_trace() {
    for after in 0..40 {
        let (_dir, store) = store();
        let path = |id: u64| -> Span {
            with_attributes(span(id.into(), id, None, id, 1), vec![("url.path", "/pay")])
        };
        store.append(&[(1..=5).map(path).collect()], NOON).unwrap();
        faults::plan(Some(Operation::Write), after, Fault::Fails(ENOSPC));
        let sealed = store.seal();
        let was_due = faults::clear() == 0;
        assert_eq!(search(&store, &having("url.path", "/pay")).0, 5, "{sealed:?}");
        if !was_due {
            return;
        }
    }
    panic!("a seal writes more often than this test expects");
}
