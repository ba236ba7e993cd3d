//! Evaluates expressions at all moments of a question.

mod absent;
mod aggregate;
mod binary;
mod function;
mod label;
mod quantile;
mod range;
mod regression;
mod vector_match;
mod windows;

use coral_engine::Budget;

use self::function::Arguments;
use super::error::PromqlError;
use super::plan::Plan;
use super::series::Store;
use super::syntax::{AggregateKind, Expr, Function, RangeFunction};
use super::value::{Row, Value, distinct};

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
            Expr::Text(_) => Err(PromqlError::Refused("a string has no value here".to_owned())),
            Expr::Selector(selector) if selector.range_ms.is_none() => {
                Ok(Value::Vector(self.sampled(selector, |window, value| Some(value(window.last)))?))
            }
            Expr::Selector(_) | Expr::Subquery(_) => {
                Err(PromqlError::Refused("a range vector has no value at one moment".to_owned()))
            }
            Expr::Negative(of) => Ok(match self.value(of)? {
                Value::Scalar(values) => Value::Scalar(values.iter().map(|value| -value).collect()),
                Value::Vector(rows) => {
                    let negative = |row: Row| row.unnamed().map(|_, value| -value);
                    Value::Vector(distinct(rows.into_iter().map(negative).collect())?)
                }
            }),
            Expr::Call(function, arguments) => self.call(*function, arguments),
            Expr::Aggregate(of) if of.kind == AggregateKind::CountValues => {
                let Some(Expr::Text(label)) = &of.parameter else {
                    return Err(PromqlError::Refused("expected type string".to_owned()));
                };
                let rows = self.vector(&of.of)?;
                Ok(Value::Vector(aggregate::values_counted(&of.grouping, label, rows, steps)?))
            }
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

    fn call(&mut self, function: Function, arguments: &[Expr]) -> Result<Value, PromqlError> {
        let steps = &self.plan.steps;
        match (function, arguments) {
            (Function::Time, _) => {
                let seconds = steps.iter().map(|step| *step as f64 / 1_000.0);
                return Ok(Value::Scalar(seconds.collect()));
            }
            (Function::OfRange(function), arguments) => {
                return Ok(Value::Vector(self.of_range(function, arguments)?));
            }
            (Function::Absent, [of]) => {
                let (rows, labels) = (self.vector(of)?, absent::labels(of));
                return Ok(Value::Vector(absent::absent(labels, &rows, self.plan.steps.len())));
            }
            (Function::AbsentOverTime, [of]) => {
                let rows = self.of_range(RangeFunction::Present, arguments)?;
                let labels = absent::labels(of);
                return Ok(Value::Vector(absent::absent(labels, &rows, self.plan.steps.len())));
            }
            (Function::Timestamp, [of]) => return Ok(Value::Vector(self.timestamps(of)?)),
            _ => {}
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

    /// When each value of `of` is: of a selector, when the sample is, and otherwise the step.
    fn timestamps(&mut self, of: &Expr) -> Result<Vec<Row>, PromqlError> {
        let rows = match of {
            Expr::Selector(selector) => {
                self.sampled(selector, |window, _| Some(window.last as f64 / 1_000.0))?
            }
            of => {
                let rows = self.vector(of)?;
                let steps = &self.plan.steps;
                let at = |step: usize, _| steps[step] as f64 / 1_000.0;
                rows.into_iter().map(|row| row.map(at)).collect()
            }
        };
        distinct(rows.into_iter().map(Row::unnamed).collect())
    }
}
