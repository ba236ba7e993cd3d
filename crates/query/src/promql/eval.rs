//! Evaluates expressions at all moments of a question.

mod aggregate;
mod binary;
mod function;
mod quantile;
mod range;
mod vector_match;

use coral_engine::Budget;

use self::function::Arguments;
use super::error::PromqlError;
use super::plan::{Plan, nanos};
use super::series::Store;
use super::syntax::{Expr, Function, Selector};
use super::value::{Row, Value, check_size, distinct};

/// Evaluates one expression.
pub(super) struct Evaluator<'a> {
    pub plan: Plan,
    pub store: Store<'a>,
    pub budget: &'a Budget,
}

impl Evaluator<'_> {
    /// The value of `expr`, which is a scalar or a vector.
    ///
    /// # Errors
    /// [`PromqlError`].
    pub fn value(&mut self, expr: &Expr) -> Result<Value, PromqlError> {
        self.budget.check()?;
        let steps = self.plan.steps.len();
        match expr {
            Expr::Number(number) => Ok(Value::Scalar(vec![*number; steps])),
            Expr::Text(_) => Err(PromqlError::not_evaluated("a string")),
            Expr::Selector(selector) if selector.range_ms.is_some() => {
                Err(PromqlError::Refused("a range vector has no value at one moment".to_owned()))
            }
            Expr::Selector(selector) => Ok(Value::Vector(self.selected(selector)?)),
            Expr::Negative(of) => Ok(match self.value(of)? {
                Value::Scalar(values) => Value::Scalar(values.iter().map(|value| -value).collect()),
                Value::Vector(rows) => {
                    let negative = |row: Row| row.unnamed().map(|_, value| -value);
                    Value::Vector(distinct(rows.into_iter().map(negative).collect())?)
                }
            }),
            Expr::Call(function, arguments) => self.call(*function, arguments),
            Expr::Aggregate(of) => {
                let parameter = of.parameter.as_ref().map(|of| self.scalar(of)).transpose()?;
                let rows = self.vector(&of.of)?;
                Ok(Value::Vector(aggregate::aggregated(of, parameter, rows, steps)?))
            }
            Expr::Binary(of) => {
                let (left, right) = (self.value(&of.left)?, self.value(&of.right)?);
                binary::combined(of, left, right)
            }
        }
    }

    pub(super) fn scalar(&mut self, expr: &Expr) -> Result<Vec<f64>, PromqlError> {
        match self.value(expr)? {
            Value::Scalar(values) => Ok(values),
            Value::Vector(_) => Err(PromqlError::Refused("expected type scalar".to_owned())),
        }
    }

    pub(super) fn vector(&mut self, expr: &Expr) -> Result<Vec<Row>, PromqlError> {
        match self.value(expr)? {
            Value::Vector(rows) => Ok(rows),
            Value::Scalar(_) => Err(PromqlError::Refused("expected type vector".to_owned())),
        }
    }

    /// The last sample of each series of `selector` at each step.
    fn selected(&mut self, selector: &Selector) -> Result<Vec<Row>, PromqlError> {
        self.sampled(selector, |window, value| Some(value(window.last)))
    }

    /// The series of `selector`, with what `of` computes from their samples in each window.
    fn sampled(
        &mut self,
        selector: &Selector,
        of: impl Fn(super::plan::Window, &dyn Fn(i64) -> f64) -> Option<f64>,
    ) -> Result<Vec<Row>, PromqlError> {
        let selected = self.store.select(&selector.matchers)?;
        check_size(selected.len(), self.plan.steps.len())?;
        let moments = self.store.moments();
        let windows: Vec<_> =
            self.plan.steps.iter().map(|step| self.plan.window(selector, *step)).collect();
        // A moment that is not among those that were read is before the beginning of counters.
        let slot = |millis: i64| moments.at.binary_search(&nanos(millis)).ok();
        let rows = selected.into_iter().map(|series| {
            let at = |millis: i64| slot(millis).map_or(0.0, |slot| series.at(slot));
            let value = |window: &Option<_>| window.and_then(|window| of(window, &at));
            Row { values: windows.iter().map(value).collect(), labels: series.labels }
        });
        Ok(rows.filter(|row| !row.is_empty()).collect())
    }

    fn call(&mut self, function: Function, arguments: &[Expr]) -> Result<Value, PromqlError> {
        if let (Some(kind), [Expr::Selector(selector)]) = (range::kind(function), arguments) {
            let rows = self.sampled(selector, |window, at| range::value(kind, window, at))?;
            let rows = rows.into_iter().map(Row::unnamed).collect();
            return Ok(Value::Vector(distinct(rows)?));
        }
        let steps = &self.plan.steps;
        if function == Function::Time {
            return Ok(Value::Scalar(steps.iter().map(|step| *step as f64 / 1_000.0).collect()));
        }
        let mut found = Arguments::default();
        for argument in arguments {
            match argument {
                Expr::Text(text) => found.texts.push(text.clone()),
                argument => match self.value(argument)? {
                    Value::Scalar(values) => found.scalars.push(values),
                    Value::Vector(rows) => found.rows = rows,
                },
            }
        }
        function::called(function, found, self.plan.steps.len())
    }
}
