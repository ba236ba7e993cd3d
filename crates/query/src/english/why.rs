//! Why a service is slow, in answer to a question in plain English.

use super::answer::{RequestFindings, WhyFindings};
use super::requests::rows_of_route;
use super::understanding::{Understanding, Window};
use crate::answer::Verdict;
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::why::WhyQuestion;

impl Reader<'_> {
    /// The answer about the cause, and the requests of two services: the service that the question
    /// names, and the service that is the cause.
    pub(super) fn why_findings(
        &self,
        understanding: &Understanding,
    ) -> Result<WhyFindings, QueryError> {
        let window = &understanding.window;
        let service = understanding.service.as_deref();
        let route = understanding.route.as_deref();
        let trace_id = understanding.trace_id.map(|id| id.to_string());
        let trace_id = trace_id.or_else(|| understanding.trace_id_prefix.clone());
        let query = WhyQuestion {
            service: understanding.service.clone(),
            // The spans of requests to a route are named by the method and the route.
            route: understanding.operation(),
            trace_id,
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            baseline_us: window.baseline_us(),
            find_beginning: window.is_default,
        };
        let why = self.why(&query)?;
        let window = match why.began {
            Some(began) => window.since_change(began),
            None => window.clone(),
        };
        let is_window = query.trace_id.is_none();
        let requests = match service.filter(|_| is_window) {
            Some(service) => {
                let method = understanding.method.as_deref();
                self.served_requests(service, (method, route), &window)?
            }
            None => None,
        };
        let cause = why.ranking.first().filter(|_| why.verdict == Verdict::Cause);
        let cause = cause.filter(|_| is_window);
        let cause_requests = match cause.filter(|cause| Some(cause.service.as_str()) != service) {
            // The question's route belongs to the question's service, and the cause is another
            // service.
            Some(cause) => self.served_requests(&cause.service, (None, None), &window)?,
            None => None,
        };
        Ok(WhyFindings { requests, window: Some(window), query, why, cause_requests })
    }

    /// The requests that `service` served: with the rows of `route`, or without rows when no route
    /// is given. Returns `None` when there are no such requests.
    fn served_requests(
        &self,
        service: &str,
        (method, route): (Option<&str>, Option<&str>),
        window: &Window,
    ) -> Result<Option<RequestFindings>, QueryError> {
        let Some((query, table)) = self.requests(service, route, window)? else {
            return Ok(None);
        };
        let rows = route.map(|route| rows_of_route(&table, method, Some(route)));
        if rows.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        Ok(Some(RequestFindings::new(query, table, rows.unwrap_or_default())))
    }
}
