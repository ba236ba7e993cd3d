//! The syntax tree of a query.

use std::collections::BTreeMap;

use crate::attribute::Attribute;
use crate::expression::Expression;
use crate::operator::{Operator, SpansetOperator};
use crate::value::Static;

/// A query.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    /// What the query asks for.
    pub root: Root,
    /// The hints of `with(…)`; `None` without.
    pub hints: Option<Vec<(String, Static)>>,
}

/// What a query asks for.
#[derive(Clone, PartialEq, Debug)]
pub enum Root {
    /// Traces.
    Search(Pipeline),
    /// Series.
    Metrics(Metrics),
}

/// Steps, each of which takes the span sets of the step before it.
#[derive(Clone, PartialEq, Debug)]
pub struct Pipeline {
    /// The steps, at least one.
    pub elements: Vec<Element>,
}

/// A step of a pipeline.
#[derive(Clone, PartialEq, Debug)]
pub enum Element {
    /// A filter of spans, or several that operators join.
    Spanset(Spanset),
    /// A comparison of aggregates: `count() > 3`.
    ScalarFilter(ScalarFilter),
    /// `by(expression)`
    Group(Expression),
    /// `coalesce()`
    Coalesce,
    /// `select(attributes)`
    Select(Vec<Attribute>),
    /// The last step of a pipeline that is an operand: `({ } | count())`.
    Aggregate(Aggregate),
}

/// An expression of span sets.
#[derive(Clone, PartialEq, Debug)]
pub enum Spanset {
    /// `{ expression }`
    Filter(Expression),
    /// Two expressions and an operator.
    Operation {
        /// The operator.
        op: SpansetOperator,
        /// The left side.
        left: Box<Spanset>,
        /// The right side.
        right: Box<Spanset>,
    },
    /// A pipeline in parentheses.
    Pipeline(Pipeline),
}

/// A comparison of two scalars.
#[derive(Clone, PartialEq, Debug)]
pub struct ScalarFilter {
    /// The comparison.
    pub op: Operator,
    /// The left side.
    pub left: Scalar,
    /// The right side.
    pub right: Scalar,
}

/// A number of a span set.
#[derive(Clone, PartialEq, Debug)]
pub enum Scalar {
    /// A literal.
    Static(Static),
    /// An aggregate.
    Aggregate(Aggregate),
    /// An arithmetic operation.
    Operation {
        /// The operator.
        op: Operator,
        /// The left side.
        left: Box<Scalar>,
        /// The right side.
        right: Box<Scalar>,
    },
    /// A pipeline in parentheses, which ends with an aggregate.
    Pipeline(Pipeline),
}

/// An aggregate of a span set: `avg(duration)`.
#[derive(Clone, PartialEq, Debug)]
pub struct Aggregate {
    /// The function.
    pub op: AggregateFunction,
    /// Its argument; `None` for `count()`.
    pub of: Option<Expression>,
}

/// A function of an aggregate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the variants have the names of the language")]
pub enum AggregateFunction {
    Count,
    Max,
    Min,
    Sum,
    Avg,
}

/// A query of series: one leaf, or arithmetic between several.
#[derive(Clone, PartialEq, Debug)]
pub struct Metrics {
    /// Where the series come from.
    pub source: MetricsSource,
    /// What is done with the series, in order.
    pub stages: Vec<Stage>,
}

/// Where series come from.
#[derive(Clone, PartialEq, Debug)]
pub enum MetricsSource {
    /// A pipeline, and a function of its spans.
    Leaf {
        /// The pipeline.
        pipeline: Pipeline,
        /// The function.
        function: MetricsFunction,
    },
    /// Arithmetic between the series of two queries.
    Math {
        /// The operator.
        op: Operator,
        /// The left side.
        left: Box<Metrics>,
        /// The right side.
        right: Box<Metrics>,
    },
}

/// A function from spans to series.
#[derive(Clone, PartialEq, Debug)]
pub enum MetricsFunction {
    /// `rate()`, `max_over_time(duration)` and others.
    Aggregate {
        /// The function.
        op: MetricsOperator,
        /// The attribute; `None` for `rate()` and `count_over_time()`.
        of: Option<Attribute>,
        /// The quantiles of `quantile_over_time`.
        quantiles: Vec<f64>,
        /// The attributes of `by(…)`.
        by: Vec<Attribute>,
    },
    /// `compare({ … })`
    Compare {
        /// Which spans are the selection.
        filter: Expression,
        /// The largest number of values of each attribute.
        top: i64,
        /// Start of the selection in nanoseconds since the Unix epoch; 0 for none.
        start: i64,
        /// End of the selection.
        end: i64,
    },
}

/// The name of a function of metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the variants have the names of the language")]
pub enum MetricsOperator {
    Rate,
    CountOverTime,
    MinOverTime,
    MaxOverTime,
    AvgOverTime,
    SumOverTime,
    QuantileOverTime,
    HistogramOverTime,
}

/// What is done with series.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Stage {
    /// `topk(n)`
    Top(i64),
    /// `bottomk(n)`
    Bottom(i64),
    /// A comparison, which leaves the samples that meet it.
    Filter(Operator, f64),
}

impl Query {
    /// Whether this is a query of metrics, and not a search for traces.
    pub fn is_metrics(&self) -> bool {
        matches!(self.root, Root::Metrics(_))
    }

    /// The last hint with this name.
    pub fn hint(&self, name: &str) -> Option<&Static> {
        self.hints.iter().flatten().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The attributes that the query names, in their order, each once.
    pub fn attributes(&self) -> Vec<&Attribute> {
        let mut found = Vec::new();
        let mut seen = BTreeMap::new();
        let mut visit = |attribute| {
            if seen.insert(format!("{attribute}"), ()).is_none() {
                found.push(attribute);
            }
        };
        match &self.root {
            Root::Search(pipeline) => pipeline.each_attribute(&mut visit),
            Root::Metrics(metrics) => metrics.each_attribute(&mut visit),
        }
        found
    }
}

impl Pipeline {
    /// Calls `visit` with each attribute of each step.
    pub fn each_attribute<'a>(&'a self, visit: &mut dyn FnMut(&'a Attribute)) {
        for element in &self.elements {
            match element {
                Element::Spanset(spanset) => spanset.each_attribute(visit),
                Element::ScalarFilter(ScalarFilter { left, right, .. }) => {
                    left.each_attribute(visit);
                    right.each_attribute(visit);
                }
                Element::Group(expression) => expression.each_attribute(visit),
                Element::Coalesce => {}
                Element::Select(attributes) => attributes.iter().for_each(&mut *visit),
                Element::Aggregate(Aggregate { of, .. }) => {
                    of.iter().for_each(|of| of.each_attribute(visit));
                }
            }
        }
    }
}

impl Spanset {
    fn each_attribute<'a>(&'a self, visit: &mut dyn FnMut(&'a Attribute)) {
        match self {
            Self::Filter(expression) => expression.each_attribute(visit),
            Self::Operation { left, right, .. } => {
                left.each_attribute(visit);
                right.each_attribute(visit);
            }
            Self::Pipeline(pipeline) => pipeline.each_attribute(visit),
        }
    }
}

impl Scalar {
    fn each_attribute<'a>(&'a self, visit: &mut dyn FnMut(&'a Attribute)) {
        match self {
            Self::Static(_) => {}
            Self::Aggregate(Aggregate { of, .. }) => {
                of.iter().for_each(|of| of.each_attribute(visit));
            }
            Self::Operation { left, right, .. } => {
                left.each_attribute(visit);
                right.each_attribute(visit);
            }
            Self::Pipeline(pipeline) => pipeline.each_attribute(visit),
        }
    }
}

impl Metrics {
    fn each_attribute<'a>(&'a self, visit: &mut dyn FnMut(&'a Attribute)) {
        match &self.source {
            MetricsSource::Math { left, right, .. } => {
                left.each_attribute(visit);
                right.each_attribute(visit);
            }
            MetricsSource::Leaf { pipeline, function } => {
                pipeline.each_attribute(visit);
                match function {
                    MetricsFunction::Aggregate { of, by, .. } => {
                        of.iter().chain(by).for_each(visit);
                    }
                    MetricsFunction::Compare { filter, .. } => filter.each_attribute(visit),
                }
            }
        }
    }
}
