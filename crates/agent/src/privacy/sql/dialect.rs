//! What databases disagree about in SQL, as far as it decides where a literal begins and ends.

/// How a statement is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialect {
    /// PostgreSQL: `@`, `#` and `?` are operators.
    Postgres,
    /// MySQL and MariaDB: `\` escapes, `"` quotes text, `#` begins a comment, `$` begins a name.
    MySql,
    /// Any other, or nobody said which.
    Unknown,
}

impl Dialect {
    /// The dialect of a database that OpenTelemetry calls `system`.
    pub(super) fn of(system: &str) -> Self {
        match system {
            "postgresql" => Self::Postgres,
            "mysql" | "mariadb" => Self::MySql,
            _ => Self::Unknown,
        }
    }

    /// Whether a name, a keyword or a variable can begin with `letter`.
    pub(super) fn begins_word(self, letter: char) -> bool {
        letter.is_ascii_alphabetic()
            || letter == '_'
            || !letter.is_ascii()
            || (letter == '$' && self == Self::MySql)
    }

    /// Whether a word that has begun goes on with `letter`.
    pub(super) fn is_in_word(self, letter: char) -> bool {
        match letter {
            '@' => self != Self::Postgres,
            '#' => self == Self::Unknown,
            '_' | '$' => true,
            _ => letter.is_ascii_alphanumeric() || !letter.is_ascii(),
        }
    }

    /// Whether the text after `--`, if there is any, makes that a comment.
    pub(super) fn comments_before(self, next: Option<char>) -> bool {
        self != Self::MySql || next.is_some_and(char::is_whitespace)
    }
}
