//! Attribute values that traces of one set have, and those of the other have not.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Comparison;
use crate::span::Span;

/// A value of an attribute of a service's spans or of its resource, on both sides.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// The service.
    pub service: String,
    /// The attribute key.
    pub key: String,
    /// The value, as text.
    pub value: String,
    /// How many traces of each side have a span of the service with this value.
    pub traces: [usize; 2],
    /// How many traces of each side have a span of the service.
    pub of: [usize; 2],
}

/// The smallest difference between the shares of traces that is reported.
const MIN_DIFFERENCE: f64 = 0.2;
/// The smallest difference in standard errors. A single trace differs from all others by one value
/// of few.
const MIN_STANDARD_ERRORS: f64 = 2.0;
/// With fewer traces than this on a side, only a value that all or none of them have counts.
const FEW_TRACES: usize = 5;
/// A key with more values than this part of the traces that have the key identifies a request.
const MAX_VALUES: f64 = 0.5;
/// The longest value that is compared, in bytes.
const MAX_VALUE_BYTES: usize = 256;

#[derive(Default)]
struct Key {
    /// By value: how many traces of each side have it.
    values: HashMap<String, [usize; 2]>,
    /// How many traces have the key.
    traces: usize,
}

/// The values whose shares of traces differ most, at most [`Comparison::MAX_DIFFERENCES`].
pub(super) fn differences(both: [&[Vec<Span>]; 2]) -> Vec<Difference> {
    let mut of_services: HashMap<&str, [usize; 2]> = HashMap::new();
    let mut keys: BTreeMap<(&str, &str), Key> = BTreeMap::new();
    for (side, traces) in both.into_iter().enumerate() {
        for trace in traces {
            let services: HashSet<&str> =
                trace.iter().map(|span| span.origin.service_name()).collect();
            services.into_iter().for_each(|name| of_services.entry(name).or_default()[side] += 1);
            let mut last_key = None;
            for (service, key, value) in values(trace) {
                let of_key = keys.entry((service, key)).or_default();
                of_key.traces += usize::from(last_key != Some((service, key)));
                last_key = Some((service, key));
                of_key.values.entry(value).or_default()[side] += 1;
            }
        }
    }
    let mut found: Vec<(f64, Difference)> = Vec::new();
    for ((service, key), Key { values, traces }) in keys {
        let all: usize = both.iter().map(|traces| traces.len()).sum();
        if all >= FEW_TRACES && values.len() as f64 > (MAX_VALUES * traces as f64).max(2.0) {
            continue;
        }
        let of = of_services.get(service).copied().unwrap_or_default();
        for (value, traces) in values {
            if let Some(difference) = significant(traces, of) {
                let (service, key) = (service.to_owned(), key.to_owned());
                found.push((difference, Difference { service, key, value, traces, of }));
            }
        }
    }
    found.sort_by(|(one_by, one), (other_by, other)| {
        let name = |of: &Difference| (of.service.clone(), of.key.clone(), of.value.clone());
        other_by.total_cmp(one_by).then_with(|| name(one).cmp(&name(other)))
    });
    found.into_iter().take(Comparison::MAX_DIFFERENCES).map(|(_, difference)| difference).collect()
}

/// The distinct values of a trace, sorted by service, key and value.
fn values(trace: &[Span]) -> Vec<(&str, &str, String)> {
    let mut values: HashSet<(&str, &str, String)> = HashSet::new();
    let mut resources: HashSet<*const crate::Origin> = HashSet::new();
    for span in trace {
        let service = span.origin.service_name();
        let resource = resources.insert(std::sync::Arc::as_ptr(&span.origin));
        let resource = resource.then(|| span.origin.resource.attributes.iter());
        for attribute in span.attributes.iter().chain(resource.into_iter().flatten()) {
            let value = attribute.value.to_string();
            if attribute.key != "service.name" && value.len() <= MAX_VALUE_BYTES {
                values.insert((service, attribute.key.as_str(), value));
            }
        }
    }
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable();
    values
}

/// By how much the shares differ, if that is more than chance may cause.
fn significant(traces: [usize; 2], of: [usize; 2]) -> Option<f64> {
    if of.contains(&0) {
        return None;
    }
    let [one, other] = [0, 1].map(|side| traces[side] as f64 / of[side] as f64);
    let difference = (one - other).abs();
    // With one value added to each side, a share is never certain.
    let (with, all) = ((traces[0] + traces[1] + 1) as f64, (of[0] + of[1] + 2) as f64);
    let share = with / all;
    let error = (share * (1.0 - share) * (1.0 / of[0] as f64 + 1.0 / of[1] as f64)).sqrt();
    let is_few = of.iter().any(|of| *of < FEW_TRACES);
    let is_certain = |side: usize| traces[side] == 0 || traces[side] == of[side];
    let enough = match is_few {
        true => difference >= 0.8 && is_certain(0) && is_certain(1) || difference >= 0.95,
        false => difference >= MIN_DIFFERENCE && difference >= MIN_STANDARD_ERRORS * error,
    };
    enough.then_some(difference)
}
