//! Which samples an expression needs, and when its counters begin.

use super::error::PromqlError;
use super::plan::{Plan, SCRAPE_MS, nanos};
use super::syntax::{Expr, Function, Selector};
use crate::span_metrics::Moments;

/// Counters whose values matter, not only their differences, begin at midnight UTC.
const DAY_MS: i64 = 86_400_000;
/// The largest number of samples of one series that an expression needs.
const MAX_MOMENTS: usize = 500_000;

/// The moments that the selectors of `expr` need, and when counters begin: at the earliest
/// beginning of a range. With a selector whose value depends on when the counter begins, at midnight
/// UTC before, so that the answers of a day have the same counters.
///
/// # Errors
/// [`PromqlError::Execution`] if there are too many.
pub(super) fn moments(expr: &Expr, plan: &Plan) -> Result<Moments, PromqlError> {
    let mut needs = Needs { at: Vec::new(), since: i64::MAX, is_raw: false };
    needs.expression(expr, plan)?;
    Ok(needs.moments())
}

struct Needs {
    at: Vec<i64>,
    since: i64,
    is_raw: bool,
}

impl Needs {
    fn expression(&mut self, expr: &Expr, plan: &Plan) -> Result<(), PromqlError> {
        match expr {
            Expr::Number(_) | Expr::Text(_) => Ok(()),
            Expr::Selector(of) => {
                self.is_raw = true;
                self.selector(of, plan, of.range_ms.is_none())
            }
            Expr::Subquery(of) => self.expression(&of.of, &plan.of_subquery(of)?),
            Expr::Negative(of) => self.expression(of, plan),
            Expr::Call(function, arguments) => {
                arguments.iter().try_for_each(|of| self.argument(*function, of, plan))
            }
            Expr::Aggregate(of) => {
                of.parameter.iter().try_for_each(|of| self.expression(of, plan))?;
                self.expression(&of.of, plan)
            }
            Expr::Binary(of) => {
                self.expression(&of.left, plan)?;
                self.expression(&of.right, plan)
            }
        }
    }

    fn argument(&mut self, of: Function, argument: &Expr, plan: &Plan) -> Result<(), PromqlError> {
        match (of, argument) {
            (Function::OfRange(function), Expr::Selector(selector)) => {
                self.is_raw |= !function.is_of_differences();
                self.selector(selector, plan, function.reads_only_ends())
            }
            (Function::AbsentOverTime, Expr::Selector(of)) => self.selector(of, plan, true),
            _ => self.expression(argument, plan),
        }
    }

    /// Needs the samples of `of` at each step of `plan`, or only the first and the last two.
    fn selector(&mut self, of: &Selector, plan: &Plan, only_ends: bool) -> Result<(), PromqlError> {
        // Steps rise, so that a sample up to this time is known to be needed.
        let mut known = i64::MIN;
        for window in plan.steps.iter().filter_map(|step| plan.window(of, *step)) {
            self.since = self.since.min(match of.range_ms {
                Some(_) => window.start,
                None => window.last - SCRAPE_MS,
            });
            if only_ends {
                self.at.extend([window.first, window.last - SCRAPE_MS, window.last]);
                continue;
            }
            let next = window.first.max(known.saturating_add(SCRAPE_MS));
            let count = (window.last - next).max(-SCRAPE_MS) / SCRAPE_MS + 1;
            if self.at.len().saturating_add(count as usize) > MAX_MOMENTS {
                return Err(PromqlError::Execution(format!(
                    "query processing would load too many samples into memory: more than \
                     {MAX_MOMENTS} of one series; name a shorter range"
                )));
            }
            self.at.extend((0..count).map(|at| next + at * SCRAPE_MS));
            known = window.last;
        }
        Ok(())
    }

    fn moments(self) -> Moments {
        let Self { mut at, mut since, is_raw } = self;
        at.sort_unstable();
        at.dedup();
        if since == i64::MAX {
            since = 0;
        } else if is_raw {
            since = since.div_euclid(DAY_MS) * DAY_MS;
        }
        at.retain(|moment| *moment > since);
        Moments { since: nanos(since), at: at.into_iter().map(nanos).collect() }
    }
}
