//! The words of a search.

use super::error::SyntaxError;

/// A word of a search, with the number of characters before it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Token {
    pub offset: usize,
    pub kind: TokenKind,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum TokenKind {
    Open,
    Close,
    Minus,
    Or,
    And,
    Condition(Condition),
}

/// `KEY OPERATOR VALUE`.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Condition {
    pub key: Part,
    pub operator: Operator,
    pub operator_offset: usize,
    pub value: Part,
}

/// A key or a value.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Part {
    pub offset: usize,
    pub text: String,
    pub is_quoted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    MatchesNot,
}

/// How operators are written, longest first.
const OPERATORS: [(&str, Operator); 15] = [
    (":>=", Operator::GreaterOrEqual),
    (":<=", Operator::LessOrEqual),
    (":>", Operator::Greater),
    (":<", Operator::Less),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("!=", Operator::NotEqual),
    ("!~", Operator::MatchesNot),
    ("=~", Operator::Matches),
    ("==", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Matches),
    ("=", Operator::Equal),
    (":", Operator::Equal),
];
/// Characters at which an unquoted key ends.
const KEY_ENDS: &[char] = &['<', '>', '!', '~', '=', ':', '(', ')', '"'];

impl Operator {
    /// How the operator is written.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Matches => "~",
            Self::MatchesNot => "!~",
        }
    }
}

/// The words of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_space();
        let offset = lexer.at;
        let Some(first) = lexer.peek() else { return Ok(tokens) };
        let kind = match first {
            '(' => lexer.sign(TokenKind::Open),
            ')' => lexer.sign(TokenKind::Close),
            '-' => lexer.sign(TokenKind::Minus),
            _ => lexer.word()?,
        };
        tokens.push(Token { offset, kind });
    }
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
}

impl Lexer {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn sign(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    /// `OR`, `AND`, `NOT` or a condition.
    fn word(&mut self) -> Result<TokenKind, SyntaxError> {
        let key = self.key()?;
        let spaces = self.operator_after_spaces();
        let operator_offset = self.at + spaces;
        let Some((sign, operator)) = self.operator_at(operator_offset) else {
            return match key.text.as_str() {
                "OR" if !key.is_quoted => Ok(TokenKind::Or),
                "AND" if !key.is_quoted => Ok(TokenKind::And),
                "NOT" if !key.is_quoted => Ok(TokenKind::Minus),
                text => Err(without_operator(&key, text)),
            };
        };
        if key.text.is_empty() {
            let reason = format!("`{sign}` has no key before it");
            return Err(SyntaxError::new(
                key.offset,
                reason,
                "write KEY=VALUE, such as service=cart",
            ));
        }
        self.at = operator_offset + sign.len();
        if spaces > 0 {
            self.skip_space();
        }
        let value = self.value()?;
        if value.text.is_empty() && !value.is_quoted {
            let reason = format!("`{}{sign}` has no value", key.text);
            let hint =
                format!("write the value directly after `{sign}`, or \"\" for an empty text");
            return Err(SyntaxError::new(value.offset, reason, hint));
        }
        Ok(TokenKind::Condition(Condition { key, operator, operator_offset, value }))
    }

    fn key(&mut self) -> Result<Part, SyntaxError> {
        let offset = self.at;
        if self.peek() == Some('"') {
            return Ok(Part { offset, text: self.quoted()?, is_quoted: true });
        }
        let mut text = String::new();
        while let Some(next) = self.peek() {
            if next.is_whitespace() || KEY_ENDS.contains(&next) {
                break;
            }
            text.push(next);
            self.at += 1;
        }
        Ok(Part { offset, text, is_quoted: false })
    }

    /// A value ends at a space, or at a parenthesis that it did not open.
    fn value(&mut self) -> Result<Part, SyntaxError> {
        let offset = self.at;
        if self.peek() == Some('"') {
            return Ok(Part { offset, text: self.quoted()?, is_quoted: true });
        }
        let (mut text, mut open) = (String::new(), 0_usize);
        while let Some(next) = self.peek() {
            match next {
                '(' => open += 1,
                ')' if open == 0 => break,
                ')' => open -= 1,
                _ if next.is_whitespace() => break,
                _ => {}
            }
            text.push(next);
            self.at += 1;
        }
        Ok(Part { offset, text, is_quoted: false })
    }

    /// The text between quotes, in which `\"` and `\\` stand for `"` and `\`.
    fn quoted(&mut self) -> Result<String, SyntaxError> {
        let offset = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(next) = self.peek() else {
                let reason = "a quotation mark is not closed";
                return Err(SyntaxError::new(offset, reason, "write \" at the end of the text"));
            };
            self.at += 1;
            match (next, self.peek()) {
                ('"', _) => return Ok(text),
                ('\\', Some(escaped @ ('"' | '\\'))) => {
                    text.push(escaped);
                    self.at += 1;
                }
                _ => text.push(next),
            }
        }
    }

    /// The number of spaces before an operator that has spaces on both sides: 0 if there is none.
    fn operator_after_spaces(&self) -> usize {
        let spaces = self.chars[self.at..].iter().take_while(|next| next.is_whitespace()).count();
        let after =
            self.operator_at(self.at + spaces).map(|(sign, _)| self.at + spaces + sign.len());
        let is_spaced =
            after.and_then(|after| self.chars.get(after)).is_some_and(|next| next.is_whitespace());
        if is_spaced { spaces } else { 0 }
    }

    fn operator_at(&self, at: usize) -> Option<(&'static str, Operator)> {
        let rest = &self.chars[at.min(self.chars.len())..];
        OPERATORS.into_iter().find(|(sign, _)| {
            sign.len() <= rest.len() && sign.chars().zip(rest).all(|(one, other)| one == *other)
        })
    }
}

fn without_operator(key: &Part, text: &str) -> SyntaxError {
    match text {
        "" => SyntaxError::new(
            key.offset,
            "a condition was expected",
            "write KEY=VALUE, such as service=cart",
        ),
        "or" | "and" | "not" => {
            let reason = format!("`{text}` has no operator");
            SyntaxError::new(key.offset, reason, format!("write {}", text.to_uppercase()))
        }
        "duration" | "code" | "trace.duration" | "trace.spans" | "trace.errors" => {
            let reason = format!("`{text}` has no operator");
            let hint = "in a shell, write the search in quotation marks: `>` and `<` open files";
            SyntaxError::new(key.offset, reason, hint)
        }
        _ => {
            let reason = format!("`{text}` has no operator");
            SyntaxError::new(key.offset, reason, format!("write service:{text} or name~{text}"))
        }
    }
}
