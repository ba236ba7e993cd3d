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
    /// The bytes before the mistake.
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

fn place(line: u32, column: u32, message: &str) -> String {
    match line {
        0 => format!("parse error: {message}"),
        _ => format!("parse error at line {line}, col {column}: {message}"),
    }
}
