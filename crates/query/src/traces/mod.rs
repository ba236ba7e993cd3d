//! A list of traces.

pub(crate) mod answer;
mod condition;
mod cursor;
mod failures;
mod groups;
mod instance;
pub(crate) mod question;
mod root_causes;
mod typical;
mod unmatched;
mod usual;
mod whole;

use std::collections::BTreeMap;
use std::time::Duration;

use coral_engine::{Budget, Order, TracePosition, TraceQuery};
use coral_trace::{TimeRange, UnixNanos};

pub(crate) use self::condition::Conditions;
use self::failures::TraceFacts;
pub(crate) use self::failures::cut as cut_text;
pub(crate) use self::failures::failure_of;
pub(crate) use self::groups::GroupKey;
pub use self::question::{Sort, SpanStatus, TracesQuestion};
pub use self::whole::WholeTraces;
use crate::ask::{Ask, QueryError, Sources};
use crate::coverage::TracesOf;
use crate::reader::Reader;
use crate::search::Named;
use crate::size::{fitting, summary_bytes};

impl Ask for TracesQuestion {
    const PATH: &'static str = "/api/v1/traces";
    const NAME: &'static str = "traces";
    const SUMMARY: &'static str = "Traces that match a filter, the newest or the slowest first.";
    const PERMISSION: &'static str = "traces.read";
    type Answer = answer::TraceList;

    fn rows(answer: &Self::Answer) -> usize {
        answer.traces.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<answer::TraceList, QueryError> {
        Reader::new(from, budget).list(self)
    }
}

impl Reader<'_> {
    pub(crate) fn list(&self, question: &TracesQuestion) -> Result<answer::TraceList, QueryError> {
        self.list_with_groups(question, checked_limit(question.limit)?)
    }

    /// As [`list`](Self::list), with at most `max_groups` groups instead of the limit of the list.
    pub(crate) fn list_with_groups(
        &self,
        question: &TracesQuestion,
        max_groups: u32,
    ) -> Result<answer::TraceList, QueryError> {
        let limit = checked_limit(question.limit)?;
        let conditions = Conditions::of(question)?;
        let query = trace_query(question, &conditions, limit + 1)?;
        let groups = match question.by.is_empty() {
            true => None,
            false => {
                let [groups] = self.groups([&question.by], max_groups, &query, &conditions)?;
                Some(groups)
            }
        };
        let mut found = self.search(&query)?;
        let matching = found.len();
        found.truncate(fitting(found.iter().map(summary_bytes), limit as usize));
        let more = found.len() < matching;
        let last = found.last().map(TracePosition::of).filter(|_| more);
        let next = last.map(|last| cursor::text(question.sort, &last));
        let mut explained = match question.causes {
            true => self.root_causes(&found, question)?,
            false => BTreeMap::new(),
        };
        let mut facts = self.facts(&found, question.source)?;
        let traces = found.into_iter().map(|summary| {
            let id = summary.trace_id;
            let explained = explained.remove(&id).unwrap_or_default();
            let TraceFacts { root, failure } = facts.remove(&id).unwrap_or_default();
            answer::TraceSummary {
                root_host: root.host,
                root_version: root.version,
                root_pod: root.pod,
                cause: explained.cause,
                usual_us: explained.usual_us,
                failure,
                ..summary_answer(summary)
            }
        });
        let traces: Vec<_> = traces.collect();
        // After the last page nothing is amiss.
        let is_none = traces.is_empty() && question.after.is_empty();
        let did_you_mean = match &question.service {
            Some(service) if is_none => self.did_you_mean(service, question.started())?,
            _ => Vec::new(),
        };
        let has_no_value = |groups: &answer::Groups| {
            !groups.groups.is_empty() && groups.groups.iter().all(|group| group.value.is_none())
        };
        let unmatched = match (is_none, groups.as_ref().is_some_and(has_no_value)) {
            (true, _) => self.unmatched(&conditions.named, question)?,
            (false, true) => self.unmatched(&[Named::attribute(&question.by)], question)?,
            (false, false) => Vec::new(),
        };
        let earliest = traces.iter().map(|trace| trace.start).min();
        let range = listed_range(earliest, question.started(), self.from.now);
        let coverage = self.missing_in(TracesOf { range, traces: &[] })?;
        Ok(answer::TraceList { traces, more, next, did_you_mean, coverage, unmatched, groups })
    }
}

/// The time range that a list of traces is about, for gaps in it. `earliest` is the start of the
/// earliest listed one.
pub(crate) fn listed_range(
    earliest: Option<UnixNanos>,
    started: TimeRange,
    now: UnixNanos,
) -> TimeRange {
    let end = started.end.min(now);
    let start = earliest.map_or(started.start, |earliest| earliest.max(started.start));
    TimeRange { start: start.max(end.earlier(MAX_COVERAGE_RANGE)), end }
}

/// The longest time range whose gaps a list of traces has.
const MAX_COVERAGE_RANGE: Duration = Duration::from_secs(24 * 3_600);

/// The search of the traces that `question` asks for, at most `limit`.
pub(crate) fn query_of(question: &TracesQuestion, limit: u32) -> Result<TraceQuery, QueryError> {
    trace_query(question, &Conditions::of(question)?, limit)
}

pub(crate) fn trace_query(
    question: &TracesQuestion,
    conditions: &Conditions,
    limit: u32,
) -> Result<TraceQuery, QueryError> {
    let started = question.started();
    if started.end <= started.start {
        let reason = "the range is empty: its end is not after its start".to_owned();
        return Err(QueryError::Invalid { field: "until", reason });
    }
    Ok(TraceQuery {
        started,
        services: conditions.services.clone(),
        collector: question.source.collector(),
        min_duration_us: question.min_duration_us,
        max_duration_us: question.max_duration_us,
        failed: question.status.map(|status| status == SpanStatus::Error),
        name: conditions.name.clone(),
        attributes: conditions.attributes.clone(),
        order: match question.sort {
            Sort::Newest => Order::Newest,
            Sort::Slowest => Order::Slowest,
        },
        after: cursor::position(&question.after, question.sort)?,
        filter: conditions.filter.clone(),
        limit,
    })
}

fn checked_limit(limit: u32) -> Result<u32, QueryError> {
    match limit {
        0 => Ok(TracesQuestion::DEFAULT_LIMIT),
        1..=TracesQuestion::MAX => Ok(limit),
        _ => {
            let reason = format!("{limit} is not between 1 and {}", TracesQuestion::MAX);
            Err(QueryError::Invalid { field: "limit", reason })
        }
    }
}

fn summary_answer(summary: coral_engine::TraceSummary) -> answer::TraceSummary {
    answer::TraceSummary {
        trace_id: summary.trace_id,
        start: summary.start,
        duration_us: summary.duration_us,
        span_count: summary.spans,
        error_count: summary.errors,
        services: summary.services,
        root_service: summary.root_service,
        root_operation: summary.root_name,
        status_code: summary.status_code,
        root_host: None,
        root_version: None,
        root_pod: None,
        cause: None,
        usual_us: None,
        failure: None,
    }
}
