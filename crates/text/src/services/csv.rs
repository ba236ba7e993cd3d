//! The health of services as CSV.

use coral_query::answer::{ServiceNumbers, ServiceState, Services};

use super::word;
use crate::csv::document;

/// One CSV line for each service. Times and percentiles are in microseconds; values of an attribute
/// are separated by spaces.
pub fn services_csv(answer: &Services) -> String {
    let header = "service,health,began_unix_us,requests_per_second,requests,errors,error_rate,p50_us,\
                  p95_us,requests_per_second_before,requests_before,errors_before,error_rate_before,\
                  p50_us_before,p95_us_before,hosts,versions,instances,last_seen_unix_us,source";
    document(header, answer.services.iter().map(row))
}

fn row(of: &ServiceState) -> Vec<String> {
    let micros = |at: Option<coral_trace::UnixNanos>| {
        at.map(|at| at.as_micros().to_string()).unwrap_or_default()
    };
    let mut cells = vec![of.name.clone(), word(of.health).to_owned(), micros(of.began)];
    cells.extend(numbers(Some(&of.now)));
    cells.extend(numbers(of.before.as_ref()));
    cells.extend([&of.hosts, &of.versions].map(|list| list.values.join(" ")));
    cells.push(of.instances.count.to_string());
    cells.push(micros(of.last_seen));
    cells.push(of.requests.first().map_or("", |kind| kind.source.as_str()).to_owned());
    cells
}

/// Empty cells where there are no numbers.
fn numbers(of: Option<&ServiceNumbers>) -> [String; 6] {
    let Some(of) = of else { return Default::default() };
    let micros = |micros: Option<i64>| micros.map(|us| us.to_string()).unwrap_or_default();
    [
        of.requests_per_second.to_string(),
        of.requests.to_string(),
        of.errors.to_string(),
        of.error_rate.to_string(),
        micros(of.p50_us),
        micros(of.p95_us),
    ]
}
