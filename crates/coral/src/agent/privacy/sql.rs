//! SQL without its literals.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use sqlparser::dialect::{Dialect, GenericDialect, MySqlDialect, PostgreSqlDialect};
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

/// Databases in which `"name"` is a name; in MySQL it is text.
const QUOTES_NAMES: [&str; 5] =
    ["postgresql", "oracle.db", "sqlite", "microsoft.sql_server", "mssql"];
/// Systems whose statements are no SQL: a command, and then what it is about.
const COMMANDS: [&str; 6] = ["redis", "memcached", "aerospike", "couchbase", "mongodb", "dynamodb"];

/// `$12345`: there are no statements with more parameters.
const LONGEST_NUMBER: usize = 6;

/// Masked statements by what they were, since programs send the same few again and again and reading one takes
/// microseconds. Of what they were only hashes are kept, two with different random keys.
#[derive(Default)]
struct Known {
    masked: RwLock<HashMap<(u64, u64), Arc<str>>>,
    keys: [RandomState; 2],
}

static KNOWN: LazyLock<Known> = LazyLock::new(Known::default);
/// After so many statements all are forgotten.
const MOST_KNOWN: usize = 4_096;
/// Longer ones are not kept.
const LONGEST_KNOWN: usize = 4_096;

/// `statement` of a database called `system` with `?` for every literal, and without comments. What cannot be
/// told from a literal goes too: only names, keywords, operators and placeholders are kept.
pub(super) fn masked(statement: &str, system: &str) -> Arc<str> {
    if statement.len() > LONGEST_KNOWN {
        return mask(statement, system).into();
    }
    let key = KNOWN.keys.each_ref().map(|keys| keys.hash_one((statement, system)));
    let key = (key[0], key[1]);
    if let Some(known) = KNOWN.masked.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return known.clone();
    }
    let masked: Arc<str> = mask(statement, system).into();
    let mut known = KNOWN.masked.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MOST_KNOWN {
        known.clear();
    }
    known.insert(key, masked.clone());
    masked
}

fn mask(statement: &str, system: &str) -> String {
    if COMMANDS.contains(&system) {
        return command(statement);
    }
    let names = QUOTES_NAMES.contains(&system);
    let dialect: &dyn Dialect = match system {
        "postgresql" => &PostgreSqlDialect {},
        "mysql" | "mariadb" => &MySqlDialect {},
        _ => &GenericDialect {},
    };
    let masked = rewritten(statement, dialect, names);
    // Whether `\'` ends a text, and `#` begins a comment, depends on the database: where that matters, nothing is
    // sure.
    let is_doubtful = statement.contains('\\') || (!names && statement.contains('#'));
    let is_sure = !is_doubtful || rewritten(statement, &MySqlDialect {}, names) == masked;
    if is_sure { masked } else { "?".to_owned() }
}

/// The command's name, if it is one.
fn command(statement: &str) -> String {
    let name = statement.split_whitespace().next().unwrap_or_default();
    let is_name = name.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '.');
    match (is_name, name.len() == statement.trim().len()) {
        (true, true) => name.to_owned(),
        (true, false) => format!("{name} ?"),
        (false, _) => "?".to_owned(),
    }
}

fn rewritten(statement: &str, dialect: &dyn Dialect, quotes_names: bool) -> String {
    let mut tokens = Vec::new();
    let whole = Tokenizer::new(dialect, statement).tokenize_with_location_into_buf(&mut tokens);
    let mut text = String::with_capacity(statement.len());
    for token in &tokens {
        match &token.token {
            Token::Whitespace(
                Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_),
            ) => text.push(' '),
            kept if is_kept(kept, quotes_names) => text.push_str(&kept.to_string()),
            _ => text.push('?'),
        }
    }
    if whole.is_err() {
        // Cut off in the middle of a text, or no SQL from here on.
        text.push('?');
    }
    text
}

/// Anything may stand in quotes; only what would be a name without them is one.
fn is_plain_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '$')
}

fn is_kept(token: &Token, quotes_names: bool) -> bool {
    match token {
        Token::Word(word) => match word.quote_style {
            None => is_plain_name(word.value.trim_start_matches('@')),
            Some('"') => quotes_names && is_plain_name(&word.value),
            Some(_) => is_plain_name(&word.value),
        },
        Token::Whitespace(_) => true,
        Token::Placeholder(name) => name.len() <= LONGEST_NUMBER || !name.starts_with('$'),
        // Literals have letters, digits or quotes, whichever kinds there will be.
        other => other
            .to_string()
            .chars()
            .all(|sign| !sign.is_alphanumeric() && !matches!(sign, '\'' | '"' | '`')),
    }
}
