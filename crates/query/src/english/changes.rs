//! What is otherwise, in words.

use super::MAX;
use super::page::{Page, baseline, flag, percent, quoted, short};
use super::understand::Asked;
use crate::AnomaliesQuestion;
use crate::answer;
use crate::ask::QueryError;
use crate::reader::Reader;
use coral_trace::units::{count, counted, duration};

impl Reader<'_> {
    pub(super) fn tell_changes(&self, asked: &Asked, page: &mut Page) -> Result<(), QueryError> {
        let window = &asked.window;
        let filter = AnomaliesQuestion {
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            baseline_us: baseline(window),
        };
        let found = self.anomalies(&filter)?;
        let before = flag(filter.baseline_us);
        let query =
            page.query(format!("coral query anomalies {} --baseline {before}", window.flags));
        page.section(format!("Changes against the {before} before"));
        if let Some(route) = &asked.route {
            let service = asked.service.iter().map(|service| format!(" {}", quoted(service)));
            let why = format!("coral why{} --route {}", service.collect::<String>(), quoted(route));
            page.remark(format!("only what names {}; `{why}` has what is below", short(route)));
        }
        let about = |anomaly: &&answer::Anomaly| {
            let says = |name: &str| anomaly.component.split(' ').any(|word| word == name);
            let service = asked.service.as_ref();
            service.is_none_or(|service| anomaly.service == *service || says(service))
                && asked.route.as_deref().is_none_or(says)
        };
        let told: Vec<&answer::Anomaly> = found.anomalies.iter().filter(about).collect();
        for anomaly in told.iter().take(MAX) {
            let (before, now) = match anomaly.kind.as_str() {
                "slower" => (duration(anomaly.before as i64), duration(anomaly.now as i64)),
                "new_edge" | "vanished_edge" => {
                    (counted(anomaly.before as u64, "call"), counted(anomaly.now as u64, "call"))
                }
                _ => (percent(anomaly.before), percent(anomaly.now)),
            };
            let kind = anomaly.kind.replace('_', " ");
            let (service, component) = (short(&anomaly.service), short(&anomaly.component));
            page.line(
                query,
                format!("{service}: {kind}, {component} ({before} before, {now} now)"),
            );
        }
        // Which of those that the list leaves out are of the service is not known.
        let left_out = if asked.service.is_none() { found.left_out } else { 0 };
        let more = told.len().saturating_sub(MAX) as u64 + left_out;
        if more > 0 {
            page.line(query, format!("… {} more score less", count(more)));
        }
        page.or_nothing(query, "nothing that chance would not make as much otherwise");
        Ok(())
    }
}
