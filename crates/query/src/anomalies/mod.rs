//! What is otherwise than it was, from the colony's spans.

pub(crate) mod answer;
mod edges;
mod question;
#[cfg(test)]
mod tests;

use coral_trace::explain::{Anomaly, AnomalyKind, anomalies};

use self::edges::Side;
use crate::cohort::range;
use coral_engine::Budget;

use crate::ask::{Ask, QueryError, Sources};
use crate::reader::Reader;

pub use self::question::AnomaliesQuestion;

/// What is told; the rest, which scores less, is counted.
const MAX: usize = 50;

impl Ask for AnomaliesQuestion {
    const PATH: &'static str = "/api/v1/anomalies";
    const NAME: &'static str = "anomalies";
    const SUMMARY: &'static str = "What changed since the baseline, of all services.";
    const PERMISSION: &'static str = "anomalies.read";
    type Answer = answer::Anomalies;

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).anomalies(self)
    }
}

impl Reader<'_> {
    /// What is otherwise in the window of `filter` than in the time before.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the parameter that makes no sense; [`QueryError::Engine`].
    pub(crate) fn anomalies(
        &self,
        filter: &AnomaliesQuestion,
    ) -> Result<answer::Anomalies, QueryError> {
        let (since, until) = (filter.since_unix_us, filter.until_unix_us);
        if until <= since {
            return Err(QueryError::invalid(
                "until",
                "the range is empty: its end is not after its start",
            ));
        }
        if filter.baseline_us <= 0 {
            return Err(QueryError::invalid("baseline", "it is not longer than nothing"));
        }
        let (now, before) =
            (range(since, until), range(since.saturating_sub(filter.baseline_us), since));
        let (window, baseline) = self.cohorts(None, now, before)?;
        let found = anomalies(
            baseline.traces.iter().map(Vec::as_slice),
            window.traces.iter().map(Vec::as_slice),
        );
        let mut told: Vec<answer::Anomaly> = found.found.into_iter().map(of_spans).collect();
        if found.baseline_traces > 0 && found.traces > 0 {
            let edges = self.edges(
                &Side { range: now, cohort: &window },
                &Side { range: before, cohort: &baseline },
            )?;
            // Once: a call that nobody made is made more often by that.
            told.retain(|told| !edges.iter().any(|edge| is_same(told, edge)));
            told.extend(edges);
        }
        told.sort_by(|one, other| other.score.total_cmp(&one.score));
        let left_out = told.len().saturating_sub(MAX) as u64;
        told.truncate(MAX);
        Ok(answer::Anomalies {
            anomalies: told,
            traces: found.traces as u64,
            baseline_traces: found.baseline_traces as u64,
            left_out,
            cut: window.cut || baseline.cut,
        })
    }
}

fn of_spans(found: Anomaly) -> answer::Anomaly {
    // Nanoseconds, or a part of the calls.
    let unit = if found.kind == AnomalyKind::Slower { 1e3 } else { 1.0 };
    answer::Anomaly {
        kind: found.kind.as_str().to_owned(),
        service: found.service,
        component: found.component,
        score: found.score,
        before: found.before / unit,
        now: found.now / unit,
        evidence: found.evidence.iter().map(crate::why::evidence).collect(),
    }
}

/// Whether `told` is the call of `edge`, which its caller never made before.
fn is_same(told: &answer::Anomaly, edge: &answer::Anomaly) -> bool {
    let call = edge.component.rsplit_once(" over ").map(|(call, _)| format!("{call} "));
    let is_its_own = call.is_some_and(|call| told.component.starts_with(&call));
    edge.kind == "new_edge" && told.kind == "new_call" && is_its_own
}
