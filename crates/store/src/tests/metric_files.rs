//! Reads of sealed metrics: what they find, and what they cost.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use coral_engine::{Budget, DeltaQuery, EngineError, Grain, MetricReader, StoredDelta};
use coral_trace::red::{Delta, Exemplar, Histogram, Protocol, Series, Side};
use coral_trace::{TimeRange, UnixNanos};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use tempfile::TempDir;

use super::{NOON, config, span_id, store, trace_id};
use crate::{MetricCheckpoint, Store};

const SECOND: u64 = 1_000_000_000;

/// A row of a test: numbers that choose its series, agent, bounds and time.
#[derive(Clone, Debug)]
struct Row {
    service: u8,
    name: u8,
    variant: u8,
    agent: u8,
    second: u64,
    count: u64,
}

fn row() -> impl Strategy<Value = Row> {
    (0..4_u8, 0..3_u8, 0..8_u8, 0..2_u8, 0..40_u64, 0..5_u64).prop_map(
        |(service, name, variant, agent, second, count)| Row {
            service,
            name,
            variant,
            agent,
            second,
            count,
        },
    )
}

impl Row {
    fn delta(&self) -> Delta {
        let is_client = self.variant & 1 == 1;
        let series = Series {
            protocol: Protocol::ALL[usize::from(self.service) % 2],
            side: if is_client { Side::Client } else { Side::Server },
            service: format!("service-{}", self.service),
            operation: ["GET", "PUT", "/a"][usize::from(self.name)].to_owned(),
            target: ["/a", "/b", "GET"][usize::from(self.name)].to_owned(),
            status: (self.variant & 2 == 2).then_some(500),
            error: if self.variant & 4 == 4 { "timeout" } else { "" }.to_owned(),
            attributes: [("server.port", i64::from(self.variant))].into_iter().collect(),
        };
        let time = UnixNanos(NOON.0 + self.second * SECOND);
        let bounds: &[u64] = if self.count.is_multiple_of(3) { &[5, 10] } else { &[7] };
        let mut counts = vec![1; bounds.len() + 1];
        counts[0] = self.count;
        let exemplar = Exemplar {
            trace_id: trace_id(u128::from(self.second) + 1),
            span_id: span_id(1),
            nanos: self.count,
            time,
        };
        let sum = (self.count != 4).then_some(self.count as f64);
        Delta {
            series: series.into(),
            since: UnixNanos(time.0 - SECOND),
            time,
            histogram: Histogram::new(bounds, counts, sum).unwrap(),
            exemplars: if self.count == 2 { vec![exemplar] } else { Vec::new() },
        }
    }
}

/// Stores `rows` as pages of two agents.
pub(super) fn append(store: &Store, deltas: Vec<Delta>, agent: &str) {
    let mut place = MetricCheckpoint { agent_id: agent.to_owned(), ..Default::default() };
    store.append_metric_page(deltas, NOON, &mut place).unwrap();
}

fn append_rows(store: &Store, rows: &[Row]) {
    for agent in 0..2 {
        let of = rows.iter().filter(|row| row.agent == agent).map(Row::delta).collect();
        append(store, of, &format!("agent-{agent}"));
    }
}

fn query() -> impl Strategy<Value = DeltaQuery> {
    let grain = prop_oneof![
        Just(Grain::Row),
        Just(Grain::Range),
        (0..20_u64, 1..20_u64).prop_map(|(start, step)| Grain::Step {
            start: UnixNanos(NOON.0 + start * SECOND),
            step: step * SECOND,
        }),
    ];
    let parts = (0..2_usize, 0..40_u64, 0..40_u64, 0..6_u8, 0..3_u8, 0..5_usize, any::<bool>());
    (parts, grain).prop_map(|((protocol, start, length, service, side, name, exemplars), grain)| {
        let at = |second| UnixNanos(NOON.0 + second * SECOND);
        DeltaQuery {
            protocol: Protocol::ALL[protocol],
            range: TimeRange { start: at(start), end: at(start + length) },
            service: (service < 5).then(|| format!("service-{service}")),
            side: [None, Some(Side::Server), Some(Side::Client)][usize::from(side)],
            name: ["GET", "/a", "/b"].get(name).map(|name| (*name).to_owned()),
            exemplars,
            grain,
        }
    })
}

fn found(store: &Store, wanted: &DeltaQuery) -> Vec<StoredDelta> {
    let mut found = Vec::new();
    store.deltas(wanted, |row| found.push(row.clone())).unwrap();
    found
}

/// What rows have in common that are one sum.
type SumKey = (String, String, Vec<u64>, bool, Option<u64>);

/// Sums of rows: requests of each bucket, durations, earliest and latest time, exemplars.
type SumOf = (Vec<u64>, f64, UnixNanos, UnixNanos, Vec<String>);

/// Sums `rows` as far as `wanted` allows; `exemplars` are left out if `wanted` has none.
fn sums<'a>(
    rows: impl IntoIterator<Item = &'a StoredDelta>,
    wanted: &DeltaQuery,
) -> BTreeMap<SumKey, SumOf> {
    let mut sums: BTreeMap<SumKey, SumOf> = BTreeMap::new();
    for row in rows {
        let Delta { series, since, time, histogram, exemplars } = &row.delta;
        let step = wanted.grain.step_of(*time).or(Some(row.receipt));
        let has_sum = histogram.sum.is_some();
        let key = (
            format!("{series:?}"),
            row.agent_id.to_string(),
            histogram.bounds().to_vec(),
            has_sum,
            step,
        );
        let none = vec![0; histogram.counts().len()];
        let sum = sums.entry(key).or_insert((none, 0.0, *since, *time, Vec::new()));
        sum.0.iter_mut().zip(histogram.counts()).for_each(|(sum, count)| *sum += count);
        sum.1 += histogram.sum.unwrap_or_default();
        (sum.2, sum.3) = (sum.2.min(*since), sum.3.max(*time));
        if wanted.exemplars {
            sum.4.extend(exemplars.iter().map(|exemplar| format!("{exemplar:?}")));
            sum.4.sort();
        }
    }
    sums
}

/// All rows in order of receipt, read in pages of `limit`.
pub(super) fn pages(store: &Store, limit: usize) -> Vec<StoredDelta> {
    let (mut rows, mut after) = (Vec::new(), 0);
    loop {
        let page = store.deltas_after(after, limit).unwrap();
        rows.extend(page.rows);
        if page.next_receipt >= page.last_receipt {
            return rows;
        }
        assert!(page.next_receipt > after);
        after = page.next_receipt;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_read_finds_what_a_filter_over_every_row_finds(
        commits in prop::collection::vec((prop::collection::vec(row(), 0..40), 0..3_u8), 1..8),
        queries in prop::collection::vec(query(), 6),
    ) {
        let (_dir, all) = store();
        let (dir, mut store) = store();
        for (rows, then) in &commits {
            append_rows(&all, rows);
            append_rows(&store, rows);
            match then {
                0 => drop(store.seal_metrics().unwrap()),
                1 => {
                    drop(store);
                    store = Store::open(config(&dir)).unwrap();
                }
                _ => {}
            }
        }
        // Nothing of `all` was sealed, so these rows were in no file.
        let every = pages(&all, 1_000);
        for limit in [1, 7, 1_000] {
            prop_assert_eq!(&pages(&store, limit), &every);
        }
        for wanted in queries {
            let expected = sums(every.iter().filter(|row| wanted.wants(&row.delta)), &wanted);
            let found = found(&store, &wanted);
            prop_assert_eq!(sums(&found, &wanted), expected, "{:?}", wanted);
        }
    }
}

/// A sealed store with `services` services, each with `rows` rows.
fn sealed(services: u64, rows: u64) -> (TempDir, Store) {
    let (dir, store) = store();
    let deltas = (0..rows * services).map(|number| {
        let (service, second) = (number % services, number / services);
        let row = Row { service: 0, name: 0, variant: 0, agent: 0, second, count: 2 };
        let delta = row.delta();
        let series = Series { service: format!("s-{service:03}"), ..(*delta.series).clone() };
        Delta { series: series.into(), ..delta }
    });
    append(&store, deltas.collect(), "agent");
    store.seal_metrics().unwrap();
    (dir, store)
}

#[test]
fn a_question_about_one_service_reads_only_the_pages_with_its_rows() {
    let (_dir, store) = sealed(50, 400);
    for service in ["s-000", "s-007", "s-049"] {
        let budget = Budget::unlimited();
        let all = DeltaQuery::all(Protocol::Http, TimeRange::ALL);
        let wanted = DeltaQuery { service: Some(service.to_owned()), ..all };
        let mut rows = 0;
        MetricReader::deltas(&store, &wanted, &budget, &mut |_| rows += 1).unwrap();
        assert_eq!(rows, 400);
        assert!(budget.rows() <= 2 * 1_024, "{service}: {} rows were read", budget.rows());
    }
    let budget = Budget::unlimited();
    let all = DeltaQuery::all(Protocol::Http, TimeRange::ALL);
    let unknown = DeltaQuery { service: Some("unknown".to_owned()), ..all };
    MetricReader::deltas(&store, &unknown, &budget, &mut |_| unreachable!()).unwrap();
    assert_eq!(budget.rows(), 0);
}

#[test]
fn a_read_is_cancelled_between_two_batches_and_its_file_is_not_damaged() {
    let (_dir, store) = sealed(1, 4_000);
    let all = DeltaQuery::all(Protocol::Http, TimeRange::ALL);
    for budget in [
        Budget::unlimited().with_max_rows(3_999),
        Budget::unlimited().with_max_bytes(200_000),
        Budget::unlimited().with_timeout(std::time::Duration::ZERO),
    ] {
        let outcome = MetricReader::deltas(&store, &all, &budget, &mut |_| unreachable!());
        assert!(matches!(outcome, Err(EngineError::OverBudget(_))), "{outcome:?}");
    }
    assert_eq!((found(&store, &all).len(), store.metric_extent().damaged), (4_000, 0));
}

#[test]
fn a_damaged_page_of_one_service_costs_only_its_file_and_is_counted() {
    let (dir, store) = sealed(3, 1_000);
    append_rows(&store, &[Row { service: 1, name: 0, variant: 0, agent: 0, second: 1, count: 1 }]);
    store.seal_metrics().unwrap();
    let file = dir.path().join("store/metrics/files/http-000000000001.parquet");
    let mut bytes = std::fs::read(&file).unwrap();
    let end = bytes.len() / 2;
    bytes[4..end].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    let all = DeltaQuery::all(Protocol::Http, TimeRange::ALL);
    let one = DeltaQuery { service: Some("s-001".to_owned()), ..all };
    assert_eq!(found(&store, &one).len(), 0);
    assert_eq!(store.metric_extent().damaged, 3_000);
    let grpc = DeltaQuery::all(Protocol::Grpc, TimeRange::ALL);
    assert_eq!(found(&store, &grpc).len(), 1);
}

/// Writes `rows`, in order of receipt, as versions before sorted files did.
pub(super) fn write_old_file(dir: &TempDir, rows: &[StoredDelta]) {
    let (first, last) = (rows.first().unwrap(), rows.last().unwrap());
    let protocol = first.delta.series.protocol;
    let times = || rows.iter().map(|row| row.delta.time.0);
    let extent = format!(
        r#"{{"protocol":{},"first_receipt":{},"last_row":{},"last_receipt":{},"first_time":{},
            "last_time":{},"last_received":{},"rows":{}}}"#,
        protocol as u8,
        first.receipt,
        last.receipt,
        last.receipt,
        times().min().unwrap(),
        times().max().unwrap(),
        NOON.0,
        rows.len(),
    );
    let name = format!("{}-{:012}.parquet", protocol.as_str(), first.receipt);
    let path = dir.path().join("store/metrics/files").join(name);
    let batch: RecordBatch = crate::metrics::batch_of(&rows.iter().collect::<Vec<_>>());
    let properties = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .set_max_row_group_row_count(Some(8_192))
        .set_key_value_metadata(Some(vec![KeyValue::new("coral.metrics".to_owned(), extent)]))
        .build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn a_file_of_an_earlier_version_is_read_by_service_and_by_receipt() {
    let (_dir, source) = sealed(20, 30);
    let rows = pages(&source, 1_000);
    assert!(
        rows.windows(2).any(|pair| pair[0].delta.series.service > pair[1].delta.series.service)
    );
    let (dir, empty) = store();
    drop(empty);
    write_old_file(&dir, &rows);
    let store = Store::open(config(&dir)).unwrap();
    assert_eq!(pages(&store, 7), rows);
    let all = DeltaQuery::all(Protocol::Http, TimeRange::ALL);
    for grain in [Grain::Row, Grain::Range] {
        let wanted = DeltaQuery { service: Some("s-003".to_owned()), grain, ..all.clone() };
        let expected = sums(rows.iter().filter(|row| wanted.wants(&row.delta)), &wanted);
        assert_eq!(sums(&found(&store, &wanted), &wanted), expected);
    }
}

#[test]
fn a_row_of_the_greatest_time_is_on_its_page_and_so_are_the_rows_behind_it() {
    let (_dir, store) = store();
    let row = |second: u64| {
        let row = Row { service: 0, name: 0, variant: 0, agent: 0, second, count: 1 };
        let mut delta = row.delta();
        if second == 2 {
            delta.time = UnixNanos(u64::MAX);
        }
        delta
    };
    append(&store, (0..10).map(row).collect(), "agent-0");
    store.seal_metrics().unwrap();
    let (mut after, mut found) = (0, 0);
    loop {
        let page = store.deltas_after(after, 3).unwrap();
        found += page.rows.len();
        if page.next_receipt == page.last_receipt {
            break;
        }
        after = page.next_receipt;
    }
    assert_eq!(found, 10);
}
