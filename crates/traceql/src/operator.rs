//! Operators.

use crate::value::Type;

/// An operator of field expressions and scalars.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the variants say what they are")]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Equal,
    NotEqual,
    Regex,
    NotRegex,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    And,
    Or,
}

/// An operator of span sets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SpansetOperator {
    /// `&&`: both sides have spans; the spans of both.
    And,
    /// `||`: the spans of both.
    Or,
    /// A relation of spans of the right side to spans of the left side.
    Structural {
        /// The relation.
        relation: Relation,
        /// What is done with the pairs in the relation.
        form: Form,
    },
}

/// A relation between two spans of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Relation {
    /// `>`: the right span is a child of the left span.
    Child,
    /// `<`: the right span is the parent of the left span.
    Parent,
    /// `>>`: the right span is below the left span.
    Descendant,
    /// `<<`: the right span is above the left span.
    Ancestor,
    /// `~`: the two spans have the same parent.
    Sibling,
}

/// Which spans a structural operator selects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Form {
    /// Spans of the right side that have a left span in the relation.
    Plain,
    /// `!`: spans of the right side that have no left span in the relation.
    Not,
    /// `&`: spans of both sides that have a span of the other side in the relation.
    Union,
}

impl Operator {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::And => "&&",
            Self::Or => "||",
        }
    }

    pub(crate) fn named(text: &str) -> Option<Self> {
        Some(match text {
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "%" => Self::Modulo,
            "^" => Self::Power,
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "=~" => Self::Regex,
            "!~" => Self::NotRegex,
            ">" => Self::Greater,
            ">=" => Self::GreaterEqual,
            "<" => Self::Less,
            "<=" => Self::LessEqual,
            "&&" => Self::And,
            "||" => Self::Or,
            _ => return None,
        })
    }

    /// How strongly the operator binds.
    pub(crate) fn precedence(self) -> u8 {
        match self {
            Self::And | Self::Or => LOGIC,
            Self::Add | Self::Subtract => SUM,
            Self::Multiply | Self::Divide | Self::Modulo => PRODUCT,
            Self::Power => POWER,
            _ => COMPARISON,
        }
    }

    pub(crate) fn is_arithmetic(self) -> bool {
        self.precedence() >= SUM
    }

    pub(crate) fn is_comparison(self) -> bool {
        self.precedence() == COMPARISON
    }

    pub(crate) fn is_regex(self) -> bool {
        matches!(self, Self::Regex | Self::NotRegex)
    }

    pub(crate) fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    /// Whether the operator takes operands of these types.
    pub(crate) fn takes(self, left: Type, right: Type) -> bool {
        self.takes_one(left) && self.takes_one(right)
    }

    fn takes_one(self, operand: Type) -> bool {
        let is_logic = self.precedence() == LOGIC;
        match operand {
            Type::Attribute => true,
            Type::Bool => is_logic || self.is_equality(),
            Type::Int | Type::Float | Type::Duration => !is_logic && !self.is_regex(),
            Type::String => self.is_comparison(),
            Type::Nil | Type::Status | Type::Kind => self.is_equality(),
            Type::Spanset => false,
        }
    }
}

/// Precedences, increasing. `!` binds between [`SUM`] and [`PRODUCT`].
pub(crate) const LOGIC: u8 = 1;
pub(crate) const COMPARISON: u8 = 2;
pub(crate) const SUM: u8 = 3;
pub(crate) const NOT: u8 = 4;
pub(crate) const PRODUCT: u8 = 5;
pub(crate) const POWER: u8 = 6;

/// The structural operators as they are written.
const STRUCTURAL: [(&str, Relation, Form); 15] = [
    (">", Relation::Child, Form::Plain),
    ("<", Relation::Parent, Form::Plain),
    (">>", Relation::Descendant, Form::Plain),
    ("<<", Relation::Ancestor, Form::Plain),
    ("~", Relation::Sibling, Form::Plain),
    ("!>", Relation::Child, Form::Not),
    ("!<", Relation::Parent, Form::Not),
    ("!>>", Relation::Descendant, Form::Not),
    ("!<<", Relation::Ancestor, Form::Not),
    ("!~", Relation::Sibling, Form::Not),
    ("&>", Relation::Child, Form::Union),
    ("&<", Relation::Parent, Form::Union),
    ("&>>", Relation::Descendant, Form::Union),
    ("&<<", Relation::Ancestor, Form::Union),
    ("&~", Relation::Sibling, Form::Union),
];

impl SpansetOperator {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::And => "&&",
            Self::Or => "||",
            Self::Structural { relation, form } => {
                let is = |known: &&(&str, Relation, Form)| known.1 == relation && known.2 == form;
                STRUCTURAL.iter().find(is).map_or("", |(text, ..)| text)
            }
        }
    }

    pub(crate) fn named(text: &str) -> Option<Self> {
        match text {
            "&&" => return Some(Self::And),
            "||" => return Some(Self::Or),
            _ => {}
        }
        let (_, relation, form) = STRUCTURAL.iter().find(|(known, ..)| *known == text)?;
        Some(Self::Structural { relation: *relation, form: *form })
    }

    pub(crate) fn precedence(self) -> u8 {
        if matches!(self, Self::And | Self::Or) { LOGIC } else { COMPARISON }
    }
}
