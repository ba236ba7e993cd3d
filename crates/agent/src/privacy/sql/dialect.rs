//! The differences between SQL dialects that decide where a literal begins and ends.

/// The dialect that a statement is read in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialect {
    /// PostgreSQL: `@`, `#` and `?` are operators.
    Postgres,
    /// MySQL and MariaDB: `\` escapes, `"` quotes text, `#` begins a comment, `$` begins a name.
    MySql,
    /// Any other database, or no database is named.
    Unknown,
}

impl Dialect {
    /// The dialect of a database with the OpenTelemetry name `system`.
    pub(super) fn for_system(system: &str) -> Self {
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

    /// Whether `letter` can be inside a word.
    pub(super) fn is_in_word(self, letter: char) -> bool {
        match letter {
            '@' => self != Self::Postgres,
            '#' => self == Self::Unknown,
            '_' | '$' => true,
            _ => letter.is_ascii_alphanumeric() || !letter.is_ascii(),
        }
    }

    /// Whether `--` begins a comment when it is followed by `next`.
    pub(super) fn comments_before(self, next: Option<char>) -> bool {
        self != Self::MySql || next.is_some_and(char::is_whitespace)
    }
}
