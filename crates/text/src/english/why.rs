//! Why something is slow, in words: metrics, traces, cause, and what to do.

use crate::beginning::{coverage, since, stored_since};
use crate::duration::duration;
use coral_query::RedQuestion;
use coral_query::answer::{
    CauseKind, RedNumbers, RequestFindings, Understanding, Verdict, Why, WhyFindings, WhySuspect,
    Window,
};
use coral_trace::UnixNanos;
use coral_trace::units::{count, counted};

use super::command;
use super::number::{change, p95, rate, short};
use super::page::Page;
use super::recommendation::recommendations;
use super::requests::{from_spans, row_name};
use super::window::{end, words};
use crate::percent::percent;
use crate::sampling::compared;
use crate::why::words::{as_in_baseline, difference, reason, suspicion};

/// Largest number of suspects that are listed.
const MAX_SUSPECTS: usize = 3;
/// The lowest score and share of a suspect that is listed.
const MIN_SCORE: f64 = 0.3;
const MIN_SHARE: f64 = 0.01;
/// Largest number of traces that are named as evidence of the cause.
const MAX_EVIDENCE: usize = 3;

/// Writes the sections: metrics, traces, root cause, recommendation.
pub(super) fn write(understanding: &Understanding, found: &WhyFindings, page: &mut Page) {
    let window = found.window.as_ref().unwrap_or(&understanding.window);
    let is_window = found.query.trace_id.is_none();
    let service = understanding.service.as_ref().filter(|_| is_window);
    if let Some(service) = service {
        page.section(format!("RED Metrics ({})", words(window)));
        match &found.requests {
            Some(requests) => whole_requests(window, requests, page),
            None => {
                let route = understanding.route.as_ref();
                let route = route.map(|route| format!("{} of ", short(route))).unwrap_or_default();
                page.remark(format!(
                    "neither RED metrics nor stored requests of {route}{service} in this window"
                ));
            }
        }
    }
    let (why, until) = (&found.why, end(&understanding.window));
    let query = page.query(command::why(&found.query, &understanding.window));
    analysis(why, until, query, page);
    if let Some(requests) = &found.cause_requests {
        let query = page.query(command::red(&requests.query, window));
        from_spans(requests, page);
        for (name, now, before) in numbers(requests) {
            page.line(query, latency(&name, now, before));
        }
    }
    page.section("Root Cause");
    match why.ranking.first().filter(|_| why.verdict == Verdict::Cause) {
        Some(cause) => {
            root_cause(why, cause, until, query, page);
            page.section("Recommendation");
            recommendations(cause, &why.standouts)
                .into_iter()
                .for_each(|advice| page.remark(advice));
        }
        None => no_cause(why, until, query, page),
    }
}

/// Writes latency, request rate and error rate of the service that the question names.
fn whole_requests(window: &Window, requests: &RequestFindings, page: &mut Page) {
    let query = page.query(command::red(&requests.query, window));
    from_spans(requests, page);
    for (name, now, before) in numbers(requests) {
        page.line(query, latency(&name, now, before));
        page.line(query, request_rate(now.requests, requests));
        page.line(query, format!("Error rate: {}", percent(now.error_rate)));
    }
}

/// `Request rate: 0.35 req/s (52 requests)`. The rate is that of the time for which data is stored,
/// which the line gives if the window is longer.
fn request_rate(count: u64, found: &RequestFindings) -> String {
    let RedQuestion { since_unix_us, until_unix_us, .. } = found.query;
    let covered = until_unix_us.saturating_sub(found.covered_since_unix_us.max(since_unix_us));
    let rate = rate(count, covered as f64 / 1e6);
    let younger = match found.covered_since_unix_us > since_unix_us {
        true => format!(" in {}: no older data is stored", duration(covered)),
        false => String::new(),
    };
    format!("Request rate: {rate} ({}{younger})", counted(count, "request"))
}

/// Name, numbers, and numbers of the baseline: of each row, or of the service as a whole if there
/// are no rows.
fn numbers(requests: &RequestFindings) -> Vec<(String, &RedNumbers, Option<&RedNumbers>)> {
    let service = &requests.query.service;
    if requests.rows.is_empty() {
        return vec![(service.clone(), &requests.overall, requests.overall_before.as_ref())];
    }
    let rows = requests.rows.iter();
    rows.map(|row| {
        (format!("{service} {}", short(&row_name(row))), &row.numbers, row.before.as_ref())
    })
    .collect()
}

/// The P95 as one line: `shop P95 latency: 450ms (baseline: 150ms, +200%)`.
fn latency(name: &str, now: &RedNumbers, before: Option<&RedNumbers>) -> String {
    let before = before.filter(|before| before.requests > 0);
    format!("{name} P95 latency: {}{}", p95(now), change(now, before))
}

/// Writes how many traces were compared, the suspects, and the standouts of the cause.
fn analysis(why: &Why, until: UnixNanos, query: usize, page: &mut Page) {
    page.section("Trace Analysis");
    page.line(
        query,
        format!(
            "Compared {} with {} of the baseline; {} of the window's traces have every parent span",
            counted(why.traces, "trace"),
            count(why.baseline_traces),
            percent(why.completeness),
        ),
    );
    let gaps = coverage(&why.coverage, until);
    let sampled = compared(&why.sampled);
    gaps.into_iter().chain(sampled).for_each(|sentence| page.line(query, sentence));
    let suspects = why.ranking.iter().take(MAX_SUSPECTS);
    for suspect in
        suspects.filter(|suspect| suspect.share >= MIN_SHARE && suspect.score >= MIN_SCORE)
    {
        let what = suspicion(suspect, &short(&suspect.component));
        let (share, service) = (percent(suspect.share), short(&suspect.service));
        page.line(query, format!("{share} of the added time: {service} {what}"));
    }
    // Standouts are listed only with a cause: without one, their difference may be random.
    let standouts = why.standouts.iter().filter(|_| why.verdict == Verdict::Cause);
    for found in standouts {
        let (key, value) = (short(&found.key), short(&found.value));
        let service = why.ranking.first().map(|cause| short(&cause.service)).unwrap_or_default();
        let (affected, others) = (percent(found.affected), percent(found.others));
        let is_failing = why.ranking.first().is_some_and(|cause| cause.kind == CauseKind::Error);
        let what = if is_failing { "failing" } else { "slow" };
        page.line(
            query,
            format!(
                "{key}={value} is on {affected} of the {what} spans of {service}, and on {others} of its other \
                 spans"
            ),
        );
    }
}

fn no_cause(why: &Why, until: UnixNanos, query: usize, page: &mut Page) {
    let verdict = match why.verdict {
        Verdict::NoCause => "no cause",
        Verdict::Cause | Verdict::NotEnoughEvidence => "not enough evidence",
    };
    page.line(query, format!("{verdict}: {}", reason(why.because)));
    if let Some(oldest) = why.stored_since.filter(|_| why.traces > 0) {
        page.line(query, stored_since(oldest, until));
    }
    if !why.other_routes.is_empty() {
        let routes: Vec<String> = why.other_routes.iter().map(|name| short(name)).collect();
        page.line(query, format!("routes with traces: {}", routes.join(", ")));
    }
}

fn root_cause(why: &Why, cause: &WhySuspect, until: UnixNanos, query: usize, page: &mut Page) {
    let what = suspicion(cause, &short(&cause.component));
    let difference = difference(cause, &why.standouts, short);
    let began = why.began.map(|began| format!("{}: ", since(began, until))).unwrap_or_default();
    page.line(query, format!("{began}{} {what}{difference}", short(&cause.service)));
    for further in &why.further_causes {
        let what = suspicion(further, &short(&further.component));
        let difference = self::difference(further, &[], short);
        page.line(query, format!("another cause: {} {what}{difference}", short(&further.service)));
    }
    if why.counterfactual_p95_us < why.p95_us {
        let (now, without) = (duration(why.p95_us), duration(why.counterfactual_p95_us));
        let condition = as_in_baseline(cause.kind, &short(&cause.service));
        let took = match why.trace_id {
            Some(_) => format!("the trace took {now}; {condition}, it would take {without}"),
            None => format!("P95 is {now}; {condition}, P95 would be {without}"),
        };
        page.line(query, took);
    }
    for seen in cause.evidence.iter().take(MAX_EVIDENCE) {
        page.line(query, format!("see `{}`", command::trace(seen.trace_id)));
    }
}
