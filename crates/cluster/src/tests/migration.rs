//! Tables of the first version get the columns of this one, and their rows stay readable.

use std::ops::ControlFlow;
use std::time::Duration;

use coral_engine::conformance::NOON;
use coral_engine::{
    Budget, Checkpoint, Columns, Page, PageContent, PageWriter, SpanColumn, TraceQuery,
    TraceReader, WantedColumns,
};
use coral_record::promoted::{NUMBERS, TEXT};
use coral_record::{write_attributes, write_origin};
use coral_trace::{Collector, Span, TimeRange};

use super::exactly_once::spans;
use super::server::{config, drop_database, shared};
use crate::row::part::Parts;
use crate::{Cluster, sql};

/// Stores `span` as the first version did: all attributes in JSON, and the text of the origin.
fn store_as_before(cluster: &Cluster, span: &Span) {
    let (shard, bucket) = (cluster.first_shard(), crate::bucket::bucket_of(NOON));
    let mut parts = Parts::default();
    parts.add(span);
    let (places, traces) = parts.rows(bucket);
    shard.insert("places", &places).unwrap();
    shard.insert("traces", &traces).unwrap();
    let attributes = write_attributes(&span.attributes.iter().collect::<Vec<_>>()).unwrap();
    let row = format!(
        "INSERT INTO {} (bucket, trace_id, span_id, parent_span_id, ebpf, agent_id, service, \
         span_name, kind, start_us, duration_us, sub_us, status, attributes, origin, extra, store_id, \
         page_end) SELECT toDateTime({bucket}), toFixedString({}, 16), {}, 0, 1, 'web-1', 'shop', {}, {}, \
         {}, 5000, 0, 0, {}, {}, '', 'store', 0",
        shard.table("spans"),
        sql::trace(span.trace_id),
        span.span_id.as_u64(),
        sql::text(&span.name),
        span.kind as u8,
        span.start.as_micros(),
        sql::text(&attributes),
        sql::text(&write_origin(&span.origin)),
    );
    shard.execute(&row).unwrap();
}

#[test]
fn rows_of_the_first_version_are_found_and_read_beside_new_ones() {
    let Some(servers) = shared() else { return };
    let config = config(&servers.urls, 1);
    let cluster = Cluster::open(&config).unwrap();
    // The table of the first version.
    let shard = cluster.first_shard();
    let added = TEXT.iter().chain(&NUMBERS).map(|column| column.column);
    for column in added.chain(["origin_id", "promoted", "status_code"]) {
        let table = shard.table("spans");
        shard.execute(&format!("ALTER TABLE {table} DROP COLUMN {column}")).unwrap();
    }
    let all = spans(2, 2);
    store_as_before(&cluster, &all[0]);
    let cluster = Cluster::open(&config).unwrap();
    let budget = Budget::unlimited();
    let listed = |key: &str, value: &str| {
        let attributes = vec![(key.to_owned(), value.to_owned())];
        let query = TraceQuery { attributes, ..TraceQuery::newest(10) };
        cluster.search(&query, &budget).unwrap().len()
    };
    let columns = |wanted: SpanColumn| {
        let (mut rows, wanted) = (0, WantedColumns { columns: vec![wanted], ids: false });
        let is_read = cluster.visit_columns(TimeRange::ALL, &wanted, &budget, &mut |columns| {
            rows += columns.starts.len();
            ControlFlow::Continue(())
        });
        is_read.unwrap().then_some(rows)
    };
    for (stored, expected) in [(&all[..1], 1), (&all[..], 2)] {
        for span in stored {
            let found = cluster.trace(span.trace_id, None, Columns::ALL, 10, &budget).unwrap();
            assert_eq!(found.spans.len(), 1);
            assert_eq!(found.spans[0].span, *span);
        }
        assert_eq!(listed("url.path", "/a/path/of/some/length"), expected);
        assert_eq!(listed("service.name", "shop"), expected);
        assert_eq!(listed("url.path", "/another"), 0);
        assert_eq!(columns(SpanColumn::Service), Some(expected));
        assert_eq!(columns(SpanColumn::SpanAttribute("url.path".to_owned())), None);
        let checkpoint = Checkpoint {
            agent_id: "web-1".to_owned(),
            collector: Collector::Ebpf,
            store_id: "store".to_owned(),
            next_receipt: 1,
            spans_stored: 0,
            spans_missed: 0,
        };
        let content = PageContent::Spans(vec![all[1].clone()]);
        let received = NOON.later(Duration::from_secs(1));
        cluster.append_pages(vec![Page { content, received, checkpoint }]).remove(0).unwrap();
    }
    drop_database(&cluster);
}
