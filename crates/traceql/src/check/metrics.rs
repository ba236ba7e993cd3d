//! What Tempo refuses of queries of metrics.

use super::{Checked, check_filter};
use crate::attribute::Attribute;
use crate::error::SyntaxError;
use crate::query::{Metrics, MetricsFunction, MetricsOperator, MetricsSource, Stage};

/// The largest number of attributes in `by()` of a function of metrics.
const MAX_GROUPS: usize = 5;

impl Metrics {
    pub(super) fn check(&self) -> Checked {
        match &self.source {
            MetricsSource::Math { left, right, .. } => {
                left.check()?;
                right.check()?;
            }
            MetricsSource::Leaf { pipeline, function } => {
                pipeline.check()?;
                function.check()?;
                let is_compare = matches!(function, MetricsFunction::Compare { .. });
                if is_compare && !self.stages.is_empty() {
                    let message = "`compare()` cannot be used with second stage functions";
                    return Err(SyntaxError::of_type(message));
                }
            }
        }
        let is_empty = |stage: &Stage| matches!(stage, Stage::Top(n) | Stage::Bottom(n) if *n <= 0);
        if self.stages.iter().any(is_empty) {
            return Err(SyntaxError::of_type("limit must be greater than 0"));
        }
        Ok(())
    }
}

impl MetricsFunction {
    fn check(&self) -> Checked {
        match self {
            Self::Aggregate { op, of, quantiles, by } => {
                of.iter().chain(by).try_for_each(Attribute::check)?;
                let reserves = matches!(
                    op,
                    MetricsOperator::QuantileOverTime
                        | MetricsOperator::HistogramOverTime
                        | MetricsOperator::AvgOverTime
                );
                if by.len() > MAX_GROUPS - usize::from(reserves) {
                    let feature = format!("metrics group by {} values", by.len());
                    return Err(SyntaxError::unsupported(&feature));
                }
                match quantiles.iter().find(|quantile| !(0.0..=1.0).contains(*quantile)) {
                    Some(quantile) => Err(SyntaxError::of_type(format!(
                        "quantile must be between 0 and 1: {quantile}"
                    ))),
                    None => Ok(()),
                }
            }
            Self::Compare { filter, top, start, end } => {
                check_filter(filter)?;
                let message = match (*top, *start, *end) {
                    (..=0, ..) => "compare() top number of values must be integer greater than 0",
                    (_, 0, 0) => return Ok(()),
                    (_, ..=0, _) | (_, _, ..=0) => {
                        "compare() timestamps must be positive integer unix nanoseconds"
                    }
                    (_, start, end) if end <= start => {
                        "compare() end timestamp must be greater than start timestamp"
                    }
                    _ => return Ok(()),
                };
                Err(SyntaxError::of_type(message))
            }
        }
    }
}
