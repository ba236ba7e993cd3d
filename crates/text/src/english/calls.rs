//! Calls between services, in words.

use coral_query::answer::{CallFindings, Intent, ServiceCallFindings, TopologyEdge, Understanding};
use coral_trace::units::counted;

use super::command;
use super::number::short;
use super::page::Page;
use super::requests::{percentile_name, title};
use super::window::end;
use crate::beginning::coverage_line;
use crate::sampling;
use crate::topology::edge_percentile;

/// Writes what calls the service of the question, and what that service calls.
pub(super) fn write_of_service(
    understanding: &Understanding,
    found: &ServiceCallFindings,
    page: &mut Page,
) {
    let query = page.query(command::topology(&found.query, &understanding.window));
    let service = match &understanding.service {
        Some(service) => service.clone(),
        None => understanding.peers.join(", "),
    };
    page.section(format!("What calls {service}"));
    found.callers.iter().for_each(|edge| page.line(query, call(edge)));
    page.or_nothing(query, "no service whose spans are stored");
    if understanding.service.is_some() {
        page.section(format!("What {service} calls"));
        found.callees.iter().for_each(|edge| page.line(query, call(edge)));
        page.or_nothing(query, "no calls");
    }
    if found.orphan_spans > 0 {
        let orphans = counted(found.orphan_spans, "span");
        page.remark(format!(
            "{orphans} in this window without a stored parent: more calls may exist"
        ));
    }
    let missing = coverage_line(&found.coverage, end(&understanding.window));
    missing.into_iter().for_each(|missing| page.line(query, missing));
}

/// Writes calls between services: all of them, or the slowest, or those with the most failures.
pub(super) fn write(understanding: &Understanding, found: &CallFindings, page: &mut Page) {
    let query = page.query(command::topology(&found.query, &understanding.window));
    let is_map = understanding.intent == Intent::Calls;
    page.section(match is_map {
        true => "Calls between services, most calls first".to_owned(),
        false => title(understanding),
    });
    not_narrowed(understanding, page);
    let words = |edge| if is_map { call(edge) } else { latency(understanding, edge) };
    found.edges.iter().for_each(|edge| page.line(query, words(edge)));
    page.or_nothing(query, if is_map { "no calls" } else { "no calls in this window" });
    let missing = coverage_line(&found.coverage, end(&understanding.window));
    missing.into_iter().for_each(|missing| page.line(query, missing));
}

/// An edge by its calls: `shop → stock over http: 240 calls, 6 failed, P95 314ms`.
fn call(edge: &TopologyEdge) -> String {
    let failed = match edge.errors {
        0 => String::new(),
        errors => format!(", {} failed", sampling::errors(errors, edge.estimate)),
    };
    format!(
        "{} → {} over {}: {}{failed}, P95 {}",
        short(&edge.from),
        short(&edge.to),
        edge.protocol,
        sampling::counted(edge.calls, edge.estimate, "call"),
        edge_percentile(edge, edge.p95_us),
    )
}

/// An edge by its latency: `shop → stock: P95 314ms, 240 calls, 6 failed`.
fn latency(understanding: &Understanding, edge: &TopologyEdge) -> String {
    let (from, to) = (short(&edge.from), short(&edge.to));
    let micros = match understanding.quantile {
        Some(50) => edge.p50_us,
        Some(99) => edge.p99_us,
        _ => edge.p95_us,
    };
    let name = percentile_name(understanding.quantile);
    let (percentile, calls) =
        (edge_percentile(edge, micros), sampling::counted(edge.calls, edge.estimate, "call"));
    format!(
        "{from} → {to}: {name} {percentile}, {calls}, {} failed",
        sampling::errors(edge.errors, edge.estimate)
    )
}

/// Adds a remark that the section covers all routes, if the question names one route.
fn not_narrowed(understanding: &Understanding, page: &mut Page) {
    if let Some(route) = &understanding.route {
        page.remark(format!(
            "all routes, not only {}: calls between services are not counted by route",
            short(route)
        ));
    }
}
