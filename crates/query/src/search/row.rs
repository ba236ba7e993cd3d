//! Searches inside of one trace: conditions on the spans of a waterfall.

use coral_engine::filter::Comparison;
use coral_engine::{Columns, Filter};
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
    pub(crate) fn matches<'a, I>(&self, rows: &[SearchedRow<'a>], trace: &I) -> Vec<bool>
    where
        I: Iterator<Item = &'a Span> + Clone,
    {
        let each = |test: &dyn Fn(&SearchedRow<'a>) -> bool| rows.iter().map(test).collect();
        match self {
            Self::All(many) => combined(many, rows, trace, true),
            Self::Any(many) => combined(many, rows, trace, false),
            Self::Without(inner) => {
                inner.matches(rows, trace).into_iter().map(|is_met| !is_met).collect()
            }
            Self::Stored(filter) => {
                filter.matches_each(rows.iter().map(|row| row.span), trace.clone())
            }
            Self::SelfTime(op, limit) => each(&|row| match op {
                Comparison::Equal => row.self_nanos == *limit,
                Comparison::NotEqual => row.self_nanos != *limit,
                Comparison::Less => row.self_nanos < *limit,
                Comparison::LessOrEqual => row.self_nanos <= *limit,
                Comparison::Greater => row.self_nanos > *limit,
                Comparison::GreaterOrEqual => row.self_nanos >= *limit,
            }),
            Self::Critical(is_critical) => each(&|row| row.is_critical == *is_critical),
        }
    }

    fn stored(self) -> Result<Filter, Self> {
        match self {
            Self::Stored(filter) => Ok(filter),
            other => Err(other),
        }
    }
}

/// Which rows meet all of `many`, or any of them.
fn combined<'a, I>(
    many: &[RowSearch],
    rows: &[SearchedRow<'a>],
    trace: &I,
    is_all: bool,
) -> Vec<bool>
where
    I: Iterator<Item = &'a Span> + Clone,
{
    let mut found = vec![is_all; rows.len()];
    for one in many {
        for (found, is_met) in found.iter_mut().zip(one.matches(rows, trace)) {
            *found = if is_all { *found && is_met } else { *found || is_met };
        }
    }
    found
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
    use super::*;

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
