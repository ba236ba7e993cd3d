//! What changed since the baseline, from stored spans.

pub(crate) mod answer;
mod edges;
pub(crate) mod question;
#[cfg(test)]
mod tests;

use coral_trace::UnixNanos;
use coral_trace::explain::{self, Entry};

use self::answer::AnomalyKind;
use self::edges::ComparedWindow;
use crate::beginning::baseline_end;
use crate::cohort::{Compared, range};
use coral_engine::Budget;

use crate::ask::{Ask, QueryError, Sources};
use crate::reader::Reader;

pub use self::question::AnomaliesQuestion;

/// The largest number of anomalies in an answer. Further ones, with lower scores, are only counted.
const MAX_ANOMALIES: usize = 50;

impl Ask for AnomaliesQuestion {
    const PATH: &'static str = "/api/v1/anomalies";
    const NAME: &'static str = "anomalies";
    const SUMMARY: &'static str = "What changed since the baseline, in all services.";
    const PERMISSION: &'static str = "anomalies.read";
    type Answer = answer::Anomalies;

    fn rows(answer: &Self::Answer) -> usize {
        answer.anomalies.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).anomalies(self)
    }
}

impl Reader<'_> {
    /// What changed between the baseline and the window of `question`.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the parameter that is not valid; [`QueryError::Unavailable`].
    pub(crate) fn anomalies(
        &self,
        question: &AnomaliesQuestion,
    ) -> Result<answer::Anomalies, QueryError> {
        let (since, until) = (question.since_unix_us, question.until_unix_us);
        if until <= since {
            return Err(QueryError::invalid(
                "until",
                "the range is empty: its end is not after its start",
            ));
        }
        if question.baseline_us <= 0 {
            return Err(QueryError::invalid("baseline", "must be greater than 0"));
        }
        let began = match question.find_beginning {
            true => self.beginning(Entry::default(), range(since, until).end)?,
            false => None,
        };
        let since = began.map_or(since, UnixNanos::as_micros);
        let now = range(since, until);
        let end = began.map_or(since, |began| baseline_end(began, now.end).as_micros());
        let before = range(end.saturating_sub(question.baseline_us), end);
        let Compared { window, baseline, coverage, .. } = self.cohorts(None, now, before)?;
        let found = explain::anomalies(
            baseline.traces.iter().map(Vec::as_slice),
            window.traces.iter().map(Vec::as_slice),
        );
        let mut anomalies: Vec<answer::Anomaly> =
            found.found.into_iter().map(anomaly_answer).collect();
        if found.baseline_traces > 0 && found.traces > 0 {
            let edges = self.edges(
                &ComparedWindow { range: now, cohort: &window },
                &ComparedWindow { range: before, cohort: &baseline },
                &coverage,
            )?;
            // A new edge also appears as a new call of its caller: only the edge is kept.
            anomalies
                .retain(|anomaly| !edges.iter().any(|edge| is_call_of_new_edge(anomaly, edge)));
            anomalies.extend(edges);
        }
        anomalies.sort_by(|one, other| other.score.total_cmp(&one.score));
        let stored_since = match found.baseline_traces {
            0 => self.stored_since(before.start)?,
            _ => None,
        };
        let left_out = anomalies.len().saturating_sub(MAX_ANOMALIES) as u64;
        anomalies.truncate(MAX_ANOMALIES);
        Ok(answer::Anomalies {
            anomalies,
            traces: found.traces as u64,
            baseline_traces: found.baseline_traces as u64,
            left_out,
            cut: window.cut || baseline.cut,
            began,
            coverage,
            stored_since,
        })
    }
}

fn anomaly_answer(found: explain::Anomaly) -> answer::Anomaly {
    // Durations are nanoseconds there and microseconds here; other values are parts of requests.
    let unit = if found.kind == explain::AnomalyKind::Slower { 1e3 } else { 1.0 };
    answer::Anomaly {
        kind: found.kind.into(),
        service: found.service,
        component: found.component,
        score: found.score,
        before: found.before / unit,
        now: found.now / unit,
        evidence: found.evidence.iter().map(crate::why::evidence).collect(),
    }
}

/// Whether `anomaly` is the new call of the caller of the new edge `edge`.
fn is_call_of_new_edge(anomaly: &answer::Anomaly, edge: &answer::Anomaly) -> bool {
    let call = edge.component.rsplit_once(" over ").map(|(call, _)| format!("{call} "));
    let is_its_own = call.is_some_and(|call| anomaly.component.starts_with(&call));
    edge.kind == AnomalyKind::NewEdge && anomaly.kind == AnomalyKind::NewCall && is_its_own
}
