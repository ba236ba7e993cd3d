//! How well services are, in answer to a question in plain English.

use super::answer::ServiceFindings;
use super::understanding::Understanding;
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::services::ServicesQuestion;

impl Reader<'_> {
    /// How well the service is that the question names, or all services are.
    pub(super) fn service_findings(
        &self,
        understanding: &Understanding,
    ) -> Result<ServiceFindings, QueryError> {
        let window = &understanding.window;
        let query = ServicesQuestion {
            service: understanding.service.clone(),
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            baseline_us: window.baseline_us(),
            find_beginning: window.is_default,
            points: 0,
        };
        Ok(ServiceFindings { services: self.services(&query)?, query })
    }
}
