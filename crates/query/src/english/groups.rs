//! Spans by service, endpoint, host, version or statement, in answer to a question in plain
//! English.

use std::cmp::Reverse;

use super::MAX_FINDINGS;
use super::answer::{GroupFindings, GroupTable};
use super::understanding::{By, Intent, Understanding};
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::services::ServicesQuestion;
use crate::traces::{Sort, TracesQuestion};

/// The largest number of groups in a table.
const MAX_GROUPS: usize = 2 * MAX_FINDINGS;
/// The spans that serve requests.
const REQUESTS: &str = "(kind:server OR kind:consumer)";
/// The spans of calls to databases.
const STATEMENTS: &str = "db.system.name:* (kind:client OR kind:internal)";

impl Understanding {
    /// Whether a question about requests is answered with groups of spans: a table of requests
    /// cannot be narrowed to a host, a version or a status code.
    pub(super) fn is_of_groups(&self) -> bool {
        let is_of_calls = !self.peers.is_empty() || self.by == Some(By::Call);
        let is_narrowed = self.host.is_some() || self.version.is_some() || self.status.is_some();
        let is_of_endpoints = self.by == Some(By::Endpoint) && self.service.is_some();
        let has_no_table =
            self.service.is_none() && (self.route.is_some() || self.intent == Intent::Latency);
        !is_of_calls && (is_narrowed || self.by.is_some() && !is_of_endpoints || has_no_table)
    }

    /// The conditions of the question on spans, as a search, after those of `first`.
    pub(super) fn search(&self, first: &str) -> String {
        let mut search = first.to_owned();
        let mut add = |condition: String| {
            let between = if search.is_empty() { "" } else { " " };
            search.push_str(&format!("{between}{condition}"));
        };
        if let Some(host) = &self.host {
            add(format!("host.name={}", quoted(host)));
        }
        if let Some(version) = &self.version {
            add(format!("service.version={}", quoted(version)));
        }
        if let Some(code) = &self.status {
            add(format!("code:{code}"));
        }
        search
    }
}

impl Reader<'_> {
    /// The slowest groups of requests, or those with the most errors if `failed` is set.
    pub(super) fn group_findings(
        &self,
        understanding: &Understanding,
        failed: bool,
    ) -> Result<GroupFindings, QueryError> {
        let is_narrowed = understanding.host.is_some() || understanding.status.is_some();
        let by = understanding.by.unwrap_or(match understanding.service {
            None if !is_narrowed => By::Service,
            _ => By::Endpoint,
        });
        if by != By::Version {
            let table = self.group_table(understanding, (REQUESTS, key(by)), failed)?;
            return Ok(GroupFindings { tables: vec![table] });
        }
        // A version is compared with the other versions of the same service.
        let all_versions = Understanding { version: None, ..understanding.clone() };
        let mut tables = Vec::new();
        for service in self.services_by_version(understanding)? {
            let of_service = Understanding { service: Some(service), ..all_versions.clone() };
            tables.push(self.group_table(&of_service, (REQUESTS, key(by)), failed)?);
        }
        let is_found = |table: &GroupTable| {
            let version = understanding.version.as_ref();
            version.is_none_or(|version| {
                let mut values = table.groups.groups.iter().map(|group| &group.value);
                values.any(|value| value.as_ref() == Some(version))
            })
        };
        tables.retain(is_found);
        if tables.is_empty() {
            tables.push(self.group_table(understanding, (REQUESTS, key(by)), failed)?);
        }
        Ok(GroupFindings { tables })
    }

    /// The services whose versions are compared: the service of the question, or those with the
    /// version of the question, or those with several versions.
    fn services_by_version(
        &self,
        understanding: &Understanding,
    ) -> Result<Vec<String>, QueryError> {
        if let Some(service) = &understanding.service {
            return Ok(vec![service.clone()]);
        }
        if understanding.version.is_some() {
            let found = self.group_table(understanding, (REQUESTS, "service"), false)?;
            let names = found.groups.groups.into_iter().filter_map(|group| group.value);
            return Ok(names.take(MAX_FINDINGS).collect());
        }
        let window = &understanding.window;
        let services = self.services(&ServicesQuestion {
            service: None,
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            baseline_us: window.baseline_us(),
            find_beginning: false,
            points: 0,
        })?;
        let several = services.services.into_iter().filter(|service| service.versions.count > 1);
        Ok(several.map(|service| service.name).take(MAX_FINDINGS).collect())
    }

    /// The slowest statements of databases: by their text, or by the names of their spans if no
    /// span has the text.
    pub(super) fn statement_findings(
        &self,
        understanding: &Understanding,
    ) -> Result<GroupFindings, QueryError> {
        let by_text = self.group_table(understanding, (STATEMENTS, "db.query.text"), false)?;
        let has_text = by_text.groups.groups.iter().any(|group| group.value.is_some());
        let table = match has_text || by_text.groups.groups.is_empty() {
            true => by_text,
            false => self.group_table(understanding, (STATEMENTS, "name"), false)?,
        };
        Ok(GroupFindings { tables: vec![table] })
    }

    /// The spans that meet the conditions of the question and the search, by the key.
    fn group_table(
        &self,
        understanding: &Understanding,
        (search, by): (&str, &str),
        failed: bool,
    ) -> Result<GroupTable, QueryError> {
        let window = &understanding.window;
        let mut query = TracesQuestion {
            q: understanding.search(search),
            by: by.to_owned(),
            service: understanding.service.clone(),
            since_unix_us: Some(window.since_unix_us),
            until_unix_us: Some(window.until_unix_us),
            sort: Sort::Newest,
            limit: 1,
            ..TracesQuestion::default()
        };
        let operation = understanding.operation();
        if let Some(operation) = &operation {
            query.name = Some(operation.clone());
        }
        // The groups are sorted by another number below, so all are needed.
        let mut list = self.list_with_groups(&query, u32::MAX)?;
        // A span may be named otherwise than by its route.
        if let (true, Some(route)) = (list.traces.is_empty(), &understanding.route) {
            let mut attributes = format!("http.route={route}");
            if let Some(method) = &understanding.method {
                attributes.push_str(&format!("\nhttp.request.method={method}"));
            }
            query = TracesQuestion { name: None, attributes, ..query };
            list = self.list_with_groups(&query, u32::MAX)?;
        }
        let mut groups = list.groups.take().unwrap_or_default();
        let spans = groups.groups.iter().map(|group| group.spans).sum();
        let errors = groups.groups.iter().map(|group| group.errors).sum();
        groups.groups.retain(|group| !failed || group.errors > 0);
        if !failed {
            groups.groups.sort_by_key(|group| {
                Reverse(match understanding.quantile {
                    Some(50) => group.p50_us,
                    _ => group.p95_us,
                })
            });
        }
        let more = groups.groups.len().saturating_sub(MAX_GROUPS) as u64;
        groups.groups.truncate(MAX_GROUPS);
        let (unmatched, coverage) = (list.unmatched, list.coverage);
        let query = TracesQuestion { limit: TracesQuestion::default().limit, ..query };
        Ok(GroupTable { query, spans, errors, groups, more, unmatched, coverage })
    }
}

/// The key of a search that groups by `by`.
fn key(by: By) -> &'static str {
    match by {
        By::Service | By::Call => "service",
        By::Endpoint => "name",
        By::Host => "host.name",
        By::Version => "service.version",
    }
}

/// `value` in quotes, as a search has it.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
