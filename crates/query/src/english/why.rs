//! Why something is slow, in words.

use super::page::{Page, baseline, change, flag, p95, percent, quoted, red_query, short};
use super::rows::{row_name, rows_of};
use super::understand::Asked;
use crate::answer;
use crate::answer::{RedNumbers, RedRow};
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::{RedSource, WhyQuestion};
use coral_trace::units::{count, counted, duration};

/// Suspects that are told, and the lowest score of one; a cause has 1.
const MAX_SUSPECTS: usize = 3;
const SUSPICIOUS: f64 = 0.3;

impl Reader<'_> {
    /// The RFD's layout: metrics, traces, cause, and what to do.
    pub(super) fn tell_why(&self, asked: &Asked, page: &mut Page) -> Result<(), QueryError> {
        let window = &asked.window;
        if let Some(service) = &asked.service {
            page.section(format!("RED Metrics ({})", window.words));
            if !self.tell_red(service, asked, true, page)? {
                let route = asked.route.as_ref().map(|route| format!("{} of ", short(route)));
                let route = route.unwrap_or_default();
                page.remark(format!("no metrics of {route}{service} in this window"));
            }
        }
        let filter = WhyQuestion {
            service: asked.service.clone(),
            route: asked.route.clone(),
            trace_id: None,
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            baseline_us: baseline(window),
        };
        let why = self.why(&filter)?;
        let service = asked.service.iter().map(|service| format!(" {}", quoted(service)));
        let route = asked.route.iter().map(|route| format!(" --route {}", quoted(route)));
        let words: String = service.chain(route).collect();
        let query = page.query(format!(
            "coral why{words} {} --baseline {}",
            window.flags,
            flag(filter.baseline_us)
        ));
        page.section("Trace Analysis");
        page.line(
            query,
            format!(
                "Analyzed {} against {} of the baseline; {} whole",
                counted(why.traces, "trace"),
                count(why.baseline_traces),
                percent(why.completeness),
            ),
        );
        let suspects = why.ranking.iter().take(MAX_SUSPECTS);
        for suspect in
            suspects.filter(|suspect| suspect.share >= 0.01 && suspect.score >= SUSPICIOUS)
        {
            let what = suspect.in_words(&short(&suspect.component));
            let share = percent(suspect.share);
            page.line(
                query,
                format!("{share} of the added time: {} {what}", short(&suspect.service)),
            );
        }
        for found in &why.standouts {
            page.line(
                query,
                format!(
                    "{}={} in {} of its slow or failing spans and {} of its others",
                    short(&found.key),
                    short(&found.value),
                    percent(found.affected),
                    percent(found.others),
                ),
            );
        }
        let cause = why.ranking.first().filter(|_| why.verdict == "cause");
        if let Some(cause) = cause.filter(|cause| Some(&cause.service) != asked.service.as_ref()) {
            self.tell_red(&cause.service, asked, false, page)?;
        }
        page.section("Root Cause");
        let Some(cause) = cause else {
            let verdict = if why.verdict == "no_cause" { "none" } else { "not enough evidence" };
            page.line(query, format!("{verdict}: {}", why.reason));
            if !why.other_routes.is_empty() {
                let routes: Vec<String> = why.other_routes.iter().map(|name| short(name)).collect();
                page.line(query, format!("there are traces with {}", routes.join(", ")));
            }
            return Ok(());
        };
        page.line(
            query,
            format!("{} {}", short(&cause.service), cause.in_words(&short(&cause.component))),
        );
        if why.counterfactual_p95_us < why.p95_us {
            let (now, without) = (duration(why.p95_us), duration(why.counterfactual_p95_us));
            page.line(query, format!("P95 is {now}; with that as it was, {without}"));
        }
        for seen in cause.evidence.iter().take(3) {
            page.line(
                query,
                format!("see `coral query beyla traces --trace-id {}`", seen.trace_id),
            );
        }
        page.section("Recommendation");
        recommendations(cause).into_iter().for_each(|advice| page.remark(advice));
        Ok(())
    }

    /// The requests that `service` serves, of the route that was asked about, by whichever protocol; says whether there
    /// are any.
    fn tell_red(
        &self,
        service: &str,
        asked: &Asked,
        whole: bool,
        page: &mut Page,
    ) -> Result<bool, QueryError> {
        let Some(table) = self.requests(service, asked, RedSource::Metrics)? else {
            return Ok(false);
        };
        let name = |row: &RedRow| format!("{service} {}", short(&row_name(row)));
        let numbers: Vec<(String, &RedNumbers, Option<&RedNumbers>)> = match &asked.route {
            // The cause is another service, with routes of its own.
            Some(route) if whole => rows_of(&table, Some(route))
                .map(|row| (name(row), &row.numbers, row.before.as_ref()))
                .collect(),
            _ => vec![(service.to_owned(), &table.overall, table.overall_before.as_ref())],
        };
        if numbers.is_empty() {
            return Ok(false);
        }
        let query = page.query(red_query(&table, &asked.window));
        for (name, now, before) in numbers {
            let before = before.filter(|before| before.requests > 0);
            page.line(query, format!("{name} P95 latency: {}{}", p95(now), change(now, before)));
            if whole {
                let window = &asked.window;
                let seconds = (window.until_unix_us - window.since_unix_us) as f64 / 1e6;
                let rate = now.requests as f64 / seconds.max(1.0);
                let requests = counted(now.requests, "request");
                page.line(query, format!("Request rate: {rate:.1} req/s ({requests})"));
                page.line(query, format!("Error rate: {}", percent(now.error_rate)));
            }
        }
        Ok(true)
    }
}

/// What to look at, by how the time is lost.
fn recommendations(cause: &answer::WhySuspect) -> Vec<String> {
    let who = short(&cause.service);
    let (first, second) = match cause.kind.as_str() {
        "own" => (
            format!("Check CPU, memory and locks of {who}, and what was deployed there last"),
            "Compare one of the traces above with a faster one of the same operation".to_owned(),
        ),
        "edge" => (
            format!("Check the network to {who}, its accept queue and its connection limits"),
            "Check whether its callers wait for a connection of their pool".to_owned(),
        ),
        "leaf" => (
            format!("Check {who}: load, locks, and the plan of the statement above"),
            "Consider a timeout, so that callers are not held up".to_owned(),
        ),
        "queue" => (
            format!("Give {who} more workers, or fewer requests: they wait before work begins"),
            "Check what its workers are busy with".to_owned(),
        ),
        "missing" | "error" => (
            format!("Read the errors of {who}: it fails or stops where nothing below it does"),
            "Check what was deployed or configured there last".to_owned(),
        ),
        "repeated" => (
            "Ask once for many: batch or cache the repeated call".to_owned(),
            "If it is retried, add backoff and a circuit breaker".to_owned(),
        ),
        _ => (
            format!("Check why {who} is asked more often: a cache that misses, a fallback"),
            "Compare one of the traces above with one of the baseline".to_owned(),
        ),
    };
    vec![first, second]
}
