//! Why a text is not a query.

/// Why a text is not a query.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", place(*.line, *.column, .message))]
pub struct SyntaxError {
    /// Which check failed.
    pub kind: SyntaxErrorKind,
    /// What is wrong, in lower case without a full stop.
    pub message: String,
    /// The line of the mistake, from 1; 0 if the mistake has no place.
    pub line: u32,
    /// The column of the mistake in characters, from 1; 0 if the mistake has no place.
    pub column: u32,
    /// The bytes before the mistake; 0 if the mistake has no place.
    pub offset: usize,
}

/// Which check of a query failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SyntaxErrorKind {
    /// The text is not in the grammar.
    Syntax,
    /// The types do not fit, or a value is out of range.
    Type,
    /// The query is in the grammar of Tempo, and Tempo does not evaluate it.
    Unsupported,
}

impl SyntaxError {
    /// A mistake in the grammar, `offset` bytes into `text`.
    pub(crate) fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
        Self { kind: SyntaxErrorKind::Syntax, message: message.into(), line, column, offset }
    }

    /// A mistake in the types, which has no place.
    pub(crate) fn of_type(message: impl Into<String>) -> Self {
        Self::without_place(SyntaxErrorKind::Type, message.into())
    }

    /// A query that Tempo refuses to evaluate.
    pub(crate) fn unsupported(feature: &str) -> Self {
        Self::without_place(SyntaxErrorKind::Unsupported, format!("{feature} not yet supported"))
    }

    fn without_place(kind: SyntaxErrorKind, message: String) -> Self {
        Self { kind, message, line: 0, column: 0, offset: 0 }
    }
}

fn place(line: u32, column: u32, message: &str) -> String {
    match line {
        0 => message.to_owned(),
        _ => format!("parse error at line {line}, col {column}: {message}"),
    }
}
