//! The requests of a window by route, method or statement.

use std::collections::BTreeMap;

use coral_trace::dependency::Latencies;
use coral_trace::red::{Delta, Exemplar, MergedHistogram, Protocol, Quantile, Series};
use coral_trace::{Span, grpc_status_name};

use super::answer::RedTable;
use super::steps::{StepSums, Steps};
use super::{NANOS_PER_MICRO, answer};
use crate::sampling::{Share, WHOLE, Weighed};

/// The number of requests to which those of a row that are known one by one are cut, when there are
/// twice as many. An answer shows fewer.
const MAX_SLOWEST: usize = 1_000;

/// The largest number of rows. Requests of further routes, methods or statements count in the
/// numbers of all rows together, and are counted as left out.
const MAX_ROWS: usize = RedTable::MAX_ROWS;

/// The key of a row: HTTP method and route, gRPC method and an empty text, or SQL operation and
/// table.
pub(crate) type RowName = (String, String);

/// Requests by row.
pub(super) struct Rows {
    by_name: BTreeMap<RowName, RowSum>,
    /// All rows together, and the requests that have no row.
    all: RowSum,
    /// How many requests have no row.
    left_out: u64,
    /// All requests by time, if that was asked for.
    steps: Option<StepSums>,
    /// The durations of a row without requests.
    no_durations: Durations,
}

/// The sum of the requests of one row.
pub(super) struct RowSum {
    pub durations: Durations,
    errors: u64,
    /// The sum of the durations in nanoseconds, as far as it is known.
    nanos: u64,
    statuses: BTreeMap<String, u64>,
    /// What the requests stand for.
    weighed: Weighed,
    /// The slowest requests that are known one by one: exemplars of metrics, or spans.
    pub slowest: Vec<Exemplar>,
}

/// How long requests took.
#[derive(Clone)]
pub(super) enum Durations {
    /// Durations of spans, one by one.
    Exact(Latencies),
    /// Buckets of metrics.
    Buckets(MergedHistogram),
}

/// A percentile of durations in microseconds.
#[derive(Clone, Copy)]
pub(super) enum Percentile {
    At(u64),
    /// Above the last bucket bound, which is this many microseconds.
    Beyond(u64),
}

impl Rows {
    /// How often the duration of a span is kept: in its row, and in all rows together.
    pub const DURATIONS_A_SPAN: usize = 2;

    /// No requests, to which spans can be added.
    pub fn of_spans() -> Self {
        Self::of(Durations::Exact(Latencies::default()))
    }

    /// No requests, to which histograms can be added.
    pub fn of_metrics() -> Self {
        Self::of(Durations::Buckets(MergedHistogram::default()))
    }

    fn of(no_durations: Durations) -> Self {
        let all = RowSum::without_requests(&no_durations);
        Self { by_name: BTreeMap::new(), all, left_out: 0, steps: None, no_durations }
    }

    /// The same without requests, which are also counted in `steps`.
    pub fn in_steps(self, steps: Option<Steps>) -> Self {
        Self { steps: steps.map(|steps| StepSums::new(steps, &self.no_durations)), ..self }
    }

    /// All requests by time, if they are counted in steps.
    pub fn steps(&self) -> Option<&StepSums> {
        self.steps.as_ref()
    }

    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The rows, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&RowName, &RowSum)> {
        self.by_name.iter()
    }

    /// Adds the request of `span`, of which `share` is recorded, and keeps it among the slowest ones
    /// if `slowest` is set.
    pub fn add_span(&mut self, series: &Series, span: &Span, share: Share, slowest: bool) {
        self.add_one(name(series), |failed| status(series, failed), span, share);
        if slowest {
            let (trace_id, span_id, time) = (span.trace_id, span.span_id, span.end);
            let nanos = nanos(span);
            self.keep_slowest(series, &[Exemplar { trace_id, span_id, nanos, time }]);
        }
    }

    /// Adds the request of `span`, which is of no protocol that has RED metrics. Its row has the
    /// name of the span.
    pub fn add_operation(&mut self, span: &Span, share: Share) {
        let status = |failed| if failed { "error" } else { "ok" }.to_owned();
        self.add_one((span.name.clone(), String::new()), status, span, share);
    }

    fn add_one(
        &mut self,
        row: RowName,
        status: impl Fn(bool) -> String,
        span: &Span,
        share: Share,
    ) {
        let nanos = nanos(span);
        let requests = Requests { count: 1, failed: span.is_error(), nanos, share };
        if let Some(steps) = &mut self.steps {
            steps.add_one(span.start, nanos, requests.failed);
        }
        self.add_to_all_and_row(row, &status(requests.failed), requests, |durations| {
            if let Durations::Exact(durations) = durations {
                durations.add(nanos / NANOS_PER_MICRO);
            }
        });
    }

    /// Adds the requests of `delta`.
    pub fn add_histogram(&mut self, delta: &Delta) {
        let Delta { series, histogram, .. } = delta;
        let failed = series.is_error();
        if let Some(steps) = &mut self.steps {
            steps.add_histogram(delta.time, histogram, failed);
        }
        let nanos = histogram.sum.map_or(0, |sum| sum.max(0.0) as u64);
        let requests = Requests { count: histogram.count(), failed, nanos, share: WHOLE };
        self.add_to_all_and_row(name(series), &status(series, failed), requests, |durations| {
            if let Durations::Buckets(durations) = durations {
                durations.add(histogram);
            }
        });
    }

    /// Keeps `exemplars` among the slowest requests of their row, if they have a row.
    pub fn keep_slowest(&mut self, series: &Series, exemplars: &[Exemplar]) {
        if let Some(row) = self.row(name(series)) {
            row.keep_slowest(exemplars);
        }
    }

    /// How many requests have no row, because there are more than [`MAX_ROWS`] rows.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    fn add_to_all_and_row(
        &mut self,
        row: RowName,
        status: &str,
        requests: Requests,
        add: impl Fn(&mut Durations),
    ) {
        self.all.add(status, requests);
        add(&mut self.all.durations);
        match self.row(row) {
            Some(row) => {
                row.add(status, requests);
                add(&mut row.durations);
            }
            None => self.left_out = self.left_out.saturating_add(requests.count),
        }
    }

    /// The row with this name. `None` when there are [`MAX_ROWS`] rows and not this one.
    fn row(&mut self, name: RowName) -> Option<&mut RowSum> {
        if self.by_name.len() >= MAX_ROWS && !self.by_name.contains_key(&name) {
            return None;
        }
        let none = &self.no_durations;
        Some(self.by_name.entry(name).or_insert_with(|| RowSum::without_requests(none)))
    }

    /// The durations of spans in all rows. A [`LatencyLimit`](coral_trace::dependency::LatencyLimit)
    /// keeps them small, to which each span adds [`DURATIONS_A_SPAN`](Self::DURATIONS_A_SPAN).
    pub fn durations_mut(&mut self) -> impl Iterator<Item = &mut Latencies> {
        let sums = self.by_name.values_mut().chain([&mut self.all]);
        let rows = sums.filter_map(|sum| match &mut sum.durations {
            Durations::Exact(durations) => Some(durations),
            Durations::Buckets(_) => None,
        });
        rows.chain(self.steps.iter_mut().flat_map(StepSums::durations_mut))
    }

    /// The rows as an answer, most requests first. `before` are the rows of the earlier window.
    pub fn table(&self, protocol: Protocol, before: Option<&Self>) -> Vec<answer::RedRow> {
        let row = |(name, sum): (&RowName, &RowSum)| {
            let (operation, target) = name.clone();
            let before = before.and_then(|before| before.by_name.get(name)).map(RowSum::numbers);
            let row = answer::RedRow { numbers: sum.numbers(), before, ..Default::default() };
            match protocol {
                Protocol::Http => {
                    answer::RedRow { method: Some(operation), route: Some(target), ..row }
                }
                Protocol::Grpc => answer::RedRow { method: Some(operation), ..row },
                Protocol::Sql => {
                    answer::RedRow { operation: Some(operation), table: Some(target), ..row }
                }
            }
        };
        let mut table: Vec<_> = self.by_name.iter().map(row).collect();
        // The sort is stable: rows with equal counts stay sorted by name.
        table.sort_by_key(|row| std::cmp::Reverse(row.numbers.requests));
        table
    }

    /// The sum of all rows.
    pub fn all(&self) -> &RowSum {
        &self.all
    }

    /// The row with this name.
    pub fn find(&self, name: &RowName) -> Option<(&RowName, &RowSum)> {
        self.by_name.get_key_value(name)
    }

    /// The numbers of all rows together.
    pub fn overall(&self) -> answer::RedNumbers {
        self.all.numbers()
    }
}

impl RowSum {
    fn without_requests(none: &Durations) -> Self {
        let (errors, nanos, statuses) = (0, 0, BTreeMap::new());
        let (weighed, slowest) = (Weighed::default(), Vec::new());
        Self { durations: none.clone(), errors, nanos, statuses, weighed, slowest }
    }

    fn add(&mut self, status: &str, Requests { count, failed, nanos, share }: Requests) {
        self.weighed.add(share, count, failed);
        self.errors = self.errors.saturating_add(if failed { count } else { 0 });
        self.nanos = self.nanos.saturating_add(nanos);
        match self.statuses.get_mut(status) {
            Some(with_status) => *with_status = with_status.saturating_add(count),
            None => drop(self.statuses.insert(status.to_owned(), count)),
        }
    }

    /// How many requests there are, and how many of them failed.
    pub fn counts(&self) -> (u64, u64) {
        (self.durations.count(), self.errors)
    }

    /// The sum of the durations in microseconds; 0 if metrics have no sums.
    pub fn total_us(&self) -> u64 {
        self.nanos / NANOS_PER_MICRO
    }

    /// Adds `requests` to the slowest ones. When there are more than twice [`MAX_SLOWEST`], keeps
    /// only the slowest.
    fn keep_slowest(&mut self, requests: &[Exemplar]) {
        self.slowest.extend_from_slice(requests);
        if self.slowest.len() > 2 * MAX_SLOWEST {
            self.slowest.sort_unstable_by_key(|request| std::cmp::Reverse(request.nanos));
            self.slowest.truncate(MAX_SLOWEST);
        }
    }

    pub fn numbers(&self) -> answer::RedNumbers {
        let requests = self.durations.count();
        let percentiles = self.durations.percentiles([50, 95, 99]);
        let [p50_us, p95_us, p99_us] =
            percentiles.map(|percentile| Some(percentile?.known()? as i64));
        let beyond = percentiles.into_iter().flatten().find(|found| found.known().is_none());
        answer::RedNumbers {
            requests,
            errors: self.errors,
            error_rate: if requests == 0 { 0.0 } else { self.errors as f64 / requests as f64 },
            p50_us,
            p95_us,
            p99_us,
            exact: self.durations.is_exact(),
            beyond_us: beyond.map(|bound| bound.least() as i64),
            statuses: self.statuses.clone(),
            estimate: self.weighed.estimate(requests),
        }
    }
}

impl Durations {
    pub fn count(&self) -> u64 {
        match self {
            Self::Exact(durations) => durations.count(),
            Self::Buckets(durations) => durations.count(),
        }
    }

    fn is_exact(&self) -> bool {
        matches!(self, Self::Exact(durations) if durations.is_exact())
    }

    /// `None` in the place of each percentile when there are no durations, or they have no bounds.
    pub fn percentiles<const N: usize>(&self, percents: [u64; N]) -> [Option<Percentile>; N] {
        match self {
            Self::Exact(durations) => {
                let durations = durations.settled();
                percents.map(|percent| durations.percentile(percent).map(Percentile::At))
            }
            Self::Buckets(durations) => percents.map(|percent| {
                Some(match durations.quantile(percent as f64 / 100.0)? {
                    Quantile::At(nanos) => Percentile::At(nanos / NANOS_PER_MICRO),
                    Quantile::Beyond(nanos) => Percentile::Beyond(nanos / NANOS_PER_MICRO),
                })
            }),
        }
    }

    /// The part of the durations that are longer than `micros`: 0 to 1; 0 without durations.
    pub fn part_above(&self, micros: u64) -> f64 {
        let above = match self {
            Self::Exact(durations) => durations.count_above(micros) as f64,
            Self::Buckets(durations) => {
                durations.count_above(micros.saturating_mul(NANOS_PER_MICRO))
            }
        };
        above / self.count().max(1) as f64
    }
}

impl Percentile {
    /// The percentile in microseconds; `None` when only a lower bound is known.
    pub fn known(self) -> Option<u64> {
        match self {
            Self::At(micros) => Some(micros),
            Self::Beyond(_) => None,
        }
    }

    /// The percentile, or else its lower bound, in microseconds.
    pub fn least(self) -> u64 {
        match self {
            Self::At(micros) | Self::Beyond(micros) => micros,
        }
    }
}

/// The name of a row as text: `POST /validate`.
pub(super) fn text((operation, target): &RowName) -> String {
    let words = [operation.as_str(), target.as_str()];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Requests that are added together.
#[derive(Clone, Copy)]
struct Requests {
    count: u64,
    failed: bool,
    /// The sum of their durations.
    nanos: u64,
    /// The share of such requests that is recorded.
    share: Share,
}

/// The name of the row of `series`.
pub(super) fn name(series: &Series) -> RowName {
    (series.operation.clone(), series.target.clone())
}

pub(super) fn nanos(span: &Span) -> u64 {
    u64::try_from(span.duration().as_nanos()).unwrap_or(u64::MAX)
}

/// The status of a series as text: `200` for HTTP, `PERMISSION_DENIED` for gRPC, `ok` or `error`
/// for SQL. `unknown` for HTTP and gRPC without a status.
fn status(series: &Series, failed: bool) -> String {
    match (series.protocol, series.status) {
        (Protocol::Grpc, Some(code)) => {
            grpc_status_name(code).map_or_else(|| code.to_string(), str::to_owned)
        }
        (Protocol::Http, Some(status)) => status.to_string(),
        (Protocol::Sql, _) if failed => "error".to_owned(),
        (Protocol::Sql, _) => "ok".to_owned(),
        (_, None) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use coral_trace::Attributes;
    use coral_trace::red::Side;

    use super::*;
    use crate::tests::shop::request;

    fn series(route: usize) -> Series {
        Series {
            protocol: Protocol::Http,
            side: Side::Server,
            service: "shop".to_owned(),
            operation: "GET".to_owned(),
            target: format!("/{route}"),
            status: Some(200),
            error: String::new(),
            attributes: Attributes::default(),
        }
    }

    #[test]
    fn requests_beyond_the_largest_number_of_rows_count_in_the_sum_and_as_left_out() {
        let span = request(1, "shop", "/", 0, 3);
        let mut rows = Rows::of_spans();
        for route in 0..MAX_ROWS + 500 {
            rows.add_span(&series(route), &span, WHOLE, true);
            rows.add_span(&series(0), &span, WHOLE, true);
        }
        let table = rows.table(Protocol::Http, None);
        assert_eq!((table.len(), rows.left_out()), (MAX_ROWS, 500));
        assert_eq!(table[0].numbers.requests as usize, MAX_ROWS + 501);
        let overall = rows.overall();
        assert_eq!(overall.requests as usize, 2 * (MAX_ROWS + 500));
        assert_eq!((overall.p95_us, overall.exact), (Some(3_000), true));
        assert_eq!(overall.statuses, BTreeMap::from([("200".to_owned(), overall.requests)]));
    }
}
