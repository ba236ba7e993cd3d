//! Who calls whom, in words.

use super::MAX;
use super::page::{Page, micros, short};
use super::understand::Asked;
use crate::answer;
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::{Source, TopologyQuestion};
use coral_trace::units::{count, counted};

/// Why a route is not told apart.
pub(super) const NO_ROUTES: &str = "these calls are counted by service, of all routes";

impl Reader<'_> {
    pub(super) fn tell_calls(&self, asked: &Asked, page: &mut Page) -> Result<(), QueryError> {
        let (map, query) = self.map(asked, page)?;
        let told = |edge: &answer::TopologyEdge| {
            let failed = match edge.errors {
                0 => String::new(),
                errors => format!(", {} failed", count(errors)),
            };
            format!(
                "{} → {} over {}: {}{failed}, P95 {}",
                short(&edge.from),
                short(&edge.to),
                edge.protocol,
                counted(edge.calls, "call"),
                micros(edge.p95_us),
            )
        };
        let mut edges = map.edges;
        edges.sort_by_key(|edge| std::cmp::Reverse(edge.calls));
        match &asked.service {
            None => {
                page.section("Who calls whom, the most calls first");
                page.not_narrowed(asked, NO_ROUTES);
                edges.iter().take(2 * MAX).for_each(|edge| page.line(query, told(edge)));
            }
            Some(service) => {
                page.section(format!("What calls {service}"));
                page.not_narrowed(asked, NO_ROUTES);
                let callers = edges.iter().filter(|edge| edge.to == *service);
                callers.take(2 * MAX).for_each(|edge| page.line(query, told(edge)));
                page.or_nothing(query, "nobody whose spans are stored");
                page.section(format!("What {service} calls"));
                let callees = edges.iter().filter(|edge| edge.from == *service);
                callees.take(2 * MAX).for_each(|edge| page.line(query, told(edge)));
            }
        }
        page.or_nothing(query, "nothing");
        Ok(())
    }

    pub(super) fn map(
        &self,
        asked: &Asked,
        page: &mut Page,
    ) -> Result<(answer::Topology, usize), QueryError> {
        let window = &asked.window;
        let map = self.topology(&TopologyQuestion {
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            source: Source::All,
            diff_us: None,
        })?;
        Ok((map, page.query(format!("coral query topology {}", window.flags))))
    }
}
