//! The conditions of a list of traces on spans.

use coral_engine::{Filter, TraceQuery};

use super::question::TracesQuestion;
use crate::ask::QueryError;
use crate::search::{Named, NamedKey, Search};

/// The conditions that one span meets together. With a search, all are in the filter; without one,
/// they are those that indexes answer alone.
pub(crate) struct Conditions {
    pub services: Vec<String>,
    pub name: Option<String>,
    pub attributes: Vec<(String, String)>,
    pub filter: Option<Filter>,
    /// The keys and values that the question names, for hints when no trace matches.
    pub named: Vec<Named>,
}

impl Conditions {
    pub(crate) fn of(question: &TracesQuestion) -> Result<Self, QueryError> {
        let attributes = question.attribute_pairs().map_err(|line| QueryError::Invalid {
            field: "attributes",
            reason: format!("`{line}` is not of the form key=value"),
        })?;
        if attributes.len() > TraceQuery::MAX_ATTRIBUTES {
            let reason = format!("at most {} are allowed", TraceQuery::MAX_ATTRIBUTES);
            return Err(QueryError::Invalid { field: "attributes", reason });
        }
        let search = Search::parse(&question.q)
            .map_err(|error| QueryError::Invalid { field: "q", reason: error.to_string() })?;
        let equal =
            |key, value: &String| Named { key, value: Some(value.clone()), is_number: false };
        let mut named: Vec<Named> = attributes
            .iter()
            .map(|(key, value)| equal(NamedKey::Attribute(key.clone()), value))
            .collect();
        named.extend(question.name.iter().map(|name| equal(NamedKey::Name, name)));
        let conditions = Self {
            services: question.service.iter().cloned().collect(),
            name: question.name.clone(),
            attributes,
            filter: None,
            named,
        };
        Ok(match search {
            Some(search) => conditions.and(search),
            None => conditions,
        })
    }

    /// The conditions on a span as one filter.
    pub(crate) fn span_filter(&self) -> Filter {
        let mut all: Vec<Filter> = self.services.iter().map(|name| Search::service(name)).collect();
        all.extend(self.name.iter().map(|name| Search::name(name)));
        all.extend(self.attributes.iter().map(|(key, value)| Search::attribute(key, value)));
        all.extend(self.filter.clone());
        Filter::And(all)
    }

    /// These conditions and those of `search`, all met by one span.
    fn and(self, search: Search) -> Self {
        let filter = Filter::And(vec![self.span_filter(), search.filter]);
        Self {
            services: Vec::new(),
            name: None,
            attributes: Vec::new(),
            filter: Some(filter),
            named: [self.named, search.named].concat(),
        }
    }
}
