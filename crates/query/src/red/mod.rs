//! RED metrics of one service, counted from metrics or from stored spans.

pub(crate) mod answer;
mod count;
pub(crate) mod question;
mod rows;
mod served;
mod slow;
mod started;
mod statements;
mod stepped;
mod steps;

use coral_engine::Budget;
use coral_trace::TimeRange;
use coral_trace::red::{Protocol, Series, Side};

use self::count::Counted;
use crate::ask::{Ask, QueryError, Sources};
use crate::reader::Reader;
use crate::sampling::RecordedShares;

pub(crate) use self::question::protocol as path_protocol;
pub use self::question::{RedProtocol, RedQuestion, RedSide, RedSource};
pub use self::served::RequestKind;
pub(crate) use self::served::{
    ComparedServices, KindsOfServices, Served, ServedRequests, joined, request_kind,
};

pub(crate) use self::stepped::Stepped;
pub(crate) use self::steps::{StepSum, StepSums, Steps};

const NANOS_PER_MICRO: u64 = 1_000;

/// Which requests are counted.
#[derive(Clone, Copy)]
struct RequestSelection<'a> {
    protocol: Protocol,
    side: Side,
    service: &'a str,
    range: TimeRange,
    /// The shares of spans that are recorded; `None` counts recorded spans only.
    shares: Option<&'a RecordedShares>,
}

impl Ask for RedQuestion {
    const PATH: &'static str = "/api/v1/red/{protocol}";
    const NAME: &'static str = "red";
    const SUMMARY: &'static str =
        "Requests, errors and durations of one service, by route, method or statement.";
    const PERMISSION: &'static str = "metrics.read";
    type Answer = answer::RedTable;

    fn rows(answer: &Self::Answer) -> usize {
        answer.rows.len()
    }

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
        let selection =
            RequestSelection { protocol, side: side.side(), service, range, shares: None };
        let (source, counted) = self.counted(question.source, &selection, question.slow)?;
        let no_metrics = source == RedSource::Spans || counted.rows.is_empty();
        let before = question.compare_us.map(|earlier| {
            let range = question.window(earlier);
            self.count(source, &RequestSelection { range, ..selection }, false)
        });
        let before = before.transpose()?;
        let requests_by_metrics = match (source, question.source) {
            (RedSource::Metrics, _) => None,
            // The question left the source open, and the metrics have no requests.
            (RedSource::Spans, None) => Some(0),
            (RedSource::Spans, Some(_)) => {
                let by_metrics = self.count(RedSource::Metrics, &selection, false)?;
                Some(by_metrics.rows.overall().requests)
            }
        };
        let slow = match question.slow {
            true => Some(self.slow(&selection, &counted, question.over_us)?),
            false => None,
        };
        let did_you_mean = match counted.rows.is_empty() {
            true => self.did_you_mean(service, range)?,
            false => Vec::new(),
        };
        let before = before.map(|before| before.rows);
        Ok(answer::RedTable {
            protocol: question.protocol,
            service: service.to_owned(),
            side,
            source,
            metrics_missing: question.source.is_none() && no_metrics,
            since_unix_us: question.since_unix_us,
            until_unix_us: question.until_unix_us,
            covered_since_unix_us: self.covered_since(range, counted.earliest)?.as_micros(),
            rows: counted.rows.table(protocol, before.as_ref()),
            overall: counted.rows.overall(),
            requests_left_out: counted.rows.left_out(),
            overall_before: before.map(|before| before.overall()),
            requests_by_metrics,
            slow,
            did_you_mean,
        })
    }

    /// The requests in `selection`, and what they were counted from: `wanted`, or else metrics, or
    /// else spans if metrics have no such requests.
    fn counted(
        &self,
        wanted: Option<RedSource>,
        selection: &RequestSelection<'_>,
        slowest: bool,
    ) -> Result<(RedSource, Counted), QueryError> {
        let source = wanted.unwrap_or(RedSource::Metrics);
        let counted = self.count(source, selection, slowest)?;
        if wanted.is_some() || !counted.rows.is_empty() {
            return Ok((source, counted));
        }
        let by_spans = self.count(RedSource::Spans, selection, slowest)?;
        Ok(match by_spans.rows.is_empty() {
            true => (source, counted),
            false => (RedSource::Spans, by_spans),
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
