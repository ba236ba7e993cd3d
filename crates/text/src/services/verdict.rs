//! The verdict about services, in sentences.

use coral_query::answer::{
    Health, KindOfRequests, RequestKind, ServiceState, Services, UnknownHealth,
};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::counted;

use super::{p50, p95, per_second};
use crate::beginning::{since_time, stored_since};
use crate::percent::rate;
use crate::why::words::{difference, suspicion};

/// Services that a sentence names.
const MAX_NAMES: usize = 3;
/// P50 or P95 is slow from this ratio to the baseline on, as in the rules of the answer.
const SLOW_RATIO: f64 = 1.5;

/// The verdict: which services are not well, or that all are; and of which too little is known.
pub fn verdict(answer: &Services) -> String {
    sentences(answer).join(" ")
}

/// The sentences of the verdict. The first is about the services that are not well.
pub(crate) fn sentences(answer: &Services) -> Vec<String> {
    let until = UnixNanos::from_micros(answer.until_unix_us);
    let services = &answer.services;
    if services.is_empty() {
        return vec!["No service was seen in this window.".to_owned()];
    }
    let is_sick = |of: &&ServiceState| !matches!(of.health, Health::Well | Health::Unknown);
    let sick: Vec<&ServiceState> = services.iter().filter(is_sick).collect();
    let more = usize::try_from(answer.services_left_out).unwrap_or(usize::MAX);
    let all = services.len().saturating_add(more);
    // Services are sorted: those that are left out are no worse than the last one.
    let is_rest_well = services.last().is_some_and(|of| of.health == Health::Well);
    let well = services.iter().filter(|of| of.health == Health::Well).count();
    let well = if is_rest_well { well.saturating_add(more) } else { well };
    let because = |reason| move |of: &&ServiceState| of.unknown_because == Some(reason);
    let serving = all - services.iter().filter(because(UnknownHealth::NoRequests)).count();
    let verb = |number: usize| if number == 1 { "is" } else { "are" };
    let mut sentences = vec![match (sick.len(), serving - well) {
        (0, _) if serving == 0 && all == 1 => String::new(),
        (0, _) if serving == 0 => format!("{} serves requests.", none_of(all)),
        (0, 0) if answer.cause.is_some() => match all {
            1 => format!(
                "The requests of {} are well, but something changed:",
                line(&services[0].name)
            ),
            _ => "The requests of all services are well, but something changed:".to_owned(),
        },
        (0, 0) if all == 1 => format!("{} is well.", line(&services[0].name)),
        (0, 0) if all == 2 && serving == 2 => "Both services are well.".to_owned(),
        (0, 0) if serving == all => format!("All {all} services are well."),
        (0, 0) if serving == 1 => "The only service that serves requests is well.".to_owned(),
        (0, 0) if serving == 2 => "Both services that serve requests are well.".to_owned(),
        (0, 0) => format!("All {serving} services that serve requests are well."),
        (0, _) if all == 1 => format!("{} is not known to be well.", line(&services[0].name)),
        (0, _) if well == 0 => format!("{} is known to be well.", none_of(all)),
        (0, _) => format!("{well} of {all} services {} known to be well.", verb(well)),
        (1, _) if all == 1 => format!("{}.", clause(&services[0], until)),
        (number, _) => {
            let named = sick.iter().take(MAX_NAMES).map(|of| clause(of, until));
            let named = named.collect::<Vec<_>>().join("; ");
            let more = match number.saturating_sub(MAX_NAMES) {
                0 => String::new(),
                more => format!("; and {more} more"),
            };
            let of = counted(all as u64, "service");
            format!("{number} of {of} {} not well: {named}{more}.", verb(number))
        }
    }];
    sentences.retain(|sentence| !sentence.is_empty());
    sentences.extend(cause(answer));
    for reason in [
        UnknownHealth::Coverage,
        UnknownHealth::FewRequests,
        UnknownHealth::NoBaseline,
        UnknownHealth::NoRequests,
    ] {
        let of: Vec<&str> =
            services.iter().filter(because(reason)).map(|of| of.name.as_str()).collect();
        sentences.extend((!of.is_empty()).then(|| unknown(reason, &of)));
    }
    let needs_baseline = services.iter().any(|of| because(UnknownHealth::NoBaseline)(&of));
    if let Some(oldest) = answer.stored_since.filter(|_| needs_baseline) {
        sentences.push(format!("{}.", stored_since(oldest, until)));
    }
    sentences
}

/// The cause of a change that no request shows: `receipts starts requests later, … since 02:41 UTC`.
pub(crate) fn cause(answer: &Services) -> Option<String> {
    let found = answer.cause.as_ref()?;
    let what = suspicion(found, &line(&found.component));
    let until = UnixNanos::from_micros(answer.until_unix_us);
    let since = answer.began.map(|began| format!(", {}", since_time(began, until)));
    let (what, difference) = (what, difference(found, &[], line));
    Some(format!("{} {what}{difference}{}.", line(&found.service), since.unwrap_or_default()))
}

/// What is wrong with a service: `payments fails (6.5% of requests, 0.4% before) since 02:41 UTC`.
fn clause(of: &ServiceState, until: UnixNanos) -> String {
    let since = of.began.map(|began| format!(" {}", since_time(began, until)));
    format!("{} {}{}", line(&of.name), problem(of), since.unwrap_or_default())
}

/// None of `all` services, which are at least two.
fn none_of(all: usize) -> String {
    if all == 2 { "Neither of 2 services".to_owned() } else { format!("None of {all} services") }
}

/// What is wrong with a service, without its name: `fails (6.5% of requests, 0.4% before)`.
pub(crate) fn problem(of: &ServiceState) -> String {
    let not_known = "is not known to be well";
    let Some(requests) = of.decisive() else {
        return of
            .unknown_because
            .map_or_else(|| not_known.to_owned(), |why| unknown_one(why).to_owned());
    };
    let before =
        |text: Option<String>| text.map_or_else(String::new, |text| format!(", {text} before"));
    let was = requests.before.as_ref();
    let noun = noun(requests.kind);
    let slow_too = || match requests_that_are_slow(of) {
        Some(slow) if of.is_slow_too => format!(" and is slow ({})", slower(slow)),
        _ => String::new(),
    };
    match of.health {
        Health::Failing => match &of.operation {
            Some(operation) => {
                let name = line(&operation.name);
                let share = rate(operation.now.error_rate);
                let was = before(operation.before.as_ref().map(|before| rate(before.error_rate)));
                format!("fails in {name} ({share} of its {noun}{was}){}", slow_too())
            }
            None => {
                let share = rate(requests.now.error_rate);
                let was = before(was.map(|before| rate(before.error_rate)));
                format!("fails ({share} of {noun}{was}){}", slow_too())
            }
        },
        Health::Slow => format!("is slow ({})", slower(requests)),
        Health::NotSeen => {
            let was = was.map_or_else(|| "0".to_owned(), per_second);
            format!("serves no {noun} ({was} per second before)")
        }
        Health::FewerRequests => {
            let now = per_second(&requests.now);
            let was = was.map_or_else(|| "0".to_owned(), per_second);
            format!("serves fewer {noun} ({now} per second, {was} before)")
        }
        Health::Well => "is well".to_owned(),
        Health::Unknown => of.unknown_because.map_or(not_known, unknown_one).to_owned(),
    }
}

/// The requests whose P95 or P50 grew most, of all kinds.
fn requests_that_are_slow(of: &ServiceState) -> Option<&KindOfRequests> {
    let growth = |kind: &KindOfRequests| {
        let before = kind.before.as_ref()?;
        let ratio = |now: Option<i64>, before: Option<i64>| {
            Some(now? as f64 / before.filter(|before| *before > 0)? as f64)
        };
        let ratios = [ratio(kind.now.p95_us, before.p95_us), ratio(kind.now.p50_us, before.p50_us)];
        ratios.into_iter().flatten().max_by(f64::total_cmp)
    };
    let grown = of.requests.iter().filter_map(|kind| Some((growth(kind)?, kind)));
    grown.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, kind)| kind)
}

/// `P95 489ms, 23.7ms before`: P95 if that grew, else P50.
fn slower(requests: &KindOfRequests) -> String {
    let Some(before) = &requests.before else { return format!("P95 {}", p95(&requests.now)) };
    let now = &requests.now;
    let p95_grew = match (now.p95_us, before.p95_us) {
        (Some(now), Some(before)) => now as f64 >= SLOW_RATIO * before as f64,
        _ => true,
    };
    match p95_grew {
        true => format!("P95 {}, {} before", p95(now), p95(before)),
        false => format!("P50 {}, {} before", p50(now), p50(before)),
    }
}

/// Why the health of one service is unknown, without its name.
const fn unknown_one(reason: UnknownHealth) -> &'static str {
    match reason {
        UnknownHealth::Coverage => {
            "is not known to be well: spans of it are missing in this window"
        }
        UnknownHealth::NoRequests => "serves no requests",
        UnknownHealth::FewRequests => "has fewer than 20 requests, too few to judge",
        UnknownHealth::NoBaseline => "has fewer than 50 requests in the baseline to compare with",
    }
}

/// Why the health of `names` is unknown: `cart and stock have fewer than 20 requests.`
fn unknown(reason: UnknownHealth, names: &[&str]) -> String {
    let one = names.len() < 2;
    let (has, serves) = if one { ("has", "serves") } else { ("have", "serve") };
    let names = listed(names);
    match reason {
        UnknownHealth::Coverage => format!("Spans of {names} are missing in this window."),
        UnknownHealth::NoRequests => format!("{names} {serves} no requests."),
        UnknownHealth::FewRequests => {
            format!("{names} {has} fewer than 20 requests, too few to judge.")
        }
        UnknownHealth::NoBaseline => {
            format!("{names} {has} fewer than 50 requests in the baseline to compare with.")
        }
    }
}

fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(MAX_NAMES).map(|name| line(name)).collect();
    match (names.len() - shown.len(), shown.as_slice()) {
        (0, [first @ .., last]) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        (0, _) => shown.join(", "),
        (more, _) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What the requests of a kind are called.
pub(crate) const fn noun(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Messages => "messages",
        _ => "requests",
    }
}
