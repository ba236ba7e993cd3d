//! What changed since the baseline, in answer to a question in plain English.

use super::MAX_FINDINGS;
use super::answer::ChangeFindings;
use super::understanding::Understanding;
use crate::anomalies::AnomaliesQuestion;
use crate::answer::Anomaly;
use crate::ask::QueryError;
use crate::reader::Reader;

impl Reader<'_> {
    /// Changes that concern the service and the route that the question names.
    pub(super) fn change_findings(
        &self,
        understanding: &Understanding,
    ) -> Result<ChangeFindings, QueryError> {
        let window = &understanding.window;
        let query = AnomaliesQuestion {
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            baseline_us: window.baseline_us(),
            find_beginning: window.is_default,
        };
        let found = self.anomalies(&query)?;
        let is_about = |anomaly: &Anomaly| {
            let names = |name: &str| anomaly.component.split(' ').any(|word| word == name);
            let service = understanding.service.as_ref();
            service.is_none_or(|service| anomaly.service == *service || names(service))
                && understanding.method.as_deref().is_none_or(names)
                && understanding.route.as_deref().is_none_or(names)
        };
        // The answer does not say which services the changes that it leaves out are of. So these
        // changes are counted only when the question names no service.
        let left_out = if understanding.service.is_none() { found.left_out } else { 0 };
        let (traces, baseline_traces) = (found.traces, found.baseline_traces);
        let mut anomalies = found.anomalies;
        anomalies.retain(is_about);
        let more = anomalies.len().saturating_sub(MAX_FINDINGS) as u64 + left_out;
        anomalies.truncate(MAX_FINDINGS);
        Ok(ChangeFindings {
            query,
            anomalies,
            more,
            traces,
            baseline_traces,
            began: found.began,
            coverage: found.coverage,
            stored_since: found.stored_since,
        })
    }
}
