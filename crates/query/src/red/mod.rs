//! RED metrics of one service. Metrics and spans are summed by the same code.

pub(crate) mod answer;
pub(crate) mod question;
mod slow;

use std::collections::BTreeMap;

use coral_engine::{Budget, DeltaQuery, EngineError};
use coral_trace::red::{
    Exemplar, Histogram, MergedHistogram, Protocol, Quantile, Series, Side, series_from_span,
};
use coral_trace::{Collector, Span, TimeRange, grpc_status_name};

use crate::ask::{Ask, QueryError, Sources};
use crate::reader::Reader;

pub use self::question::{RedProtocol, RedQuestion, RedSide, RedSource};

/// The number of exemplars to which those of a row are cut when there are twice as many. An answer
/// shows fewer.
const MAX_EXEMPLARS: usize = 1_000;
const NANOS_PER_MICRO: u64 = 1_000;

/// Which requests are counted.
#[derive(Clone, Copy)]
struct RequestSelection<'a> {
    protocol: Protocol,
    side: Side,
    service: &'a str,
    range: TimeRange,
}

/// The key of a row: HTTP method and route, gRPC method and an empty text, or SQL operation and
/// table.
type RowName = (String, String);

/// Requests by row.
type Rows = BTreeMap<RowName, RowSum>;

/// The sum of the requests of one row.
#[derive(Default)]
struct RowSum {
    latencies: MergedHistogram,
    errors: u64,
    statuses: BTreeMap<String, u64>,
    exemplars: Vec<Exemplar>,
}

impl Ask for RedQuestion {
    const PATH: &'static str = "/api/v1/red/{protocol}";
    const NAME: &'static str = "red";
    const SUMMARY: &'static str =
        "Requests, errors and durations of one service, by route, method or statement.";
    const PERMISSION: &'static str = "metrics.read";
    type Answer = answer::RedTable;

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).red(self)
    }
}

impl Reader<'_> {
    /// Answers `question`.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the parameter that is not valid; otherwise the error of the
    /// engine.
    pub(crate) fn red(&self, question: &RedQuestion) -> Result<answer::RedTable, QueryError> {
        check(question)?;
        let side = question.side.effective(question.protocol);
        let (service, protocol) = (question.service.as_str(), question.protocol.protocol());
        let range = question.window(0);
        let selection = RequestSelection { protocol, side: side.side(), service, range };
        let rows = self.rows(question.source, &selection, question.slow)?;
        let before = question.compare_us.map(|earlier| {
            self.rows(
                question.source,
                &RequestSelection { range: question.window(earlier), ..selection },
                false,
            )
        });
        let before = before.transpose()?;
        let requests_by_metrics = match question.source {
            RedSource::Spans => {
                Some(overall(&self.rows(RedSource::Metrics, &selection, false)?).requests)
            }
            RedSource::Metrics => None,
        };
        let slow = if question.slow {
            Some(self.slow(&selection, &rows, question.over_us)?)
        } else {
            None
        };
        let did_you_mean = match rows.is_empty() {
            true => self.did_you_mean(service, range)?,
            false => Vec::new(),
        };
        Ok(answer::RedTable {
            protocol: question.protocol,
            service: service.to_owned(),
            side,
            source: question.source,
            since_unix_us: question.since_unix_us,
            until_unix_us: question.until_unix_us,
            rows: table(protocol, &rows, before.as_ref()),
            overall: overall(&rows),
            overall_before: before.as_ref().map(overall),
            requests_by_metrics,
            slow,
            did_you_mean,
        })
    }

    /// The requests in `selection`, by row, with the slowest exemplars of each row if `exemplars`
    /// is set.
    fn rows(
        &self,
        source: RedSource,
        selection: &RequestSelection<'_>,
        exemplars: bool,
    ) -> Result<Rows, EngineError> {
        let mut rows = Rows::new();
        match source {
            RedSource::Metrics => self.sum_metrics(selection, exemplars, &mut rows)?,
            RedSource::Spans => self.sum_spans(selection, &mut rows)?,
        }
        Ok(rows)
    }

    /// Sums eBPF spans, or SDK spans if there are no eBPF spans in `selection`. Adding both would
    /// count each request twice.
    fn sum_spans(
        &self,
        selection: &RequestSelection<'_>,
        rows: &mut Rows,
    ) -> Result<(), EngineError> {
        for collector in [Collector::Ebpf, Collector::Sdk] {
            if rows.is_empty() {
                self.sum_spans_of(collector, selection, rows)?;
            }
        }
        Ok(())
    }

    fn sum_spans_of(
        &self,
        collector: Collector,
        selection: &RequestSelection<'_>,
        rows: &mut Rows,
    ) -> Result<(), EngineError> {
        let mut add = |span: &Span| {
            if let Some((series, latency)) = series_from_span(span)
                && selection.includes(&series)
            {
                rows.entry(row_name(&series)).or_default().add(&series, &latency);
            }
        };
        let (service, range) = (selection.service, selection.range);
        self.from.traces.spans_ended(service, collector, range, self.budget, &mut add)
    }

    fn sum_metrics(
        &self,
        selection: &RequestSelection<'_>,
        exemplars: bool,
        rows: &mut Rows,
    ) -> Result<(), EngineError> {
        let query = DeltaQuery {
            protocol: selection.protocol,
            range: selection.range,
            service: Some(selection.service.to_owned()),
            side: Some(selection.side),
        };
        self.from.metrics.deltas(&query, self.budget, &mut |row| {
            let delta = &row.delta;
            let sum = rows.entry(row_name(&delta.series)).or_default();
            sum.add(&delta.series, &delta.histogram);
            if exemplars {
                sum.keep_slowest(&delta.exemplars);
            }
        })
    }
}

impl RequestSelection<'_> {
    fn includes(&self, series: &Series) -> bool {
        series.protocol == self.protocol
            && series.side == self.side
            && series.service == self.service
    }
}

impl RowSum {
    fn add(&mut self, series: &Series, latencies: &Histogram) {
        let count = latencies.count();
        self.latencies.add(latencies);
        let failed = if series.is_error() { count } else { 0 };
        self.errors = self.errors.saturating_add(failed);
        let with_status = self.statuses.entry(status(series)).or_default();
        *with_status = with_status.saturating_add(count);
    }

    /// Adds `exemplars`. When the row has more than twice [`MAX_EXEMPLARS`], keeps only the
    /// slowest.
    fn keep_slowest(&mut self, exemplars: &[Exemplar]) {
        self.exemplars.extend_from_slice(exemplars);
        if self.exemplars.len() > 2 * MAX_EXEMPLARS {
            self.exemplars.sort_unstable_by_key(|exemplar| std::cmp::Reverse(exemplar.nanos));
            self.exemplars.truncate(MAX_EXEMPLARS);
        }
    }

    fn numbers(&self) -> answer::RedNumbers {
        let requests = self.latencies.count();
        let quantiles = [0.5, 0.95, 0.99].map(|q| self.latencies.quantile(q));
        let [p50_us, p95_us, p99_us] = quantiles.map(known_us);
        let beyond = quantiles.into_iter().flatten().find(|q| matches!(q, Quantile::Beyond(_)));
        answer::RedNumbers {
            requests,
            errors: self.errors,
            error_rate: if requests == 0 { 0.0 } else { self.errors as f64 / requests as f64 },
            p50_us,
            p95_us,
            p99_us,
            beyond_us: beyond.map(|quantile| (quantile.nanos() / NANOS_PER_MICRO) as i64),
            statuses: self.statuses.clone(),
        }
    }
}

fn known_us(quantile: Option<Quantile>) -> Option<i64> {
    match quantile {
        Some(Quantile::At(nanos)) => Some((nanos / NANOS_PER_MICRO) as i64),
        Some(Quantile::Beyond(_)) | None => None,
    }
}

fn check(question: &RedQuestion) -> Result<(), QueryError> {
    let invalid = |field, reason| Err(QueryError::invalid(field, reason));
    if question.until_unix_us <= question.since_unix_us {
        return invalid("until", "the range is empty: its end is not after its start");
    }
    if question.compare_us.is_some_and(|earlier| earlier <= 0) {
        return invalid("compare", "must be greater than 0");
    }
    if question.over_us.is_some_and(|over| over < 0) {
        return invalid("over", "must not be negative");
    }
    Ok(())
}

fn row_name(series: &Series) -> RowName {
    (series.operation.clone(), series.target.clone())
}

/// The status of a series as text: `200` for HTTP, `PERMISSION_DENIED` for gRPC, `ok` or `error`
/// for SQL. `unknown` for HTTP and gRPC without a status.
fn status(series: &Series) -> String {
    match (series.protocol, series.status) {
        (Protocol::Grpc, Some(code)) => {
            grpc_status_name(code).map_or_else(|| code.to_string(), str::to_owned)
        }
        (Protocol::Http, Some(status)) => status.to_string(),
        (Protocol::Sql, _) if series.error.is_empty() => "ok".to_owned(),
        (Protocol::Sql, _) => "error".to_owned(),
        (_, None) => "unknown".to_owned(),
    }
}

fn table(protocol: Protocol, rows: &Rows, before: Option<&Rows>) -> Vec<answer::RedRow> {
    let row = |(name, sum): (&RowName, &RowSum)| {
        let (operation, target) = name.clone();
        let before = before.and_then(|before| before.get(name)).map(RowSum::numbers);
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
    let mut table: Vec<_> = rows.iter().map(row).collect();
    // The sort is stable: rows with equal counts stay sorted by name.
    table.sort_by_key(|row| std::cmp::Reverse(row.numbers.requests));
    table
}

fn overall(rows: &Rows) -> answer::RedNumbers {
    let mut all = RowSum::default();
    for sum in rows.values() {
        all.latencies.merge(&sum.latencies);
        all.errors += sum.errors;
        for (status, count) in &sum.statuses {
            *all.statuses.entry(status.clone()).or_default() += count;
        }
    }
    all.numbers()
}
