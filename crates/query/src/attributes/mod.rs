//! Which keys a search can have, and which values a key has.

pub(crate) mod answer;
pub(crate) mod question;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use coral_engine::{Budget, BudgetError, Columns, Filter};
use coral_trace::{Span, TraceId};

use self::answer::{AttributeItem, AttributeList};
pub use self::question::AttributesQuestion;
use crate::ask::{Ask, QueryError, Sources};
use crate::reader::Reader;
use crate::sample::{OVERSIZED_IN_COHORT, fitting};
use crate::traces::{Conditions, GroupKey, cut_text, trace_query};

/// The largest number of traces, the newest, and of their spans that are looked at.
const MAX_TRACES: u32 = 500;
const MAX_SPANS: u64 = 20_000;
/// The largest number of different keys or values that are counted.
const MAX_COUNTED: usize = 10_000;
/// The keys that every span has, in the order in which they are listed.
const OF_EVERY_SPAN: [&str; 5] = ["service", "name", "status", "kind", "duration"];

impl Ask for AttributesQuestion {
    const PATH: &'static str = "/api/v1/attributes";
    const NAME: &'static str = "attributes";
    const SUMMARY: &'static str = "Which keys a search can have, or which values a key has.";
    const PERMISSION: &'static str = "traces.read";
    type Answer = AttributeList;

    fn rows(answer: &Self::Answer) -> usize {
        answer.items.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).attributes(self)
    }
}

impl Reader<'_> {
    fn attributes(&self, question: &AttributesQuestion) -> Result<AttributeList, QueryError> {
        let limit = match question.limit {
            0 => AttributesQuestion::DEFAULT_LIMIT,
            limit if limit <= AttributesQuestion::MAX => limit,
            limit => {
                let reason = format!("{limit} is not between 1 and {}", AttributesQuestion::MAX);
                return Err(QueryError::Invalid { field: "limit", reason });
            }
        };
        let list = question.traces();
        let conditions = Conditions::of(&list)?;
        let query = trace_query(&list, &conditions, MAX_TRACES + 1)?;
        let listed = Listed::named(&question.key);
        let mut found = self.search(&query)?;
        let all = found.len();
        found.truncate(MAX_TRACES as usize);
        let found = fitting(found, MAX_SPANS, OVERSIZED_IN_COHORT).traces;
        let filter = conditions.span_filter();
        let ids: Vec<TraceId> = found.iter().map(|trace| trace.trace_id).collect();
        let columns = filter.columns() | listed.columns();
        let spans = self.spans(&ids, query.collector, columns, MAX_SPANS as u32)?;
        let (mut counted, mut of) = (Counted::new(&question.prefix), 0);
        each_match(&spans, &filter, self.budget, &mut |span| {
            of += 1;
            listed.each_text(span, &mut |text| counted.add(text));
        })
        .map_err(QueryError::OverBudget)?;
        let (items, has_more) = counted.items(limit as usize, &listed);
        Ok(AttributeList {
            key: Some(question.key.clone()).filter(|key| !key.is_empty()),
            items,
            of,
            cut: found.len() < all || has_more,
        })
    }
}

/// Calls `visit` with each of `spans` that meets `filter`. The spans of a trace are neighbours, and
/// the budget is checked before each trace.
fn each_match(
    spans: &[Span],
    filter: &Filter,
    budget: &Budget,
    visit: &mut dyn FnMut(&Span),
) -> Result<(), BudgetError> {
    for trace in spans.chunk_by(|one, next| one.trace_id == next.trace_id) {
        budget.check()?;
        filter.spans_that_match(trace).into_iter().for_each(&mut *visit);
    }
    Ok(())
}

/// What is listed.
enum Listed {
    Keys,
    /// The values of a key; `None` if its values are no texts to choose from, such as durations.
    Values(Option<GroupKey>),
}

impl Listed {
    fn named(key: &str) -> Self {
        match key {
            "" => Self::Keys,
            key => Self::Values(GroupKey::named(key).ok()),
        }
    }

    fn columns(&self) -> Columns {
        match self {
            Self::Keys => Columns::ATTRIBUTES | Columns::ORIGIN,
            Self::Values(key) => key.as_ref().map_or(Columns::CORE, GroupKey::columns),
        }
    }

    /// Calls `tell` once with each text of `span`.
    fn each_text(&self, span: &Span, tell: &mut dyn FnMut(&str)) {
        match self {
            Self::Keys => {
                OF_EVERY_SPAN.into_iter().for_each(&mut *tell);
                if span.response_status().is_some() {
                    tell("code");
                }
                let all = span.attributes.0.iter().chain(&span.origin.resource.attributes.0);
                let keys: BTreeSet<&str> = all.map(|pair| pair.key.as_str()).collect();
                keys.into_iter().for_each(tell);
            }
            Self::Values(key) => {
                let value = key.as_ref().and_then(|key| key.value(span));
                value.into_iter().for_each(|text| tell(&cut_text(text)));
            }
        }
    }
}

/// Texts with the same beginning, and how many spans have each.
struct Counted {
    /// In lower case.
    prefix: String,
    spans: BTreeMap<String, u64>,
    /// Whether texts were not counted.
    is_cut: bool,
}

impl Counted {
    fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_lowercase(), spans: BTreeMap::new(), is_cut: false }
    }

    fn add(&mut self, text: &str) {
        if let Some(spans) = self.spans.get_mut(text) {
            *spans += 1;
        } else if text.to_lowercase().starts_with(&self.prefix) {
            match self.spans.len() < MAX_COUNTED {
                true => drop(self.spans.insert(text.to_owned(), 1)),
                false => self.is_cut = true,
            }
        }
    }

    /// The most frequent texts, and whether there are more.
    fn items(self, limit: usize, listed: &Listed) -> (Vec<AttributeItem>, bool) {
        let mut items: Vec<AttributeItem> =
            self.spans.into_iter().map(|(text, spans)| AttributeItem { text, spans }).collect();
        let place = |item: &AttributeItem| {
            let of_every_span = OF_EVERY_SPAN.iter().position(|key| *key == item.text);
            of_every_span.filter(|_| matches!(listed, Listed::Keys)).unwrap_or(OF_EVERY_SPAN.len())
        };
        items.sort_by_key(|item| (place(item), Reverse(item.spans)));
        let has_more = self.is_cut || items.len() > limit;
        items.truncate(limit);
        (items, has_more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::shop::request;

    #[test]
    fn counting_ends_with_the_trace_during_which_its_client_has_gone() {
        let spans: Vec<Span> = (1..=3).map(|id| request(id, "shop", "/", id, 3)).collect();
        let (budget, mut visited) = (Budget::unlimited(), 0);
        let ended = each_match(&spans, &Filter::And(Vec::new()), &budget, &mut |_| {
            visited += 1;
            budget.cancel_on_drop().cancel();
        });
        assert_eq!((ended, visited), (Err(BudgetError::Cancelled), 1));
    }
}
