//! How well services are, in words.

use coral_query::answer::{Health, ServiceFindings, ServiceState, Understanding};

use super::command;
use super::number::short;
use super::page::Page;
use super::window::end;
use crate::beginning::{coverage, since};
use crate::percent::rate;
use crate::sampling::estimates;
use crate::services::{cause, p95, per_second, problem, sentences, word};

/// The largest number of services that are listed.
const MAX_SERVICES: usize = 10;

/// Writes what is wrong, and the services with their numbers.
pub(super) fn write(understanding: &Understanding, found: &ServiceFindings, page: &mut Page) {
    let query = page.query(command::services(&found.query, &understanding.window));
    let services = &found.services.services;
    let until = end(&understanding.window);
    match (&found.query.service, services.first()) {
        (Some(_), Some(service)) => {
            page.section("Health");
            let began = service.began.map(|began| format!(", {}", since(began, until)));
            let verdict = format!("{} {}", short(&service.name), problem(service));
            page.line(query, verdict + &began.unwrap_or_default());
            cause(&found.services).into_iter().for_each(|sentence| page.line(query, sentence));
        }
        (Some(name), None) => {
            page.section("Health");
            page.line(query, format!("no span or metric of {} in this window", short(name)));
        }
        (None, _) => {
            page.section("Health of services");
            sentences(&found.services).into_iter().for_each(|sentence| page.line(query, sentence));
        }
    }
    for gap in coverage(&found.services.coverage, until) {
        page.line(query, gap);
    }
    for sentence in estimates(&found.services.sampled) {
        page.line(query, sentence);
    }
    next(services, page);
    if services.is_empty() {
        return;
    }
    page.section("Services");
    services.iter().take(MAX_SERVICES).for_each(|service| page.line(query, numbers(service)));
    if let more @ 1.. = services.len().saturating_sub(MAX_SERVICES) {
        page.line(query, format!("… {more} more services"));
    }
}

/// Adds the command that says why the first service is not well.
fn next(services: &[ServiceState], page: &mut Page) {
    let sick = services.iter().find(|of| matches!(of.health, Health::Failing | Health::Slow));
    if let Some(service) = sick {
        let why = command::why_about(Some(&service.name), None);
        page.remark(format!("`{why}` searches for the cause"));
    }
}

/// `payments: failing, 12 req/s, 6.5% failed (0.4% before), P95 489ms (23.7ms before)`.
fn numbers(service: &ServiceState) -> String {
    let (name, word) = (short(&service.name), word(service.health));
    let now = &service.now;
    if now.requests == 0 {
        return format!("{name}: {word}, no requests");
    }
    let (failed, percentile) = (rate(now.error_rate), p95(now));
    let [failed_before, percentile_before] = match &service.before {
        Some(before) => {
            [rate(before.error_rate), p95(before)].map(|text| format!(" ({text} before)"))
        }
        None => Default::default(),
    };
    let requests = per_second(now);
    format!(
        "{name}: {word}, {requests} req/s, {failed} failed{failed_before}, P95 \
         {percentile}{percentile_before}"
    )
}
