//! The conditions of a search that the store's indexes answer.

use coral_engine::{Order, TracePosition, TraceQuery};
use coral_trace::{Collector, TimeRange};

/// A search without a filter, which indexes answer alone. Fields are those of [`TraceQuery`].
#[derive(Clone, PartialEq, Debug)]
pub struct IndexedQuery {
    /// See [`TraceQuery::started`].
    pub started: TimeRange,
    /// See [`TraceQuery::services`].
    pub services: Vec<String>,
    /// See [`TraceQuery::collector`].
    pub collector: Option<Collector>,
    /// See [`TraceQuery::min_duration_us`].
    pub min_duration_us: Option<i64>,
    /// See [`TraceQuery::max_duration_us`].
    pub max_duration_us: Option<i64>,
    /// See [`TraceQuery::failed`].
    pub failed: Option<bool>,
    /// See [`TraceQuery::name`].
    pub name: Option<String>,
    /// See [`TraceQuery::attributes`].
    pub attributes: Vec<(String, String)>,
    /// See [`TraceQuery::order`].
    pub order: Order,
    /// See [`TraceQuery::after`].
    pub after: Option<TracePosition>,
    /// See [`TraceQuery::limit`].
    pub limit: u32,
}

impl IndexedQuery {
    /// See [`TraceQuery::MAX_ATTRIBUTES`].
    pub const MAX_ATTRIBUTES: usize = TraceQuery::MAX_ATTRIBUTES;

    /// All traces, newest first.
    pub fn newest(limit: u32) -> Self {
        Self::from(&TraceQuery::newest(limit))
    }
}

/// All fields except the filter.
impl From<&TraceQuery> for IndexedQuery {
    fn from(query: &TraceQuery) -> Self {
        Self {
            started: query.started,
            services: query.services.clone(),
            collector: query.collector,
            min_duration_us: query.min_duration_us,
            max_duration_us: query.max_duration_us,
            failed: query.failed,
            name: query.name.clone(),
            attributes: query.attributes.clone(),
            order: query.order,
            after: query.after,
            limit: query.limit,
        }
    }
}
