//! Requests, errors and durations of one service over time.

pub(crate) mod answer;
pub(crate) mod question;

use coral_engine::{Budget, EngineError};

use self::answer::{RequestSeries, SeriesExemplar};
pub use self::question::SeriesQuestion;
use crate::ask::{Ask, QueryError, Sources};
use crate::reader::Reader;
use crate::red::{RedSource, StepSums, Stepped, Steps};

impl Ask for SeriesQuestion {
    const PATH: &'static str = "/api/v1/series/{protocol}";
    const NAME: &'static str = "series";
    const SUMMARY: &'static str = "Requests, errors and durations of one service over time.";
    const PERMISSION: &'static str = "metrics.read";
    type Answer = RequestSeries;

    fn rows(answer: &Self::Answer) -> usize {
        answer.requests.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).series(self)
    }
}

impl Reader<'_> {
    fn series(&self, question: &SeriesQuestion) -> Result<RequestSeries, QueryError> {
        if question.until_unix_us <= question.since_unix_us {
            let reason = "the range is empty: its end is not after its start";
            return Err(QueryError::invalid("until", reason));
        }
        let points = checked_points(question.points, SeriesQuestion::DEFAULT_POINTS)?;
        let steps = Steps::of(question.window(), points);
        let Stepped { source, sums, covered_since, is_empty } =
            self.requests_in_steps(question, steps)?;
        let numbers: Vec<_> = sums.iter().map(|sum| sum.numbers()).collect();
        let did_you_mean = match is_empty {
            true => self.did_you_mean(&question.service, question.window())?,
            false => Vec::new(),
        };
        Ok(RequestSeries {
            service: question.service.clone(),
            protocol: question.protocol,
            side: question.side.effective(question.protocol),
            source,
            since_unix_us: question.since_unix_us,
            until_unix_us: question.until_unix_us,
            covered_since_unix_us: covered_since.as_micros(),
            step_us: steps.step_us,
            requests: numbers.iter().map(|step| step.requests).collect(),
            errors: numbers.iter().map(|step| step.errors).collect(),
            p50_us: numbers.iter().map(|step| step.percentiles[0]).collect(),
            p95_us: numbers.iter().map(|step| step.percentiles[1]).collect(),
            p99_us: numbers.iter().map(|step| step.percentiles[2]).collect(),
            beyond_us: numbers.iter().filter_map(|step| step.beyond_us).min(),
            exemplars: self.exemplars(&sums, source)?,
            did_you_mean,
        })
    }

    fn exemplars(
        &self,
        sums: &StepSums,
        source: RedSource,
    ) -> Result<Vec<SeriesExemplar>, EngineError> {
        let all = sums.iter().flat_map(|sum| &sum.exemplars);
        all.map(|(request, failed)| {
            let is_stored = source == RedSource::Spans
                || self.from.traces.contains(request.trace_id, self.budget)?;
            Ok(SeriesExemplar {
                trace_id: request.trace_id,
                span_id: request.span_id,
                time: request.time,
                duration_us: (request.nanos / 1_000) as i64,
                error: *failed,
                stored: is_stored,
            })
        })
        .collect()
    }
}

/// The number of steps; `usual` for 0.
pub(crate) fn checked_points(points: u32, usual: u32) -> Result<u32, QueryError> {
    match points {
        0 => Ok(usual),
        points if points <= SeriesQuestion::MAX_POINTS => Ok(points),
        points => {
            let reason = format!("{points} is not between 1 and {}", SeriesQuestion::MAX_POINTS);
            Err(QueryError::Invalid { field: "points", reason })
        }
    }
}
