//! Parses calls of functions: `rate(…)`.

use super::super::error::PromqlError;
use super::super::syntax::{AggregateKind, Expr, Function, Kind, Math, RangeFunction};
use super::{Parser, aggregate};

/// For a function whose last argument may be left out, and be there any number of times.
const REPEATS: usize = usize::MAX;

/// The functions that are evaluated, by name, with the kinds of their arguments and how many of
/// them may be left out.
const FUNCTIONS: [(&str, Function, &[Kind], usize); 43] = {
    use Kind::{Matrix, Scalar, Text, Vector};
    [
        ("rate", Function::OfRange(RangeFunction::Rate), &[Matrix], 0),
        ("irate", Function::OfRange(RangeFunction::Irate), &[Matrix], 0),
        ("increase", Function::OfRange(RangeFunction::Increase), &[Matrix], 0),
        ("delta", Function::OfRange(RangeFunction::Delta), &[Matrix], 0),
        ("idelta", Function::OfRange(RangeFunction::Idelta), &[Matrix], 0),
        ("deriv", Function::OfRange(RangeFunction::Deriv), &[Matrix], 0),
        ("predict_linear", Function::OfRange(RangeFunction::PredictLinear), &[Matrix, Scalar], 0),
        ("changes", Function::OfRange(RangeFunction::Changes), &[Matrix], 0),
        ("resets", Function::OfRange(RangeFunction::Resets), &[Matrix], 0),
        ("last_over_time", Function::OfRange(RangeFunction::Last), &[Matrix], 0),
        ("present_over_time", Function::OfRange(RangeFunction::Present), &[Matrix], 0),
        ("absent_over_time", Function::AbsentOverTime, &[Matrix], 0),
        ("avg_over_time", over_time(AggregateKind::Avg), &[Matrix], 0),
        ("sum_over_time", over_time(AggregateKind::Sum), &[Matrix], 0),
        ("min_over_time", over_time(AggregateKind::Min), &[Matrix], 0),
        ("max_over_time", over_time(AggregateKind::Max), &[Matrix], 0),
        ("count_over_time", over_time(AggregateKind::Count), &[Matrix], 0),
        ("stddev_over_time", over_time(AggregateKind::Stddev), &[Matrix], 0),
        ("stdvar_over_time", over_time(AggregateKind::Stdvar), &[Matrix], 0),
        ("quantile_over_time", over_time(AggregateKind::Quantile), &[Scalar, Matrix], 0),
        ("absent", Function::Absent, &[Vector], 0),
        ("timestamp", Function::Timestamp, &[Vector], 0),
        ("label_join", Function::LabelJoin, &[Vector, Text, Text, Text], REPEATS),
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

const fn over_time(of: AggregateKind) -> Function {
    Function::OfRange(RangeFunction::OverTime(of))
}

/// Functions and aggregates of PromQL that are not evaluated.
const REFUSED: [&str; 44] = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cos",
    "cosh",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "deg",
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
    "limit_ratio",
    "limitk",
    "mad_over_time",
    "minute",
    "month",
    "pi",
    "rad",
    "sin",
    "sinh",
    "sort_by_label",
    "sort_by_label_desc",
    "tan",
    "tanh",
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
                true => not_evaluated(name),
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
        let repeats = *optional == REPEATS;
        let least = kinds.len() - if repeats { 1 } else { *optional };
        let most = if repeats { usize::MAX } else { kinds.len() };
        if !(least..=most).contains(&arguments.len()) {
            let reason = format!(
                "expected {}{least} argument(s) in call to {name:?}, got {}",
                if *optional > 0 { "at least " } else { "" },
                arguments.len()
            );
            return Err(self.error(&reason));
        }
        let last = kinds.last().into_iter().cycle();
        for (argument, kind) in arguments.iter().zip(kinds.iter().chain(last)) {
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

/// The error about the function or aggregate `name`, with all that are evaluated.
fn not_evaluated(name: &str) -> PromqlError {
    let mut known: Vec<&str> = FUNCTIONS.iter().map(|(name, ..)| *name).collect();
    known.extend(aggregate::names());
    known.sort_unstable();
    let known = known.join(", ");
    PromqlError::Refused(format!("Coral does not evaluate `{name}`; it evaluates {known}"))
}
