//! Searches inside of one trace: conditions on the spans of a waterfall.

use coral_engine::filter::{Comparison, TraceFacts};
use coral_engine::{Budget, BudgetError, Columns, Filter};
use coral_trace::Span;

use super::condition::{Compiled, compile, no_such_operator};
use super::error::SyntaxError;
use super::lexer::{Condition, Operator};
use super::parser::{Meaning, parse};
use super::value::{duration_nanos, word};

/// A condition on a span of a waterfall.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum RowSearch {
    /// All of several conditions.
    All(Vec<Self>),
    /// Any of several conditions.
    Any(Vec<Self>),
    /// Not this condition.
    Without(Box<Self>),
    /// A condition on what is stored of the span.
    Stored(Filter),
    /// A comparison of the self time with nanoseconds.
    SelfTime(Comparison, i64),
    /// Whether the critical path passes the span.
    Critical(bool),
}

/// A span of a waterfall, and what the waterfall knows of it.
#[derive(Clone, Copy)]
pub(crate) struct SearchedRow<'a> {
    /// The span.
    pub(crate) span: &'a Span,
    /// The self time in nanoseconds.
    pub(crate) self_nanos: i64,
    /// Whether the critical path passes the span.
    pub(crate) is_critical: bool,
}

impl RowSearch {
    /// Reads `text`; `None` if it has no condition.
    ///
    /// # Errors
    /// [`SyntaxError`], with the place of the mistake.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, SyntaxError> {
        Ok(parse(text)?.map(|(search, _)| search))
    }

    /// The columns that the conditions need.
    pub(crate) fn columns(&self) -> Columns {
        match self {
            Self::All(many) | Self::Any(many) => {
                many.iter().fold(Columns::CORE, |columns, one| columns | one.columns())
            }
            Self::Without(inner) => inner.columns(),
            Self::Stored(filter) => filter.columns(),
            Self::SelfTime(..) | Self::Critical(_) => Columns::CORE,
        }
    }

    /// For each of `rows`, whether it meets the conditions. `trace` are all spans of the trace, which
    /// conditions on the trace are about.
    ///
    /// # Errors
    /// As [`Budget::check`], which runs once per [`Pace::ROUNDS`](coral_engine::Pace::ROUNDS) rows.
    pub(crate) fn matches<'a>(
        &self,
        rows: &[SearchedRow<'a>],
        trace: &(impl Iterator<Item = &'a Span> + Clone),
        budget: &Budget,
    ) -> Result<Vec<bool>, BudgetError> {
        let Some(facts) = TraceFacts::of(trace.clone()) else { return Ok(vec![false; rows.len()]) };
        let search = self.resolved(trace, &facts);
        let mut pace = budget.pace();
        let is_met = |row| pace.step().map(|()| search.holds(row, &facts));
        rows.iter().map(is_met).collect()
    }

    /// This search with filters of the trace that `facts` are about; see [`Filter::resolved`].
    fn resolved<'a>(
        &self,
        trace: &(impl Iterator<Item = &'a Span> + Clone),
        facts: &TraceFacts<'_>,
    ) -> Self {
        let each = |many: &[Self]| many.iter().map(|one| one.resolved(trace, facts)).collect();
        match self {
            Self::All(many) => Self::All(each(many)),
            Self::Any(many) => Self::Any(each(many)),
            Self::Without(inner) => Self::Without(Box::new(inner.resolved(trace, facts))),
            Self::Stored(filter) => Self::Stored(filter.resolved(trace, facts)),
            Self::SelfTime(..) | Self::Critical(_) => self.clone(),
        }
    }

    fn holds(&self, row: &SearchedRow<'_>, facts: &TraceFacts<'_>) -> bool {
        match self {
            Self::All(many) => many.iter().all(|one| one.holds(row, facts)),
            Self::Any(many) => many.iter().any(|one| one.holds(row, facts)),
            Self::Without(inner) => !inner.holds(row, facts),
            Self::Stored(filter) => filter.holds(row.span, facts),
            Self::SelfTime(op, limit) => match op {
                Comparison::Equal => row.self_nanos == *limit,
                Comparison::NotEqual => row.self_nanos != *limit,
                Comparison::Less => row.self_nanos < *limit,
                Comparison::LessOrEqual => row.self_nanos <= *limit,
                Comparison::Greater => row.self_nanos > *limit,
                Comparison::GreaterOrEqual => row.self_nanos >= *limit,
            },
            Self::Critical(is_critical) => row.is_critical == *is_critical,
        }
    }

    fn stored(self) -> Result<Filter, Self> {
        match self {
            Self::Stored(filter) => Ok(filter),
            other => Err(other),
        }
    }
}

/// Joins conditions on what is stored to one filter, so that a trace is read once for all of them.
fn joined(many: Vec<RowSearch>, join: fn(Vec<Filter>) -> Filter) -> Vec<RowSearch> {
    let (mut filters, mut others) = (Vec::new(), Vec::new());
    for one in many {
        match one.stored() {
            Ok(filter) => filters.push(filter),
            Err(other) => others.push(other),
        }
    }
    if !filters.is_empty() {
        others.push(RowSearch::Stored(join(filters)));
    }
    others
}

impl Meaning for RowSearch {
    fn of(condition: &Condition) -> Result<Compiled<Self>, SyntaxError> {
        let meaning = match condition.key.text.as_str() {
            _ if condition.key.is_quoted => None,
            "self" => Some(self_time(condition)?),
            "critical" => Some(critical(condition)?),
            _ => None,
        };
        match meaning {
            Some(meaning) => Ok(Compiled { meaning, named: None }),
            None => {
                let Compiled { meaning, named } = compile(condition)?;
                Ok(Compiled { meaning: Self::Stored(meaning), named })
            }
        }
    }

    fn all(many: Vec<Self>) -> Self {
        let mut joined = joined(many, Filter::And);
        if joined.len() == 1 { joined.remove(0) } else { Self::All(joined) }
    }

    fn any(many: Vec<Self>) -> Self {
        let mut joined = joined(many, Filter::Or);
        if joined.len() == 1 { joined.remove(0) } else { Self::Any(joined) }
    }

    fn without(inner: Self) -> Self {
        match inner.stored() {
            Ok(filter) => Self::Stored(Filter::Not(Box::new(filter))),
            Err(other) => Self::Without(Box::new(other)),
        }
    }
}

fn self_time(condition: &Condition) -> Result<RowSearch, SyntaxError> {
    let op = match condition.operator {
        Operator::Equal => Comparison::Equal,
        Operator::NotEqual => Comparison::NotEqual,
        Operator::Less => Comparison::Less,
        Operator::LessOrEqual => Comparison::LessOrEqual,
        Operator::Greater => Comparison::Greater,
        Operator::GreaterOrEqual => Comparison::GreaterOrEqual,
        Operator::Matches | Operator::MatchesNot => {
            return Err(no_such_operator(condition, "a duration"));
        }
    };
    Ok(RowSearch::SelfTime(op, duration_nanos(condition)?))
}

fn critical(condition: &Condition) -> Result<RowSearch, SyntaxError> {
    let is_critical = word(condition, &["true", "false"])? == "true";
    match condition.operator {
        Operator::Equal => Ok(RowSearch::Critical(is_critical)),
        Operator::NotEqual => Ok(RowSearch::Critical(!is_critical)),
        _ => {
            let sign = condition.operator.sign();
            let reason =
                format!("`critical` is true or false, and `{sign}` compares something else");
            Err(SyntaxError::new(condition.operator_offset, reason, "write critical:true"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::tests::shop::request;

    fn error(text: &str) -> String {
        RowSearch::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn conditions_on_what_is_stored_become_one_filter() {
        let found = RowSearch::parse("service:a (name:b OR kind:client) -status:error").unwrap();
        assert!(matches!(found, Some(RowSearch::Stored(_))), "{found:?}");
        let found = RowSearch::parse("service:a self>10ms name:b").unwrap().unwrap();
        let RowSearch::All(many) = found else { panic!("{found:?}") };
        assert_eq!(many.len(), 2);
        assert_eq!(many[0], RowSearch::SelfTime(Comparison::Greater, 10_000_000));
    }

    /// Searches 5,000 rows of one trace for those that meet one of 21 alternatives, which are about
    /// row and trace. Returns how many spans were read for the values of the trace.
    fn reads_of_trace(budget: &Budget) -> Result<usize, BudgetError> {
        let spans = vec![request(1, "shop", "/", 0, 3); 5_000];
        let row = |span| SearchedRow { span, self_nanos: 2_000_000_000, is_critical: true };
        let rows: Vec<SearchedRow<'_>> = spans.iter().map(row).collect();
        let one = |number: u32| format!("(self>1s root.name~x{number} trace.spans:5000)");
        let text = (0..21).map(one).collect::<Vec<_>>().join(" OR ");
        let search = RowSearch::parse(&text).unwrap().unwrap();
        let reads = Cell::new(0);
        let trace = spans.iter().inspect(|_| reads.set(reads.get() + 1));
        let found = search.matches(&rows, &trace, budget)?;
        assert_eq!(found, vec![false; 5_000]);
        Ok(reads.get())
    }

    #[test]
    fn the_values_of_a_trace_are_computed_once_for_all_alternatives() {
        let reads = reads_of_trace(&Budget::unlimited()).unwrap();
        assert!(reads <= 6 * 5_000, "{reads}");
    }

    #[test]
    fn a_search_inside_of_a_trace_ends_when_its_client_has_gone() {
        let budget = Budget::unlimited();
        budget.cancel_on_drop().cancel();
        assert_eq!(reads_of_trace(&budget), Err(BudgetError::Cancelled));
    }

    #[test]
    fn a_quoted_key_is_an_attribute() {
        let found = RowSearch::parse("\"self\":1 \"critical\":true").unwrap();
        assert!(matches!(found, Some(RowSearch::Stored(_))), "{found:?}");
    }

    #[test]
    fn mistakes_are_told_with_their_place_and_a_hint() {
        assert_eq!(
            error("self~5"),
            "column 5: `~` compares text, and `self` is a duration. Hint: write self:VALUE"
        );
        assert!(error("self>10").contains("write the unit: self>10ms"), "{}", error("self>10"));
        assert!(error("critical:yes").contains("one of true, false"), "{}", error("critical:yes"));
        assert!(error("critical>true").contains("write critical:true"));
        assert!(error("service:").contains("`service:` has no value"));
        assert_eq!(RowSearch::parse("  "), Ok(None));
    }
}
