//! The values of an attribute.

use std::collections::BTreeMap;

use coral_engine::Budget;
use coral_trace::{TimeRange, UnixNanos};
use coral_traceql::{
    Element, Expression, Metrics, MetricsSource, Root, Spans, Spanset, Static, Trace as _, parse,
    parse_attribute,
};

use super::candidates::{Candidates, More, columns};
use super::necessary;

use crate::ask::{QueryError, Sources};

/// The values of an attribute among the spans that meet a query.
#[derive(Clone, PartialEq, Debug)]
pub struct TagValuesQuestion {
    /// The attribute as TraceQL writes it: `span.http.method`, `.foo`, `name`, `resource.service.name`,
    /// `event:name`.
    pub tag: String,
    /// A query whose spans count. What is incomplete or invalid in the query is left out, as in Tempo.
    pub q: Option<String>,
    /// The start of the time range.
    pub since: UnixNanos,
    /// The end of the time range, not inside.
    pub until: UnixNanos,
    /// The largest number of values.
    pub limit: u32,
}

/// The most traces whose spans are read, newest first.
const MAX_TRACES: u64 = 20_000;

impl TagValuesQuestion {
    /// The values, sorted. Blocks the calling thread. Of many traces, the newest are read.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] of `tag`; [`QueryError::OverBudget`] and the errors of the engine.
    pub fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Vec<Static>, QueryError> {
        let attribute = parse_attribute(&self.tag)
            .map_err(|error| QueryError::invalid("tag", &error.to_string()))?;
        let filter = self.q.as_deref().and_then(lenient);
        let mut named = vec![attribute.clone()];
        filter.iter().for_each(|one| one.each_attribute(&mut |one| named.push(one.clone())));
        let candidates = Candidates {
            from,
            budget,
            started: TimeRange { start: self.since, end: self.until },
            after: None,
            min_duration_us: None,
            filter: filter.as_ref().and_then(necessary::of_expression),
            columns: columns(&named),
        };
        let mut found: BTreeMap<String, Static> = BTreeMap::new();
        let mut traces = 0;
        candidates.each(self.limit, &mut |_, stored| {
            let spans = Spans::new(stored.iter().map(|stored| &stored.span));
            let met = |at: &usize| filter.as_ref().is_none_or(|filter| spans.meets(*at, filter));
            for at in (0..spans.len()).filter(met) {
                let values = match spans.value(at, &attribute) {
                    Static::Array(values) => values,
                    Static::Nil => Vec::new(),
                    value => vec![value],
                };
                found.extend(values.into_iter().map(|value| (format!("{value:?}"), value)));
            }
            traces += 1;
            let is_enough = found.len() >= self.limit as usize || traces >= MAX_TRACES;
            Ok(if is_enough { More::Enough } else { More::Wanted })
        })?;
        let mut found: Vec<Static> = found.into_values().collect();
        found.sort_by(Static::order);
        found.truncate(self.limit as usize);
        Ok(found)
    }
}

/// The filter of `q`, as far as it can be read: of one filter `{ … }` that is not finished, the
/// conditions that are. As in Tempo, a query with `||` or with several filters does not restrict.
fn lenient(q: &str) -> Option<Expression> {
    if let Ok(query) = parse(q) {
        let pipeline = match query.root {
            Root::Search(pipeline) => pipeline,
            Root::Metrics(Metrics { source: MetricsSource::Leaf { pipeline, .. }, .. }) => pipeline,
            Root::Metrics(_) => return None,
        };
        return match pipeline.elements.into_iter().next() {
            Some(Element::Spanset(Spanset::Filter(filter))) => Some(filter),
            _ => None,
        };
    }
    let inside = q.trim().strip_prefix('{')?;
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    if inside.contains("||") || inside.contains(['{', '}']) {
        return None;
    }
    // A part that is cut inside of a text is not readable, and is left out too.
    let readable = inside
        .split("&&")
        .filter(|part| !part.trim().is_empty() && parse(&format!("{{ {part} }}")).is_ok());
    let all = readable.collect::<Vec<_>>().join(" && ");
    match parse(&format!("{{ {all} }}")).ok()?.root {
        Root::Search(pipeline) => match pipeline.elements.into_iter().next()? {
            Element::Spanset(Spanset::Filter(filter)) => Some(filter),
            _ => None,
        },
        Root::Metrics(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unfinished_in_a_query_does_not_restrict() {
        let cases = [
            ("{ .a = 1 }", Some(".a = 1")),
            ("{ .a = 1 && .b = }", Some(".a = 1")),
            ("{ .a = 1 && .b", Some("(.a = 1) && .b")),
            ("{ .a = \"x && .b = 2", Some(".b = 2")),
            ("{ .a = 1 || .b = }", None),
            ("{", Some("true")),
            ("{ .a = 1 } | rate()", Some(".a = 1")),
            ("{ .a } && { .b }", None),
            ("nonsense", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let found = lenient(text).map(|filter| filter.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
