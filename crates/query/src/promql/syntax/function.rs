//! The functions that are evaluated.

/// The functions that are evaluated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::promql) enum Function {
    OfRange(RangeFunction),
    Absent,
    AbsentOverTime,
    HistogramQuantile,
    LabelJoin,
    LabelReplace,
    Vector,
    Scalar,
    Time,
    Timestamp,
    Clamp,
    ClampMin,
    ClampMax,
    Math(Math),
    Round,
    Sort,
    SortDesc,
}

/// Functions of the samples of a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::promql) enum RangeFunction {
    Rate,
    Irate,
    Increase,
    Delta,
    Idelta,
    Deriv,
    PredictLinear,
    Changes,
    Resets,
    Last,
    Present,
    /// An aggregate of the samples, such as `avg_over_time`.
    OverTime(super::AggregateKind),
}

/// Functions of one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::promql) enum Math {
    Abs,
    Ceil,
    Exp,
    Floor,
    Ln,
    Log10,
    Log2,
    Sgn,
    Sqrt,
}

impl RangeFunction {
    /// Whether the first and the last two samples of a counter, and how many there are, decide the
    /// value.
    pub const fn reads_only_ends(self) -> bool {
        use super::AggregateKind::Count;
        use RangeFunction::{Delta, Idelta, Increase, Irate, Last, OverTime, Present, Rate};
        matches!(self, Rate | Irate | Increase | Delta | Idelta | Last | Present | OverTime(Count))
    }

    /// Whether the value is the same for a counter that began earlier.
    pub const fn is_of_differences(self) -> bool {
        use super::AggregateKind::{Count, Stddev, Stdvar};
        !matches!(self, Self::Last | Self::PredictLinear | Self::OverTime(_))
            || matches!(self, Self::OverTime(Count | Stddev | Stdvar))
    }

    /// Whether the result has the name of the metric, which most functions drop.
    pub const fn keeps_name(self) -> bool {
        matches!(self, Self::Last)
    }
}
