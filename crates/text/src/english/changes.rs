//! What changed since the baseline, in words.

use crate::anomalies::ENOUGH_TRACES;
use crate::beginning::{coverage, stored_since};
use crate::duration::duration;
use coral_query::answer::{Anomaly, AnomalyKind, ChangeFindings, Understanding};
use coral_trace::units::counted;

use super::command;
use super::number::short;
use super::page::Page;
use super::window::{end, flag};
use crate::percent::percent;

/// Writes the section of changes.
pub(super) fn write(understanding: &Understanding, found: &ChangeFindings, page: &mut Page) {
    let query = page.query(command::anomalies(&found.query, &understanding.window));
    page.section(format!("Changes against the {} before", flag(found.query.baseline_us)));
    if let Some(route) = &understanding.route {
        let why = command::why_about(understanding.service.as_deref(), Some(route));
        let route = short(route);
        page.remark(format!(
            "only changes that name {route}; `{why}` looks at the services that it calls"
        ));
    }
    found.anomalies.iter().for_each(|anomaly| page.line(query, change(anomaly)));
    if found.more > 0 {
        page.line(query, format!("… {} with lower scores", counted(found.more, "more change")));
    }
    let until = end(&understanding.window);
    page.or_nothing(
        query,
        match (found.traces, found.baseline_traces) {
            (0, _) => "no trace started in this window",
            (_, 0) => "there is nothing to compare with: no trace started in the baseline",
            (_, ..ENOUGH_TRACES) => {
                "not enough evidence: no change was found, but the baseline has few traces"
            }
            _ => {
                "no change: every difference is one that chance alone may cause (permutation test)"
            }
        },
    );
    if let Some(oldest) = found.stored_since.filter(|_| found.traces > 0) {
        page.line(query, stored_since(oldest, until));
    }
    coverage(&found.coverage, until).into_iter().for_each(|sentence| page.line(query, sentence));
}

/// An anomaly as one line: `stock: slower, GET /stock/{id} (23ms before, 305ms now)`.
fn change(anomaly: &Anomaly) -> String {
    let number = |number: f64| match anomaly.kind {
        AnomalyKind::Slower => duration(number as i64),
        AnomalyKind::NewEdge | AnomalyKind::VanishedEdge => counted(number as u64, "call"),
        _ => percent(number),
    };
    let (before, now) = (number(anomaly.before), number(anomaly.now));
    let kind = crate::anomalies::kind(anomaly.kind);
    let (service, component) = (short(&anomaly.service), short(&anomaly.component));
    format!("{service}: {kind}, {component} ({before} before, {now} now)")
}
