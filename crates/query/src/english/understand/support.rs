//! Which values a question of each kind can be about.

use super::super::understanding::{By, Intent, Understanding};

/// The values that an answer to the question could not be narrowed to, as words.
pub(super) fn unusable(understanding: &Understanding) -> Vec<String> {
    let Understanding { intent, service, peers, quantile, by, .. } = understanding;
    let is_narrowed = understanding.host.is_some() || understanding.version.is_some();
    let is_list = matches!(intent, Intent::Traces { .. });
    let is_of_requests = matches!(intent, Intent::Slowest | Intent::Latency | Intent::Errors);
    let is_of_spans = is_list || is_of_requests || *intent == Intent::Statements;
    let is_why = *intent == Intent::Why;
    let is_of_peers = !peers.is_empty();
    let mut words = Vec::new();
    let mut check =
        |word: Option<String>, is_usable: bool| words.extend(word.filter(|_| !is_usable));
    check(
        understanding.route.clone(),
        is_list || is_of_requests && !is_of_peers || is_why || *intent == Intent::Changes,
    );
    check(understanding.host.clone(), is_of_spans && !is_of_peers);
    check(understanding.version.clone(), is_of_spans && !is_of_peers);
    check(
        understanding.status.clone(),
        is_list
            || *intent == Intent::Errors && !is_of_peers
            || is_why && understanding.status.as_deref() == Some("5xx"),
    );
    check(understanding.min_duration_us.map(|_| "than".to_owned()), is_list);
    // Groups of spans have no 99th percentile; calls and requests have.
    let is_group = by.is_some() || is_narrowed || !is_of_peers && service.is_none();
    check(
        quantile.map(|quantile| format!("p{quantile}")),
        match quantile {
            Some(99) => *intent == Intent::Latency && !is_group,
            Some(95) => is_of_requests || is_why || *intent == Intent::Statements,
            _ => *intent == Intent::Latency,
        },
    );
    check(by.map(|by| by_words(by).to_owned()), is_of_requests && !is_of_peers);
    check(peers.first().cloned(), is_of_requests || *intent == Intent::Calls);
    words
}

fn by_words(by: By) -> &'static str {
    match by {
        By::Service => "by service",
        By::Call => "calls",
        By::Endpoint => "by endpoint",
        By::Host => "by host",
        By::Version => "by version",
    }
}
