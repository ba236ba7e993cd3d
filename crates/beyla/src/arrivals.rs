//! Counts the spans that came from Beyla, by service: evidence that Beyla sees a service.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Spans from Beyla since the agent started, by the name of their service.
#[derive(Debug, Default)]
pub struct Arrivals(Mutex<BTreeMap<String, u64>>);

/// The largest number of services that are counted: twice as many as can be connected. Spans of
/// further services are not counted here.
const MAX_SERVICES: usize = 512;

impl Arrivals {
    /// Adds `spans` of `service`.
    pub fn add(&self, service: &str, spans: u64) {
        let mut services = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = services.get_mut(service) {
            *known += spans;
        } else if services.len() < MAX_SERVICES {
            services.insert(service.to_owned(), spans);
        }
    }

    /// The number of spans of each service.
    pub fn by_service(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_beyond_the_limit_displaces_no_other() {
        let arrivals = Arrivals::default();
        for number in 0..=MAX_SERVICES {
            arrivals.add(&format!("s{number}"), 1);
        }
        arrivals.add("s0", 2);
        let services = arrivals.by_service();
        assert_eq!((services.len(), services["s0"]), (MAX_SERVICES, 3));
    }
}
