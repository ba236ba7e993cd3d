//! Expressions of PromQL, as far as Coral evaluates them.

mod function;

pub(super) use self::function::{Function, Math, RangeFunction};

use super::matcher::Matcher;

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    /// A number.
    Number(f64),
    /// A text, which is an argument of some functions.
    Text(String),
    /// Series at a moment, or during a time before it.
    Selector(Selector),
    /// Values of an expression during a time before a moment.
    Subquery(Box<Subquery>),
    /// The same with the opposite sign.
    Negative(Box<Expr>),
    /// A call of a function.
    Call(Function, Vec<Expr>),
    /// One aggregate of several series.
    Aggregate(Box<Aggregate>),
    /// Two expressions and an operator.
    Binary(Box<Binary>),
}

/// Selects series.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Selector {
    /// The series have all of these labels.
    pub matchers: Vec<Matcher>,
    /// How long before the moment the samples are, in milliseconds; `None` for the last sample.
    pub range_ms: Option<i64>,
    pub shift: Shift,
}

/// The values that an expression has during a time before a moment: `rate(x[5m])[1h:1m]`.
#[derive(Clone, Debug)]
pub(super) struct Subquery {
    pub of: Expr,
    /// How long before the moment the values are, in milliseconds.
    pub range_ms: i64,
    /// The expression is evaluated at whole multiples of this many milliseconds.
    pub step_ms: i64,
    pub shift: Shift,
}

/// At which moment series are looked at, instead of the moment of the question.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Shift {
    /// The moment of `@`.
    pub at: Option<At>,
    /// How long before that moment, in milliseconds.
    pub offset_ms: i64,
}

/// The moment of `@`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum At {
    /// Milliseconds since the Unix epoch.
    Moment(i64),
    /// The first moment of the question.
    Start,
    /// The last moment of the question.
    End,
}

/// One aggregate of several series.
#[derive(Clone, Debug)]
pub(super) struct Aggregate {
    pub kind: AggregateKind,
    /// The number of `topk` and `bottomk`, the fraction of `quantile`, and the label of
    /// `count_values`.
    pub parameter: Option<Expr>,
    pub of: Expr,
    pub grouping: Grouping,
}

/// Kinds of aggregates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum AggregateKind {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stddev,
    Stdvar,
    Quantile,
    Topk,
    Bottomk,
    CountValues,
}

/// Which labels series have in common that are aggregated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

/// Two expressions and an operator.
#[derive(Clone, Debug)]
pub(super) struct Binary {
    pub operator: Operator,
    pub left: Expr,
    pub right: Expr,
    /// Whether a comparison has the value 0 or 1 instead of leaving series out.
    pub is_bool: bool,
    pub matching: Matching,
}

/// Which series of two vectors belong together.
#[derive(Clone, Debug)]
pub(super) struct Matching {
    /// Whether the labels are those that must be equal, or those that do not matter.
    pub on: bool,
    pub labels: Vec<String>,
    /// The side of which several series may match one of the other; `None` for one to one.
    pub many: Option<Many>,
    /// Labels that the result has from the side of one.
    pub include: Vec<String>,
}

/// The side of which several series may match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Many {
    Left,
    Right,
}

/// Operators, from those that bind least.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    Or,
    And,
    Unless,
    Equal,
    NotEqual,
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Atan2,
    Power,
}

/// What kind of value an expression has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Scalar,
    Vector,
    Matrix,
    Text,
}

impl Kind {
    /// The kind as Prometheus names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
            Self::Text => "string",
        }
    }
}

impl Expr {
    /// What kind of value the expression has.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Number(_) => Kind::Scalar,
            Self::Text(_) => Kind::Text,
            Self::Selector(of) if of.range_ms.is_some() => Kind::Matrix,
            Self::Subquery(_) => Kind::Matrix,
            Self::Selector(_) | Self::Aggregate(_) => Kind::Vector,
            Self::Negative(of) => of.kind(),
            Self::Call(Function::Time | Function::Scalar, _) => Kind::Scalar,
            Self::Call(..) => Kind::Vector,
            Self::Binary(of) => match (of.left.kind(), of.right.kind()) {
                (Kind::Scalar, Kind::Scalar) => Kind::Scalar,
                _ => Kind::Vector,
            },
        }
    }

    /// Calls `visit` with each selector.
    pub fn selectors<'a>(&'a self, visit: &mut dyn FnMut(&'a Selector)) {
        match self {
            Self::Number(_) | Self::Text(_) => {}
            Self::Selector(of) => visit(of),
            Self::Subquery(of) => of.of.selectors(visit),
            Self::Negative(of) => of.selectors(visit),
            Self::Call(_, of) => of.iter().for_each(|of| of.selectors(visit)),
            Self::Aggregate(of) => {
                of.parameter.iter().for_each(|of| of.selectors(visit));
                of.of.selectors(visit);
            }
            Self::Binary(of) => {
                of.left.selectors(visit);
                of.right.selectors(visit);
            }
        }
    }
}

impl Operator {
    /// The operator as it is written, and how strongly it binds.
    pub const ALL: [(&'static str, Self, u8); 16] = [
        ("or", Self::Or, 1),
        ("and", Self::And, 2),
        ("unless", Self::Unless, 2),
        ("==", Self::Equal, 3),
        ("!=", Self::NotEqual, 3),
        ("<=", Self::LessOrEqual, 3),
        ("<", Self::Less, 3),
        (">=", Self::GreaterOrEqual, 3),
        (">", Self::Greater, 3),
        ("+", Self::Add, 4),
        ("-", Self::Subtract, 4),
        ("*", Self::Multiply, 5),
        ("/", Self::Divide, 5),
        ("%", Self::Modulo, 5),
        ("atan2", Self::Atan2, 5),
        ("^", Self::Power, 6),
    ];

    pub const fn is_set(self) -> bool {
        matches!(self, Self::Or | Self::And | Self::Unless)
    }

    pub const fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::LessOrEqual
                | Self::Less
                | Self::GreaterOrEqual
                | Self::Greater
        )
    }
}
