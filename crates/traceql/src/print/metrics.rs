//! The printed form of queries of metrics.

use std::fmt::{self, Display, Formatter, Write};

use super::joined;
use super::value::float;
use crate::query::{Metrics, MetricsFunction, MetricsOperator, MetricsSource, Stage};

impl Display for Metrics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.source {
            MetricsSource::Leaf { pipeline, function } => write!(f, "{pipeline} | {function}")?,
            MetricsSource::Math { op, left, right } => {
                write!(f, "({left}) {} ({right})", op.as_str())?;
            }
        }
        self.stages.iter().try_for_each(|stage| match stage {
            Stage::Top(limit) => write!(f, " | topk({limit})"),
            Stage::Bottom(limit) => write!(f, " | bottomk({limit})"),
            Stage::Filter(op, value) => write!(f, " {} {}", op.as_str(), float(*value)),
        })
    }
}

impl Display for MetricsFunction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aggregate { op, of, quantiles, by } => {
                write!(f, "{}(", op.as_str())?;
                of.iter().try_for_each(|of| of.fmt(f))?;
                quantiles.iter().try_for_each(|quantile| write!(f, ",{quantile:.5}"))?;
                f.write_char(')')?;
                if !by.is_empty() {
                    f.write_str("by(")?;
                    joined(f, by, ",")?;
                    f.write_char(')')?;
                }
                Ok(())
            }
            Self::Compare { filter, top, start, end } => {
                write!(f, "compare({{ {filter} }}")?;
                if (*top, *start, *end) != (10, 0, 0) {
                    write!(f, ", {top}")?;
                }
                if (*start, *end) != (0, 0) {
                    write!(f, ", {start}, {end}")?;
                }
                f.write_char(')')
            }
        }
    }
}

impl MetricsOperator {
    const ALL: [(&'static str, Self); 8] = [
        ("rate", Self::Rate),
        ("count_over_time", Self::CountOverTime),
        ("min_over_time", Self::MinOverTime),
        ("max_over_time", Self::MaxOverTime),
        ("avg_over_time", Self::AvgOverTime),
        ("sum_over_time", Self::SumOverTime),
        ("quantile_over_time", Self::QuantileOverTime),
        ("histogram_over_time", Self::HistogramOverTime),
    ];

    /// The name as it is written.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, one)| *one)
    }
}
