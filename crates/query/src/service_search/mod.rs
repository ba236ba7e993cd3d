//! Searches for traces in which the spans of one service meet conditions, each by a span of its own,
//! as Zipkin does.

mod annotation;
mod names;
#[cfg(test)]
mod tests;

use std::time::Duration;

use coral_engine::filter::{Comparison, Field, Filter, Literal, SpanField};
use coral_engine::{Budget, TraceQuery};
use coral_trace::{REMOTE_SERVICE_KEYS, TimeRange, TraceId};

pub use self::annotation::Annotation;
use self::names::{exactly, matching_services};
pub use self::names::{remote_services, span_names};
use crate::ask::{QueryError, Sources};

/// A search for traces. Names are found in upper and lower case. A condition that is `None` or empty
/// is met.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceSearch {
    /// The service whose spans meet the conditions; `None` for the spans of all services.
    pub service: Option<String>,
    /// A span has this name.
    pub span_name: Option<String>,
    /// A span has this other side of its call, by [`REMOTE_SERVICE_KEYS`].
    pub remote_service: Option<String>,
    /// A span has each of these.
    pub annotations: Vec<Annotation>,
    /// A span took at least so long.
    pub min_duration: Option<Duration>,
    /// The same span took at most so long.
    pub max_duration: Option<Duration>,
    /// The trace started in this range.
    pub started: TimeRange,
    /// The largest number of traces, newest first.
    pub limit: u32,
}

impl ServiceSearch {
    /// The largest number of traces that a search finds.
    pub const MAX_LIMIT: u32 = 1_000;
    /// The largest number of annotations of a search.
    pub const MAX_ANNOTATIONS: usize = 32;

    /// The traces that are found, newest first.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] for a limit out of range, too many annotations, and one that cannot be
    /// searched for; otherwise the error of the engine.
    pub fn find(&self, from: &Sources<'_>, budget: &Budget) -> Result<Vec<TraceId>, QueryError> {
        self.check()?;
        let services = match &self.service {
            None => Vec::new(),
            Some(name) => match matching_services(name, self.started, from, budget)? {
                none if none.is_empty() => return Ok(Vec::new()),
                services => services,
            },
        };
        let conditions = self.conditions()?;
        let of_service = equal_to_any(SpanField::Service, &services);
        let one_span = |condition| {
            let both = of_service.iter().cloned().chain([condition]).collect();
            Filter::AnySpan(Box::new(Filter::And(both)))
        };
        let filter = Filter::And(conditions.into_iter().map(one_span).collect());
        let query = TraceQuery {
            started: self.started,
            services,
            filter: (filter != Filter::And(Vec::new())).then_some(filter),
            ..TraceQuery::newest(self.limit)
        };
        let found = from.traces.search(&query, budget)?;
        Ok(found.into_iter().map(|trace| trace.trace_id).collect())
    }

    fn check(&self) -> Result<(), QueryError> {
        if self.limit == 0 || self.limit > Self::MAX_LIMIT {
            let reason = format!("{} is not between 1 and {}", self.limit, Self::MAX_LIMIT);
            return Err(QueryError::Invalid { field: "limit", reason });
        }
        if self.annotations.len() > Self::MAX_ANNOTATIONS {
            let found = self.annotations.len();
            let reason = format!("{found} conditions are more than {}", Self::MAX_ANNOTATIONS);
            return Err(QueryError::Invalid { field: "annotationQuery", reason });
        }
        Ok(())
    }

    /// The conditions, each of which some span meets.
    fn conditions(&self) -> Result<Vec<Filter>, QueryError> {
        let mut all = Vec::new();
        if let Some(name) = &self.span_name {
            let pattern = exactly(name, "spanName")?;
            all.push(Filter::Regex { field: Field::Span(SpanField::Name), pattern });
        }
        if let Some(name) = &self.remote_service {
            all.push(remote(name)?);
        }
        for annotation in &self.annotations {
            all.push(annotation.filter()?);
        }
        all.extend(self.duration());
        Ok(all)
    }

    /// The condition on the duration, which is compared in whole microseconds.
    fn duration(&self) -> Option<Filter> {
        let compare = |op, duration: Duration| Filter::Compare {
            field: Field::Span(SpanField::Duration),
            op,
            value: Literal::Int(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)),
        };
        let least = self.min_duration.map(|least| compare(Comparison::GreaterOrEqual, least));
        let beyond = self.max_duration.map(|most| most.saturating_add(Duration::from_micros(1)));
        let most = beyond.map(|beyond| compare(Comparison::Less, beyond));
        let both: Vec<Filter> = least.into_iter().chain(most).collect();
        (!both.is_empty()).then_some(Filter::And(both))
    }
}

fn equal_to_any(field: SpanField, texts: &[String]) -> Option<Filter> {
    let equal = |text: &String| Filter::Compare {
        field: Field::Span(field),
        op: Comparison::Equal,
        value: Literal::Text(text.clone()),
    };
    (!texts.is_empty()).then(|| Filter::Or(texts.iter().map(equal).collect()))
}

/// The first attribute of [`REMOTE_SERVICE_KEYS`] that a span has is `name`.
fn remote(name: &str) -> Result<Filter, QueryError> {
    let pattern = exactly(name, "remoteServiceName")?;
    let field = |key: &str| Field::Attribute {
        of: coral_engine::filter::AttributeOwner::Span,
        key: key.to_owned(),
    };
    let none = Filter::Or(Vec::new());
    Ok(REMOTE_SERVICE_KEYS.iter().rev().fold(none, |later, key| {
        let is = Filter::Regex { field: field(key), pattern: pattern.clone() };
        let absent = Filter::Not(Box::new(Filter::Exists(field(key))));
        Filter::Or(vec![is, Filter::And(vec![absent, later])])
    }))
}
