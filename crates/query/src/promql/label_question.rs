//! Questions about the labels of series.

use std::collections::BTreeSet;

use coral_engine::Budget;

use super::error::PromqlError;
use super::labels::{Labels, NAME};
use super::matcher::Matcher;
use super::parse::parse;
use super::plan::nanos;
use super::question::TimeSpan;
use super::series::Store;
use super::syntax::{Expr, Shift};
use crate::ask::Sources;
use crate::span_metrics::Moments;

/// Which series are asked for their labels: those of a time that one of the selectors selects, or
/// all of the time if there is none.
#[derive(Clone, PartialEq, Debug)]
pub struct LabelQuestion {
    /// The time.
    pub within: TimeSpan,
    /// Selectors, such as `{service="checkout"}`.
    pub selectors: Vec<String>,
}

impl LabelQuestion {
    fn moments(&self) -> Moments {
        let TimeSpan { start, end } = self.within;
        Moments { since: nanos(start.saturating_sub(1)), at: vec![nanos(end)] }
    }

    /// Whether the question is about the names of all metrics, which need no reading.
    pub fn is_about_metrics(&self, label: &str) -> bool {
        label == NAME && self.selectors.is_empty()
    }
}

/// The labels of the series that `question` asks for, each once, sorted.
///
/// # Errors
/// [`PromqlError`].
pub fn series(
    question: &LabelQuestion,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<BTreeSet<Labels>, PromqlError> {
    let mut found = BTreeSet::new();
    let mut store = Store::new(from, budget, question.moments());
    let mut all = Vec::new();
    for selector in &question.selectors {
        match parse(selector)? {
            Expr::Selector(selector)
                if selector.range_ms.is_none() && selector.shift == Shift::default() =>
            {
                all.push(selector.matchers);
            }
            _ => {
                let reason = "expected a selector of series, such as {service=\"checkout\"}";
                return Err(PromqlError::Refused(reason.to_owned()));
            }
        }
    }
    if question.selectors.is_empty() {
        all.push(Vec::<Matcher>::new());
    }
    for matchers in all {
        found.extend(store.select(&matchers)?.into_iter().map(|series| series.labels));
    }
    Ok(found)
}

/// The names of labels of the series that `question` asks for.
///
/// # Errors
/// [`PromqlError`].
pub fn label_names(
    question: &LabelQuestion,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<BTreeSet<String>, PromqlError> {
    let all = series(question, from, budget)?;
    Ok(all.iter().flat_map(Labels::iter).map(|(name, _)| name.to_owned()).collect())
}

/// The values that `label` has in the series that `question` asks for.
///
/// # Errors
/// [`PromqlError`].
pub fn label_values(
    label: &str,
    question: &LabelQuestion,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<BTreeSet<String>, PromqlError> {
    let all = series(question, from, budget)?;
    let values = all.iter().map(|labels| labels.get(label)).filter(|value| !value.is_empty());
    let values: BTreeSet<String> = values.map(str::to_owned).collect();
    Ok(values)
}
