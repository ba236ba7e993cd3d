//! Parses calls of functions: `rate(…)`.

use super::super::error::PromqlError;
use super::super::syntax::{Expr, Function, Kind, Math};
use super::Parser;

/// The functions that are evaluated, by name, with the kinds of their arguments and how many of
/// them may be left out.
const FUNCTIONS: [(&str, Function, &[Kind], usize); 25] = {
    use Kind::{Matrix, Scalar, Text, Vector};
    [
        ("rate", Function::Rate, &[Matrix], 0),
        ("irate", Function::Irate, &[Matrix], 0),
        ("increase", Function::Increase, &[Matrix], 0),
        ("delta", Function::Delta, &[Matrix], 0),
        ("idelta", Function::Idelta, &[Matrix], 0),
        ("histogram_quantile", Function::HistogramQuantile, &[Scalar, Vector], 0),
        ("label_replace", Function::LabelReplace, &[Vector, Text, Text, Text, Text], 0),
        ("vector", Function::Vector, &[Scalar], 0),
        ("scalar", Function::Scalar, &[Vector], 0),
        ("time", Function::Time, &[], 0),
        ("clamp", Function::Clamp, &[Vector, Scalar, Scalar], 0),
        ("clamp_min", Function::ClampMin, &[Vector, Scalar], 0),
        ("clamp_max", Function::ClampMax, &[Vector, Scalar], 0),
        ("abs", Function::Math(Math::Abs), &[Vector], 0),
        ("ceil", Function::Math(Math::Ceil), &[Vector], 0),
        ("exp", Function::Math(Math::Exp), &[Vector], 0),
        ("floor", Function::Math(Math::Floor), &[Vector], 0),
        ("ln", Function::Math(Math::Ln), &[Vector], 0),
        ("log10", Function::Math(Math::Log10), &[Vector], 0),
        ("log2", Function::Math(Math::Log2), &[Vector], 0),
        ("sgn", Function::Math(Math::Sgn), &[Vector], 0),
        ("sqrt", Function::Math(Math::Sqrt), &[Vector], 0),
        ("round", Function::Round, &[Vector, Scalar], 1),
        ("sort", Function::Sort, &[Vector], 0),
        ("sort_desc", Function::SortDesc, &[Vector], 0),
    ]
};

/// Functions and aggregates of PromQL that are not evaluated.
const REFUSED: [&str; 63] = [
    "absent",
    "absent_over_time",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "avg_over_time",
    "changes",
    "cos",
    "cosh",
    "count_over_time",
    "count_values",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "deg",
    "deriv",
    "double_exponential_smoothing",
    "first_over_time",
    "histogram_avg",
    "histogram_count",
    "histogram_fraction",
    "histogram_quantiles",
    "histogram_stddev",
    "histogram_stdvar",
    "histogram_sum",
    "holt_winters",
    "hour",
    "info",
    "label_join",
    "last_over_time",
    "limit_ratio",
    "limitk",
    "mad_over_time",
    "max_over_time",
    "min_over_time",
    "minute",
    "month",
    "pi",
    "predict_linear",
    "present_over_time",
    "quantile_over_time",
    "rad",
    "resets",
    "sin",
    "sinh",
    "sort_by_label",
    "sort_by_label_desc",
    "stddev_over_time",
    "stdvar_over_time",
    "sum_over_time",
    "tan",
    "tanh",
    "timestamp",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
    "year",
    "range",
];

impl Parser<'_> {
    /// The rest of a call of `name`.
    pub(super) fn call(&mut self, name: &str) -> Result<Expr, PromqlError> {
        let found = FUNCTIONS.iter().find(|(known, ..)| *known == name);
        let Some((_, function, kinds, optional)) = found else {
            return Err(match REFUSED.contains(&name) {
                true => PromqlError::not_evaluated(name),
                false => {
                    self.at -= 1;
                    self.error(&format!("unknown function with name {name:?}"))
                }
            });
        };
        self.expect("(", "function call")?;
        let mut arguments: Vec<Expr> = Vec::new();
        while !self.take(")") {
            arguments.push(self.expression(0)?);
            if !self.is_at(")") {
                self.expect(",", "function call")?;
            }
        }
        let least = kinds.len() - optional;
        if !(least..=kinds.len()).contains(&arguments.len()) {
            let reason = format!(
                "expected {}{least} argument(s) in call to {name:?}, got {}",
                if *optional > 0 { "at least " } else { "" },
                arguments.len()
            );
            return Err(self.error(&reason));
        }
        for (argument, kind) in arguments.iter().zip(*kinds) {
            if argument.kind() != *kind {
                let (expected, found) = (kind.as_str(), argument.kind().as_str());
                let reason =
                    format!("expected type {expected} in call to function {name:?}, got {found}");
                return Err(self.error(&reason));
            }
        }
        Ok(Expr::Call(*function, arguments))
    }
}
